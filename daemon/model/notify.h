/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notify.h - which events a run's end makes, and whom they are told: decided from the run's outcome and
 * what is remembered of its sync. Knows nothing of messages, the journal or the clock. Times: us.
 */
#ifndef FERRY_MODEL_NOTIFY_H
#define FERRY_MODEL_NOTIFY_H

#include "model/run.h"
#include "model/sync.h"

#define NOTIFY_BIT(event) (1U << (event))

const char *notify_event_name(enum notify_event e);	/* "failed" */
int notify_event_from_name(const char *name);		/* -1: none */
/* Which of several is named first. */
enum notify_event notify_first(unsigned events);

/* What was held back, to be told with the next message. */
struct notify_held {
	int64_t n[NOTIFY_EVENTS];
	int64_t since;			/* 0: nothing */
};

/* Of one target: when each event was told last, and what was held back since. */
struct notify_told {
	char *target;
	bool failing;			/* it knows of a failure, and of no recovery since */
	struct {
		int64_t at;		/* also when the hourly limit kept it from being told; 0: never */
		int64_t held, held_since, held_run;
	} event[NOTIFY_EVENTS];
};

/* Of one sync, over its runs. */
struct notify_memory {
	int failures;			/* in a row */
	int64_t failing_since;		/* the end of the first of them */
	bool streak_told;		/* consecutive_failures has been, for these */
	struct notify_told *told;
	size_t n_told;
};

void notify_memory_release(struct notify_memory *m);
void notify_memory_json(const struct notify_memory *m, struct buf *out);
/* What that wrote. *ret is released first. */
int notify_memory_read(const char *json, size_t len, struct notify_memory *ret, struct ferry_error *err);

/* A run that has ended as completed or failed, and was no preview. */
struct notify_outcome {
	bool completed;
	int64_t at, rows, row_errors, problems_opened;
};
/* Take it in. The events, as bits, that it makes of those asked for. */
unsigned notify_ended(struct notify_memory *m, const struct notify_def *def, const struct notify_outcome *o);
/* Whether an event is asked for. */
bool notify_wants(const struct notify_def *def, enum notify_event event);

/* How many messages a target was sent in this hour. */
struct notify_quota {
	int64_t from;			/* when the hour began */
	int64_t sent, held;		/* held: since the last message that was sent */
};

struct notify_ask {
	const char *target;
	unsigned events;
	int64_t run, now, repeat_after_us;
	int64_t max_per_hour;
};
/*
 * Which of these events the target is told now: not one that it was told of shortly before, no
 * recovery of a failure that it does not know, nothing beyond its hourly limit. What is held back is
 * counted; when something is told, *ret has what was held back before and forgets it. 0: nothing.
 */
unsigned notify_tell(struct notify_memory *m, struct notify_quota *quota, const struct notify_ask *ask,
		     struct notify_held *ret);

/*
 * What was held back and still holds when it may be told again: a sync that goes on failing, rows that
 * failed, problems. notify_next: when there will be something, 0 never. notify_take_overdue: one target and
 * event for which that time has come; it is forgotten.
 */
int64_t notify_next(const struct notify_memory *m, int64_t repeat_after_us);
struct notify_overdue {
	const char *target;		/* borrowed from the memory */
	enum notify_event event;
	int64_t run;			/* the last one of them */
	int64_t held, since;
};
bool notify_take_overdue(struct notify_memory *m, int64_t repeat_after_us, int64_t now, struct notify_overdue *ret);

/* From attempt n (1: the first) that failed to the next; -1: no more, since it is `age` old. */
int64_t notify_backoff_ms(int64_t attempt, int64_t retry_base_ms, int64_t age_ms);

#endif
