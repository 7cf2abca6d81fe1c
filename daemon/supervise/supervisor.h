/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor.h - what the files of supervise/ share. Not for others. */
#ifndef FERRY_SUPERVISE_SUPERVISOR_H
#define FERRY_SUPERVISE_SUPERVISOR_H

#include "base/log.h"
#include "model/notify.h"
#include "supervise/due.h"
#include "supervise/probe.h"
#include "supervise/supervise.h"
#include "supervise/worker.h"

#define CANCEL_GRACE_MS 30000

/* Why a running run was told to stop. */
enum stop_cause { STOP_NONE, STOP_CANCEL, STOP_TIMEOUT, STOP_DAEMON, STOP_JOURNAL };

/* A run from its trigger until its end is in the journal. */
struct live {
	struct supervisor *s;
	struct live *next;
	struct run_doc doc;
	struct sync_state *sync;
	struct worker *worker;		/* while it runs */
	struct loop_source *timeout;
	struct journal_tally logs, errors;
	struct tallies row_codes;	/* of row errors, for notifications */
	bool stuck_told;
	int64_t silence_ms, timeout_ms;
	bool dirty;			/* the journal's document is older than this one */
	bool durable;			/* known to the journal */
	bool by_retry;			/* its schedule tries again what has failed */
	bool done;			/* the worker has said so, with done_status */
	enum run_status done_status;
	enum stop_cause stop;
	char *stop_by;			/* who cancelled */
};

struct live_list {
	struct live *first, **last;
	size_t n;
};

/* A sync as the daemon knows it, across generations. */
struct sync_state {
	char *name;
	const struct sync_def *def;	/* NULL: no longer configured */
	struct live *running, *queued;
	struct supervise_last last;
	struct meter *meter;		/* NULL: no run has ended yet */
	struct due_memory memory;
	struct due due;			/* at is 0 while one is under way */
	struct notify_memory notify;
	bool notify_known;		/* recalled */
	int64_t not_before;		/* queueing it could not be written */
	int64_t told_next;		/* when its next run is, as watchers were told */
	bool startup;			/* due since before the daemon began */
	int64_t tidy[3];		/* retention: runs up to these have no log, row errors, plan any more */
};

struct waiter {
	struct waiter *next;
	supervise_reload_fn *reload;
	supervise_connectors_fn *connectors;
	void *ctx;
	char *who;			/* reload: for the audit; NULL: nobody to audit */
	int64_t uid;
};

struct supervisor {
	struct loop *loop;
	struct supervise_paths paths;
	int lock_fd;
	struct journal *journal;
	int64_t started_at;
	struct supervise_clock clock;

	struct generation *gen;
	int64_t generation, loaded_at;
	char fingerprint[17];		/* of its files */
	struct sync_state **syncs;	/* sorted by name */
	size_t n_syncs;

	struct live_list queue, running, ended;	/* ended: until the journal has it */
	struct loop_source *dispatch, *schedule, *group, *watchdog, *tell, *behind;
	bool group_armed, tell_armed, tell_stale;
	int64_t commit_by, look_by;	/* clock_mono: when the journal's group and the schedule are served; 0: never */
	char *told;			/* the manager's last word of what is going on */
	int64_t looked_at;		/* clock_mono, at the schedules; 0: not yet */
	bool scheduling, stopping, leaving; /* leaving: the loop ends when nothing is under way */
	struct ferry_error journal_error; /* OK: it can be written */
	struct ferry_error fatal;

	struct probe *check;		/* of `next` */
	struct generation *next;
	struct waiter *reload_now, *reload_then;
	supervise_follow_fn *follow;
	void *follow_ctx;
	char *reload_error;
	int64_t reload_error_at;
	struct probe *connectors;
	struct waiter *connectors_wait;
	struct trial *trials;		/* tests of connections under way */
	struct notifier *notifier;
	struct janitor *janitor;
	struct backup *backup;		/* under way; NULL */
	struct tokens *tokens;
	struct quota *refusals;		/* of entries in the audit for what was refused */

