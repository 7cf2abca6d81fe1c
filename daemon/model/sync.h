/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sync.h - what the configuration says, as typed definitions. Made by conf, read by all above it.
 *
 * Everything hangs in the arena of one generation and is never changed after it was built.
 */
#ifndef FERRY_MODEL_SYNC_H
#define FERRY_MODEL_SYNC_H

#include "base/arena.h"
#include "base/error.h"
#include "model/cron.h"

/* Where in the configuration something was written. */
struct def_mark {
	const char *file;
	int line, column;
};

/*
 * A setting only the connector knows, as written; its option table turns it into a value (see
 * plug/options). What stands in a map is named with dots, `auth: {type: basic}` as auth.type. A list
 * arrives with is_scalar false.
 */
struct def_option {
	const char *name;
	const char *text;
	bool is_scalar;
	struct def_mark mark;		/* of the key */
	struct def_mark value_mark;	/* of the value */
};

struct def_options {
	struct def_option *items;
	size_t n;
};

struct rate_limit_def {
	double requests_per_second;	/* 0: no limit */
	int burst;			/* requests at once; 1 or more */
	int lanes;			/* parallel requests of one run; 1 or more */
};

struct connection_def {
	const char *name, *family;
	int64_t timeout_ms, connect_timeout_ms;
	int retries;			/* further attempts after a transient failure */
	int64_t retry_base_ms;		/* first wait; grows fourfold (1, 4, 16 s by default) */
	struct rate_limit_def rate_limit;
	const char *tls_ca;		/* NULL: the system's */
	const char *tls_cert, *tls_key;	/* both or none */
	int tls_verify;			/* 1 true, 0 false, -1 not said */
	struct def_options options;
	struct def_mark mark;
};

/* `source:` and `destination:`, and what a lookup reads. */
struct endpoint_def {
	const char *connection;
	const char *resource;		/* NULL when the family has one connector */
	int ordered;			/* source: 1 true, 0 false, -1 not said (the connector decides) */
	struct def_options options;	/* query, table, lookback, ... */
	struct def_mark mark;
};

struct map_def {
	const char *field;		/* destination field */
	const char *expr;		/* SQL expression over the source's columns */
	struct def_mark mark;		/* of the expression */
};

struct lookup_def {
	const char *name;		/* the table expressions can query */
	struct endpoint_def source;	/* connection NULL: it is a segment's */
	const char *segment;		/* an earlier one: what it has delivered; NULL */
	struct def_mark segment_mark;
	const char *key;		/* its indexed column; NULL: none */
	struct def_mark mark;
};

/* One entry of `skip:` or `reject:`: rows for which `when` is true. */
struct rule_def {
	const char *when;
	const char *reason;		/* skip: a code in capitals, shown with the decision */
	bool final;			/* skip: for good, so a windowed source is not asked again */
	const char *message;		/* reject: what is wrong */
	const char *field;		/* reject: which destination field; NULL */
	struct def_mark mark;		/* of `when` */
};

/* A number of rows or a share of them. */
struct limit_def {
	bool given, percent;
	double value;
};

enum missing_policy { MISSING_DEFAULT, MISSING_IGNORE, MISSING_DISABLE, MISSING_DELETE };
enum none_policy { NONE_CREATE, NONE_SKIP };
enum strong_policy { STRONG_UPDATE, STRONG_SKIP };
enum medium_policy { MEDIUM_REVIEW, MEDIUM_UPDATE, MEDIUM_CREATE };
enum ambiguous_policy { AMBIGUOUS_REVIEW, AMBIGUOUS_SKIP };
enum conflict_policy { CONFLICT_REVIEW, CONFLICT_OVERWRITE };
enum snapshot_kind { SNAPSHOT_FULL, SNAPSHOT_HASH };

/* `policy:` of a segment: what the decision table asks beside the record itself. */
struct policy_def {
	enum strong_policy strong;	/* a sure counterpart over there, for a key not linked yet */
	enum medium_policy medium;	/* a likely one */
	enum ambiguous_policy ambiguous; /* several likely ones */
	enum none_policy none;		/* none */
	enum missing_policy missing;	/* gone from the source */
	enum conflict_policy conflict;	/* changed over there since it was delivered */
};

/*
 * One entry of `match:`: a record and one over there are the same when all these expressions, over
 * the destination's fields, have equal values that are not NULL. Rules are tried in order.
 */
struct match_def {
	enum ferry_tier tier;		/* FERRY_TIER_STRONG or FERRY_TIER_MEDIUM */
	const char **on;
	size_t n_on;
	struct def_mark mark;		/* of `on` */
};

enum check_severity { CHECK_PROBLEM, CHECK_WARNING };

/*
 * One entry of `checks:`: a query that should give no rows. Each row it gives is a problem (or a
 * warning in the log); its first column says which.
 */
