/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supervise.h - the daemon's work: it holds the configuration, decides when a sync runs, starts and
 * watches workers, and writes the journal. One thread, in the caller's event loop.
 *
 * Never loads a connector. Logs what a daemon should log; every failure is also returned or kept.
 */
#ifndef FERRY_SUPERVISE_SUPERVISE_H
#define FERRY_SUPERVISE_SUPERVISE_H

#include "conf/changes.h"
#include "store/problems.h"
#include "supervise/job.h"
#include "supervise/meter.h"
#include "supervise/run_doc.h"
#include "wire/loop.h"

struct supervisor;

/* ------------------------------------------------------------ life of a daemon */

/* Make the state directory and hold it, until the descriptor is closed; LOCKED with the holder's pid. */
int state_lock(const char *state_dir, int *ret_fd, struct ferry_error *err);

/*
 * Lock the state directory (made, 0700, when missing), open the journal, and end what a dead daemon
 * left running. LOCKED names the holder. The paths are copied.
 */
int supervise_new(struct loop *loop, const struct supervise_paths *paths, struct supervisor **ret,
		  struct ferry_error *err);
/* Kills workers that still run. NULL is fine. */
void supervise_free(struct supervisor *s);
/* Read the configuration for the first time. -1 when there are mistakes; no connector is asked. */
int supervise_load(struct supervisor *s, struct conf_mistakes *mistakes);
/* Another clock than the machine's, to be set before supervise_load. Waiting is by the machine's still. */
struct supervise_clock {
	int64_t (*now)(void *ctx);	/* microseconds since the epoch */
	void *ctx;
};
void supervise_set_clock(struct supervisor *s, const struct supervise_clock *clock);
/* That clock was moved on: look at once what is due. */
void supervise_look(struct supervisor *s);
/* Begin to run syncs by their schedules. Without it only what is triggered runs. */
void supervise_start(struct supervisor *s);
/*
 * Graceful end: nothing new, queued runs are cancelled, running ones may finish their batch; then
 * the loop is left. Called again: at once.
 */
void supervise_stop(struct supervisor *s);
/* For one run in the foreground: the loop is left when what it tells was sent, or could not be. */
void supervise_leave(struct supervisor *s);
/* After the loop was left: why it could not go on; code OK after a stop. */
const struct ferry_error *supervise_fatal(const struct supervisor *s);

/* -------------------------------------------------------------------- changing */

/* Who asks, for the audit: "uid 0 (root)", "token grafana (192.0.2.7)". */
struct supervise_actor {
	int64_t uid;			/* -1: none */
	const char *name;
};

struct supervise_request {
	enum run_trigger trigger;
	bool preview, verify, full;
	bool extract_only;		/* keep raw records and do nothing else */
	int64_t limit;			/* of extract_only: so many records; 0: all */
};

/*
 * Queue a run. *ret_coalesced: one with the same wishes was queued already, *ret_id is that one.
 * NOT_FOUND, BUSY (one with other wishes is queued), UNAVAILABLE (stopping), or the journal's error.
 * Durable, with its audit entry, when it returns 0. So are the three below.
 */
int supervise_trigger(struct supervisor *s, const char *sync,
		      const struct supervise_request *request,
		      const struct supervise_actor *actor, int64_t *ret_id, bool *ret_coalesced,
		      struct ferry_error *err);
/* A new run with the wishes of an old one, on current data. STATE while that one has not ended. */
int supervise_retry(struct supervisor *s, int64_t run, const struct supervise_actor *actor,
		    int64_t *ret_id, bool *ret_coalesced, struct ferry_error *err);
/* Carry out a preview's plan. STATE unless it is the sync's latest preview and was not promoted yet. */
int supervise_promote(struct supervisor *s, int64_t run, const struct supervise_actor *actor,
		      int64_t *ret_id, struct ferry_error *err);
/* The same whatever its guards say; also of a run that a guard has stopped. */
int supervise_promote_over_guard(struct supervisor *s, int64_t run, const struct supervise_actor *actor,
				 int64_t *ret_id, struct ferry_error *err);
