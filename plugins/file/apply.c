/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply.c - a batch into the journal. A row that cannot be written is refused and leaves no trace;
 * all others of the batch are on the disk when it is acknowledged, or none of them.
 */
#include "file/destination.h"

#include <stdio.h>
#include <string.h>

/* So many changes are kept before they are merged: the memory of a merge grows with them. */
#define PENDING_MOST 500000
#define ROW_MOST (256 * 1024 * 1024)

/* What became of a row while the batch was made. */
enum fate { FATE_FATAL = -1, FATE_REFUSED, FATE_ADDED };

static enum fate refuse(struct ferry_outcome *out, const char *code, const char *field,
		       const char *message)
{
	rest_reject(out, code, field, "%s", message);
	return FATE_REFUSED;
}

static enum fate refuse_value(struct ferry_outcome *out, enum put put, const char *field)
{
	switch (put) {
	case PUT_NUL:
		return refuse(out, "NUL_BYTE", field, "the text holds a NUL, which CSV cannot");
	case PUT_NOT_UTF8:
		return refuse(out, "NOT_UTF8", field, "the text is not UTF-8");
	case PUT_NOT_JSON:
		return refuse(out, "NOT_JSON", field, "the value is no JSON");
	default:
		return refuse(out, "NEEDS_QUOTES", field,
			      "the text could not be told apart without quotes ('quote: none')");
	}
}

/* Begin a change in the batch: its kind and the row's key. */
static void begin_change(struct destination *d, enum op op, const struct rest_buf *key)
{
	bytes_put_number(&d->batch, op);
	bytes_put(&d->batch, key->s, key->len);
}

/* The fields as they will be written; nothing of them stays when one cannot be. */
static enum fate add_fields(struct destination *d, const struct ferry_value *fields,
			   struct ferry_outcome *out)
{
	size_t from = d->batch.len;

	for (size_t i = 0; i < d->layout->n; i++) {
		rest_buf_reset(&d->row);
		enum put put = field_put(&d->shape.dialect, &fields[i], &d->room, &d->row);
		if (put != PUT_OK)
			return refuse_value(out, put, d->layout->names[i]);
		if (d->batch.len - from + d->row.len > ROW_MOST)
			return refuse(out, "TOO_LONG", d->layout->names[i],
				      "the row is longer than 256 MiB");
		bytes_put(&d->batch, rest_str(&d->row), d->row.len);
	}
	return FATE_ADDED;
}

/* The key it had: from what it was, else from the id it is known by. */
static bool key_before(struct destination *d, const struct ferry_action *a, struct rest_buf *out)
{
	return key_from_values(&d->shape, a->before, &d->room, out) ||
	       key_from_id(&d->shape, a->dest_id, out);
}

static bool same_bytes(const struct rest_buf *a, const struct rest_buf *b)
{
	return a->len == b->len && memcmp(rest_str(a), rest_str(b), a->len) == 0;
}

static enum fate not_found(struct ferry_outcome *out)
{
	return refuse(out, "NOT_FOUND", "",
		      "the row is not there any more, and mode 'update' makes none");
}

/* d->key is the key it gets. */
static enum fate add_update(struct destination *d, const struct ferry_action *a,
			   struct rest_buf *had, uint32_t *ops, struct ferry_outcome *out,
			   struct ferry_error *err)
{
	bool only = d->open->mode == FERRY_MODE_UPDATE;
	bool known = key_before(d, a, had);
	bool moves = known && !same_bytes(had, &d->key);

	if (only) {
		int n = destination_find(d, known ? had : &d->key, true, err);
		if (n <= 0)
			return n < 0 ? FATE_FATAL : not_found(out);
	}
	if (moves) {
		begin_change(d, OP_DELETE, had);
		++*ops;
	}
	begin_change(d, only && !moves ? OP_UPDATE : OP_UPSERT, &d->key);
	++*ops;
	return add_fields(d, a->fields, out);
}

static enum fate add_removal(struct destination *d, const struct ferry_action *a, uint32_t *ops,
			    struct ferry_outcome *out)
{
	char stamp[REST_TIME];

	if (!key_before(d, a, &d->key) && !key_from_values(&d->shape, a->fields, &d->room, &d->key))
		return refuse(out, "NO_KEY", "", "nothing says which row it is");
	key_id(&d->shape, &d->key, out->dest_id);
	++*ops;
	begin_change(d, a->decision == FERRY_DELETE ? OP_DELETE : OP_DISABLE, &d->key);
	if (a->decision == FERRY_DELETE)
		return FATE_ADDED;
	int64_t now = d->base.folder.host->now(d->base.folder.host);
	size_t len = rest_time_format(now, -1, true, stamp);
	struct ferry_value v = {.s = stamp, .len = (uint32_t)len, .type = FERRY_TEXT};
	rest_buf_reset(&d->row);
	enum put put = field_put(&d->shape.dialect, &v, &d->room, &d->row);
	if (put != PUT_OK)
		return refuse_value(out, put, d->shape.names[d->shape.n]);
	bytes_put(&d->batch, rest_str(&d->row), d->row.len);
	return FATE_ADDED;
}