struct check_def {
	const char *name;
	struct endpoint_def source;
	enum check_severity severity;
	const char *message;		/* what a row means */
	struct def_mark mark;
};

/* What a statistic counts records of; see struct counters. */
enum statistic_of {
	STATISTIC_WRITTEN,		/* created and updated ones */
	STATISTIC_CREATED, STATISTIC_UPDATED, STATISTIC_DELETED, STATISTIC_DISABLED,
	/* these without `when` only */
	STATISTIC_PROCESSED, STATISTIC_UNCHANGED, STATISTIC_SKIPPED, STATISTIC_CONFLICTS,
	STATISTIC_INVALID, STATISTIC_FAILED,
};

/* One entry of `statistics: counts:`, a number an operator reads after each run. */
struct statistic_def {
	const char *name;
	enum statistic_of of;
	const char *when;		/* over the destination's fields; NULL: all of them */
	struct def_mark mark;		/* of `when` */
};

struct segment_def {
	const char *name;
	struct endpoint_def source, destination;
	struct lookup_def *lookups;
	size_t n_lookups;
	const char **key;		/* expressions, at least one */
	size_t n_key;
	struct def_mark key_mark;
	enum ferry_mode mode;
	struct def_mark mode_mark;
	const char *where;		/* NULL: all rows */
	struct def_mark where_mark;
	struct map_def *map;		/* at least one */
	size_t n_map;
	struct rule_def *skip, *reject;
	size_t n_skip, n_reject;
	const char **ignore_changes;	/* destination fields */
	size_t n_ignore_changes;
	const char **sensitive;		/* destination fields whose values are never shown */
	size_t n_sensitive;
	struct match_def *match;
	size_t n_match;
	struct policy_def policy;	/* missing is never MISSING_DEFAULT once loaded */
	/* guards: */
	struct limit_def max_deletes, max_disables, max_changes, max_errors;
	int64_t min_rows;		/* fewer from the source stop the run; 0: any */
	const char *statistics_title;	/* NULL: none */
	struct statistic_def *statistics;
	size_t n_statistics;
	struct check_def *checks;	/* a segment of checks has these and no source, map, ... */
	size_t n_checks;
	enum snapshot_kind snapshot;
	bool verify;
	bool required;
	const char **depends_on;	/* names of earlier segments */
	size_t n_depends_on;
	struct def_mark mark;
};

/* A span counted from the end of the last run, or times on the clock. */
struct rhythm_def {
	const char *text;		/* as written */
	int64_t every_ms;		/* 0: by cron */
	struct cron cron;
};

enum cadence_tier { CADENCE_ACTIVE, CADENCE_IDLE, CADENCE_DORMANT, CADENCE_TIERS };

/* `adaptive:`: how often it runs follows from what runs find. */
struct adaptive_def {
	struct rhythm_def tiers[CADENCE_TIERS];
	int demote_after;		/* quiet evaluations in a row */
	int64_t quiet_ms;		/* nothing happened for so long: it may become dormant */
	const char **activity;		/* reason codes that mean something is going on */
	size_t n_activity;
};

enum schedule_kind { SCHEDULE_MANUAL, SCHEDULE_EVERY, SCHEDULE_CRON, SCHEDULE_ADAPTIVE, SCHEDULE_AFTER };

struct schedule_def {
	enum schedule_kind kind;
	struct rhythm_def rhythm;	/* of every and cron */
	struct adaptive_def adaptive;
	const char *after;		/* the sync it follows; NULL */
	struct def_mark after_mark;
	const char *timezone;
	const struct zone *zone;	/* NULL: UTC */
	int64_t jitter_ms;
	bool catch_up;			/* what was missed while nothing could run is made up for, once */
};

/* The segment in which an adaptive schedule tells what it thought; no other may have that name. */
#define SCHEDULING_SEGMENT "scheduling"

/* `retry:` of a sync: new runs after one that failed for a transient reason. */
struct retry_def {
	int attempts;
	int64_t wait_ms;		/* before each */
};

/* What can be told of a sync; see model/notify.h. */
enum notify_event {
	NOTIFY_FAILED, NOTIFY_COMPLETED, NOTIFY_ERROR_RATE, NOTIFY_CONSECUTIVE_FAILURES, NOTIFY_RECOVERED,
	NOTIFY_STUCK, NOTIFY_PROBLEMS_OPENED, NOTIFY_EVENTS,
};

/* One entry of `on:`. */
struct notify_on_def {
	enum notify_event event;	/* first: a word stands for the whole entry */
	struct limit_def error_rate;
	int consecutive_failures;
	struct def_mark mark;
};

enum target_kind { TARGET_SLACK, TARGET_WEBHOOK, TARGET_EMAIL };

