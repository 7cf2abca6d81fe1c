/* SPDX-License-Identifier: Apache-2.0 */
/*
 * charges.c - the form of a plan's charges. Lago takes decimals as texts only, and drops members
 * that it does not know without a word: so numbers become texts here, and a misspelt name is
 * refused.
 */
#include "lago/plans.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Reading a charge: strictly what a person wrote, else what Lago gave. */
struct reading {
	bool strict;
	char *why;			/* what is wrong, "" so far: nothing */
	size_t size;
};

__attribute__((format(printf, 2, 3)))
static void wrong(struct reading *r, const char *fmt, ...)
{
	va_list ap;

	if (!r->strict || *r->why)
		return;
	va_start(ap, fmt);
	vsnprintf(r->why, r->size, fmt, ap);
	va_end(ap);
}

static bool among(const char *name, const char *const *names)
{
	while (*names && strcmp(*names, name) != 0)
		names++;
	return *names;
}

static rest_node *truth(bool yes)
{
	rest_node *root = NULL;

	rest_try_parse(yes ? "true" : "false", yes ? 4 : 5, &root);
	return root;
}

/* Member names of an object in byte order. */
static rest_node *names_of(rest_node *object)
{
	rest_node *names = rest_array(), *value;
	const char *name;
	void *iter = NULL;

	while (rest_next(object, &iter, &name, &value))
		rest_append(names, rest_string(name, strlen(name)));
	return rest_sort_strings(names);
}

/* --------------------------------------------------------------- properties */

static const char *const decimals[] = {"amount", "rate", "fixed_amount", "flat_amount",
				       "per_unit_amount", "free_units_per_total_aggregation",
				       "per_transaction_max_amount", "per_transaction_min_amount",
				       NULL};
static const char *const integers[] = {"package_size", "free_units", "free_units_per_events",
				       "from_value", "to_value", NULL};
static const char *const ranges[] = {"graduated_ranges", "graduated_percentage_ranges",
				     "volume_ranges", NULL};
static const char *const lists[] = {"pricing_group_keys", "grouped_by", "presentation_group_keys",
				    NULL};

static rest_node *own_properties(struct reading *r, rest_node *in);

static rest_node *own_decimal(struct reading *r, const char *name, rest_node *in)
{
	struct ferry_value v;

	if (!in)
		return NULL;
	if (rest_value(in, FERRY_DECIMAL, NULL, &v) && rest_decimal_text(v.s, v.len)) {
		struct rest_buf text = {0};
		lago_normal_decimal(v.s, v.len, &text);
		rest_node *out = rest_string(text.s, text.len);
		rest_buf_release(&text);
		return out;
	}
	wrong(r, "'%s' must be a decimal: \"0.29\"", name);
	return rest_share(in);
}

/* The first begins at 0, the last has no end. */
static rest_node *own_ranges(struct reading *r, const char *name, rest_node *in)
{
	rest_node *out = rest_array();
	size_t n = rest_count(in);
	int64_t from = -1;

	for (size_t i = 0; i < n; i++)
		rest_append(out, own_properties(r, rest_at(in, i)));
	if (!n || !rest_int(rest_member(rest_at(in, 0), "from_value"), &from) || from != 0 ||
	    rest_member(rest_at(in, n - 1), "to_value"))
		wrong(r, "'%s' must be a list of ranges, the first from_value 0, the last to_value "
			 "null", name);
	return out;
}

static rest_node *own_property(struct reading *r, const char *name, rest_node *in)
{
	int64_t i;

	if (among(name, decimals))
		return own_decimal(r, name, in);
	if (among(name, ranges))
		return own_ranges(r, name, in);
	if (among(name, integers) && in && !rest_int(in, &i))
		wrong(r, "'%s' must be a whole number", name);
	else if (!among(name, integers) && !among(name, lists))
		wrong(r, "there is no property '%s'", name);
	return rest_share(in);
}

