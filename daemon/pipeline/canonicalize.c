/* SPDX-License-Identifier: Apache-2.0 */
/*
 * canonicalize.c - from a source row to a canonical record: expressions, types, required fields, the
 * connector's own form, then key form, record form and hash. Memory only; a bad row is reported and
 * counted, never guessed at.
 */
#include <stdio.h>
#include <string.h>

#include "pipeline/segment.h"

/*
 * The plainest of maps, and a frequent one: bare columns, mapped in the order in which they stand in
 * the source. Such fields need not even be copied.
 */
static void find_straight(struct segment *seg)
{
	int first = expr_column(seg->exprs, seg->at_map);

	seg->straight = seg->plain && first >= 0 && seg->at_where == seg->n_exprs;
	for (size_t i = 0; i < seg->def->n_key; i++)
		seg->straight &= expr_column(seg->exprs, i) >= 0;
	for (size_t i = 0; i < seg->def->n_map; i++)
		seg->straight &= expr_column(seg->exprs, seg->at_map + i) == first + (int)i;
	seg->straight_from = first;
	seg->key_column = expr_column(seg->exprs, 0);
}

int canonicalize_prepare(struct segment *seg, const struct ferry_column *columns, size_t n, struct ferry_error *err)
{
	const struct segment_def *def = seg->def;

	for (size_t i = 0; i < def->n_key; i++)
		expr_add(seg->exprs, def->key[i]);
	seg->at_map = def->n_key;
	for (size_t i = 0; i < def->n_map; i++)
		expr_add(seg->exprs, def->map[i].expr);
	seg->at_where = seg->at_map + def->n_map;
	if (def->where)
		expr_add(seg->exprs, def->where);
	seg->at_skip = seg->at_where + (def->where != NULL);
	for (size_t i = 0; i < def->n_skip; i++)
		expr_add(seg->exprs, def->skip[i].when);
	seg->at_reject = seg->at_skip + def->n_skip;
	for (size_t i = 0; i < def->n_reject; i++)
		expr_add(seg->exprs, def->reject[i].when);
	seg->n_exprs = seg->at_reject + def->n_reject;
	seg->plain = !seg->dest->api->canonicalize;
	for (size_t f = 0; f < seg->layout.n; f++)
		seg->plain &= !seg->layout.fields[f];
	seg->outs = arena_alloc0(&seg->arena, seg->n_exprs, sizeof *seg->outs);
	if (expr_prepare(seg->exprs, columns, n, err) != 0)
		return -1;
	find_straight(seg);
	return 0;
}

/* Sixteen bytes at a time, the last ones maybe twice. */
static inline bool is_ascii(const char *s, size_t len)
{
	uint64_t a, b, all = 0;

	if (len < sizeof a) {
		for (size_t i = 0; i < len; i++)
			all |= (uint8_t)s[i];
		return !(all & 0x80);
	}
	for (size_t i = 0; i + 16 < len; i += 16) {
		memcpy(&a, s + i, sizeof a);
		memcpy(&b, s + i + 8, sizeof b);
		all |= a | b;
	}
	memcpy(&a, s + (len > 16 ? len - 16 : 0), sizeof a);
	memcpy(&b, s + len - 8, sizeof b);
	return !((all | a | b) & 0x8080808080808080u);
}

static bool is_utf8(const char *text, size_t len)
{
	for (size_t i = 0, n; i < len; i += n) {
		n = utf8_length(text + i, len - i);
		if (!n)
			return false;
	}
	return true;
}

static size_t characters(const struct ferry_value *v)
{
	size_t n = 0;
	for (size_t i = 0; i < v->len; i++)
		n += ((unsigned char)v->s[i] & 0xc0) != 0x80;
	return n;
}

static bool is_choice(const struct ferry_value *v, const char *const *choices)
{
	for (; *choices; choices++)
		if (strlen(*choices) == v->len && memcmp(*choices, v->s, v->len) == 0)
			return true;
	return false;
}

/* The row's key for people; worked out only when something is to be said of it. */
static void row_invalid(struct segment *seg, const struct row *row, const char *group, const char *field,
			const char *message, const struct ferry_value *raw)
{
	struct kv_bytes form = {seg->batch.bytes.s + row->key, row->key_len};
	struct buf key = BUF_INIT;

	key_form_show(form.p, form.len, seg->def->n_key, &key);
	segment_invalid(seg, buf_str(&key), "INVALID_RECORD", field, message, raw);
	buf_release(&key);
	problem_report(seg, &(struct problem){.form = form, .group = group, .code = "INVALID_RECORD",
		.message = message, .field = field});
}

