/* SPDX-License-Identifier: Apache-2.0 */
/* tables.c - the keywords of syncs.d. What no table can say is in checks.c. */
#include "conf/tables.h"

/* ---- endpoints and lookups of a segment */

#define CONNECTION_KEYWORD \
	.name = "connection", .type = KEYWORD_CONNECTION, .flags = KEYWORD_REQUIRED, \
	.help = "which connection"
#define RESOURCE_KEYWORD \
	.name = "resource", .type = KEYWORD_NAME, \
	.help = "what is read or written there, such as customers; not for families of one kind"

#define AT(member) .offset = offsetof(struct endpoint_def, member)
static const struct keyword source_keywords[] = {
	{CONNECTION_KEYWORD, AT(connection)},
	{RESOURCE_KEYWORD, AT(resource)},
	{.name = "ordered", .type = KEYWORD_TRISTATE, AT(ordered),
	 .help = "whether rows come in key order; left out, the connector decides"},
	{.name = NULL},
};

static const struct keyword destination_keywords[] = {
	{CONNECTION_KEYWORD, AT(connection)},
	{RESOURCE_KEYWORD, AT(resource)},
	{.name = NULL},
};
#undef AT

static const struct keyword_object source_object = {
	.name = "source", .keywords = source_keywords, .size = sizeof(struct endpoint_def),
	.mark = offsetof(struct endpoint_def, mark),
	.options = offsetof(struct endpoint_def, options),
};

static const struct keyword_object destination_object = {
	.name = "destination", .keywords = destination_keywords,
	.size = sizeof(struct endpoint_def), .mark = offsetof(struct endpoint_def, mark),
	.options = offsetof(struct endpoint_def, options),
};

#define AT(member) .offset = offsetof(struct lookup_def, member)
static const struct keyword lookup_keywords[] = {
	{.name = "connection", .type = KEYWORD_CONNECTION, AT(source.connection),
	 .help = "which connection it is read from; this or `segment`"},
	{.name = "segment", .type = KEYWORD_NAME, AT(segment),
	 .mark = offsetof(struct lookup_def, segment_mark),
	 .help = "an earlier segment of the sync: what it has delivered so far"},
	{RESOURCE_KEYWORD, AT(source.resource)},
	{.name = "key", .type = KEYWORD_TEXT, AT(key),
	 .help = "column by which expressions look rows up; it gets an index"},
	{.name = NULL},
};
#undef AT

static const struct keyword_object lookup_object = {
	.name = "lookup", .keywords = lookup_keywords, .size = sizeof(struct lookup_def),
	.one_of = "connection segment",
	.mark = offsetof(struct lookup_def, mark),
	.options = offsetof(struct lookup_def, source.options), .check = conf_check_lookup,
};

/* ---- checks of a segment */

static const struct keyword_choice check_severities[] = {
	{"problem", CHECK_PROBLEM}, {"warning", CHECK_WARNING}, {NULL, 0},
};

#define AT(member) .offset = offsetof(struct check_def, member)
static const struct keyword check_keywords[] = {
	{.name = "name", .type = KEYWORD_NAME, .flags = KEYWORD_REQUIRED, AT(name),
	 .help = "the check's name, once in the segment"},
	{CONNECTION_KEYWORD, AT(source.connection)},
	{RESOURCE_KEYWORD, AT(source.resource)},
	{.name = "severity", .type = KEYWORD_CHOICE, .fallback = "problem",
	 .choices = check_severities, AT(severity),
	 .help = "whether each row it gives is a problem, or a warning in the log only"},
	{.name = "message", .type = KEYWORD_TEXT, .flags = KEYWORD_REQUIRED, AT(message),
	 .help = "what it means that there is such a row"},
	{.name = NULL},
};
#undef AT

static const struct keyword_object check_object = {
	.name = "check", .keywords = check_keywords, .size = sizeof(struct check_def),
	.mark = offsetof(struct check_def, mark),
	.options = offsetof(struct check_def, source.options), .check = conf_check_check,
};

/* ---- rules, policies and guards of a segment */

