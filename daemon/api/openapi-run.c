/* SPDX-License-Identifier: Apache-2.0 */
/* openapi-run.c - runs: their documents, lines and plans. */
#include "api/openapi_private.h"

const struct openapi_member openapi_run[] = {
	{"id", "integer", NULL}, {"sync_id", "string", NULL}, {"status", "RunStatus", NULL},
	{"trigger", "RunTrigger", NULL}, {"retry_of", "integer?", NULL}, {"promote_of", "integer?", NULL},
	{"source_name", "string?", "who or what asked for it"}, {"preview", "boolean", NULL},
	{"verify", "boolean", NULL}, {"full", "boolean", NULL}, {"override_guard", "boolean", NULL},
	{"extract_only", "boolean", NULL}, {"limit", "integer?", NULL},
	{"interrupted", "boolean", "ended by the daemon's own end"}, {"hung", "boolean", "gives no sign of life"},
	{"queued_at", "time?", NULL}, {"started_at", "time?", NULL}, {"completed_at", "time?", NULL},
	{"duration_seconds", "number", NULL}, {"rows_processed", "integer", NULL}, {"rows_created", "integer", NULL},
	{"rows_updated", "integer", NULL}, {"rows_deleted", "integer", NULL}, {"rows_disabled", "integer", NULL},
	{"rows_failed", "integer", "refused by the destination, or invalid"}, {"rows_skipped", "integer", NULL},
	{"rows_unchanged", "integer", NULL}, {"rows_conflicts", "integer", NULL}, {"rows_extracted", "integer", NULL},
	{"row_errors", "integer", NULL}, {"phases", "{number}", "seconds by phase"}, {"summary", "RunSummary", NULL},
	{"error", "Cause?", "why it ended as it did"}, {"segments", "[Segment]", NULL}, {0},
};

const struct openapi_member openapi_run_summary[] = {
	{"decisions", "{integer}", NULL}, {"reasons", "{integer}", NULL},
	{"top_decision_reason_codes", "[CodeCount]", NULL}, {"problems", "RunProblems", NULL}, {0},
};

const struct openapi_member openapi_run_problems[] = {
	{"open", "integer", "that wait for a person"}, {"opened", "integer", "by this run"},
	{"cleared", "integer", "by this run"}, {"groups", "{integer}", NULL}, {0},
};

const struct openapi_member openapi_code_count[] = {{"code", "string", NULL}, {"count", "integer", NULL}, {0}};

const struct openapi_member openapi_segment[] = {
	{"name", "string", NULL}, {"status", "SegmentStatus", NULL}, {"required", "boolean", NULL},
	{"reason", "string?", "why it was skipped"}, {"started_at", "time?", NULL}, {"completed_at", "time?", NULL},
	{"error", "Cause?", NULL}, {"planned", "integer", "actions that apply has before it"},
	{"done", "integer", NULL}, {"counters", "Counters", NULL}, {"decisions", "{integer}", NULL},
	{"reasons", "{integer}", NULL}, {"top_decision_reason_codes", "[CodeCount]", NULL},
	{"problems", "RunProblems", NULL}, {"statistics", "object", "as the segment's 'statistics' asks for"},
	{"stages", "[Stage]", NULL}, {0},
};

const struct openapi_member openapi_stage[] = {
	{"name", "StageName", NULL}, {"status", "StageStatus", NULL}, {"attempt", "integer", NULL},
	{"started_at", "time?", NULL}, {"completed_at", "time?", NULL}, {"duration_seconds", "number", NULL},
	{"metrics", "object", "what the stage and its connector measure"}, {"summary", "string?", NULL},
	{"error_summary", "string?", NULL}, {"error_payload", "Cause?", NULL}, {0},
};

const struct openapi_member openapi_counters[] = {
	{"extracted", "integer", NULL}, {"missing", "integer", "that the source no longer has"},
	{"created", "integer", NULL}, {"updated", "integer", NULL}, {"deleted", "integer", NULL},
	{"disabled", "integer", NULL}, {"unchanged", "integer", NULL}, {"skipped", "integer", NULL},
	{"failed", "integer", NULL}, {"conflicts", "integer", NULL}, {"invalid", "integer", NULL},
	{"planned", "integer", NULL}, {"acknowledged", "integer", NULL}, {"undone", "integer", NULL},
	{"requests", "integer", NULL}, {"retries", "integer", NULL}, {0},
};

const struct openapi_member openapi_row_error[] = {
	{"seq", "integer", NULL}, {"at", "time?", NULL}, {"segment", "string?", NULL}, {"stage", "string?", NULL},
	{"key", "string?", NULL}, {"code", "string?", NULL}, {"field", "string?", NULL}, {"message", "string?", NULL},
	{"raw", "string?", "what the destination said"}, {0},
};

const struct openapi_member openapi_log_line[] = {
	{"seq", "integer", NULL}, {"at", "time?", NULL}, {"segment", "string?", NULL}, {"stage", "string?", NULL},
	{"level", "string", "debug, info, warn or error"}, {"message", "string", NULL}, {0},
};

const struct openapi_member openapi_decision[] = {
	{"segment", "string", NULL}, {"key", "string", NULL}, {"decision", "DecisionName", NULL},
	{"tier", "MatchTier", NULL}, {"reason", "string", "one of those of /reasons/{code}"},
	{"dest_id", "string?", NULL}, {"fields", "[DecisionField]", NULL},
	{"outcome?", "Outcome", "what became of it; absent when nothing did"}, {0},
};

const struct openapi_member openapi_decision_field[] = {
	{"name", "string", NULL}, {"before?", "any", NULL}, {"after?", "any", NULL}, {"changed", "boolean", NULL},
	{0},
};

const struct openapi_member openapi_outcome[] = {
	{"ack", "string", "unknown, done, duplicate, rejected or undone"}, {"code", "string", NULL},
	{"message", "string", NULL}, {"dest_id", "string", NULL}, {0},
};

const struct openapi_member openapi_raw_record[] = {
	{"segment", "string", NULL}, {"n", "integer", "its place in what the source gave"},
	{"record", "{any}", NULL}, {0},
};
