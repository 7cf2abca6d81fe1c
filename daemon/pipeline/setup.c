/* SPDX-License-Identifier: Apache-2.0 */
/*
 * setup.c - the stage validate_setup: load both connectors, open handles, ask them whether the other
 * side is as it must be, open the snapshot and see whether it still belongs to this definition.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pipeline/setup.h"
#include "pipeline/statistics.h"

int setup_load(struct segment *seg, const struct endpoint_def *e, struct plug **ret,
	       const struct connection_def **ret_connection, struct ferry_error *err)
{
	const struct connection_def *c = generation_connection(seg->generation, e->connection);
	struct buf name = BUF_INIT;

	if (!c)
		return ferry_fail(err, FERRY_E_CONFIG, "there is no connection '%s'", e->connection);
	plug_name(c->family, e->resource, &name);
	int rc = plug_load(seg->options->plugins_dir, name.s, ret, err);
	buf_release(&name);
	*ret_connection = c;
	return rc;
}

void setup_keys(struct segment *seg)
{
	seg->key_columns = segment_key_columns(seg->def, &seg->arena);
	seg->destination_keys = segment_key_fields(seg->def, &seg->arena);
}

int setup_open_handle(struct segment *seg, enum ferry_role role, struct plug_handle **ret, struct ferry_error *err)
{
	bool is_source = role == FERRY_SOURCE;
	const struct endpoint_def *e = is_source ? &seg->def->source : &seg->def->destination;
	struct plug_open open = {
		.role = role,
		.connection = generation_connection(seg->generation, e->connection),
		.endpoint = e,
		.layout = is_source ? NULL : &seg->layout,
		.mode = seg->def->mode,
		.keys = is_source ? seg->key_columns : seg->destination_keys,
		.state_dir = seg->options->state_dir,
		.watch = segment_watch(seg),
	};
	return plug_handle_open(is_source ? seg->source_plug : seg->dest_plug, &open, ret, err);
}

static int validate(struct plug_handle *h, const char *role, const char *connection, struct ferry_error *err)
{
	if (h->api->validate_setup && h->api->validate_setup(h->handle, err) != 0)
		return ferry_within(err, "%s '%s'", role, connection);
	return 0;
}

/*
 * A configuration is checked against its connectors before it is taken; at the daemon's start, in the
 * foreground and after an upgrade of a connector it may not have been.
 */
static int check_settings(const struct segment *seg, const struct plug *plug, enum ferry_role role,
			  struct ferry_error *err)
{
	struct conf_mistakes m = CONF_MISTAKES_INIT;
	int rc = 0;

	plug_check(plug, role, NULL, role == FERRY_SOURCE ? &seg->def->source : &seg->def->destination, seg->def, &m);
	if (m.n) {
		const struct conf_mistake *first = &m.items[0];
		rc = ferry_fail(err, FERRY_E_CONFIG, "%s:%d:%d: %s", first->mark.file, first->mark.line, first->mark.column,
				first->text);
		ferry_hint(err, "'ferryctl check' shows all mistakes.");
	}
	conf_mistakes_release(&m);
	return rc;
}

static bool is_address(const struct ferry_option *table, const char *name)
{
	for (; table && table->name; table++)
		if (strcmp(table->name, name) == 0)
			return table->flags & FERRY_OPTION_ADDRESS;
	return false;
}

/* What tells one destination from another: its connector and where that leads to. */
static int destination_text(struct segment *seg, const struct connection_def *c, const char **ret, struct ferry_error *err)
{
	const struct ferry_connector *api = seg->dest_plug->api;
	const struct def_options *lists[] = {&c->options, &seg->def->destination.options};
	const struct ferry_option *tables[] = {api->connection_options, api->destination_options};
	struct buf b = BUF_INIT;
	int rc = 0;

	buf_addf(&b, "connector %s", api->name);
	for (int k = 0; k < 2; k++)
		for (size_t i = 0; i < lists[k]->n && rc == 0; i++) {
			const struct def_option *o = &lists[k]->items[i];
			if (!is_address(tables[k], o->name))
				continue;
			buf_addf(&b, ", %s ", o->name);
			rc = conf_resolve(o->text, &b, err);
		}
	*ret = arena_strndup(&seg->arena, b.s, b.len);
	buf_release(&b);
	return rc;
}

/*
 * A snapshot says what one destination holds, by one key. When either has changed it says nothing
 * about the new one: only --full may start it over.
 */
static int check_snapshot(struct segment *seg, struct ferry_error *err)
{
	const char *texts[] = {seg->key_text, seg->destination_id};
	static const char *const notes[] = {"key", "destination"};
	static const char *const words[] = {"the segment's key", "the segment's destination"};
	const char *old;
	int64_t rows, intents, pending;

	if (snapshot_counts(seg->snapshot, &rows, &intents, &pending, err) != 0)
		return -1;
	for (int i = 0; i < 2; i++) {
		if (snapshot_note(seg->snapshot, notes[i], &seg->arena, &old, err) != 0)
			return -1;
		if (!old || strcmp(old, texts[i]) == 0)
			continue;
		if (!seg->options->full && !seg->reset && (rows || intents)) {
			ferry_fail(err, FERRY_E_CONFIG, "%s has changed since the last run: it was '%s', now it is '%s'",
				   words[i], old, texts[i]);
			return ferry_hint(err, "Put it back, or start over with --full: every record is then sent again.");
		}
		seg->reset = true;
	}
	return 0;
}

