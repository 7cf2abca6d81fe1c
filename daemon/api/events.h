/* SPDX-License-Identifier: Apache-2.0 */
/*
 * events.h - what happens, as server-sent events: a ring of the latest ones, and who follows it.
 *
 * Nothing is kept while nobody follows, nor for longer than some minutes after the last one has gone.
 * Whoever is too slow finds that events are gone from the ring, and is told how many: it makes nobody
 * wait and no memory grow. Knows nothing of what a client makes of it.
 */
#ifndef FERRY_API_EVENTS_H
#define FERRY_API_EVENTS_H

#include "supervise/supervise.h"

enum event_type {
	EVENT_RUN_QUEUED, EVENT_RUN_STARTED, EVENT_RUN_STAGE, EVENT_RUN_PROGRESS, EVENT_RUN_LOG,
	EVENT_RUN_ROW_ERRORS, EVENT_RUN_ENDED, EVENT_PROBLEM_OPENED, EVENT_PROBLEM_CLOSED, EVENT_SYNC_PAUSED,
	EVENT_SYNC_RESUMED, EVENT_SYNC_PINNED, EVENT_SYNC_UNPINNED, EVENT_SYNC_NEXT_RUN, EVENT_CONFIG_RELOADED,
	EVENT_CONFIG_REFUSED, EVENT_DAEMON_STOPPING, EVENT_TYPES
};
const char *event_type_name(enum event_type type);
/* A set (bits by type) of a list of names and of first parts of names, such as "run,sync.paused"; USAGE. */
int event_types(const char *list, uint32_t *ret, struct ferry_error *err);

/* What it is, and its data as JSON. */
enum event_type event_json(struct supervisor *s, const struct supervise_event *event, struct buf *out);

/* ---- the ring (events-ring.c) */

enum { RING_BYTES = 256 * 1024 };

struct event {
	int64_t seq, run;		/* run 0: of none */
	enum event_type type;
	size_t len;			/* of the text, which the sync's name follows ("": of none) */
	char text[];			/* as it is sent */
};
static inline const char *event_sync(const struct event *e) { return e->text + e->len + 1; }

struct ring {
	char life[24];			/* tells the ids of this daemon from those of others */
	struct event **slots;		/* of seq: slots[seq & (n_slots - 1)] */
	size_t n_slots, bytes;
	int64_t first, next;		/* what is there: from first to below next */
	/* An event is about to go from it. */
	void (*lost)(void *ctx, const struct event *event);
	void *ctx;
};

void ring_init(struct ring *r, int64_t life);
void ring_release(struct ring *r);	/* its numbers go on */
void ring_add(struct ring *r, enum event_type type, int64_t run, const char *sync, const struct buf *json);
/* One that is there. */
const struct event *ring_at(const struct ring *r, int64_t seq);
/* The number behind which an id stands; -1: it is too old, or of another life. */
int64_t ring_after(const struct ring *r, const char *id);

/* ---- who follows (events.c) */

struct events;
void events_free(struct events *events);	/* NULL is fine; after httpd_free */
size_t events_clients(const struct events *events);

#endif