#define AT(member) .offset = offsetof(struct rule_def, member)
#define WHEN_KEYWORD \
	.name = "when", .type = KEYWORD_EXPR, .flags = KEYWORD_REQUIRED, AT(when), \
	.mark = offsetof(struct rule_def, mark), .help = "true for the rows that are meant"

static const struct keyword skip_keywords[] = {
	{WHEN_KEYWORD},
	{.name = "reason", .type = KEYWORD_REASON, .flags = KEYWORD_REQUIRED, AT(reason),
	 .help = "code in capitals that is shown with the decision"},
	{.name = "final", .type = KEYWORD_BOOL, .fallback = "false", AT(final),
	 .help = "skipped for good: a source that gives recent rows only need not give it again"},
	{.name = NULL},
};

static const struct keyword reject_keywords[] = {
	{WHEN_KEYWORD},
	{.name = "message", .type = KEYWORD_TEXT, .flags = KEYWORD_REQUIRED, AT(message),
	 .help = "what is wrong with such a row"},
	{.name = "field", .type = KEYWORD_TEXT, AT(field), .help = "the mapped field it is about"},
	{.name = NULL},
};
#undef AT

static const struct keyword_object skip_object = {
	.name = "skip rule", .keywords = skip_keywords, .size = sizeof(struct rule_def),
	.mark = offsetof(struct rule_def, mark),
};

static const struct keyword_object reject_object = {
	.name = "reject rule", .keywords = reject_keywords, .size = sizeof(struct rule_def),
	.mark = offsetof(struct rule_def, mark),
};

static const struct keyword_choice modes[] = {
	{"upsert", FERRY_MODE_UPSERT}, {"insert", FERRY_MODE_INSERT}, {"update", FERRY_MODE_UPDATE},
	{"mirror", FERRY_MODE_MIRROR}, {"append", FERRY_MODE_APPEND}, {NULL, 0},
};
static const struct keyword_choice missing_policies[] = {
	{"ignore", MISSING_IGNORE}, {"disable", MISSING_DISABLE}, {"delete", MISSING_DELETE},
	{NULL, 0},
};
static const struct keyword_choice none_policies[] = {
	{"create", NONE_CREATE}, {"skip", NONE_SKIP}, {NULL, 0},
};
static const struct keyword_choice strong_policies[] = {
	{"update", STRONG_UPDATE}, {"skip", STRONG_SKIP}, {NULL, 0},
};
static const struct keyword_choice medium_policies[] = {
	{"review", MEDIUM_REVIEW}, {"update", MEDIUM_UPDATE}, {"create", MEDIUM_CREATE}, {NULL, 0},
};
static const struct keyword_choice ambiguous_policies[] = {
	{"review", AMBIGUOUS_REVIEW}, {"skip", AMBIGUOUS_SKIP}, {NULL, 0},
};
static const struct keyword_choice conflict_policies[] = {
	{"review", CONFLICT_REVIEW}, {"overwrite", CONFLICT_OVERWRITE}, {NULL, 0},
};
static const struct keyword_choice match_tiers[] = {
	{"strong", FERRY_TIER_STRONG}, {"medium", FERRY_TIER_MEDIUM}, {NULL, 0},
};
static const struct keyword_choice snapshot_kinds[] = {
	{"full", SNAPSHOT_FULL}, {"hash", SNAPSHOT_HASH}, {NULL, 0},
};

#define AT(member) .offset = offsetof(struct match_def, member)
static const struct keyword match_keywords[] = {
	{.name = "tier", .type = KEYWORD_CHOICE, .flags = KEYWORD_REQUIRED, .choices = match_tiers,
	 AT(tier), .help = "whether a match is sure, or only likely"},
	{.name = "on", .type = KEYWORD_EXPRS, .flags = KEYWORD_REQUIRED, .min = 1, .max = 8,
	 AT(on), .count = offsetof(struct match_def, n_on), .mark = offsetof(struct match_def, mark),
	 .help = "expressions over the destination's fields that are equal on both sides"},
	{.name = NULL},
};
#undef AT

static const struct keyword_object match_object = {
	.name = "match rule", .keywords = match_keywords, .size = sizeof(struct match_def),
	.mark = offsetof(struct match_def, mark),
};