/* *ret_status: cancelled (it was queued), or running (it has been told). STATE when it has ended. */
int supervise_cancel(struct supervisor *s, int64_t run, const struct supervise_actor *actor,
		     enum run_status *ret_status, struct ferry_error *err);

/*
 * Have a sync's schedule start no more runs, or let it start them again. What is queued or under way
 * goes on, and who asks for a run gets one. Doing it twice is no mistake. Durable, with its audit entry,
 * when they return 0; so are the two below.
 */
int supervise_pause(struct supervisor *s, const char *sync, const struct supervise_actor *actor,
		    struct ferry_error *err);
int supervise_resume(struct supervisor *s, const char *sync, const struct supervise_actor *actor,
		     struct ferry_error *err);
/* Hold an adaptive schedule in a tier for 1 to 336 hours; USAGE. STATE: its schedule is not adaptive. */
int supervise_pin(struct supervisor *s, const char *sync, const char *tier, int64_t hours,
		  const struct supervise_actor *actor, struct ferry_error *err);
int supervise_unpin(struct supervisor *s, const char *sync, const struct supervise_actor *actor,
		    struct ferry_error *err);

/* What a person says of a problem: link (to dest_id), create, ignore (until; 0: for good), retry, reopen. */
struct supervise_ruling {
	const char *action, *dest_id;	/* dest_id NULL: not given */
	int64_t until;
};
/*
 * Durable, with its audit entry, when it returns 0; then out has the problem as it is now. The runs of
 * its sync that start from now on are told. NOT_FOUND, USAGE, STATE (it is over), or the journal's.
 */
int supervise_resolve(struct supervisor *s, int64_t id, const struct supervise_ruling *ruling,
		      const struct supervise_actor *actor, struct buf *out, struct ferry_error *err);
/* Ignore or retry all open ones of a sync (its segment, its group). *ret_n: how many, also on failure. */
int supervise_resolve_all(struct supervisor *s, const struct problem_filter *which,
			  const struct supervise_ruling *ruling, const struct supervise_actor *actor,
			  int64_t *ret_n, struct ferry_error *err);
/*
 * An audit entry for something refused; as durable as can be. So many a minute for each actor and for all:
 * the next one says how many there were besides. False: it was not noted.
 */
bool supervise_audit_refused(struct supervisor *s, const struct supervise_actor *actor,
			     const char *action, const char *target, const struct ferry_error *why);

/* ---------------------------------------------------------------------- tokens */

/* What clients over TCP show. Making and revoking are durable, with their audit entry, when they return 0. */
struct supervise_token_wish {
	const char *name;
	bool admin;
	int64_t expires_at;		/* microseconds; at most 366 days from now */
};
/* secret: the token, which nobody can be told again. USAGE, STATE (the name is taken), or the journal's. */
int supervise_token_create(struct supervisor *s, const struct supervise_token_wish *wish,
			   const struct supervise_actor *actor, struct buf *secret, struct ferry_error *err);
int supervise_token_revoke(struct supervisor *s, const char *name, const struct supervise_actor *actor,
			   struct ferry_error *err);

/* Its texts are borrowed until the next change of tokens. */
struct supervise_token {
	const char *name, *created_by;
	bool admin, expired;
	int64_t created_at, expires_at;
	int64_t last_used_at;		/* to the hour; 0: never */
};
size_t supervise_tokens(const struct supervisor *s);
bool supervise_token_at(const struct supervisor *s, size_t i, struct supervise_token *ret);
/* The one with this text, expired or not; noted as used. False: there is none. */
bool supervise_token_use(struct supervisor *s, const char *text, struct supervise_token *ret);

/* ---------------------------------------------------------------------- reload */

/*
 * For what else follows the configuration: asked when a new one is right otherwise, just before it is
 * taken. -1 with mistakes: it is not. One for all; it stays.
 */
typedef int supervise_follow_fn(void *ctx, const struct generation *g, struct conf_mistakes *mistakes);
void supervise_follow(struct supervisor *s, supervise_follow_fn *fn, void *ctx);