/* One field against its table entry, if it has one. False with a reason. */
static inline bool check_field(struct segment *seg, size_t f, struct ferry_value *v, char *why, size_t size)
{
	const struct ferry_field *field = seg->layout.fields[f];

	if (v->type == FERRY_TEXT && !is_ascii(v->s, v->len) && !is_utf8(v->s, v->len)) {
		snprintf(why, size, "the text is not valid UTF-8");
		return false;
	}
	if (!field)
		return true;
	if (!value_convert(v, field->type, &seg->batch.arena, why, size))
		return false;
	if (v->type == FERRY_NULL || (v->type == FERRY_TEXT && v->len == 0)) {
		if (field->flags & FERRY_FIELD_REQUIRED) {
			snprintf(why, size, "it is required and %s", v->type == FERRY_NULL ? "missing" : "empty");
			return false;
		}
		return true;
	}
	if (v->type == FERRY_TEXT && field->max_len && v->len > field->max_len && characters(v) > field->max_len) {
		snprintf(why, size, "%zu characters are too many (at most %u)", characters(v), field->max_len);
		return false;
	}
	if (v->type == FERRY_TEXT && field->choices && !is_choice(v, field->choices)) {
		struct buf b = BUF_INIT;
		value_show(v, 40, &b);
		snprintf(why, size, "'%s' is not allowed", buf_str(&b));
		buf_release(&b);
		return false;
	}
	return true;
}

static void *pure_alloc(const struct ferry_pure *pure, size_t size)
{
	struct segment *seg = pure->ctx;
	return arena_alloc(&seg->batch.arena, size);
}

/* The connector's own say. */
static bool connector_form(struct segment *seg, const struct row *row, struct ferry_value *fields)
{
	const struct ferry_connector *api = seg->dest->api;
	struct ferry_pure pure = {seg, pure_alloc, &seg->layout};
	struct ferry_issue issue;

	if (!api->canonicalize)
		return true;
	issue.field = NULL;
	issue.message[0] = '\0';
	if (api->canonicalize(&pure, fields, &issue) == 0)
		return true;
	const struct ferry_value *raw = NULL;
	for (size_t f = 0; issue.field && f < seg->layout.n; f++)
		if (strcmp(seg->layout.names[f], issue.field) == 0)
			raw = &fields[f];
	row_invalid(seg, row, "invalid_record", issue.field, issue.message, raw);
	return false;
}

static bool is_missing(const struct segment *seg, size_t f, const struct ferry_value *v)
{
	return seg->layout.fields[f] && seg->layout.fields[f]->flags & FERRY_FIELD_REQUIRED &&
		(v->type == FERRY_NULL || (v->type == FERRY_TEXT && !v->len));
}

static bool valid_fields(struct segment *seg, const struct row *row, struct ferry_value *fields)
{
	char why[256];

	/* without a field table only texts can be wrong, and encoding looks at those */
	if (seg->plain)
		return true;
	for (size_t f = 0; f < seg->layout.n; f++) {
		if (check_field(seg, f, &fields[f], why, sizeof why))
			continue;
		/* why it is wrong may quote it */
		if (seg->sensitive[f] && !is_missing(seg, f, &fields[f]))
			snprintf(why, sizeof why, "the value is not allowed; it is sensitive and not shown");
		row_invalid(seg, row, is_missing(seg, f, &fields[f]) ? "missing_required_field" : "invalid_record",
			    seg->layout.names[f], why, &fields[f]);
		return false;
	}
	return connector_form(seg, row, fields);
}

static bool valid_texts(struct segment *seg, const struct row *row, const struct ferry_value *fields)
{
	for (size_t f = 0; f < seg->layout.n; f++)
		if (fields[f].type == FERRY_TEXT && !is_utf8(fields[f].s, fields[f].len)) {
			row_invalid(seg, row, "invalid_record", seg->layout.names[f], "the text is not valid UTF-8", &fields[f]);
			return false;
		}
	return true;
}

/* The first reject rule that holds makes the record invalid. */
static bool rejected(struct segment *seg, const struct row *row)
{
	for (size_t i = 0; i < seg->def->n_reject; i++) {
		const struct rule_def *r = &seg->def->reject[i];
		if (!value_true(&seg->outs[seg->at_reject + i]))
			continue;
		const struct ferry_value *raw = NULL;
		for (size_t f = 0; r->field && f < seg->layout.n; f++)
			if (strcmp(seg->layout.names[f], r->field) == 0)
				raw = &seg->outs[seg->at_map + f];
		row_invalid(seg, row, "invalid_record", r->field, r->message, raw);
		return true;
	}
	return false;
}