/*
 * A restored snapshot: with what values its rows are over there now is not known, so none of them is
 * unchanged; where they can be looked up they are. What append has sent stays sent.
 */
static int check_restored(struct segment *seg, struct ferry_error *err)
{
	uint32_t caps = seg->dest->caps;

	if (snapshot_note(seg->snapshot, "restored", &seg->arena, &seg->restored, err) != 0)
		return -1;
	if (!seg->restored)
		return 0;
	if (seg->def->mode != FERRY_MODE_APPEND)
		seg->distrust = SNAP_UNSURE;
	report_log(seg->report, seg->def->name, seg->stage, FERRY_LOG_WARN,
		   "the snapshot was restored from a backup of %s: %s", seg->restored,
		   caps & FERRY_CAP_LOOKUP ? "what is in the destination is looked up"
		   : caps & FERRY_CAP_IDEMPOTENT ? "all is sent again, which the destination can tell"
		   : "the destination cannot be asked, so rows that are new are held back");
	return 0;
}

/* What the planning stages start from, after rows in doubt have been settled. */
static int count_snapshot(struct segment *seg, struct ferry_error *err)
{
	int64_t intents, pending;

	if (snapshot_counts(seg->snapshot, &seg->snapshot_rows, &intents, &pending, err) != 0)
		return -1;
	if (seg->reset)
		seg->snapshot_rows = 0;
	return 0;
}

static bool is_listed(const char *name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], name) == 0)
			return true;
	return false;
}

static void mark_fields(struct segment *seg)
{
	const struct segment_def *def = seg->def;

	seg->ignored = arena_alloc0(&seg->arena, seg->layout.n + 1, sizeof *seg->ignored);
	seg->sensitive = arena_alloc0(&seg->arena, seg->layout.n + 1, sizeof *seg->sensitive);
	for (size_t f = 0; f < seg->layout.n; f++) {
		const struct ferry_field *field = seg->layout.fields[f];
		const char *name = seg->layout.names[f];
		uint32_t flags = field ? field->flags : 0;
		seg->ignored[f] = flags & FERRY_FIELD_VOLATILE || is_listed(name, def->ignore_changes, def->n_ignore_changes);
		seg->sensitive[f] = flags & FERRY_FIELD_SENSITIVE || is_listed(name, def->sensitive, def->n_sensitive);
		seg->any_ignored |= seg->ignored[f];
	}
}

static const char *join_key(struct segment *seg)
{
	const char *s = seg->def->key[0];

	for (size_t i = 1; i < seg->def->n_key; i++)
		s = arena_printf(&seg->arena, "%s, %s", s, seg->def->key[i]);
	return s;
}

int stage_validate_setup(struct segment *seg, struct ferry_error *err)
{
	const struct segment_def *def = seg->def;
	const struct connection_def *from, *to;

	seg->stage = STAGE_VALIDATE_SETUP;
	problems_start(seg);
	setup_keys(seg);
	if (def->n_key > KEY_PARTS_MAX)
		return ferry_fail(err, FERRY_E_CONFIG, "a key of %zu parts (at most %d)", def->n_key, KEY_PARTS_MAX);
	if (setup_load(seg, &def->source, &seg->source_plug, &from, err) != 0 ||
	    setup_load(seg, &def->destination, &seg->dest_plug, &to, err) != 0)
		return -1;
	if (check_settings(seg, seg->source_plug, FERRY_SOURCE, err) != 0 ||
	    check_settings(seg, seg->dest_plug, FERRY_DESTINATION, err) != 0)
		return -1;
	plug_layout(seg->dest_plug, def, &seg->arena, &seg->layout);
	seg->layout_id = segment_layout_id(def->map, def->n_map);
	mark_fields(seg);
	if (statistics_start(seg, err) != 0)
		return -1;
	segment_definition(seg->generation, def, seg->definition);
	seg->key_text = join_key(seg);
	if (destination_text(seg, to, &seg->destination_id, err) != 0)
		return -1;
	if (setup_open_handle(seg, FERRY_DESTINATION, &seg->dest, err) != 0)
		return ferry_within(err, "destination '%s'", to->name);
	if (setup_open_handle(seg, FERRY_SOURCE, &seg->source, err) != 0)
		return ferry_within(err, "source '%s'", from->name);
	if (validate(seg->source, "source", from->name, err) != 0 ||
	    validate(seg->dest, "destination", to->name, err) != 0)
		return -1;
	if (snapshot_open(seg->options->state_dir, seg->sync->name, def->name, &seg->snapshot, err) != 0 ||
	    check_snapshot(seg, err) != 0)
		return -1;
	if (check_restored(seg, err) != 0)
		return -1;
	return settle_intents(seg, err) != 0 || count_snapshot(seg, err) != 0 ? -1 : 0;
}
