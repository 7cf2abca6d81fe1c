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
	size_t *deferred, n_deferred;
	struct ferry_action *actions;
	struct ferry_outcome *outcomes;
};

static bool is_final(enum ferry_ack ack)
{
	return ack == FERRY_ACK_DONE || ack == FERRY_ACK_DUPLICATE || ack == FERRY_ACK_REJECTED;
}

/* One call for rows idx[0..n). Outcomes go to their places. */
static int call(struct work *w, const size_t *idx, size_t n, struct ferry_error *err)
{
	struct delivery *d = w->d;

	for (size_t i = 0; i < n; i++)
		w->actions[i] = d->actions[idx[i]];
	memset(w->outcomes, 0, n * sizeof *w->outcomes);
	d->requests++;
	int rc = d->api->apply(d->handle, w->actions, n, w->outcomes, err);
	if (rc != 0 && err->code == FERRY_E_REJECTED)
		for (size_t i = 0; i < n; i++)
			if (!is_final(w->outcomes[i].ack))
				w->outcomes[i].ack = FERRY_ACK_UNSENT;
	for (size_t i = 0; i < n; i++)
		d->outcomes[idx[i]] = w->outcomes[i];
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

static void reject(struct work *w, size_t row, const struct ferry_error *why, bool alone)
{
	struct ferry_outcome *o = &w->d->outcomes[row];

	*o = (struct ferry_outcome){.ack = FERRY_ACK_REJECTED};
	snprintf(o->code, sizeof o->code, "REJECTED");
	snprintf(o->message, sizeof o->message, "%.320s%s", why->msg, alone ? "" : " (found by narrowing its batch down)");
}

/*
 * idx[0..n) was refused as a whole for `why`. Find one bad row, put what was not sent into deferred.
 * -1 only for a failure of another kind.
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
		if (rc == 0) {
			/* all passed, or were answered for one by one: the bad row is among the others */
			size_t open = keep_open(w, idx, half);
			memcpy(w->deferred + w->n_deferred, idx, open * sizeof *idx);
			w->n_deferred += open;
			idx += half;
			n -= half;
		} else {
			memcpy(w->deferred + w->n_deferred, idx + half, (n - half) * sizeof *idx);
			w->n_deferred += n - half;
			why = e;
			n = half;
			alone = n == 1;
		}
	}
	reject(w, idx[0], &why, alone);
	return 0;
}

/* What may be sent again after a transient failure. */
static bool may_repeat(const struct work *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->d->outcomes[w->todo[i]].ack == FERRY_ACK_UNKNOWN && !(w->d->api->caps & FERRY_CAP_IDEMPOTENT))
			return false;
	return true;
}

static int run(struct work *w, struct ferry_error *err)
{
	struct delivery *d = w->d;
	int attempt = 0;

	while (w->n) {
		struct ferry_error e = {0};
		size_t before = w->n;
		int rc = call(w, w->todo, w->n, &e);
		if (rc != 0 && e.code == FERRY_E_REJECTED) {
			size_t open = keep_open(w, w->todo, w->n);
			w->n_deferred = 0;
			if (open && narrow(w, w->todo, open, e, err) != 0)
				return -1;
			memcpy(w->todo, w->deferred, w->n_deferred * sizeof *w->todo);
			w->n = w->n_deferred;
			d->repeats += w->n != 0;
			continue;
		}
		w->n = keep_open(w, w->todo, w->n);
		if (!w->n)
			return 0;
		if (rc == 0) {
			/* rows the call left out, because of others in it, go again at once */
			bool unsent = true;
			for (size_t i = 0; i < w->n; i++)
				unsent &= d->outcomes[w->todo[i]].ack == FERRY_ACK_UNSENT;
			if (!unsent)
				return ferry_fail(err, FERRY_E_CONNECTOR, "connector %s did not say what became of %zu rows",
						  d->api->name, w->n);
			if (w->n == before && ++attempt > d->retries)
				return ferry_fail(err, FERRY_E_CONNECTOR, "connector %s makes no progress with %zu rows",
						  d->api->name, w->n);
			d->repeats++;
			continue;
		}
		if (!ferry_code_info(e.code)->transient || attempt >= d->retries || !may_repeat(w)) {
			*err = e;
			return -1;
		}
		/* progress earns a fresh set of attempts */
		attempt = w->n < before ? 1 : attempt + 1;
		if (d->backoff(d->ctx, attempt, &e, err) != 0)
			return -1;
		d->repeats++;
	}
	return 0;
}

int deliver(struct delivery *d, struct ferry_error *err)
{
	struct work w = {.d = d, .n = d->n};

	w.todo = ferry_alloc0(d->n, sizeof *w.todo);
	w.deferred = ferry_alloc0(d->n, sizeof *w.deferred);
	w.actions = ferry_alloc0(d->n, sizeof *w.actions);
	w.outcomes = ferry_alloc0(d->n, sizeof *w.outcomes);
	for (size_t i = 0; i < d->n; i++) {
		w.todo[i] = i;
		d->outcomes[i].ack = FERRY_ACK_UNSENT;
	}
	int rc = run(&w, err);
	free(w.todo);
	free(w.deferred);
	free(w.actions);
	free(w.outcomes);
	return rc;
}
