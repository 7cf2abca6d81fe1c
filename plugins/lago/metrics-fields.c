/* SPDX-License-Identifier: Apache-2.0 */
/* metrics-fields.c - fields and columns of a billable metric, and a record's own form. No I/O. */
#include "lago/metrics.h"

#include "lago/pure.h"

#include <string.h>

static const char *const aggregations[] = {"count_agg", "sum_agg", "max_agg", "unique_count_agg",
					   "weighted_sum_agg", "latest_agg", NULL};
static const char *const intervals[] = {"seconds", NULL};
static const char *const roundings[] = {"round", "ceil", "floor", NULL};

const struct ferry_field metric_fields[] = {
	{.name = "code", .type = FERRY_TEXT, .max_len = 255,
	 .flags = FERRY_FIELD_REQUIRED | FERRY_FIELD_IDENTIFIER,
	 .help = "what events name it by; its identity in Lago"},
	{.name = "name", .type = FERRY_TEXT, .max_len = 255, .flags = FERRY_FIELD_REQUIRED,
	 .help = "its name for people"},
	{.name = "aggregation_type", .type = FERRY_TEXT, .flags = FERRY_FIELD_REQUIRED,
	 .choices = aggregations, .help = "how usage is added up"},
	{.name = "field_name", .type = FERRY_TEXT, .max_len = 255,
	 .help = "the property of an event that is added up; for all but count_agg"},
	{.name = "description", .type = FERRY_TEXT, .help = "what it is, for people"},
	{.name = "recurring", .type = FERRY_BOOL,
	 .help = "usage goes on into the next period; not for count, max and latest"},
	{.name = "expression", .type = FERRY_TEXT,
	 .help = "Lago's own expression that computes field_name for each event"},
	{.name = "weighted_interval", .type = FERRY_TEXT, .choices = intervals,
	 .help = "for weighted_sum_agg, and needed there: seconds"},
	{.name = "rounding_function", .type = FERRY_TEXT, .choices = roundings,
	 .help = "how usage is rounded"},
	{.name = "rounding_precision", .type = FERRY_INT,
	 .help = "to how many digits; below 0: tens, hundreds, ..."},
	{.name = "filters", .type = FERRY_JSON,
	 .help = "JSON list of {\"key\", \"values\": [...]}; replaces all filters of the metric"},
	{.name = "lago_id", .type = FERRY_TEXT, .flags = FERRY_FIELD_READONLY,
	 .help = "Lago's own id"},
	{.name = "created_at", .type = FERRY_TIME, .flags = FERRY_FIELD_READONLY,
	 .help = "when it was made"},
	{0},
};

/* ------------------------------------------------------------------ columns */

const struct rest_column metric_columns[] = {
	{"lago_id", "lago_id", FERRY_TEXT, true},
	{"code", "code", FERRY_TEXT, true},
	{"name", "name", FERRY_TEXT, false},
	{"description", "description", FERRY_TEXT, false},
	{"aggregation_type", "aggregation_type", FERRY_TEXT, false},
	{"field_name", "field_name", FERRY_TEXT, false},
	{"recurring", "recurring", FERRY_BOOL, false},
	{"expression", "expression", FERRY_TEXT, false},
	{"weighted_interval", "weighted_interval", FERRY_TEXT, false},
	{"rounding_function", "rounding_function", FERRY_TEXT, false},
	{"rounding_precision", "rounding_precision", FERRY_INT, false},
	{"filters", "filters", FERRY_JSON, false},
	{"created_at", "created_at", FERRY_TIME, false},
	{"payload", "", FERRY_JSON, true},
	{0},
};

/* ------------------------------------------------------------- canonicalize */

static void sort_into(rest_node *sorted, rest_node *list)
{
	rest_node *keys = rest_array();

	for (size_t i = 0; i < rest_count(list); i++)
		rest_append(keys, rest_share(rest_member(rest_at(list, i), "key")));
	keys = rest_sort_strings(keys);
	for (size_t k = 0; k < rest_count(keys); k++)
		for (size_t i = 0; i < rest_count(list); i++) {
			rest_node *filter = rest_at(list, i), *out = rest_object();
			const char *key = rest_text(rest_at(keys, k), NULL);
			if (strcmp(rest_text(rest_member(filter, "key"), NULL), key) != 0) {
				rest_free(out);
				continue;
			}
			size_t len;
			const char *values = rest_dump(rest_member(filter, "values"), &len);
			rest_put(out, "key", rest_share(rest_at(keys, k)));
			rest_put(out, "values", rest_sorted_strings(values, len));
			rest_append(sorted, out);
		}
	rest_free(keys);
}

