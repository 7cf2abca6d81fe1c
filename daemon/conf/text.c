/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text.c - a segment as one JSON text, for telling whether two definitions do the same.
 *
 * Left out is what decides when, how fast or how far a run goes but not what it would write: rate
 * limits, timeouts, guards, required, depends_on. So a guard may be raised and the plan it had
 * stopped still be used.
 */
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "conf/secret.h"
#include "wire/json.h"

static int compare_options(const void *pa, const void *pb)
{
	const struct def_option *const *a = pa, *const *b = pb;
	return strcmp((*a)->name, (*b)->name);
}

/* The value of a secret does not belong here; where it comes from does. */
static void add_options(struct buf *out, const struct def_options *options)
{
	const struct def_option **sorted = ferry_alloc0(options->n, sizeof *sorted);

	for (size_t i = 0; i < options->n; i++)
		sorted[i] = &options->items[i];
	qsort(sorted, options->n, sizeof *sorted, compare_options);
	jw_open(out, "options", '{');
	for (size_t i = 0; i < options->n; i++) {
		const struct def_option *o = sorted[i];
		if (!secret_by_name(o->name) || conf_has_reference(o->text))
			jw_text(out, o->name, o->text);
	}
	jw_close(out, '}');
	free(sorted);
}

static void add_endpoint(const struct generation *g, struct buf *out, const char *key,
			 const struct endpoint_def *e)
{
	const struct connection_def *c = e->connection ? generation_connection(g, e->connection) : NULL;

	jw_open(out, key, '{');
	jw_open(out, "connection", '{');
	jw_text(out, "name", e->connection);
	if (c) {
		jw_text(out, "family", c->family);
		add_options(out, &c->options);
	}
	jw_close(out, '}');
	jw_text(out, "resource", e->resource);
	jw_int(out, "ordered", e->ordered);
	add_options(out, &e->options);
	jw_close(out, '}');
}

static void add_lookups(const struct generation *g, struct buf *out, const struct segment_def *seg)
{
	jw_open(out, "lookups", '[');
	for (size_t i = 0; i < seg->n_lookups; i++) {
		jw_open(out, NULL, '{');
		jw_text(out, "name", seg->lookups[i].name);
		if (seg->lookups[i].segment)
			jw_text(out, "segment", seg->lookups[i].segment);
		else
			add_endpoint(g, out, "source", &seg->lookups[i].source);
		jw_text(out, "key", seg->lookups[i].key);
		jw_close(out, '}');
	}
	jw_close(out, ']');
}

static void add_texts(struct buf *out, const char *key, const char *const *texts, size_t n)
{
	jw_open(out, key, '[');
	for (size_t i = 0; i < n; i++)
		jw_text(out, NULL, texts[i]);
	jw_close(out, ']');
}

/* Pairs in an array: the order of fields counts. */
static void add_map(struct buf *out, const struct segment_def *seg)
{
	jw_open(out, "map", '[');
	for (size_t i = 0; i < seg->n_map; i++)
		add_texts(out, NULL, (const char *const[]){seg->map[i].field, seg->map[i].expr}, 2);
	jw_close(out, ']');
}

static void add_rules(struct buf *out, const char *key, const struct rule_def *rules, size_t n)
{
	jw_open(out, key, '[');
	for (size_t i = 0; i < n; i++) {
		jw_open(out, NULL, '{');
		jw_text(out, "when", rules[i].when);
		jw_text(out, "reason", rules[i].reason);
		jw_bool(out, "final", rules[i].final);
		jw_text(out, "message", rules[i].message);
		jw_text(out, "field", rules[i].field);
		jw_close(out, '}');
	}
	jw_close(out, ']');
}

static void add_match(struct buf *out, const struct segment_def *seg)
{
	jw_open(out, "match", '[');
	for (size_t i = 0; i < seg->n_match; i++) {
		jw_open(out, NULL, '{');
		jw_int(out, "tier", seg->match[i].tier);
		add_texts(out, "on", seg->match[i].on, seg->match[i].n_on);
		jw_close(out, '}');
	}
	jw_close(out, ']');
}

static void add_checks(const struct generation *g, struct buf *out, const struct segment_def *seg)
{
	jw_open(out, "checks", '[');
	for (size_t i = 0; i < seg->n_checks; i++) {
		jw_open(out, NULL, '{');
		jw_text(out, "name", seg->checks[i].name);
		add_endpoint(g, out, "source", &seg->checks[i].source);
		jw_int(out, "severity", seg->checks[i].severity);
		jw_text(out, "message", seg->checks[i].message);
		jw_close(out, '}');
	}
	jw_close(out, ']');
}

/*
 * Settings that came later stand here only where they are not the default: so the text of a segment
 * without them stays as it was, and with it the plans and snapshots that go by it.
 */
static void add_unless_default(struct buf *out, const char *key, int value)
{
	if (value)
		jw_int(out, key, value);
}

static void add_later_settings(const struct generation *g, struct buf *out,
			       const struct segment_def *seg)
{
	if (seg->n_match)
		add_match(out, seg);
	add_unless_default(out, "strong", seg->policy.strong);
	add_unless_default(out, "medium", seg->policy.medium);
	add_unless_default(out, "ambiguous", seg->policy.ambiguous);
	add_unless_default(out, "conflict", seg->policy.conflict);
	if (seg->n_checks)
		add_checks(g, out, seg);
}

void conf_segment_text(const struct generation *g, const struct segment_def *seg, struct buf *out)
{
	jw_open(out, NULL, '{');
	jw_text(out, "name", seg->name);
	add_endpoint(g, out, "source", &seg->source);
	add_endpoint(g, out, "destination", &seg->destination);
	add_lookups(g, out, seg);
	add_texts(out, "key", seg->key, seg->n_key);
	jw_text(out, "mode", mode_name(seg->mode));
	jw_text(out, "where", seg->where);
	add_map(out, seg);
	add_rules(out, "skip", seg->skip, seg->n_skip);
	add_rules(out, "reject", seg->reject, seg->n_reject);
	add_texts(out, "ignore_changes", seg->ignore_changes, seg->n_ignore_changes);
	jw_int(out, "missing", seg->policy.missing);
	jw_int(out, "none", seg->policy.none);
	jw_int(out, "snapshot", seg->snapshot);
	jw_bool(out, "verify", seg->verify);
	add_later_settings(g, out, seg);
	jw_close(out, '}');
}