static rest_node *own_properties(struct reading *r, rest_node *in)
{
	rest_node *out = rest_object();

	if (rest_kind(in) != REST_OBJECT) {
		if (in)
			wrong(r, "properties must be an object");
		return out;
	}
	rest_node *names = names_of(in);
	for (size_t i = 0; i < rest_count(names); i++) {
		const char *name = rest_text(rest_at(names, i), NULL);
		rest_put(out, name, own_property(r, name, rest_member(in, name)));
	}
	rest_free(names);
	return out;
}

/* What a charge model cannot be without. */
static void check_model(struct reading *r, const char *model, rest_node *properties)
{
	static const char *const needs[][2] = {
		{"standard", "amount"}, {"package", "amount"}, {"package", "package_size"},
		{"percentage", "rate"}, {"graduated", "graduated_ranges"},
		{"volume", "volume_ranges"},
		{"graduated_percentage", "graduated_percentage_ranges"}, {"dynamic", NULL},
	};
	bool known = false;

	for (size_t i = 0; i < sizeof needs / sizeof *needs; i++) {
		if (strcmp(needs[i][0], model) != 0)
			continue;
		known = true;
		if (needs[i][1] && !rest_has(properties, needs[i][1]))
			wrong(r, "the properties of charge_model '%s' need '%s'", model,
			      needs[i][1]);
	}
	if (!known)
		wrong(r, "charge_model must be one of standard, graduated, package, percentage, "
			 "volume, graduated_percentage, dynamic");
}

/* ------------------------------------------------------------------ filters */

/* {"region": ["eu", "us"]}: names and words in byte order. */
static rest_node *own_filter_values(struct reading *r, rest_node *in)
{
	rest_node *out = rest_object(), *names = names_of(in);

	for (size_t i = 0; i < rest_count(names); i++) {
		const char *name = rest_text(rest_at(names, i), NULL);
		size_t len;
		const char *text = rest_dump(rest_member(in, name), &len);
		rest_node *words = rest_sorted_strings(text, len);
		if (!words || !rest_count(words))
			wrong(r, "the values of a filter must be lists of texts: "
				 "{\"region\": [\"eu\"]}");
		rest_put(out, name, words);
	}
	if (!rest_count(names))
		wrong(r, "a filter needs values: {\"region\": [\"eu\"]}");
	rest_free(names);
	return out;
}

static rest_node *own_filter(struct reading *r, rest_node *in)
{
	static const char *const known[] = {"values", "properties", "invoice_display_name", NULL};
	rest_node *out = rest_object(), *value;
	const char *name;
	void *iter = NULL;

	while (rest_next(in, &iter, &name, &value))
		if (!among(name, known))
			wrong(r, "a filter has no member '%s'", name);
	rest_put(out, "values", own_filter_values(r, rest_member(in, "values")));
	rest_put(out, "properties", own_properties(r, rest_member(in, "properties")));
	rest_put(out, "invoice_display_name", rest_share(rest_member(in, "invoice_display_name")));
	return out;
}

/* In the order of their values, since they are a set. */
static rest_node *own_filters(struct reading *r, rest_node *in)
{
	rest_node *all = rest_array(), *texts = rest_array(), *out = rest_array();
	size_t len;

	if (in && rest_kind(in) != REST_ARRAY)
		wrong(r, "filters must be a list");
	for (size_t i = 0; i < rest_count(in); i++) {
		rest_append(all, own_filter(r, rest_at(in, i)));
		const char *s = rest_dump(rest_member(rest_at(all, i), "values"), &len);
		rest_append(texts, rest_string(s, len));
	}
	texts = rest_sort_strings(texts);
	if (rest_count(texts) < rest_count(all))
		wrong(r, "two filters have the same values");
	for (size_t k = 0; k < rest_count(texts); k++)
		for (size_t i = 0; i < rest_count(all); i++) {
			const char *s = rest_dump(rest_member(rest_at(all, i), "values"), NULL);
			if (!strcmp(s, rest_text(rest_at(texts, k), NULL)))
				rest_append(out, rest_share(rest_at(all, i)));
		}
	rest_free(all);
	rest_free(texts);
	return out;
}

/* ------------------------------------------------------------------ charges */

