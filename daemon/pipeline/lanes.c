/* SPDX-License-Identifier: Apache-2.0 */
/* lanes.c - the threads of apply. */
#include "pipeline/lanes.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pipeline/deliver.h"
#include "pipeline/setup.h"
#include "pipeline/thread.h"

struct queue {
	struct slice *head, **tail;
};

struct lanes {
	struct segment *seg;
	const struct connection_def *connection;
	pthread_mutex_t lock;
	pthread_cond_t work, done;
	struct queue todo, finished;
	atomic_bool stopping;
	bool closing;
	pthread_t *threads;
	int n;
};

/* ------------------------------------------------------------------- slices */

struct slice *slice_new(size_t cap)
{
	struct slice *s = ferry_alloc0(1, sizeof *s);

	s->cap = cap;
	s->entries = ferry_alloc(cap * sizeof *s->entries);
	s->actions = ferry_alloc(cap * sizeof *s->actions);
	s->outcomes = ferry_alloc(cap * sizeof *s->outcomes);
	return s;
}

void slice_reset(struct slice *s, enum ferry_decision decision)
{
	arena_reset(&s->arena);
	s->decision = decision;
	s->next = s->sibling = NULL;
	s->n = 0;
	s->rc = 0;
	s->requests = s->repeats = 0;
}

void slice_free(struct slice *s)
{
	if (!s)
		return;
	arena_release(&s->arena);
	free(s->entries);
	free(s->actions);
	free(s->outcomes);
	free(s);
}

static const struct ferry_value *decode(struct slice *s, const struct segment *seg, const void *record, size_t len)
{
	if (!record)
		return NULL;
	struct ferry_value *v = arena_alloc(&s->arena, seg->layout.n * sizeof *v);
	return record_decode(record, len, v, seg->layout.n) == (int)seg->layout.n ? v : NULL;
}

void slice_prepare(struct slice *s, const struct segment *seg)
{
	struct buf key = BUF_INIT;

	for (size_t i = 0; i < s->n; i++) {
		const struct plan_entry *e = &s->entries[i];
		const struct ferry_value *before = decode(s, seg, e->before, e->before_len);
		struct ferry_outcome *o = &s->outcomes[i];
		o->ack = FERRY_ACK_UNSENT;
		o->dest_id[0] = o->code[0] = o->field[0] = o->message[0] = '\0';
		buf_reset(&key);
		key_form_show(e->key.p, e->key.len, seg->def->n_key, &key);
		s->actions[i] = (struct ferry_action){
			.decision = e->decision, .key = arena_strndup(&s->arena, buf_str(&key), key.len), .key_len = key.len,
			.dest_id = e->dest_id_len ? arena_strndup(&s->arena, e->dest_id, e->dest_id_len) : "",
			.before = before,
			/* a delete knows the record only as it was */
			.fields = e->record ? decode(s, seg, e->record, e->record_len) : before,
		};
	}
	buf_release(&key);
}

/* ------------------------------------------------------------------ threads */

static void push(struct queue *q, struct slice *s)
{
	s->next = NULL;
	*q->tail = s;
	q->tail = &s->next;
}

static struct slice *pop(struct queue *q)
{
	struct slice *s = q->head;

	if (s) {
		q->head = s->next;
		if (!q->head)
			q->tail = &q->head;
	}
	return s;
}

static bool ending(void *ctx)
{
	struct lanes *l = ctx;
	return atomic_load(&l->stopping) || report_cancelled(l->seg->report);
}

/* What an answer says may be what it was sent; of a slice that is repeated nobody looks for values in it. */
static bool may_show(const struct segment *seg)
{
	for (size_t f = 0; f < seg->layout.n; f++)
		if (seg->sensitive[f])
			return false;
	return true;
}

static int backoff(void *ctx, int attempt, const struct ferry_error *why, struct ferry_error *err)
{
	struct lanes *l = ctx;
	struct plug_watch watch = {.ctx = l, .cancelled = ending};

	report_log(l->seg->report, l->seg->def->name, STAGE_APPLY, FERRY_LOG_WARN, "attempt %d of %d failed: %s: %s",
		   attempt, l->connection->retries + 1, ferry_code_info(why->code)->name,
		   may_show(l->seg) ? why->msg : "(not shown, since it may repeat sensitive values)");
	return plug_backoff(l->connection, attempt, why->retry_after_ms, &watch, err);
}