#define AT(member) .offset = offsetof(struct segment_def, member)
static const struct keyword policy_keywords[] = {
	{.name = "strong", .type = KEYWORD_CHOICE, .fallback = "update", .choices = strong_policies,
	 AT(policy.strong), .help = "what becomes of a new row that surely is there already"},
	{.name = "medium", .type = KEYWORD_CHOICE, .fallback = "review", .choices = medium_policies,
	 AT(policy.medium), .help = "what becomes of a new row that is likely there already"},
	{.name = "ambiguous", .type = KEYWORD_CHOICE, .fallback = "review",
	 .choices = ambiguous_policies, AT(policy.ambiguous),
	 .help = "what becomes of a new row that could be one of several"},
	{.name = "missing", .type = KEYWORD_CHOICE, .choices = missing_policies, AT(policy.missing),
	 .help = "what becomes of rows the source no longer has; left out, mode mirror deletes "
		 "them and the others ignore them"},
	{.name = "none", .type = KEYWORD_CHOICE, .fallback = "create", .choices = none_policies,
	 AT(policy.none), .help = "what becomes of rows the destination does not have"},
	{.name = "conflict", .type = KEYWORD_CHOICE, .fallback = "review",
	 .choices = conflict_policies, AT(policy.conflict),
	 .help = "what becomes of a row of which a value was changed over there since it was "
		 "delivered, as far as verify sees it"},
	{.name = NULL},
};

static const struct keyword guards_keywords[] = {
	{.name = "max_deletes", .type = KEYWORD_LIMIT, AT(max_deletes),
	 .help = "stop before writing if more rows than this would be deleted, or disabled where "
		 "max_disables is not given"},
	{.name = "max_disables", .type = KEYWORD_LIMIT, AT(max_disables),
	 .help = "stop before writing if more rows than this would be disabled"},
	{.name = "max_changes", .type = KEYWORD_LIMIT, AT(max_changes),
	 .help = "stop before writing if more rows than this would be changed"},
	{.name = "max_errors", .type = KEYWORD_LIMIT, AT(max_errors),
	 .help = "stop before writing if more rows than this are invalid"},
	{.name = "min_rows", .type = KEYWORD_LONG, .fallback = "0", .min = 0,
	 .max = 1000000000000, AT(min_rows),
	 .help = "stop before writing if the source gives fewer rows"},
	{.name = NULL},
};

static const struct keyword_object policy_object = {
	.name = "policy", .keywords = policy_keywords, .size = sizeof(struct segment_def),
};

static const struct keyword_object guards_object = {
	.name = "guards", .keywords = guards_keywords, .size = sizeof(struct segment_def),
};

/* ---- statistics of a segment */

static const struct keyword_choice statistics_of[] = {
	{"written", STATISTIC_WRITTEN}, {"created", STATISTIC_CREATED},
	{"updated", STATISTIC_UPDATED}, {"deleted", STATISTIC_DELETED},
	{"disabled", STATISTIC_DISABLED}, {"processed", STATISTIC_PROCESSED},
	{"unchanged", STATISTIC_UNCHANGED}, {"skipped", STATISTIC_SKIPPED},
	{"conflicts", STATISTIC_CONFLICTS}, {"invalid", STATISTIC_INVALID},
	{"failed", STATISTIC_FAILED}, {NULL, 0},
};

#undef AT
#define AT(member) .offset = offsetof(struct statistic_def, member)
static const struct keyword statistic_keywords[] = {
	{.name = "of", .type = KEYWORD_CHOICE, .flags = KEYWORD_REQUIRED, .choices = statistics_of,
	 AT(of), .help = "which records are counted; written are those created and updated"},
	{.name = "when", .type = KEYWORD_EXPR, AT(when),
	 .mark = offsetof(struct statistic_def, mark),
	 .help = "only those for which this expression over the destination's fields is true; for "
		 "records that are written, deleted or disabled"},
	{.name = NULL},
};
#undef AT

static const struct keyword_object statistic_object = {
	.name = "statistic", .keywords = statistic_keywords, .size = sizeof(struct statistic_def),
	.mark = offsetof(struct statistic_def, mark), .check = conf_check_statistic,
};