static rest_node *own_codes(struct reading *r, rest_node *in)
{
	size_t len;
	const char *s = rest_dump(in, &len);
	rest_node *codes = in ? rest_sorted_strings(s, len) : rest_array();

	if (!codes)
		wrong(r, "tax_codes must be a list of texts");
	return codes;
}

static void put_truth(struct reading *r, rest_node *out, rest_node *in, const char *name,
		      bool otherwise)
{
	rest_node *v = rest_member(in, name);

	if (v && rest_kind(v) != REST_BOOL)
		wrong(r, "'%s' must be true or false", name);
	rest_put(out, name, v ? rest_share(v) : truth(otherwise));
}

static void check_members(struct reading *r, rest_node *in)
{
	static const char *const known[] = {
		"code", "billable_metric_code", "charge_model", "invoice_display_name",
		"pay_in_advance", "invoiceable", "prorated", "min_amount_cents",
		"regroup_paid_fees", "properties", "filters", "tax_codes", "applied_pricing_unit",
		"accepts_target_wallet", NULL};
	rest_node *value;
	const char *name;
	void *iter = NULL;

	while (r->strict && rest_next(in, &iter, &name, &value)) {
		if (!strcmp(name, "billable_metric_id") || !strcmp(name, "id"))
			wrong(r, "'%s': charges are named by code, metrics by billable_metric_code",
			      name);
		else if (!among(name, known))
			wrong(r, "there is no member '%s'", name);
	}
}

static void put_numbers(struct reading *r, rest_node *out, rest_node *in)
{
	rest_node *cents = rest_member(in, "min_amount_cents"), *zero = NULL;
	int64_t i;

	if (cents && !rest_int(cents, &i))
		wrong(r, "min_amount_cents must be a whole number of cents");
	if (!cents)
		rest_try_parse("0", 1, &zero);
	rest_put(out, "min_amount_cents", cents ? rest_share(cents) : zero);
}

/* What has no default is there only when it is given. */
static void put_given(struct reading *r, rest_node *out, rest_node *in)
{
	static const char *const names[] = {"regroup_paid_fees", "accepts_target_wallet"};
	rest_node *unit = rest_member(in, "applied_pricing_unit");

	for (size_t i = 0; i < 2; i++)
		if (rest_member(in, names[i]))
			rest_put(out, names[i], rest_share(rest_member(in, names[i])));
	if (!unit)
		return;
	rest_node *own = rest_object();
	rest_put(own, "code", rest_share(rest_member(unit, "code")));
	rest_put(own, "conversion_rate",
		 own_decimal(r, "conversion_rate", rest_member(unit, "conversion_rate")));
	rest_put(out, "applied_pricing_unit", own);
}

/* Lago makes a code of the metric's where there is none. */
static rest_node *own_charge(struct reading *r, rest_node *in)
{
	rest_node *out = rest_object(), *metric = rest_member(in, "billable_metric_code");
	rest_node *code = rest_member(in, "code"), *model = rest_member(in, "charge_model");

	if (rest_kind(in) != REST_OBJECT)
		wrong(r, "is no object");
	if (!rest_text(metric, NULL))
		wrong(r, "billable_metric_code is missing");
	check_members(r, in);
	rest_put(out, "code", rest_share(r->strict && !code ? metric : code));
	rest_put(out, "billable_metric_code", rest_share(metric));
	rest_put(out, "charge_model", rest_share(model));
	rest_put(out, "invoice_display_name", rest_share(rest_member(in, "invoice_display_name")));
	put_truth(r, out, in, "pay_in_advance", false);
	put_truth(r, out, in, "invoiceable", true);
	put_truth(r, out, in, "prorated", false);
	put_numbers(r, out, in);
	rest_put(out, "properties", own_properties(r, rest_member(in, "properties")));
	check_model(r, rest_text(model, NULL) ? rest_text(model, NULL) : "",
		    rest_member(out, "properties"));
	rest_put(out, "filters", own_filters(r, rest_member(in, "filters")));
	rest_put(out, "tax_codes", own_codes(r, rest_member(in, "tax_codes")));
	put_given(r, out, in);
	return out;
}