struct supervise_reload {
	int rc;				/* -1: the old configuration stays */
	const struct ferry_error *err;	/* why, when rc is -1 */
	const struct conf_mistakes *mistakes;
	int64_t generation;		/* the one in force now */
	size_t syncs;
	const struct conf_change *changes; /* against the one before */
	size_t n_changes;
};
typedef void supervise_reload_fn(void *ctx, const struct supervise_reload *result);
/*
 * Read the configuration again, have it checked by a worker, take it if all of it is right. fn is
 * called once, maybe before this returns; also with a failure when the supervisor is freed.
 */
void supervise_reload(struct supervisor *s, const struct supervise_actor *actor,
		      supervise_reload_fn *fn, void *ctx);

/* What connectors there are; json is comma-separated objects, NULL with *err when rc is -1. */
typedef void supervise_connectors_fn(void *ctx, int rc, const struct buf *json,
				     const struct ferry_error *err);
void supervise_connectors(struct supervisor *s, supervise_connectors_fn *fn, void *ctx);

/* How a test of a connection went; all borrowed for the call. */
struct supervise_test {
	int rc;				/* -1: it did not work, *err says why */
	const struct ferry_error *err;
	const struct buf *items;	/* comma-separated {"step"}, {"found"}, {"warning"}, as it went */
};
typedef void supervise_test_fn(void *ctx, const struct supervise_test *test);
/*
 * Have a worker test a connection. NOT_FOUND, or BUSY while many tests run; else fn is called once,
 * also with a failure when the supervisor is freed.
 */
int supervise_test(struct supervisor *s, const char *connection, const struct supervise_actor *actor,
		   supervise_test_fn *fn, void *ctx, struct ferry_error *err);

/*
 * Have a worker send a test message to a notification target. NOT_FOUND, BUSY; else fn is called once: its items are
 * one, {"ok", "status", "ms", "error"}.
 */
int supervise_notify_test(struct supervisor *s, const char *target, const struct supervise_actor *actor,
			  supervise_test_fn *fn, void *ctx, struct ferry_error *err);

struct supervise_backup {
	int rc;				/* -1: err says why there is none */
	const struct ferry_error *err;
	int64_t files, bytes, made_at;
};
typedef void supervise_backup_fn(void *ctx, const struct supervise_backup *b);
/*
 * Have a worker copy the whole state to a folder that is new or empty. fn is called once, unless this
 * fails: USAGE, BUSY (one is under way), UNAVAILABLE. Its beginning and its end are in the audit.
 */
int supervise_backup(struct supervisor *s, const char *dir, const char *version, const struct supervise_actor *actor,
		     supervise_backup_fn *fn, void *ctx, struct ferry_error *err);
/* Where to, and how much of how much is done; false: none is under way. */
bool supervise_backup_progress(const struct supervisor *s, const char **dir, int64_t *done, int64_t *total);

/* What retention looks after, one independent of the other. */
enum supervise_kept {
	KEPT_RUNS, KEPT_LOGS, KEPT_ROW_ERRORS, KEPT_PLANS, KEPT_AUDIT, KEPT_PROBLEMS, KEPT_KINDS
};
const char *supervise_kept_name(enum supervise_kept kind);

/* What one passage of the janitor took away, or with dry_run would take. */
struct supervise_retention {
	bool dry_run;
	int64_t began_at, ended_at;	/* ended_at 0: it is under way, or there was none yet */
	struct {
		int64_t items, bytes;	/* bytes: of plans only */
		struct ferry_error err;	/* code OK: nothing went wrong; of which the last thing is kept */
	} of[KEPT_KINDS];
};
/* err: NULL, or why there is nothing to tell. Called once. */
typedef void supervise_retention_fn(void *ctx, const struct supervise_retention *r, const struct ferry_error *err);
/*
 * One passage now, in small steps; one that is under way ends first. Without dry_run the audit has it,
 * durable when this returns 0. UNAVAILABLE while stopping.
 */