#define AT(member) .offset = offsetof(struct segment_def, member)
static const struct keyword statistics_keywords[] = {
	{.name = "title", .type = KEYWORD_TEXT, AT(statistics_title),
	 .help = "what the numbers are about"},
	{.name = "counts", .type = KEYWORD_NAMED, .flags = KEYWORD_REQUIRED, .max = 20,
	 .object = &statistic_object, AT(statistics),
	 .count = offsetof(struct segment_def, n_statistics), .help = "each number's name and what it counts"},
	{.name = NULL},
};

static const struct keyword_object statistics_object = {
	.name = "statistics", .keywords = statistics_keywords, .size = sizeof(struct segment_def),
};

/* ---- segments */

/* The name stands first: a sync of one segment has all keys but that. */
static const struct keyword segment_keywords[] = {
	{.name = "name", .type = KEYWORD_NAME, .flags = KEYWORD_REQUIRED | KEYWORD_ALWAYS, AT(name),
	 .help = "the segment's name, once in the sync"},
	{.name = "source", .type = KEYWORD_OBJECT, .flags = KEYWORD_REQUIRED,
	 .object = &source_object, AT(source),
	 .help = "where rows come from: connection, resource and the connector's own settings"},
	{.name = "destination", .type = KEYWORD_OBJECT, .flags = KEYWORD_REQUIRED,
	 .object = &destination_object, AT(destination),
	 .help = "where they go: connection, resource and the connector's own settings"},
	{.name = "lookups", .type = KEYWORD_NAMED, .flags = KEYWORD_IDENTIFIERS, .max = 32,
	 .object = &lookup_object, AT(lookups), .count = offsetof(struct segment_def, n_lookups),
	 .help = "tables that expressions can query, each read from a connection"},
	{.name = "key", .type = KEYWORD_EXPRS, .flags = KEYWORD_REQUIRED, .min = 1, .max = 16,
	 AT(key), .count = offsetof(struct segment_def, n_key),
	 .mark = offsetof(struct segment_def, key_mark),
	 .help = "what identifies a row in the source; several parts as a list"},
	{.name = "mode", .type = KEYWORD_CHOICE, .fallback = "upsert", .choices = modes, AT(mode),
	 .mark = offsetof(struct segment_def, mode_mark),
	 .help = "what may be done to the destination"},
	{.name = "where", .type = KEYWORD_EXPR, AT(where),
	 .mark = offsetof(struct segment_def, where_mark),
	 .help = "only rows for which it is true are taken; left out, all"},
	{.name = "map", .type = KEYWORD_MAPPING, .flags = KEYWORD_REQUIRED, .min = 1, .max = 1000,
	 AT(map), .count = offsetof(struct segment_def, n_map),
	 .help = "each destination field's expression over the source's columns"},
	{.name = "skip", .type = KEYWORD_OBJECTS, .max = 100, .object = &skip_object, AT(skip),
	 .count = offsetof(struct segment_def, n_skip),
	 .help = "rules for rows to be left out for now, each with a reason"},
	{.name = "reject", .type = KEYWORD_OBJECTS, .max = 100, .object = &reject_object,
	 AT(reject), .count = offsetof(struct segment_def, n_reject),
	 .help = "rules for rows that are invalid, each with a message"},
	{.name = "ignore_changes", .type = KEYWORD_FIELDS, .max = 1000, AT(ignore_changes),
	 .count = offsetof(struct segment_def, n_ignore_changes),
	 .help = "mapped fields whose change alone is no change"},
	{.name = "sensitive", .type = KEYWORD_FIELDS, .max = 1000, AT(sensitive),
	 .count = offsetof(struct segment_def, n_sensitive),
	 .help = "mapped fields whose values are masked wherever records are shown"},
	{.name = "match", .type = KEYWORD_OBJECTS, .max = 20, .object = &match_object, AT(match),
	 .count = offsetof(struct segment_def, n_match),
	 .help = "rules by which a new row is found among what the destination has already"},
	{.name = "policy", .type = KEYWORD_OBJECT, .object = &policy_object, .offset = 0,
	 .help = "what to do with rows that are there already, or on one side only"},
	{.name = "guards", .type = KEYWORD_OBJECT, .object = &guards_object, .offset = 0,
	 .help = "limits that stop a run before it writes"},
	{.name = "snapshot", .type = KEYWORD_CHOICE, .fallback = "full", .choices = snapshot_kinds,
	 AT(snapshot),
	 .help = "remember whole records (shows what changed) or hashes only (smaller)"},
	{.name = "verify", .type = KEYWORD_BOOL, .fallback = "false", AT(verify),
	 .help = "also read what the destination holds now, and report drift"},
	{.name = "statistics", .type = KEYWORD_OBJECT, .object = &statistics_object, .offset = 0,
	 .help = "numbers of the segment that are shown with each run"},
	{.name = "checks", .type = KEYWORD_OBJECTS, .min = 1, .max = 100, .object = &check_object,
	 AT(checks), .count = offsetof(struct segment_def, n_checks),
	 .help = "queries that should give no rows; a segment that has them has nothing else to do"},
	{.name = "required", .type = KEYWORD_BOOL, .flags = KEYWORD_ALWAYS, AT(required),
	 .help = "whether the run fails if this segment does; left out, true for a sync of one "
		 "segment, else false"},
	{.name = "depends_on", .type = KEYWORD_NAMES, .flags = KEYWORD_ALWAYS, .max = 100,
	 AT(depends_on),
	 .count = offsetof(struct segment_def, n_depends_on),
	 .help = "earlier segments without whose success this one is skipped"},
	{.name = NULL},
};
#undef AT