rest_node *metric_filters(rest_node *list)
{
	if (list && rest_kind(list) != REST_ARRAY)
		return NULL;
	for (size_t i = 0; i < rest_count(list); i++) {
		rest_node *filter = rest_at(list, i), *values = rest_member(filter, "values");
		size_t len;
		if (!rest_text(rest_member(filter, "key"), NULL) || !rest_count(values))
			return NULL;
		const char *text = rest_dump(values, &len);
		rest_node *good = rest_sorted_strings(text, len);
		if (!good)
			return NULL;
		rest_free(good);
	}
	rest_node *sorted = rest_array();
	sort_into(sorted, list);
	return sorted;
}

/* Lago drops members that it does not know without a word: a misspelt one is refused here. */
static bool only_known(rest_node *list)
{
	for (size_t i = 0; i < rest_count(list); i++) {
		void *iter = NULL;
		const char *name;
		rest_node *value;
		while (rest_next(rest_at(list, i), &iter, &name, &value))
			if (strcmp(name, "key") != 0 && strcmp(name, "values") != 0)
				return false;
	}
	return true;
}

static int own_filters(const struct ferry_pure *pure, struct ferry_value *v,
		       struct ferry_issue *issue)
{
	rest_node *root = NULL, *list = NULL;
	size_t len;

	if (v->type == FERRY_NULL || rest_try_parse(v->s, v->len, &root))
		list = only_known(root) ? metric_filters(root) : NULL;
	if (list) {
		const char *s = rest_dump(list, &len);
		lago_own(pure, v, FERRY_JSON, s, len);
	}
	rest_free(root);
	rest_free(list);
	return list ? 0 : lago_issue(issue, "filters",
				     "must be a JSON list of {\"key\": \"region\", \"values\": "
				     "[\"eu\", \"us\"]}, with nothing else in it");
}

static bool is(const struct ferry_value *v, const char *word)
{
	return v->type == FERRY_TEXT && v->len == strlen(word) && !memcmp(v->s, word, v->len);
}

static bool given(const struct ferry_pure *pure, const struct ferry_value *fields, const char *name)
{
	int i = rest_field(pure->layout, name);
	return i >= 0 && fields[i].type != FERRY_NULL &&
	       (fields[i].type != FERRY_TEXT || fields[i].len);
}

/* What Lago would refuse of the record as a whole. */
static int check_aggregation(const struct ferry_pure *pure, const struct ferry_value *fields,
			     struct ferry_issue *issue)
{
	int at = rest_field(pure->layout, "aggregation_type");
	int recurring = rest_field(pure->layout, "recurring");

	if (at < 0)
		return 0;
	const struct ferry_value *type = &fields[at];
	if (!is(type, "count_agg") && !given(pure, fields, "field_name"))
		return lago_issue(issue, "field_name",
				  "must be there for every aggregation but count_agg");
	if (is(type, "weighted_sum_agg") && !given(pure, fields, "weighted_interval"))
		return lago_issue(issue, "weighted_interval",
				  "must be there for weighted_sum_agg: seconds");
	if (recurring >= 0 && fields[recurring].i &&
	    (is(type, "count_agg") || is(type, "max_agg") || is(type, "latest_agg")))
		return lago_issue(issue, "recurring", "is not possible with %.*s", (int)type->len,
				  type->s);
	return 0;
}

int metrics_canonicalize(const struct ferry_pure *pure, struct ferry_value *fields,
			 struct ferry_issue *issue)
{
	if (lago_storable(pure, fields, issue))
		return -1;
	for (size_t i = 0; i < pure->layout->n; i++) {
		const char *name = pure->layout->names[i];
		struct ferry_value *v = &fields[i];
		if (!strcmp(name, "code") && !lago_addressable(v))
			return lago_issue(issue, name,
					  "is empty, or dots that no address can hold");
		if (!strcmp(name, "filters") && own_filters(pure, v, issue))
			return -1;
		/* Lago's default; it takes no null here */
		if (!strcmp(name, "recurring") && v->type == FERRY_NULL)
			*v = (struct ferry_value){.i = 0, .type = FERRY_BOOL};
	}
	return check_aggregation(pure, fields, issue);
}
