/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lookups.c - the tables that expressions can join: each read whole before the source, from a
 * connection, or from what an earlier segment of the sync has delivered.
 */
#include "pipeline/segment.h"

struct loading {
	struct segment *seg;
	const struct lookup_def *def;
	size_t n_columns;
	int64_t rows;
};

static int load_columns(struct ferry_sink *sink, const struct ferry_column *columns, size_t n, bool ordered,
			struct ferry_error *err)
{
	struct loading *l = sink->ctx;

	(void)ordered;
	l->n_columns = n;
	return expr_table(l->seg->exprs, l->def->name, columns, n, l->def->key, err);
}

static int load_rows(struct ferry_sink *sink, const struct ferry_value *values, size_t n_rows, struct ferry_error *err)
{
	struct loading *l = sink->ctx;

	l->rows += (int64_t)n_rows;
	report_tick(l->seg->report);
	if (report_cancelled(l->seg->report))
		return ferry_fail(err, FERRY_E_CANCELLED, "the run was cancelled");
	return expr_table_add(l->seg->exprs, l->def->name, values, n_rows, err);
}

static void load_page(struct ferry_sink *sink, const char *kind, size_t bytes)
{
	(void)sink, (void)kind, (void)bytes;
}

static void load_truncated(struct ferry_sink *sink, const char *reason)
{
	struct loading *l = sink->ctx;

	report_log(l->seg->report, l->seg->def->name, STAGE_EXTRACT, FERRY_LOG_WARN,
		   "lookup '%s' was cut short: %s", l->def->name, reason);
}

static int load_done(const struct loading *l, struct ferry_error *err)
{
	report_log(l->seg->report, l->seg->def->name, STAGE_EXTRACT, FERRY_LOG_INFO, "lookup '%s': %lld rows",
		   l->def->name, (long long)l->rows);
	return expr_table_done(l->seg->exprs, l->def->name, err);
}

static int load_from(struct segment *seg, const struct lookup_def *def, const struct plug *plug,
		     const struct connection_def *connection, struct ferry_error *err)
{
	struct plug_open open = {.role = FERRY_SOURCE, .connection = connection, .endpoint = &def->source,
		.state_dir = seg->options->state_dir, .watch = segment_watch(seg)};
	struct loading l = {seg, def, 0, 0};
	struct ferry_sink sink = {&l, load_columns, load_rows, load_page, load_truncated};
	struct ferry_extract want = {0};
	struct plug_handle *h;

	if (plug_handle_open(plug, &open, &h, err) != 0)
		return -1;
	int rc = plug->api->extract(h->handle, &want, &sink, err);
	plug_handle_close(h);
	if (rc != 0)
		return -1;
	if (!l.n_columns)
		return ferry_fail(err, FERRY_E_CONNECTOR, "connector %s gave no columns", plug->api->name);
	return load_done(&l, err);
}

static int load_connection(struct segment *seg, const struct lookup_def *def, struct ferry_error *err)
{
	const struct connection_def *c = generation_connection(seg->generation, def->source.connection);
	struct buf name = BUF_INIT;
	struct plug *plug;

	if (!c)
		return ferry_fail(err, FERRY_E_CONFIG, "there is no connection '%s'", def->source.connection);
	plug_name(c->family, def->source.resource, &name);
	int rc = plug_load(seg->options->plugins_dir, name.s, &plug, err);
	buf_release(&name);
	if (rc != 0)
		return -1;
	if (!(plug->api->roles & FERRY_SOURCE) || !plug->api->extract)
		rc = ferry_fail(err, FERRY_E_UNSUPPORTED, "connector %s is no source", plug->api->name);
	else
		rc = load_from(seg, def, plug, c, err);
	plug_unload(plug);
	return rc;
}

/* ------------------------------------------------------- of a segment's deliveries */

static const struct segment_def *find_segment(const struct segment *seg, const char *name)
{
	for (size_t i = 0; i < seg->sync->n_segments; i++)
		if (strcmp(seg->sync->segments[i].name, name) == 0)
			return &seg->sync->segments[i];
	return NULL;
}

/* The columns: key, dest_id, then the other segment's fields. */
static struct ferry_column *delivered_columns(struct segment *seg, const struct segment_def *other)
{
	struct ferry_column *columns = arena_alloc0(&seg->arena, other->n_map + 2, sizeof *columns);

	columns[0] = (struct ferry_column){"key", FERRY_TEXT};
	columns[1] = (struct ferry_column){"dest_id", FERRY_TEXT};
	for (size_t i = 0; i < other->n_map; i++)
		columns[i + 2].name = other->map[i].field;
	return columns;
}

/* One record of the other segment on its way into the table. */
struct delivered {
	struct kv_bytes form;
	const char *dest_id;
	size_t dest_id_len;
	const void *record;		/* NULL: made with another map, or not kept */
	size_t record_len;
};

static int add_delivered(struct ferry_sink *sink, const struct segment_def *other, const struct delivered *d,
			 struct ferry_value *values, struct ferry_error *err)
{
	struct buf key = BUF_INIT;

	key_form_show(d->form.p, d->form.len, other->n_key, &key);
	values[0] = (struct ferry_value){.s = buf_str(&key), .len = (uint32_t)key.len, .type = FERRY_TEXT};
	values[1] = (struct ferry_value){.s = d->dest_id, .len = (uint32_t)d->dest_id_len,
		.type = d->dest_id_len ? FERRY_TEXT : FERRY_NULL};
	memset(values + 2, 0, other->n_map * sizeof *values);
	if (d->record)
		record_decode(d->record, d->record_len, values + 2, other->n_map);
	int rc = load_rows(sink, values, 1, err);
	buf_release(&key);
	return rc;
}