const struct keyword_object conf_segment_object = {
	.name = "segment", .keywords = segment_keywords, .size = sizeof(struct segment_def),
	.mark = offsetof(struct segment_def, mark), .alone = "checks", .check = conf_check_segment,
};

const struct keyword_object conf_leg_object = {
	.name = "sync", .keywords = segment_keywords + 1, .size = sizeof(struct segment_def),
	.mark = offsetof(struct segment_def, mark), .is_part = true, .alone = "checks",
	.check = conf_check_segment,
};

/* ---- syncs.d */

#define AT(member) .offset = offsetof(struct schedule_def, member)
static const struct keyword adaptive_keywords[] = {
	{.name = "active", .type = KEYWORD_TEXT, .fallback = "15m", AT(adaptive.tiers[CADENCE_ACTIVE].text),
	 .help = "how often it runs while something happens: a duration, or a cron pattern"},
	{.name = "idle", .type = KEYWORD_TEXT, .fallback = "1h", AT(adaptive.tiers[CADENCE_IDLE].text),
	 .help = "how often after some quiet runs"},
	{.name = "dormant", .type = KEYWORD_TEXT, .fallback = "0 3 * * 0", AT(adaptive.tiers[CADENCE_DORMANT].text),
	 .help = "how often when nothing has happened for long"},
	{.name = "demote_after", .type = KEYWORD_INT, .fallback = "2", .min = 1, .max = 1000,
	 AT(adaptive.demote_after), .help = "quiet runs in a row after which it runs less often"},
	{.name = "quiet", .type = KEYWORD_DURATION, .fallback = "30d", .min = SECOND, .max = 3660 * DAY,
	 AT(adaptive.quiet_ms), .help = "so long nothing must have happened before it becomes dormant"},
	{.name = "activity", .type = KEYWORD_REASONS, .max = 20, AT(adaptive.activity),
	 .count = offsetof(struct schedule_def, adaptive.n_activity),
	 .help = "reason codes that mean something is going on even when no row is written, such as that of "
		 "a skip rule"},
	{.name = NULL},
};

static const struct keyword_object adaptive_object = {
	.name = "adaptive", .keywords = adaptive_keywords, .size = sizeof(struct schedule_def),
};