/* The first skip rule that holds. */
static const struct rule_def *skip_rule(const struct segment *seg)
{
	for (size_t i = 0; i < seg->def->n_skip; i++)
		if (value_true(&seg->outs[seg->at_skip + i]))
			return &seg->def->skip[i];
	return NULL;
}

static bool key_form(struct segment *seg, const struct ferry_value *parts, struct row *row)
{
	struct buf *b = &seg->batch.bytes;
	struct ferry_error err;		/* large, and looked at only after a failure, which fills it */
	size_t start = b->len;

	for (size_t i = 0; i < seg->def->n_key; i++)
		if (parts[i].type == FERRY_NULL) {
			segment_invalid(seg, "", "INVALID_RECORD", NULL, "the key is NULL", NULL);
			return false;
		}
	if (key_encode(parts, seg->def->n_key, b, &err) != 0) {
		b->len = start;
		struct buf text = BUF_INIT;
		value_show(&parts[0], 80, &text);
		segment_invalid(seg, buf_str(&text), "INVALID_RECORD", NULL, err.msg, NULL);
		buf_release(&text);
		return false;
	}
	row->key = start;
	row->key_len = b->len - start;
	return true;
}

/* From valid fields to record form; what is known of the row up to now is its key. */
static void encode_row(struct segment *seg, const struct ferry_value *fields, struct row *row)
{
	struct buf *b = &seg->batch.bytes;

	row->state = ROW_KEY_ONLY;
	row->record = b->len;
	if (!record_encode(fields, seg->layout.n, b) && seg->plain && !valid_texts(seg, row, fields)) {
		b->len = row->record;
		return;
	}
	row->record_len = b->len - row->record;
	/* a full snapshot compares the records themselves, and may do without */
	row->has_hash = seg->def->snapshot == SNAPSHOT_HASH || seg->any_ignored;
	if (row->has_hash)
		row->hash = seg->any_ignored ? segment_hash(seg, fields, b->s + row->record, row->record_len)
			: hash128(b->s + row->record, row->record_len, seg->layout_id);
	row->state = ROW_RECORD;
}

static void canonicalize_row(struct segment *seg, const struct ferry_value *values, struct row *row)
{
	struct ferry_error err;		/* as in key_form */
	struct ferry_value *fields = seg->outs + seg->at_map;

	row_clear(row);
	if (seg->straight) {
		const struct ferry_value *key = values + seg->key_column;
		for (size_t i = 0; i < seg->def->n_key && seg->def->n_key > 1; i++)
			seg->outs[i] = values[expr_column(seg->exprs, i)];
		if (key_form(seg, seg->def->n_key > 1 ? seg->outs : key, row))
			encode_row(seg, values + seg->straight_from, row);
		return;
	}
	if (expr_eval(seg->exprs, values, seg->outs, &err) != 0) {
		/* the key may be a bare column, which needs no evaluation: then the row is known to exist */
		for (size_t i = 0; i < seg->def->n_key; i++) {
			if (expr_column(seg->exprs, i) < 0) {
				/* it exists, but as whom is not known: no absence means anything now */
				segment_invalid(seg, "", "INVALID_RECORD", NULL, err.msg, NULL);
				seg->truncated = true;
				seg->truncation_reason = "the key of a row could not be worked out";
				return;
			}
			seg->outs[i] = values[expr_column(seg->exprs, i)];
		}
		if (key_form(seg, seg->outs, row)) {
			row->state = ROW_KEY_ONLY;
			row_invalid(seg, row, "invalid_record", NULL, err.msg, NULL);
		}
		return;
	}
	if (seg->def->where && !value_true(&seg->outs[seg->at_where])) {
		seg->counters.skipped++;
		segment_count_reason(seg, "FILTERED", 1);
		return;
	}
	if (!key_form(seg, seg->outs, row))
		return;
	row->state = ROW_KEY_ONLY;
	const struct rule_def *skip = skip_rule(seg);
	if (skip) {
		row->state = ROW_SKIPPED;
		row->reason = skip->reason;
		row->final = skip->final;
		return;
	}
	if (!rejected(seg, row) && valid_fields(seg, row, fields))
		encode_row(seg, fields, row);
}

int canonicalize_batch(struct segment *seg, const struct ferry_value *values, size_t n_rows, struct ferry_error *err)
{
	struct batch *batch = &seg->batch;

	(void)err;
	arena_reset(&batch->arena);
	buf_reset(&batch->bytes);
	batch->n = n_rows;
	for (size_t i = 0; i < n_rows; i++)
		canonicalize_row(seg, values + i * seg->n_columns, &batch->rows[i]);
	return 0;
}
