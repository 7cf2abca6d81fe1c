/* SPDX-License-Identifier: Apache-2.0 */
/*
 * openapi-tables.c - what the calls take: parameters and bodies; and words that have a fixed meaning.
 * What they give is in openapi-schemas.c.
 */
#include "api/openapi_private.h"
#include "conf/schema.h"
#include "model/decision.h"
#include "store/outbox.h"

const struct openapi_parameter openapi_parameters[] = {
	/* in paths */
	{"s", "s", "string", "the sync's name", true, true},
	{"id", "id", "integer", "its number", true, true},
	{"name", "name", "string", "its name", true, true},
	{"code", "code", "string", "the code, in capitals", true, true},
	{"kind", "kind", "SchemaKind", "which kind of file", true, true},
	/* in queries */
	{"page", "page", "integer", "which page, from 1 on", false, false},
	{"per_page", "per_page", "integer", "entries on a page: 20 when it is not given, at most 100", false, false},
	{"sync", "sync", "string", "of that sync only", false, false},
	{"run", "run", "integer", "of that run only", false, false},
	{"segment", "segment", "string", "of that segment only", false, false},
	{"group", "group", "string", "of that group only", false, false},
	{"run_status", "status", "RunStatus", "in that status only", false, false},
	{"problem_status", "status", "string", "open (when it is not given), ignored, resolved, cleared or all", false,
		false},
	{"notification_status", "status", "NotificationStatus", "in that status only", false, false},
	{"from", "from", "string", "queued then or later: a date or a time", false, false},
	{"to", "to", "string", "queued then or earlier; a date means the end of that day", false, false},
	{"after", "after", "integer", "lines with a larger seq only", false, false},
	{"before", "before", "integer", "runs below that number only: an answer's next_before", false, false},
	{"at_from", "from", "string", "then or later: a date or a time", false, false},
	{"at_to", "to", "string", "then or earlier; a date means the end of that day", false, false},
	{"entries_before", "before", "integer", "entries below that number only: an answer's next_before", false, false},
	{"actor", "actor", "string", "of an actor whose name has that in it", false, false},
	{"action", "action", "string", "of that action only", false, false},
	{"record_key", "key", "string", "the record's key, as a plan shows it", false, true},
	{"key", "key", "string", "of the record with that key only", false, false},
	{"decision", "decision", "DecisionName", "of that kind only", false, false},
	{"sync_sort", "sort", "string", "id (when it is not given), or next_run_at: those that run next first", false, false},
	{"days", "days", "integer", "how many days: 30 when it is not given, at most 366", false, false},
	{"types", "types", "string", "names of events or first parts of them, with commas between: run,sync.paused",
		false, false},
	{0},
};

/* -------------------------------------------------------------------------- bodies */

const struct openapi_member openapi_nothing[] = {{0}};

const struct openapi_member openapi_trigger[] = {
	{"preview?", "boolean", "stop when the plan is made"},
	{"verify?", "boolean", "compare with what the destination holds, too"},
	{"full?", "boolean", "send everything, whatever was sent before"},
	{"extract_only?", "boolean", "keep raw records and do nothing else"},
	{"limit?", "integer", "with extract_only: so many records"},
	{"manual?", "boolean", "a person asks, not a program"},
	{0},
};

const struct openapi_member openapi_retention_wish[] = {
	{"dry_run?", "boolean", "take nothing away"}, {0},
};

const struct openapi_member openapi_backup_wish[] = {
	{"dir", "string", "an absolute path: a folder that is new or empty"}, {0},
};

const struct openapi_member openapi_pin[] = {
	{"tier", "Tier", NULL},
	{"hours", "integer", "1 to 336"},
	{0},
};

const struct openapi_member openapi_promote[] = {
	{"override_guard?", "boolean", "also the plan of a run that a guard has stopped"},
	{0},
};

const struct openapi_member openapi_resolve[] = {
	{"action", "string", "link, create, ignore, retry or reopen"},
	{"dest_id?", "string?", "of link: the record over there"},
	{"until?", "string?", "of ignore: a span like 30d or a time; for good when it is not given"},
	{0},
};

const struct openapi_member openapi_token_wish[] = {
	{"name", "string", NULL},
	{"role", "string", "viewer or admin"},
	{"expires?", "string", "a span like 30d or a time, at most 366 days from now; 90d when it is not given"},
	{0},
};

const struct openapi_member openapi_resolve_all[] = {
	{"sync", "string", NULL},
	{"segment?", "string?", NULL},
	{"group?", "string?", NULL},
	{"action", "string", "ignore or retry"},
	{"until?", "string?", NULL},
	{0},
};

/* --------------------------------------------------------------------------- words */

#define WORDS(fn, type, n) \
	const char *openapi_##fn(int i) \
	{ \
		return i < (int)(n) ? fn((type)i) : NULL; \
	}
WORDS(run_status_name, enum run_status, RUN_STATUSES)
WORDS(run_trigger_name, enum run_trigger, RUN_TRIGGERS)
WORDS(stage_name, enum stage, STAGES)
WORDS(stage_status_name, enum stage_status, STAGE_STATUSES)
WORDS(segment_status_name, enum segment_status, SEGMENT_STATUSES)
WORDS(decision_name, enum ferry_decision, FERRY_DECISIONS)
WORDS(tier_name, enum ferry_tier, FERRY_TIER_AMBIGUOUS + 1)
WORDS(problem_status_name, enum problem_status, PROBLEM_STATUSES)

const char *openapi_notification_status(int i)
{
	return i < OUTBOX_STATUSES ? outbox_status_name((enum outbox_status)i) : NULL;
}

const char *openapi_mode_name(int i)
{
	return i < 5 ? mode_name((enum ferry_mode)(1 << i)) : NULL;
}

const char *openapi_cadence_name(int i)
{
	static const char *const names[] = {"active", "idle", "dormant", NULL};
	return names[i];
}

const char *openapi_schema_kind(int i)
{
	return i <= CONF_SYNCS ? conf_kind_name((enum conf_kind)i) : NULL;
}

const char *openapi_schedule_kind(int i)
{
	static const char *const names[] = {"manual", "every", "cron", "adaptive", "after", NULL};
	return names[i];
}