static void work_on(struct lanes *l, struct plug_handle **handle, struct slice *s)
{
	if (!*handle && setup_open_handle(l->seg, FERRY_DESTINATION, handle, &s->err) != 0) {
		s->rc = -1;
		for (size_t i = 0; i < s->n; i++)
			s->outcomes[i].ack = FERRY_ACK_UNSENT;
		return;
	}
	struct delivery d = {
		.api = (*handle)->api, .handle = (*handle)->handle, .actions = s->actions, .outcomes = s->outcomes,
		.n = s->n, .idempotent = (*handle)->caps & FERRY_CAP_IDEMPOTENT, .retries = l->connection->retries, .backoff = backoff, .ctx = l,
	};
	s->rc = deliver(&d, &s->err);
	s->requests = d.requests;
	s->repeats = d.repeats;
}

static void *lane_thread(void *ctx)
{
	struct lanes *l = ctx;
	struct plug_handle *handle = NULL;

	pthread_mutex_lock(&l->lock);
	for (;;) {
		struct slice *s = pop(&l->todo);
		if (!s && l->closing)
			break;
		if (!s) {
			pthread_cond_wait(&l->work, &l->lock);
			continue;
		}
		pthread_mutex_unlock(&l->lock);
		if (atomic_load(&l->stopping)) {
			for (size_t i = 0; i < s->n; i++)
				s->outcomes[i].ack = FERRY_ACK_UNSENT;
			s->rc = ferry_fail(&s->err, FERRY_E_CANCELLED, "not begun");
		} else {
			work_on(l, &handle, s);
		}
		pthread_mutex_lock(&l->lock);
		push(&l->finished, s);
		/* its failure ends the segment: no lane begins another one, not even before that is noticed */
		if (s->rc != 0)
			atomic_store(&l->stopping, true);
		pthread_cond_signal(&l->done);
	}
	pthread_mutex_unlock(&l->lock);
	plug_handle_close(handle);
	return NULL;
}

int lanes_open(struct segment *seg, int n, struct lanes **ret, struct ferry_error *err)
{
	struct lanes *l = ferry_alloc0(1, sizeof *l);
	pthread_condattr_t attr;

	l->seg = seg;
	l->connection = generation_connection(seg->generation, seg->def->destination.connection);
	pthread_mutex_init(&l->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&l->work, &attr);
	pthread_cond_init(&l->done, &attr);
	pthread_condattr_destroy(&attr);
	l->todo.tail = &l->todo.head;
	l->finished.tail = &l->finished.head;
	l->threads = ferry_alloc0((size_t)n, sizeof *l->threads);
	for (; l->n < n; l->n++) {
		int rc = thread_create(&l->threads[l->n], lane_thread, l);
		if (rc) {
			lanes_close(l);
			return ferry_fail_errno(err, rc, "lane: thread");
		}
	}
	*ret = l;
	return 0;
}

void lanes_close(struct lanes *l)
{
	if (!l)
		return;
	pthread_mutex_lock(&l->lock);
	l->closing = true;
	pthread_cond_broadcast(&l->work);
	pthread_mutex_unlock(&l->lock);
	for (int i = 0; i < l->n; i++)
		pthread_join(l->threads[i], NULL);
	FERRY_ASSERT(!l->todo.head && !l->finished.head);
	pthread_cond_destroy(&l->work);
	pthread_cond_destroy(&l->done);
	pthread_mutex_destroy(&l->lock);
	free(l->threads);
	free(l);
}

void lanes_give(struct lanes *l, struct slice *s)
{
	pthread_mutex_lock(&l->lock);
	push(&l->todo, s);
	pthread_cond_signal(&l->work);
	pthread_mutex_unlock(&l->lock);
}

struct slice *lanes_take(struct lanes *l, bool wait)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += 200000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	pthread_mutex_lock(&l->lock);
	if (wait && !l->finished.head)
		pthread_cond_timedwait(&l->done, &l->lock, &until);
	struct slice *s = pop(&l->finished);
	pthread_mutex_unlock(&l->lock);
	return s;
}

void lanes_stop(struct lanes *l)
{
	atomic_store(&l->stopping, true);
}