static enum fate add_row(struct destination *d, const struct ferry_action *a, struct rest_buf *had,
			uint32_t *ops, struct ferry_outcome *out, struct ferry_error *err)
{
	bool add_only = d->open->mode == FERRY_MODE_INSERT || d->open->mode == FERRY_MODE_APPEND;

	if (a->decision == FERRY_DELETE || a->decision == FERRY_DISABLE)
		return add_removal(d, a, ops, out);
	for (size_t i = 0; i < d->shape.n_key; i++)
		if (a->fields[d->shape.key[i]].type == FERRY_NULL)
			return refuse(out, "NULL_KEY", d->layout->names[d->shape.key[i]],
				      "a key column is NULL: the row could not be found again");
	key_from_values(&d->shape, a->fields, &d->room, &d->key);
	key_id(&d->shape, &d->key, out->dest_id);
	if (a->decision == FERRY_UPDATE)
		return add_update(d, a, had, ops, out, err);
	++*ops;
	begin_change(d, add_only ? OP_INSERT : OP_UPSERT, &d->key);
	return add_fields(d, a->fields, out);
}

/* All rows that can be written into d->batch, as the journal has them. */
static int make_batch(struct destination *d, const struct ferry_action *actions, size_t n,
		      struct ferry_outcome *outcomes, uint32_t *ops, struct ferry_error *err)
{
	struct rest_buf had = {0};
	int status = 0;

	*ops = 0;
	rest_buf_reset(&d->batch);
	bytes_put_number(&d->batch, 0);
	for (size_t i = 0; i < n && !status; i++) {
		size_t from = d->batch.len;
		uint32_t before = *ops;
		enum fate fate = add_row(d, &actions[i], &had, ops, &outcomes[i], err);
		if (fate == FATE_ADDED)
			continue;
		rest_buf_cut(&d->batch, from);
		*ops = before;
		status = fate == FATE_FATAL ? -1 : 0;
	}
	memcpy(d->batch.s, ops, sizeof *ops);
	rest_buf_release(&had);
	return status;
}

/* The journal locked, and about rows like ours. */
static int begin(struct destination *d, struct ferry_error *err)
{
	struct journal *j = &d->journal;

	for (;;) {
		if (journal_lock(j, err))
			return -1;
		bool other = !same_bytes(&j->shape, &d->shape_bytes);
		if (!j->merged_ino && j->ops < PENDING_MOST && (!j->end || !other))
			break;
		if (merge(j, err))
			return -1;
	}
	if (j->end || !journal_append(j, FRAME_SHAPE, &d->shape_bytes, err))
		return 0;
	journal_unlock(j);
	return -1;
}

static int write_batch(struct destination *d, struct ferry_error *err)
{
	struct journal *j = &d->journal;

	if (begin(d, err))
		return -1;
	int status = journal_reserve(j, d->batch.len, err);
	if (!status)
		status = journal_append(j, FRAME_BATCH, &d->batch, err);
	journal_unlock(j);
	d->wrote = true;
	return status;
}

static void set_all(struct ferry_outcome *outcomes, size_t n, enum ferry_ack ack)
{
	for (size_t i = 0; i < n; i++)
		if (outcomes[i].ack != FERRY_ACK_REJECTED)
			outcomes[i].ack = ack;
}

static int check_decision(const struct destination *d, enum ferry_decision decision,
			  struct ferry_error *err)
{
	const struct ferry_host *host = d->base.folder.host;

	if (decision > FERRY_DISABLE)
		return host->fail(err, FERRY_E_UNSUPPORTED,
				  "there is nothing to write for this decision");
	if (decision == FERRY_DISABLE && !d->shape.disables)
		return host->fail(err, FERRY_E_CONFIG, "destination: rows can be disabled only if "
				  "'disabled_at' names a column for it");
	return 0;
}

int destination_apply(void *handle, const struct ferry_action *actions, size_t n,
		      struct ferry_outcome *outcomes, struct ferry_error *err)
{
	struct destination *d = handle;
	uint32_t ops;

	if (!n)
		return 0;
	set_all(outcomes, n, FERRY_ACK_UNSENT);
	if (check_decision(d, actions[0].decision, err))
		return -1;
	/* mode update must know which rows there are */
	if (d->open->mode == FERRY_MODE_UPDATE && !d->wrote && destination_look(d, err))
		return -1;
	if (make_batch(d, actions, n, outcomes, &ops, err))
		return -1;
	if (ops && write_batch(d, err))
		return -1;
	set_all(outcomes, n, FERRY_ACK_DONE);
	return 0;
}