/* A code must be able to stand in a path. */
static bool good_code(rest_node *node)
{
	const char *s = rest_text(node, NULL);
	return s && *s && strcmp(s, ".") != 0 && strcmp(s, "..") != 0;
}

/* The charges by their codes, each code once; those without one at the end. */
static rest_node *in_order(struct reading *r, rest_node *charges)
{
	rest_node *codes = rest_array(), *out = rest_array();

	for (size_t i = 0; i < rest_count(charges); i++) {
		rest_node *code = rest_member(rest_at(charges, i), "code");
		if (good_code(code))
			rest_append(codes, rest_share(code));
		else
			wrong(r, "charge %zu: code must be a text", i + 1);
	}
	size_t n = rest_count(codes);
	codes = rest_sort_strings(codes);
	if (rest_count(codes) < n)
		wrong(r, "two charges have the same code; give each a code of its own");
	for (size_t k = 0; k < rest_count(codes); k++)
		rest_append(out, rest_share(charges_find(charges,
							 rest_text(rest_at(codes, k), NULL))));
	for (size_t i = 0; i < rest_count(charges); i++)
		if (!good_code(rest_member(rest_at(charges, i), "code")))
			rest_append(out, rest_share(rest_at(charges, i)));
	rest_free(codes);
	return out;
}

rest_node *charges_own(rest_node *list, char *why, size_t size)
{
	char each[160] = "";
	struct reading r = {true, each, sizeof each};
	rest_node *charges = rest_array();

	*why = '\0';
	if (list && rest_kind(list) != REST_ARRAY)
		snprintf(why, size, "must be a JSON list of charges");
	for (size_t i = 0; i < rest_count(list) && !*why; i++) {
		rest_append(charges, own_charge(&r, rest_at(list, i)));
		if (*each)
			snprintf(why, size, "charge %zu: %s", i + 1, each);
	}
	struct reading whole = {true, why, size};
	rest_node *out = in_order(&whole, charges);
	rest_free(charges);
	if (!*why)
		return out;
	rest_free(out);
	return NULL;
}

rest_node *charges_there(rest_node *list)
{
	struct reading r = {.strict = false};
	rest_node *charges = rest_array();

	for (size_t i = 0; i < rest_count(list); i++) {
		rest_node *in = rest_at(list, i), *taxes = rest_member(in, "taxes");
		rest_node *out = own_charge(&r, in), *codes = rest_array();
		for (size_t k = 0; k < rest_count(taxes); k++) {
			rest_node *code = rest_member(rest_at(taxes, k), "code");
			if (rest_text(code, NULL))
				rest_append(codes, rest_share(code));
		}
		rest_put(out, "tax_codes", rest_sort_strings(codes));
		rest_append(charges, out);
	}
	rest_node *out = in_order(&r, charges);
	rest_free(charges);
	return out;
}

rest_node *charges_find(rest_node *list, const char *code)
{
	for (size_t i = 0; i < rest_count(list); i++) {
		const char *s = rest_text(rest_member(rest_at(list, i), "code"), NULL);
		if (s && !strcmp(s, code))
			return rest_at(list, i);
	}
	return NULL;
}

bool charges_differ(rest_node *there, rest_node *charge, struct rest_buf *names)
{
	void *iter = NULL;
	const char *name;
	rest_node *value;

	rest_buf_reset(names);
	while (rest_next(charge, &iter, &name, &value))
		if (!lago_contains(rest_member(there, name), value))
			rest_addf(names, "%s%s", names->len ? ", " : "", name);
	return names->len > 0;
}

rest_node *charges_body(rest_node *charge, const char *metric_id)
{
	rest_node *out = rest_object(), *value;
	const char *name;
	void *iter = NULL;

	if (metric_id)
		rest_put(out, "billable_metric_id", rest_string(metric_id, strlen(metric_id)));
	while (rest_next(charge, &iter, &name, &value))
		if (strcmp(name, "billable_metric_code") != 0 && (value || !metric_id))
			rest_put(out, name, rest_share(value));
	return out;
}
