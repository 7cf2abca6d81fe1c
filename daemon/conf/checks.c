/* SPDX-License-Identifier: Apache-2.0 */
/* checks.c - rules between keywords, and what is left out follows from what is there. */
#include "conf/checks.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf/secret.h"

void conf_check_connection(struct keyword_reader *r, const struct yaml_node *node, void *base)
{
	const struct connection_def *c = base;

	(void)node;
	if (!c->tls_cert != !c->tls_key)
		conf_mistake(r->mistakes, &c->mark, "tls: 'cert' and 'key' belong together");
	for (size_t i = 0; i < c->options.n; i++) {
		const struct def_option *o = &c->options.items[i];
		const char *problem = secret_problem(o->text);
		if (problem)
			conf_mistake(r->mistakes, &o->value_mark, "'%s': %s", SHOWN(o->name),
				     problem);
	}
}

void conf_check_statistic(struct keyword_reader *r, const struct yaml_node *node, void *base)
{
	const struct statistic_def *s = base;

	(void)node;
	if (s->when && s->of >= STATISTIC_PROCESSED)
		conf_mistake(r->mistakes, &s->mark,
			     "'when' cannot be asked of these records (allowed: written, created, updated, "
			     "deleted, disabled)");
}

void conf_check_lookup(struct keyword_reader *r, const struct yaml_node *node, void *base)
{
	struct lookup_def *l = base;

	(void)node;
	l->source.mark = l->mark;
	l->source.ordered = -1;
	if (!l->source.connection == !l->segment)
		conf_mistake(r->mistakes, &l->mark, "lookup '%s' needs either 'connection' or 'segment'",
			     l->name);
	for (size_t i = 0; l->segment && i < l->source.options.n; i++)
		conf_mistake(r->mistakes, &l->source.options.items[i].mark,
			     "unknown key '%s' beside 'segment' (allowed: key)",
			     SHOWN(l->source.options.items[i].name));
	if (l->segment && l->source.resource)
		conf_mistake(r->mistakes, &l->mark, "'resource' is of no use beside 'segment'");
	if (strcasecmp(l->name, "src") == 0)
		conf_mistake(r->mistakes, &l->mark,
			     "a lookup cannot be named '%s' (that is the source's row)", l->name);
	if (strncasecmp(l->name, "sqlite_", 7) == 0)
		conf_mistake(r->mistakes, &l->mark,
			     "a lookup cannot be named '%s' (sqlite_ is reserved)", SHOWN(l->name));
}

void conf_check_check(struct keyword_reader *r, const struct yaml_node *node, void *base)
{
	struct check_def *check = base;

	(void)r;
	(void)node;
	check->source.mark = check->mark;
	check->source.ordered = -1;
}

static void check_check_names(struct keyword_reader *r, const struct yaml_node *node,
			      const struct segment_def *seg)
{
	const struct yaml_node *list = keyword_find(node, "checks");

	for (size_t i = 1; i < seg->n_checks; i++) {
		const char *name = seg->checks[i].name;
		for (size_t j = 0; j < i && name; j++)
			if (seg->checks[j].name && strcmp(name, seg->checks[j].name) == 0) {
				keyword_mistake(r, keyword_find(list->items[i], "name"),
						"check '%s' is there already (in line %d)",
						SHOWN(name), seg->checks[j].mark.line);
				break;
			}
	}
}

/* SQL does not tell capitals from small letters. */
static void check_lookup_names(struct keyword_reader *r, const struct segment_def *seg)
{
	for (size_t i = 1; i < seg->n_lookups; i++)
		for (size_t j = 0; j < i; j++)
			if (strcasecmp(seg->lookups[i].name, seg->lookups[j].name) == 0) {
				conf_mistake(r->mistakes, &seg->lookups[i].mark,
					     "lookup '%s' is there already (as '%s' in line %d)",
					     SHOWN(seg->lookups[i].name),
					     SHOWN(seg->lookups[j].name),
					     seg->lookups[j].mark.line);
				break;
			}
}

static void check_mapped(struct keyword_reader *r, const struct segment_def *seg,
			 const struct yaml_node *at)
{
	if (!at || at->kind != YAML_NODE_SCALAR || keyword_is_null(at) || !seg->n_map)
		return;
	const char **fields = ferry_alloc0(seg->n_map + 1, sizeof *fields);
	bool found = false;
	for (size_t i = 0; i < seg->n_map; i++) {
		fields[i] = seg->map[i].field;
		found = found || strcmp(fields[i], at->text) == 0;
	}
	if (!found)
		keyword_unknown(r, at, "field", fields, "it must be one of those under 'map'");
	free(fields);
}

static void check_fields(struct keyword_reader *r, const struct yaml_node *node,
			 const struct segment_def *seg)
{
	const struct yaml_node *ignored = keyword_find(node, "ignore_changes");
	const struct yaml_node *sensitive = keyword_find(node, "sensitive");
	const struct yaml_node *reject = keyword_find(node, "reject");

	for (size_t i = 0; i < seg->n_sensitive; i++)
		check_mapped(r, seg, keyword_item(sensitive, i));
	for (size_t i = 0; i < seg->n_ignore_changes; i++)
		check_mapped(r, seg, keyword_item(ignored, i));
	for (size_t i = 0; i < seg->n_reject; i++)
		check_mapped(r, seg, keyword_find(reject->items[i], "field"));
}

