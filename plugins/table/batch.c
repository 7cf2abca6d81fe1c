/* SPDX-License-Identifier: Apache-2.0 */
/* batch.c - from the actions of a batch to the rows that can be written. */
#include "table/batch.h"

#include <stdlib.h>
#include <string.h>

static bool check_fields(const struct row_set *s, const struct ferry_value *fields, struct ferry_outcome *out)
{
	const struct ferry_layout *layout = s->key->layout;

	for (size_t i = 0; i < layout->n; i++) {
		const struct misfit *why = s->misfit(s->ctx, i, &fields[i]);
		if (!why)
			continue;
		outcome_refuse(out, why->code, layout->names[i], why->message);
		return false;
	}
	return outcome_key_given(s->key, fields, out);
}

static void keep_key(struct row_set *s, struct row *row)
{
	row->key = s->keys + row->action * s->key->n;
	memcpy(row->key, s->key->parts, s->key->n * sizeof *row->key);
}

static void take_write(struct row_set *s, size_t i)
{
	const struct ferry_action *a = &s->actions[i];
	struct ferry_outcome *out = &s->outcomes[i];

	if (!check_fields(s, a->fields, out))
		return;
	rowkey_from_fields(s->key, a->fields);
	rowkey_id(s->key, out->dest_id, sizeof out->dest_id);
	bool moves = a->decision == FERRY_UPDATE && rowkey_moves(s->key, a, out->dest_id);
	struct row *row = moves ? &s->moved[s->n_moved++] : &s->rows[s->n_rows++];
	*row = (struct row){.action = i};
	if (moves)
		keep_key(s, row);
}

static void take_removal(struct row_set *s, size_t i)
{
	struct ferry_outcome *out = &s->outcomes[i];

	if (!rowkey_from_action(s->key, &s->actions[i])) {
		outcome_no_key(out);
		return;
	}
	for (size_t k = 0; k < s->key->n; k++)
		if (s->misfit(s->ctx, s->key->places[k], &s->key->parts[k])) {
			out->ack = FERRY_ACK_DUPLICATE;
			return;
		}
	rowkey_id(s->key, out->dest_id, sizeof out->dest_id);
	s->rows[s->n_rows] = (struct row){.action = i};
	keep_key(s, &s->rows[s->n_rows++]);
}

bool row_set_take(struct row_set *s, size_t n)
{
	bool removal = s->actions[0].decision == FERRY_DELETE || s->actions[0].decision == FERRY_DISABLE;

	s->rows = calloc(n, sizeof *s->rows);
	s->moved = calloc(n, sizeof *s->moved);
	s->keys = calloc(n * s->key->n, sizeof *s->keys);
	if (!s->rows || !s->moved || !s->keys)
		return false;
	for (size_t i = 0; i < n; i++)
		(removal ? take_removal : take_write)(s, i);
	return true;
}

void row_set_release(struct row_set *s)
{
	free(s->rows);
	free(s->moved);
	free(s->keys);
}

void row_set_forget(struct row_set *s, enum ferry_ack ack)
{
	for (size_t i = 0; i < s->n_rows + s->n_moved; i++) {
		const struct row *row = i < s->n_rows ? &s->rows[i] : &s->moved[i - s->n_rows];
		outcomes_set(&s->outcomes[row->action], 1, ack);
	}
}