/* One of `notifications:`. Texts as written, references to secrets not replaced. */
struct target_def {
	const char *name;
	enum target_kind kind;
	const char *slack, *webhook;	/* URLs */
	const char *secret, *previous_secret; /* webhook: what it is signed with; the other may be NULL */
	const char **email;
	size_t n_email;
	const char *from, *sendmail;
	const char **allow;		/* names and ranges that need not be of the public internet */
	size_t n_allow;
	const char *ca;			/* file with CA certificates; NULL: the system's */
	int64_t timeout_ms, retry_base_ms;
	int max_per_hour;
	struct def_mark mark;
};

/* `notify:`; of a sync whole once loaded: on, targets and repeat_after are those in force. */
struct notify_def {
	struct notify_on_def *on;
	size_t n_on;
	const char **to;
	struct def_mark *to_marks;
	size_t n_to;
	int64_t repeat_after_ms;
	bool none, given;		/* the word none; a map */
	struct def_mark mark;
	const struct target_def **targets;
	size_t n_targets;		/* 0: nobody is told of anything */
};

/*
 * `retention:`: how long what runs leave behind is kept. Ages in ms; in a sync's 0 is "not said" until
 * all is loaded, then the daemon's settings stand there.
 */
struct retention_def {
	int64_t runs_age_ms, runs_count;
	int64_t logs_age_ms, row_errors_age_ms;
	int64_t plans_age_ms;		/* 0: as long as the run */
	int64_t plans_count;
	/* the daemon's only */
	int64_t audit_age_ms;
	int64_t problems_age_ms, problems_count; /* of closed ones */
};

struct sync_def {
	const char *name;
	struct schedule_def schedule;
	struct segment_def *segments;
	size_t n_segments;
	int64_t memory_limit;		/* bytes; from the daemon's settings when not said */
	int64_t timeout_ms;		/* whole run; 0: none */
	struct retry_def retry;
	struct notify_def notify;
	struct retention_def retention;
	const char *file;
	struct def_mark mark;
};

/* `listen:`, the TCP listener beside the socket. */
struct listen_def {
	const char *address;		/* "127.0.0.1:8270"; NULL: there is none */
	const char **hosts;		/* what the Host header may say beside the address */
	size_t n_hosts;
	bool tls_proxy;			/* something in front speaks TLS */
	int connections, connections_per_peer;
	int64_t request_timeout_ms;
	struct def_mark mark;		/* of the address */
};

struct daemon_def {
	int64_t memory_limit;		/* of a worker, bytes */
	int max_concurrent_runs;
	int64_t heartbeat_timeout_ms;	/* a worker silent for longer is hung and ended */
	int64_t stop_timeout_ms;	/* graceful stop: how long runs may finish their batch */
	int64_t row_errors_max;		/* stored per run; the total stays true */
	int64_t problems_max;		/* open ones kept per segment; more are only counted */
	int quarantine_after;		/* runs in a row that refuse a row for the same reason */
	int64_t log_lines_max;		/* stored per run */
	int keep_plans;			/* what retention.plans_count is when that is not said */
	struct retention_def retention;
	const char *admin_group;	/* members are admins on the socket */
	struct listen_def listen;
	struct target_def *targets;	/* of `notifications:` */
	size_t n_targets;
	struct notify_def notify;	/* of syncs that do not say otherwise */
	const char *console_url;	/* where messages lead to; NULL: nowhere */
};

struct generation {
	struct arena arena;
	struct daemon_def daemon;
	struct connection_def *connections;
	size_t n_connections;
	struct sync_def *syncs;		/* sorted by name */
	size_t n_syncs;
	/* the texts it was built from, to be handed to workers */
	struct conf_file *files;
	size_t n_files;
};

const struct connection_def *generation_connection(const struct generation *g, const char *name);
const struct sync_def *generation_sync(const struct generation *g, const char *name);
const struct target_def *generation_target(const struct generation *g, const char *name);
const char *target_kind_name(enum target_kind kind);	/* "slack" */

/*
 * The names of a segment's key, ending with NULL, in the arena: the source's columns, or the fields
 * they are mapped to. NULL unless every part of it is a plain column (mapped as it is).
 */
const char *const *segment_key_columns(const struct segment_def *seg, struct arena *arena);
const char *const *segment_key_fields(const struct segment_def *seg, struct arena *arena);

const char *mode_name(enum ferry_mode mode);	/* "upsert" */
const char *cadence_tier_name(enum cadence_tier tier);	/* "active" */
int cadence_tier_from_name(const char *name);	/* -1: none */
/* The longest time between two runs, in ms; 0: nobody knows (manual, or after another sync). */
int64_t schedule_longest_gap(const struct schedule_def *schedule);

#endif