enum { AHEAD = 256, WRITING = 1 << FERRY_CREATE | 1 << FERRY_UPDATE | 1 << FERRY_DELETE | 1 << FERRY_DISABLE };

/* What a preview's plan would do to the other segment's records, in key order. */
struct planned {
	struct segment *seg;
	size_t index;
	const struct plan_header *header; /* NULL: there is no plan to heed */
	struct plan_entry *entries;
	struct arena arena;
	struct buf after;
	size_t n, at;
};

/* The entry at hand, NULL at the end. */
static int planned_peek(struct planned *p, const struct plan_entry **ret, struct ferry_error *err)
{
	*ret = NULL;
	if (!p->header)
		return 0;
	if (p->at == p->n) {
		struct kv_bytes after = {buf_str(&p->after), p->after.len};
		arena_reset(&p->arena);
		p->at = 0;
		if (plan_read(p->seg->plan, p->index, p->header, WRITING, after, AHEAD, &p->arena, p->entries, &p->n,
			      err) != 0)
			return -1;
		if (!p->n)
			return 0;
		buf_reset(&p->after);
		buf_add(&p->after, p->entries[p->n - 1].key.p, p->entries[p->n - 1].key.len);
	}
	*ret = &p->entries[p->at];
	return 0;
}

static int add_planned(struct ferry_sink *sink, const struct segment_def *other, const struct plan_entry *e,
		       struct ferry_value *values, struct ferry_error *err)
{
	struct delivered d = {e->key, e->dest_id, e->dest_id_len, e->record, e->record_len};

	if (e->decision == FERRY_DELETE || e->decision == FERRY_DISABLE)
		return 0;
	return add_delivered(sink, other, &d, values, err);
}

/*
 * The snapshot's entries and, in a preview, the plan's in their place: two ordered streams. to: up to
 * that key (NULL: all that is left); *ret_same: the plan has this very key.
 */
static int pass_planned(struct planned *p, const struct kv_bytes *to, struct ferry_sink *sink,
			const struct segment_def *other, struct ferry_value *values, bool *ret_same,
			struct ferry_error *err)
{
	const struct plan_entry *e;

	*ret_same = false;
	for (;;) {
		if (planned_peek(p, &e, err) != 0)
			return -1;
		int order = !e ? 1 : to ? kv_compare(e->key, *to) : -1;
		if (order > 0)
			return 0;
		p->at++;
		if (add_planned(sink, other, e, values, err) != 0)
			return -1;
		if (order == 0) {
			*ret_same = true;
			return 0;
		}
	}
}

static int load_entries(struct segment *seg, struct ferry_sink *sink, const struct segment_def *other,
			struct planned *planned, struct snapshot *snapshot, struct ferry_error *err)
{
	struct ferry_value *values = arena_alloc0(&seg->arena, other->n_map + 2, sizeof *values);
	uint32_t layout = segment_layout_id(other->map, other->n_map);
	struct snap_reader *reader;
	struct snap_entry e;
	struct kv_bytes form;
	bool same;
	int rc;

	if (snap_reader_open(snapshot, &reader, err) != 0)
		return -1;
	while ((rc = snap_next(reader, &form, &e, err)) > 0) {
		struct delivered d = {form, e.dest_id, e.dest_id_len, e.layout == layout ? e.record : NULL, e.record_len};
		rc = pass_planned(planned, &form, sink, other, values, &same, err);
		if (rc == 0 && !same && !(e.flags & (SNAP_DISABLED | SNAP_MAYBE)))
			rc = add_delivered(sink, other, &d, values, err);
		if (rc != 0)
			break;
	}
	if (rc == 0)
		rc = pass_planned(planned, NULL, sink, other, values, &same, err);
	snap_reader_close(reader);
	return rc;
}

/* In a preview nothing has been written: what its plan says counts as done. */
static int load_delivered(struct segment *seg, struct ferry_sink *sink, const struct segment_def *other,
			  struct ferry_error *err)
{
	struct planned planned = {.seg = seg, .index = (size_t)(other - seg->sync->segments)};
	struct ferry_error none = {0};
	struct plan_header header;
	struct snapshot *snapshot;

	/* a segment that failed has no plan */
	if (seg->options->preview && plan_header(seg->plan, planned.index, &seg->arena, &header, &none) == 0) {
		planned.header = &header;
		planned.entries = arena_alloc0(&seg->arena, AHEAD, sizeof *planned.entries);
	}
	if (snapshot_open(seg->options->state_dir, seg->sync->name, other->name, &snapshot, err) != 0)
		return -1;
	int rc = load_entries(seg, sink, other, &planned, snapshot, err);
	snapshot_close(snapshot);
	arena_release(&planned.arena);
	buf_release(&planned.after);
	return rc;
}

static int load_segment(struct segment *seg, const struct lookup_def *def, struct ferry_error *err)
{
	const struct segment_def *other = find_segment(seg, def->segment);
	struct loading l = {seg, def, 0, 0};
	struct ferry_sink sink = {.ctx = &l};

	if (!other)
		return ferry_fail(err, FERRY_E_CONFIG, "there is no segment '%s'", def->segment);
	if (load_columns(&sink, delivered_columns(seg, other), other->n_map + 2, false, err) != 0 ||
	    load_delivered(seg, &sink, other, err) != 0)
		return -1;
	return load_done(&l, err);
}

int lookups_load(struct segment *seg, struct ferry_error *err)
{
	for (size_t i = 0; i < seg->def->n_lookups; i++) {
		const struct lookup_def *def = &seg->def->lookups[i];
		int rc = def->segment ? load_segment(seg, def, err) : load_connection(seg, def, err);
		if (rc != 0)
			return ferry_within(err, "lookup '%s'", def->name);
	}
	return 0;
}
