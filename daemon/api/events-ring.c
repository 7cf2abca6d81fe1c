/* SPDX-License-Identifier: Apache-2.0 */
/* events-ring.c - the latest events, by number, in as many bytes as are allowed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/events.h"

enum { SLOTS_FIRST = 64 };

void ring_init(struct ring *r, int64_t life)
{
	*r = (struct ring){.first = 1, .next = 1};
	snprintf(r->life, sizeof r->life, "%llx", (unsigned long long)life);
}

static size_t size_of(const struct event *e)
{
	return sizeof *e + e->len + 1 + strlen(event_sync(e)) + 1;
}

static struct event **slot(const struct ring *r, int64_t seq)
{
	return &r->slots[(size_t)seq & (r->n_slots - 1)];
}

static void drop_first(struct ring *r)
{
	struct event *e = *slot(r, r->first);

	if (r->lost)
		r->lost(r->ctx, e);
	r->bytes -= size_of(e);
	r->first++;
	free(e);
}

void ring_release(struct ring *r)
{
	while (r->first < r->next)
		drop_first(r);
	free(r->slots);
	r->slots = NULL;
	r->n_slots = 0;
}

static void grow(struct ring *r)
{
	size_t n = r->n_slots ? 2 * r->n_slots : SLOTS_FIRST;
	struct event **more = ferry_alloc0(n, sizeof *more);

	for (int64_t seq = r->first; seq < r->next; seq++)
		more[(size_t)seq & (n - 1)] = *slot(r, seq);
	free(r->slots);
	r->slots = more;
	r->n_slots = n;
}

static struct event *make(const struct ring *r, enum event_type type, int64_t run, const char *sync,
			  const struct buf *json)
{
	struct buf text = BUF_INIT;

	buf_addf(&text, "id: %s-%lld\nevent: %s\ndata: ", r->life, (long long)r->next, event_type_name(type));
	buf_add(&text, buf_str(json), json->len);
	buf_adds(&text, "\n\n");
	struct event *e = ferry_alloc(sizeof *e + text.len + 1 + strlen(sync) + 1);
	*e = (struct event){.seq = r->next, .run = run, .type = type, .len = text.len};
	memcpy(e->text, text.s, text.len + 1);
	memcpy(e->text + text.len + 1, sync, strlen(sync) + 1);
	buf_release(&text);
	return e;
}

void ring_add(struct ring *r, enum event_type type, int64_t run, const char *sync, const struct buf *json)
{
	struct event *e = make(r, type, run, sync, json);

	while (r->first < r->next && r->bytes + size_of(e) > RING_BYTES)
		drop_first(r);
	if ((size_t)(r->next - r->first) == r->n_slots)
		grow(r);
	*slot(r, r->next++) = e;
	r->bytes += size_of(e);
}

const struct event *ring_at(const struct ring *r, int64_t seq)
{
	FERRY_ASSERT(seq >= r->first && seq < r->next);
	return *slot(r, seq);
}

int64_t ring_after(const struct ring *r, const char *id)
{
	size_t n = strlen(r->life);
	char *end;

	if (strncmp(id, r->life, n) != 0 || id[n] != '-' || strspn(id + n + 1, "0123456789") == 0 ||
	    strlen(id + n + 1) > 18)
		return -1;
	int64_t seq = strtoll(id + n + 1, &end, 10);
	return *end || seq + 1 < r->first || seq >= r->next ? -1 : seq;
}
