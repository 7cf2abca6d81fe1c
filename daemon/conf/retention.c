/* SPDX-License-Identifier: Apache-2.0 */
/*
 * retention.c - the keywords of `retention:`, of the daemon and of a sync. Those of a sync have no
 * defaults: what it does not say the daemon's settings say.
 */
#include "conf/keyword.h"

#define HOUR ((int64_t)3600 * 1000)
#define DAY (24 * HOUR)

#define AGE(member, given, least, what) \
	{.name = "age", .type = KEYWORD_DURATION, .fallback = given, .min = least, .max = 3660 * DAY, \
	 .offset = offsetof(struct retention_def, member), .help = what}
#define COUNT(member, given, least, most, what) \
	{.name = "count", .type = KEYWORD_LONG, .fallback = given, .min = least, .max = most, \
	 .offset = offsetof(struct retention_def, member), .help = what}
#define KEPT(id, ...) \
	static const struct keyword id##_keywords[] = {__VA_ARGS__, {.name = NULL}}; \
	static const struct keyword_object id##_object = { \
		.name = "retention", .keywords = id##_keywords, .size = sizeof(struct retention_def), \
	}

KEPT(runs, AGE(runs_age_ms, "90d", HOUR, "a run this old goes, with its log, row errors and plan"),
     COUNT(runs_count, "1000", 10, 1000000, "so many runs of each sync are kept; older ones go"));
KEPT(logs, AGE(logs_age_ms, "30d", HOUR, "the log of a run this old goes before the run does"));
KEPT(row_errors, AGE(row_errors_age_ms, "90d", HOUR, "row errors of a run this old go before the run does"));
KEPT(plans, AGE(plans_age_ms, NULL, HOUR, "the plan of a run this old goes; left out, when the run does"),
     COUNT(plans_count, NULL, 2, 100000, "plans kept of each sync's latest runs; left out, as keep_plans says"));
KEPT(audit, AGE(audit_age_ms, "400d", DAY, "an entry of the audit this old goes"));
KEPT(problems, AGE(problems_age_ms, "400d", DAY, "a problem that has been closed for so long goes"),
     COUNT(problems_count, "10000", 1, 1000000, "so many closed problems are kept; those closed before go"));

KEPT(sync_runs, AGE(runs_age_ms, NULL, HOUR, "of this sync; left out, as the daemon's `runs: age:`"),
     COUNT(runs_count, NULL, 10, 1000000, "of this sync; left out, as the daemon's `runs: count:`"));
KEPT(sync_logs, AGE(logs_age_ms, NULL, HOUR, "of this sync; left out, as the daemon's `logs: age:`"));
KEPT(sync_row_errors,
     AGE(row_errors_age_ms, NULL, HOUR, "of this sync; left out, as the daemon's `row_errors: age:`"));
KEPT(sync_plans, AGE(plans_age_ms, NULL, HOUR, "of this sync; left out, as the daemon's `plans: age:`"),
     COUNT(plans_count, NULL, 2, 100000, "of this sync; left out, as the daemon's `plans: count:`"));

/* A part lies over the same struct as the whole. */
#define KEEP(word, of, what) {.name = word, .type = KEYWORD_OBJECT, .object = &of##_object, .help = what}

static const struct keyword retention_keywords[] = {
	KEEP("runs", runs, "runs; a sync's latest ones, and what is under way, stay in any case"),
	KEEP("logs", logs, "what runs said"),
	KEEP("row_errors", row_errors, "rows that could not be used or were refused"),
	KEEP("plans", plans, "what runs decided for each record, and raw records"),
	KEEP("audit", audit, "who changed what"),
	KEEP("problems", problems, "closed problems; open ones stay in any case"),
	{.name = NULL},
};

static const struct keyword sync_retention_keywords[] = {
	KEEP("runs", sync_runs, "its runs"),
	KEEP("logs", sync_logs, "what its runs said"),
	KEEP("row_errors", sync_row_errors, "its rows that could not be used or were refused"),
	KEEP("plans", sync_plans, "its plans and raw records"),
	{.name = NULL},
};

const struct keyword_object conf_retention_object = {
	.name = "retention", .keywords = retention_keywords, .size = sizeof(struct retention_def),
};

const struct keyword_object conf_sync_retention_object = {
	.name = "retention", .keywords = sync_retention_keywords, .size = sizeof(struct retention_def),
};