	struct supervise_watcher *watchers;
};

/* trial.c */
void trials_release(struct supervisor *s);

/* notices.c and deliveries.c: who is told of what */
int notices_init(struct supervisor *s, struct ferry_error *err);
void notices_release(struct supervisor *s);
/* The generation in force is another one. */
void notices_adopt(struct supervisor *s);
/* A run has ended, with its document whole: what it tells goes into the journal's group. */
void notices_ended(struct live *l);
/* Look at once what is to be told and sent. */
void notices_soon(struct supervisor *s);
/* Before the end: send what is due; whether something is on its way. */
bool notices_flush(struct supervisor *s);

/* tokens.c */
int tokens_init(struct supervisor *s, struct ferry_error *err);

/* group.c: one transaction for what happens at about the same time */
/* Something is pending in the journal: committed in 100 ms, or now when it is much. */
void group_touch(struct supervisor *s);
/* Put the documents that have changed, so that what follows can be rolled back alone. */
size_t group_mark(struct supervisor *s);
/* Commit now; on failure everything after the mark is taken back. */
int group_commit_or_back(struct supervisor *s, size_t mark, struct ferry_error *err);
/* Commit now; a failure is kept in journal_error and tried again, or ends the daemon. */
void group_commit(struct supervisor *s);
void group_put_doc(struct supervisor *s, struct live *live);
int group_init(struct supervisor *s, struct ferry_error *err);

/* live.c: one run under way */
struct live *live_new(struct supervisor *s, struct sync_state *st,
		      const struct supervise_request *request, const char *source_name);
void live_free(struct live *live);
bool live_hung(const struct live *live);
/* Start its worker; when that fails the run has ended. */
void live_start(struct live *live);
void live_stop(struct live *live, enum stop_cause cause, const char *by, int64_t grace_ms);
/* End a run that was only queued. */
void live_drop(struct live *live, enum run_status status, const struct ferry_error *why);
/* A line of the run's log. segment and stage may be NULL. */
void live_log(struct live *l, const char *segment, const char *stage, const char *level, const char *message,
	      int64_t at);
void live_list_add(struct live_list *list, struct live *live);
void live_list_del(struct live_list *list, struct live *live);
struct live *live_find(const struct supervisor *s, int64_t id);
/* What a line about this run is about. */
struct log_about live_about(const struct run_doc *doc, enum log_event event);

/* queue.c */
/* Put a run into the journal's group and the queue; not yet durable. */
struct live *queue_add(struct supervisor *s, struct sync_state *st,
		       const struct supervise_request *request, const char *source_name);
void queue_remove(struct live *live);	/* undo queue_add; frees it */
void queue_dispatch_soon(struct supervisor *s);
/* What differs between a trigger, a retry and a promotion. */
struct wanted {
	struct supervise_request request;
	const char *action, *target;
	const char *because;		/* put behind the audit's result; NULL: nothing */
	int64_t retry_of, promote_of;
	bool override_guard;
};
/* UNAVAILABLE while the daemon is stopping. */
int queue_may_change(const struct supervisor *s, struct ferry_error *err);
/* A run's document, wherever it is. */
int queue_doc(struct supervisor *s, int64_t id, struct run_doc *ret, struct ferry_error *err);
/* Queue a run that follows from an old one, which sets want->target. Durable when it returns 0. */
int queue_after(struct supervisor *s, const struct run_doc *old, struct wanted *want,
		const struct supervise_actor *actor, int64_t *ret_id, bool *ret_coalesced,
		struct ferry_error *err);
/* Under which the journal has the run that promotes a plan. */
#define PROMOTE_KEY 40
void promote_key(char key[PROMOTE_KEY], int64_t run);
int queue_init(struct supervisor *s, struct ferry_error *err);

/* problems.c */
/* An event of type problem, clear or ruled. */
int problems_event(struct live *l, const char *type, json_node *event, struct ferry_error *err);
/* What a run must know of problems, as lists for its job; how many are open goes into its document. */
struct problem_lists {
	struct buf open, rulings;
};
int problems_for_job(struct live *l, struct problem_lists *ret, struct ferry_error *err);
/* Close those of segments that are no longer configured. */
void problems_adopt(struct supervisor *s);