int supervise_retain(struct supervisor *s, bool dry_run, const struct supervise_actor *actor,
		     supervise_retention_fn *fn, void *ctx, struct ferry_error *err);
/* The last one that took something away. */
const struct supervise_retention *supervise_retention(const struct supervisor *s);

/* --------------------------------------------------------------------- looking */

/* The configuration in force; until the next reload. */
const struct generation *supervise_generation(const struct supervisor *s);

struct journal *supervise_journal(struct supervisor *s);
struct loop *supervise_loop(const struct supervisor *s);
const struct supervise_paths *supervise_paths(const struct supervisor *s);
const struct daemon_def *supervise_settings(const struct supervisor *s);

struct supervise_status {
	int64_t started_at, generation, loaded_at;
	const char *fingerprint;	/* of the generation's files */
	size_t syncs, running, queued, hung;
	const char *reload_error;	/* of the last reload; NULL: it was taken */
	int64_t reload_error_at;
	const struct ferry_error *journal_error; /* NULL: it can be written */
	bool stopping;
};
void supervise_status(const struct supervisor *s, struct supervise_status *ret);

/* A sync's last ended run. */
struct supervise_last {
	int64_t run;			/* 0: none */
	enum run_status status;
	enum run_trigger trigger;
	int64_t queued_at, started_at, completed_at;
	int64_t rows, row_errors;
	bool interrupted, preview;
	char code[32];			/* of its error; "" */
};

struct supervise_sync {
	const struct sync_def *def;
	int64_t running, queued;	/* run ids, 0: none */
	int64_t next_run_at;		/* 0: none by schedule, or not known while one is under way */
	char reason[240];		/* why then */
	const char *tier;		/* of an adaptive schedule; NULL */
	int64_t pinned_until;		/* 0: it is not pinned */
	const char *paused_by;		/* NULL: it is not paused */
	int64_t paused_at;
	const struct supervise_last *last;
	const struct meter *meter;	/* NULL: no run has ended yet */
};
/* Syncs in the order of their names; false beyond the last one. */
bool supervise_sync_at(const struct supervisor *s, size_t i, struct supervise_sync *ret);
bool supervise_sync_named(const struct supervisor *s, const char *name, struct supervise_sync *ret);

/* The run that carries out this one's plan; 0: none. */
int64_t supervise_promoted_by(struct supervisor *s, int64_t run);
/* A run's document as it is now: from memory while it is under way, else from the journal. */
int supervise_run_json(struct supervisor *s, int64_t id, struct buf *out, struct ferry_error *err);

/* ------------------------------------------------------------------- watching */

enum supervise_news {
	NEWS_QUEUED, NEWS_STARTED, NEWS_END,	/* of a run */
	NEWS_STAGE,			/* segment and stage (NULL: the segment itself) have another status */
	NEWS_PROGRESS,			/* numbers of segment have moved */
	NEWS_LOG,			/* segment, stage, level, text; number: its seq, 0: not kept */
	NEWS_ROW_ERROR,			/* number: how many there are now */
	NEWS_PROBLEM,			/* problem; text: "opened" (number 1), or why it no longer waits */
	NEWS_SYNC,			/* text: "paused", "resumed", "pinned", "unpinned", "next_run" */
	NEWS_RELOAD,			/* reload */
	NEWS_STOPPING,			/* the daemon, when its runs have ended */
};

/* Something has happened; what is not named above is NULL or 0. All borrowed for the call. */
struct supervise_event {
	enum supervise_news news;
	int64_t at;
	const char *sync;
	const struct run_doc *run;
	const char *segment, *stage, *level, *text;
	int64_t number;
	const struct problem *problem;
	const struct supervise_reload *reload;
};

/* Who is told of it. The struct is the caller's, between watch and unwatch. fn must not change anything. */
struct supervise_watcher {
	void (*fn)(void *ctx, const struct supervise_event *event);
	void *ctx;
	struct supervise_watcher *next;
};
void supervise_watch(struct supervisor *s, struct supervise_watcher *watcher);
void supervise_unwatch(struct supervisor *s, struct supervise_watcher *watcher);

#endif
