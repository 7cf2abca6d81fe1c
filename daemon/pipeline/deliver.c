/* SPDX-License-Identifier: Apache-2.0 */
/* deliver.c - sending, sending again, narrowing down. */
#include "pipeline/deliver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rows still to be delivered, by index, and room for the calls. */
struct work {
	struct delivery *d;
	size_t *todo, n;
	struct ferry_action *actions;
	struct ferry_outcome *outcomes;
};

static bool is_final(enum ferry_ack ack)
{
	return ack == FERRY_ACK_DONE || ack == FERRY_ACK_DUPLICATE || ack == FERRY_ACK_REJECTED;
}

/* Room for calls with some of the rows, when one comes to that. */
static void make_room(struct work *w)
{
	if (w->actions)
		return;
	w->actions = ferry_alloc0(w->d->n, sizeof *w->actions);
	w->outcomes = ferry_alloc0(w->d->n, sizeof *w->outcomes);
}

/* One call for rows idx[0..n), which rise. Outcomes go to their places. */
static int call(struct work *w, const size_t *idx, size_t n, struct ferry_error *err)
{
	struct delivery *d = w->d;
	/* nearly always it is all rows, where they stand */
	bool whole = n == d->n;

	if (!whole)
		make_room(w);
	struct ferry_outcome *outcomes = whole ? d->outcomes : w->outcomes;
	for (size_t i = 0; i < n && !whole; i++)
		w->actions[i] = d->actions[idx[i]];
	memset(outcomes, 0, n * sizeof *outcomes);
	d->requests++;
	int rc = d->api->apply(d->handle, whole ? d->actions : w->actions, n, outcomes, err);
	if (rc != 0 && err->code == FERRY_OK)
		ferry_fail(err, FERRY_E_CONNECTOR, "connector %s failed without saying why", d->api->name);
	if (rc != 0 && err->code == FERRY_E_REJECTED)
		for (size_t i = 0; i < n; i++)
			if (!is_final(outcomes[i].ack))
				outcomes[i].ack = FERRY_ACK_UNSENT;
	for (size_t i = 0; i < n && !whole; i++)
		d->outcomes[idx[i]] = outcomes[i];
	return rc;
}

/* Keep in idx what is not final; returns how many. */
static size_t keep_open(const struct work *w, size_t *idx, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (!is_final(w->d->outcomes[idx[i]].ack))
			idx[kept++] = idx[i];
	return kept;
}

/* Everything that is not final, wherever a call has left it. */
static void gather(struct work *w)
{
	w->n = 0;
	for (size_t i = 0; i < w->d->n; i++)
		if (!is_final(w->d->outcomes[i].ack))
			w->todo[w->n++] = i;
}

/* After a call that succeeded every row it did not answer for must say UNSENT. */
static int all_unsent(const struct work *w, const size_t *idx, size_t n, struct ferry_error *err)
{
	for (size_t i = 0; i < n; i++)
		if (w->d->outcomes[idx[i]].ack != FERRY_ACK_UNSENT)
			return ferry_fail(err, FERRY_E_CONNECTOR, "connector %s did not say what became of row '%s'",
					  w->d->api->name, w->d->actions[idx[i]].key);
	return 0;
}

static void reject(struct work *w, size_t row, const struct ferry_error *why, bool alone)
{
	struct ferry_outcome *o = &w->d->outcomes[row];

	*o = (struct ferry_outcome){.ack = FERRY_ACK_REJECTED};
	snprintf(o->code, sizeof o->code, "REJECTED");
	snprintf(o->message, sizeof o->message, "%.320s%s", why->msg, alone ? "" : " (found by narrowing its batch down)");
}

/*
 * idx[0..n) was refused as a whole for `why`. Find one bad row; what else is open is left for the
 * next round. -1 only for a failure of another kind.
 */
static int narrow(struct work *w, size_t *idx, size_t n, struct ferry_error why, struct ferry_error *err)
{
	bool alone = n == 1;

	while (n > 1) {
		size_t half = (n + 1) / 2;
		struct ferry_error e = {0};
		int rc = call(w, idx, half, &e);
		if (rc != 0 && e.code != FERRY_E_REJECTED) {
			*err = e;
			return -1;
		}
		w->d->repeats++;
		size_t open = keep_open(w, idx, half);
		if (rc == 0) {
			/* all passed, or were answered for one by one: the bad row is among the others */
			if (all_unsent(w, idx, open, err) != 0)
				return -1;
			idx += half;
			n -= half;
		} else if (!open) {
			return 0;	/* it was answered for by itself */
		} else {
			why = e;
			alone = half == 1;
			n = open;
		}
	}
	reject(w, idx[0], &why, alone);
	return 0;
}

/* What may be sent again after a transient failure. */
static bool may_repeat(const struct work *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->d->outcomes[w->todo[i]].ack == FERRY_ACK_UNKNOWN && !w->d->idempotent)
			return false;
	return true;
}

/* One round: everything that is open, once. 0 when the call itself was in order. */
static int round_trip(struct work *w, struct ferry_error *err)
{
	int rc = call(w, w->todo, w->n, err);

	if (rc != 0 && err->code == FERRY_E_REJECTED) {
		struct ferry_error why = *err;
		size_t open = keep_open(w, w->todo, w->n);
		rc = open ? narrow(w, w->todo, open, why, err) : 0;
	} else if (rc == 0) {
		w->n = keep_open(w, w->todo, w->n);
		rc = all_unsent(w, w->todo, w->n, err);
	}
	gather(w);
	return rc;
}

static int run(struct work *w, struct ferry_error *err)
{
	struct delivery *d = w->d;
	int attempt = 0;

	while (w->n) {
		struct ferry_error e = {0};
		size_t before = w->n;
		int rc = round_trip(w, &e);
		if (!w->n)
			return 0;
		/* progress earns a fresh set of attempts */
		attempt = w->n < before ? 0 : attempt;
		d->repeats++;
		if (rc == 0 && w->n < before)
			continue;	/* left out because of others in its call: again at once */
		if (rc == 0)
			ferry_fail(&e, FERRY_E_CONNECTOR, "connector %s makes no progress with %zu rows", d->api->name, w->n);
		if (!ferry_code_info(e.code)->transient || attempt >= d->retries || !may_repeat(w)) {
			d->repeats--;
			*err = e;
			return -1;
		}
		if (d->backoff(d->ctx, ++attempt, &e, err) != 0)
			return -1;
	}
	return 0;
}

int deliver(struct delivery *d, struct ferry_error *err)
{
	struct work w = {.d = d, .n = d->n};

	w.todo = ferry_alloc0(d->n, sizeof *w.todo);
	for (size_t i = 0; i < d->n; i++) {
		w.todo[i] = i;
		d->outcomes[i].ack = FERRY_ACK_UNSENT;
	}
	int rc = run(&w, err);
	free(w.todo);
	free(w.actions);
	free(w.outcomes);
	return rc;
}