/* backup.c */
void backup_release(struct supervisor *s);

/* retention.c: the janitor */
int retention_init(struct supervisor *s, struct ferry_error *err);
/* The rules for a sync's runs, also when it is no longer configured. */
const struct retention_def *retention_of(const struct supervisor *s, const char *sync);
/* A run has ended: after many the janitor need not wait for its hour. */
void retention_ran(struct supervisor *s);
void retention_release(struct supervisor *s);

/* watch.c */
/* Tell all who watch; at is set here. */
void watch_tell(struct supervisor *s, struct supervise_event *event);
void watch_run(struct live *l, enum supervise_news news);
/* Of a sync: what has happened to it. */
void watch_sync(struct supervisor *s, const struct sync_state *st, const char *what);
/* Its next run may be at another time now. */
void watch_next_run(struct supervisor *s, struct sync_state *st);
/* Of a problem that waits for a person now, or does so no longer; sync is its sync's name. */
void watch_problem(struct supervisor *s, const struct problem *p, const char *what);

/* audit.c */
void audit_add(struct supervisor *s, const struct supervise_actor *actor, const char *action,
	       const char *target, const char *result);

/* schedule.c */
int schedule_init(struct supervisor *s, struct ferry_error *err);
/* Something that decides on due times has changed: a generation, a run's end. */
void schedule_plan(struct supervisor *s, struct sync_state *st);
void schedule_arm(struct supervisor *s);
/* A state that was just made: what the journal remembers of it. */
void schedule_recall(struct supervisor *s, struct sync_state *st);
/* Its definition is the one in force now. */
void schedule_adopt(struct supervisor *s, struct sync_state *st);
/* Put what is remembered of it into the journal's group. */
void schedule_remember(struct supervisor *s, const struct sync_state *st);
/* A run begins, has ended with its document whole, or was taken out of the queue. */
void schedule_started(struct live *l);
void schedule_ended(struct live *l);
void schedule_dropped(struct live *l);
/* Why it runs next when it does. */
void schedule_reason(const struct supervisor *s, const struct sync_state *st, struct buf *out);

/* evaluate.c */
/* Decide on the tier of an adaptive schedule by a run that has ended, and tell so in the run. */
void evaluate_run(struct live *l);

/* trends.c */
/* Count a run whose document has its end, in the group of that document. */
void trends_ended(struct supervisor *s, const struct run_doc *doc);
int trends_init(struct supervisor *s, struct ferry_error *err);

/* syncs.c: sync states across generations */
struct sync_state *sync_find(const struct supervisor *s, const char *name);
/* Make states for the generation in force; queued runs of syncs that are gone are cancelled. */
void syncs_adopt(struct supervisor *s);
void syncs_release(struct supervisor *s);
void sync_last(struct sync_state *st, const struct run_doc *doc);

/* reload.c */
void reload_release(struct supervisor *s);

/* recover.c */
int recover_runs(struct supervisor *s, struct ferry_error *err);

/* manager.c: word to the service manager */
int manager_init(struct supervisor *s, struct ferry_error *err);
void manager_release(struct supervisor *s);
/* Note at *by that something will be done in ms (< 0: nothing is to be done). */
void manager_expect(int64_t *by, int64_t ms);
/* What was not done though its time is long past; NULL: all is well. now: clock_mono. */
const char *manager_stuck(const struct supervisor *s, int64_t now);
/* What is going on, in one line. */
void manager_status(const struct supervisor *s, struct buf *out);
/* A stop has begun: it may take as long as the settings let it. */
void manager_stopping(const struct supervisor *s);

/* supervise.c */
int64_t supervise_now(const struct supervisor *s);
void supervise_tell_status(struct supervisor *s);	/* manager.c */
void supervise_end_if_idle(struct supervisor *s);
void supervise_give_up(struct supervisor *s, const struct ferry_error *err);

#endif