static const struct keyword schedule_keywords[] = {
	{.name = "every", .type = KEYWORD_DURATION, .min = SECOND, .max = 366 * DAY, AT(rhythm.every_ms),
	 .help = "time between the end of a run and the next"},
	{.name = "cron", .type = KEYWORD_TEXT, AT(rhythm.text),
	 .help = "five fields: minute hour day month weekday; or @hourly, @daily, @weekly, @monthly, @yearly"},
	{.name = "adaptive", .type = KEYWORD_OBJECT, .object = &adaptive_object, .offset = 0,
	 .help = "how often it runs follows from what runs find"},
	{.name = "after", .type = KEYWORD_NAME, AT(after), .mark = offsetof(struct schedule_def, after_mark),
	 .help = "another sync: it runs when a run of that one has completed"},
	{.name = "timezone", .type = KEYWORD_TEXT, .fallback = "UTC", AT(timezone),
	 .help = "whose clock cron patterns mean, such as Europe/Berlin"},
	{.name = "jitter", .type = KEYWORD_DURATION, .min = SECOND, .max = DAY, AT(jitter_ms),
	 .help = "each run is late by some time below this one, always the same for a sync, so that not all begin "
		 "at once"},
	{.name = "catch_up", .type = KEYWORD_BOOL, .fallback = "true", AT(catch_up),
	 .help = "a run missed while the daemon was down or the sync was paused is made up for, at once and once"},
	{.name = NULL},
};
#undef AT

static const struct keyword_object schedule_object = {
	.name = "schedule", .keywords = schedule_keywords, .size = sizeof(struct schedule_def),
	.one_of = "every cron adaptive after",
	.check = conf_check_schedule,
};

static const struct keyword_choice schedule_words[] = {{"manual", 0}, {NULL, 0}};

#define AT(member) .offset = offsetof(struct retry_def, member)
static const struct keyword retry_keywords[] = {
	{.name = "attempts", .type = KEYWORD_INT, .fallback = "0", .min = 0, .max = 20, AT(attempts),
	 .help = "further runs after one that failed for a transient reason"},
	{.name = "wait", .type = KEYWORD_DURATION, .fallback = "1m", .min = SECOND, .max = DAY, AT(wait_ms),
	 .help = "time before each of them"},
	{.name = NULL},
};
#undef AT

static const struct keyword_object retry_object = {
	.name = "retry", .keywords = retry_keywords, .size = sizeof(struct retry_def),
};

#define AT(member) .offset = offsetof(struct sync_def, member)
static const struct keyword sync_keywords[] = {
	{.name = "sync", .type = KEYWORD_NAME, .flags = KEYWORD_REQUIRED, AT(name),
	 .mark = offsetof(struct sync_def, mark), .help = "the sync's name, once in all files"},
	{.name = "schedule", .type = KEYWORD_OBJECT, .fallback = "manual",
	 .choices = schedule_words, .object = &schedule_object, AT(schedule),
	 .help = "when it runs: {every: 15m}, {cron: \"0 3 * * *\"}, {adaptive: {}}, {after: other-sync}, or manual for "
		 "on request only"},
	{.name = "memory_limit", .type = KEYWORD_SIZE, .min = 32 * MIB, .max = 64 * GIB,
	 AT(memory_limit), .help = "memory a run of it may use; left out, the daemon's setting"},
	{.name = "timeout", .type = KEYWORD_DURATION, .min = SECOND, .max = 366 * DAY,
	 AT(timeout_ms), .help = "for a whole run; left out, none"},
	{.name = "retry", .type = KEYWORD_OBJECT, .object = &retry_object, AT(retry),
	 .help = "whether a failed run is tried again before the next one by schedule"},
	{.name = "retention", .type = KEYWORD_OBJECT, .object = &conf_sync_retention_object, AT(retention),
	 .help = "how long what its runs leave behind is kept; left out, as the daemon's settings say"},
	{.name = "notify", .type = KEYWORD_OBJECT, .choices = conf_notify_words, .object = &conf_notify_object, AT(notify),
	 .help = "what is told to whom: {on: [failed, recovered], to: [ops]}, or none; what is left out is as in "
		 "ferry.yaml"},
	{.name = "segments", .type = KEYWORD_OBJECTS, .min = 1, .max = 100,
	 .object = &conf_segment_object, AT(segments),
	 .count = offsetof(struct sync_def, n_segments),
	 .help = "a list of segments, instead of the keys of a single one"},
	{.name = NULL},
};
#undef AT

const struct keyword_object conf_sync_object = {
	.name = "sync", .keywords = sync_keywords, .size = sizeof(struct sync_def),
	.part = &conf_leg_object, .check = conf_check_sync,
};