static void check_missing_policy(struct keyword_reader *r, const struct yaml_node *node,
				 const struct segment_def *seg)
{
	const struct yaml_node *policy = keyword_find(node, "policy");
	const struct yaml_node *at = policy ? keyword_find(policy, "missing") : NULL;
	const struct yaml_node *mode = keyword_find(node, "mode");
	bool adds_only = seg->mode == FERRY_MODE_APPEND || seg->mode == FERRY_MODE_INSERT;

	if (!at)
		return;
	if (mode && (mode->kind != YAML_NODE_SCALAR || strcmp(mode->text, mode_name(seg->mode))))
		return;				/* the mode is none, which has been told */
	if (adds_only && (seg->policy.missing == MISSING_DISABLE || seg->policy.missing == MISSING_DELETE))
		keyword_mistake(r, at,
				"'missing' cannot be '%s' in mode %s (ignore; that mode only adds)",
				at->text, mode_name(seg->mode));
	else if (seg->policy.missing == MISSING_DELETE && seg->mode != FERRY_MODE_MIRROR)
		keyword_mistake(r, at,
				"'missing' cannot be 'delete' in mode %s (ignore, disable; only "
				"mode mirror deletes)",
				mode_name(seg->mode));
}

void conf_check_segment(struct keyword_reader *r, const struct yaml_node *node, void *base)
{
	struct segment_def *seg = base;

	seg->destination.ordered = -1;
	check_lookup_names(r, seg);
	check_check_names(r, node, seg);
	check_fields(r, node, seg);
	check_missing_policy(r, node, seg);
	if (seg->policy.missing == MISSING_DEFAULT)
		seg->policy.missing = seg->mode == FERRY_MODE_MIRROR ? MISSING_DELETE : MISSING_IGNORE;
}

static void read_only_segment(struct keyword_reader *r, const struct yaml_node *node,
			      struct sync_def *sync)
{
	sync->segments = arena_alloc0(r->arena, 1, sizeof *sync->segments);
	sync->n_segments = 1;
	sync->segments[0].name = "main";
	keyword_read(r, &conf_leg_object, node, &sync->mark, &sync->segments[0]);
}

static void refuse_keys_beside_segments(struct keyword_reader *r, const struct yaml_node *node)
{
	for (const struct keyword *k = conf_leg_object.keywords; k->name; k++)
		for (size_t i = 0; i < node->n; i++)
			if (strcmp(node->keys[i]->text, k->name) == 0)
				keyword_mistake(r, node->keys[i],
						"'%s' cannot stand beside 'segments' (it belongs "
						"into one of them)",
						k->name);
}

static void check_segment_name(struct keyword_reader *r, const struct yaml_node *node,
			       const struct sync_def *sync, size_t i)
{
	const struct segment_def *seg = &sync->segments[i];

	for (size_t j = 0; j < i && seg->name; j++)
		if (sync->segments[j].name && strcmp(seg->name, sync->segments[j].name) == 0) {
			keyword_mistake(r, keyword_find(node, "name"),
					"segment '%s' is there already (in line %d)",
					SHOWN(seg->name), sync->segments[j].mark.line);
			return;
		}
}

/* depends_on may name segments before this one only, so there are no circles. */
static void check_dependencies(struct keyword_reader *r, const struct yaml_node *node,
			       const struct sync_def *sync, size_t at)
{
	const struct segment_def *seg = &sync->segments[at];
	const struct yaml_node *value = keyword_find(node, "depends_on");
	const char *names[101] = {NULL};
	size_t n = 0;

	for (size_t i = 0; i < at; i++)
		if (sync->segments[i].name)
			names[n++] = sync->segments[i].name;
	for (size_t d = 0; d < seg->n_depends_on; d++) {
		bool found = !seg->depends_on[d];
		for (size_t i = 0; i < n && !found; i++)
			found = strcmp(names[i], seg->depends_on[d]) == 0;
		if (!found)
			keyword_unknown(r, keyword_item(value, d), "segment", names,
					"it must be one of those before this one");
	}
}

/* A lookup of what a segment has delivered: one before this one, with records. */
static void check_lookups(struct keyword_reader *r, const struct sync_def *sync, size_t at)
{
	const struct segment_def *seg = &sync->segments[at];

	for (size_t l = 0; l < seg->n_lookups; l++) {
		const struct lookup_def *def = &seg->lookups[l];
		bool found = !def->segment;
		for (size_t i = 0; i < at && !found; i++)
			found = sync->segments[i].name && !sync->segments[i].n_checks &&
				strcmp(sync->segments[i].name, def->segment) == 0;
		if (!found)
			conf_mistake(r->mistakes, &def->segment_mark,
				     "there is no segment '%s' with records before this one", SHOWN(def->segment));
	}
}

void conf_check_sync(struct keyword_reader *r, const struct yaml_node *node, void *base)
{
	struct sync_def *sync = base;
	const struct yaml_node *list = keyword_find(node, "segments");

	conf_notify_word(node, &sync->notify);
	if (list)
		refuse_keys_beside_segments(r, node);
	else
		read_only_segment(r, node, sync);
	for (size_t i = 0; i < sync->n_segments; i++) {
		const struct yaml_node *own = list ? list->items[i] : node;
		if (list)
			check_segment_name(r, own, sync, i);
		check_dependencies(r, own, sync, i);
		check_lookups(r, sync, i);
		if (!keyword_find(own, "required"))
			sync->segments[i].required = sync->n_segments == 1;
	}
}
