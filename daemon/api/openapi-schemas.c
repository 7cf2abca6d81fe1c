/* SPDX-License-Identifier: Apache-2.0 */
/* openapi-schemas.c - what the calls give: a table for each object, and the list of all of them. */
#include "api/openapi_private.h"

#define M static const struct openapi_member

/* ---------------------------------------------------------------- errors and lists */

M error_answer[] = {{"error", "ErrorBody", NULL}, {0}};
M error_body[] = {
	{"code", "string", "one of those of /errors/{code}"}, {"message", "string", "what is wrong"},
	{"hint", "string", "what can be done; may be empty"},
	{"issues?", "[Issue]", "of a configuration that was refused: each mistake"}, {0},
};
M issue[] = {
	{"file", "string", NULL}, {"line", "integer", "0: about the file as a whole"}, {"column", "integer", NULL},
	{"text", "string", NULL}, {0},
};
M cause[] = {
	{"code", "string", NULL}, {"message", "string", NULL}, {"hint", "string", NULL},
	{"stage?", "string?", "where it failed"}, {"segment?", "string?", NULL},
	{"causes", "[string]", "from the outermost to the innermost"}, {0},
};
M pagination[] = {
	{"page", "integer", NULL}, {"per_page", "integer", NULL}, {"total", "integer", "entries on all pages"}, {0},
};

/* -------------------------------------------------------------------------- daemon */

M status[] = {
	{"version", "string", NULL}, {"pid", "integer", NULL}, {"started_at", "time", NULL},
	{"uptime_seconds", "integer", NULL}, {"state_dir", "string", NULL}, {"config_dir", "string", NULL},
	{"plugin_dir", "string", NULL}, {"generation", "Generation", "the configuration in force"},
	{"syncs", "integer", NULL}, {"runs", "RunCounts", NULL}, {"stopping", "boolean", NULL},
	{"reload_error", "ReloadError?", "why the last reload was refused"}, {"journal_error", "Cause?", NULL},
	{"backup", "BackupProgress?", "that is under way"}, {0},
};
M backup_progress[] = {
	{"dir", "string", NULL}, {"bytes", "integer", "written so far"},
	{"bytes_at_most", "integer", "what the state takes now; its copy is compact"}, {0},
};
M generation[] = {
	{"number", "integer", NULL}, {"loaded_at", "time", NULL},
	{"fingerprint", "string", "another one when any of its files is another"}, {0},
};
M run_counts[] = {
	{"running", "integer", NULL}, {"queued", "integer", NULL},
	{"hung", "integer", "that give no sign of life"}, {0},
};
M reload_error[] = {{"message", "string", NULL}, {"at", "time", NULL}, {0}};
M health[] = {
	{"status", "string", "ok, degraded or unhealthy"}, {"checks", "{HealthCheck}", NULL}, {0},
};
M health_check[] = {{"status", "string", NULL}, {"message", "string?", NULL}, {0}};
M reloaded[] = {
	{"generation", "integer", NULL}, {"syncs", "integer", NULL},
	{"changes", "[FileChange]", "in which files it differs from the one before"}, {0},
};
M file_change[] = {{"file", "string", NULL}, {"change", "string", "added, changed or removed"}, {0}};
M error_code[] = {
	{"code", "string", NULL}, {"cause", "string", NULL}, {"hint", "string", NULL},
	{"transient", "boolean", "trying again later may help"}, {"http_status", "integer", NULL},
	{"exit_status", "integer", "that a program ends with"}, {0},
};
M doctor[] = {
	{"version", "string", NULL}, {"lmdb", "string", "the library of the store"},
	{"replaced_on_disk", "boolean", "the program on disk is another one by now"}, {"user", "DoctorUser", NULL},
	{"state", "DoctorPath", NULL}, {"config", "DoctorPath", NULL}, {"plugins", "DoctorPath", NULL},
	{"worker", "DoctorPath", NULL}, {"disk", "DoctorDisk", "below the state folder"},
	{"limits", "DoctorLimits", NULL}, {"admin_group", "string?", NULL},
	{"role", "string", "of who asks: admin or viewer"}, {"references", "[DoctorReference]", NULL}, {0},
};
M doctor_user[] = {{"uid", "integer", NULL}, {"name", "string?", NULL}, {0}};
M doctor_path[] = {
	{"path", "string", NULL}, {"exists", "boolean", NULL}, {"uid?", "integer", "its owner"},
	{"mode?", "string", "\"0700\""}, {"regular?", "boolean", "a file, no folder or device"},
	{"readable", "boolean", "by the daemon"}, {"writable", "boolean", NULL}, {0},
};
M doctor_disk[] = {
	{"free_bytes?", "integer", NULL}, {"total_bytes?", "integer", NULL}, {"free_files?", "integer", NULL},
	{"journal_bytes", "integer", NULL}, {0},
};
M doctor_limits[] = {{"open_files", "integer?", "null: none"}, {"address_space", "integer?", "bytes"}, {0}};
M doctor_reference[] = {
	{"connection", "string", NULL}, {"setting", "string", NULL}, {"reference", "string", "as it is written"},
	{"missing", "boolean", NULL}, {"file?", "DoctorPath", NULL}, {0},
};
M reason_code[] = {{"code", "string", NULL}, {"text", "string", NULL}, {0}};
M audit_entry[] = {
	{"id", "integer", NULL}, {"at", "time", NULL}, {"uid", "integer?", "null: not of this machine"},
	{"who", "string", NULL}, {"action", "string", NULL}, {"target", "string", NULL}, {"result", "string", NULL},
	{0},
};

M audit[] = {{"data", "[AuditEntry]", NULL}, {"pagination", "AuditPages", NULL}, {0}};
M audit_pages[] = {
	{"page", "integer", NULL}, {"per_page", "integer", NULL}, {"total", "integer", "found in what was looked at"},
	{"next_before", "integer?", "to look further, as 'before'; null: that was all"}, {0},
};

M token[] = {
	{"name", "string", NULL}, {"role", "string", "viewer or admin"}, {"status", "string", "valid or expired"},
	{"created_at", "time", NULL}, {"created_by", "string", NULL}, {"expires_at", "time", NULL},
	{"last_used_at", "time?", "to the hour"}, {0},
};
M new_token[] = {
	{"name", "string", NULL}, {"role", "string", NULL}, {"expires_at", "time", NULL},
	{"token", "string", "for the Authorization header; it is never shown again"}, {0},
};
M revoked_token[] = {
	{"name", "string", NULL}, {"status", "string", "revoked"}, {"left", "integer", "how many tokens there still are"},
	{0},
};

/* ---------------------------------------------------------- connectors, connections */

M connector[] = {
	{"name", "string", NULL}, {"family", "string", NULL}, {"resource", "string?", NULL},
	{"summary", "string?", NULL}, {"version", "string?", NULL}, {"interface", "string", "major.minor"},
	{"path", "string", NULL}, {"roles", "[string]", NULL}, {"modes", "[string]", NULL},
	{"capabilities", "[string]", NULL}, {"batch?", "integer", NULL}, {"lookup_batch?", "integer", NULL},
	{"list_page?", "integer", NULL}, {"connection_options", "[Option]", NULL},
	{"source_options", "[Option]", NULL}, {"destination_options", "[Option]", NULL},
	{"fields", "[Field]?", "null: whatever is there"}, {"stages", "[string]", "those of its own"}, {0},
};
M option[] = {
	{"name", "string", NULL}, {"type", "string", NULL}, {"required", "boolean", NULL},
	{"secret", "boolean", "its value is never shown"}, {"default", "string?", NULL}, {"min?", "integer", NULL},
	{"max?", "integer", NULL}, {"choices?", "[string]", NULL}, {"help", "string?", NULL}, {0},
};
M field[] = {
	{"name", "string", NULL}, {"type", "string", NULL}, {"flags", "[string]", NULL},
	{"max_length?", "integer", NULL}, {"choices?", "[string]", NULL}, {"help", "string?", NULL}, {0},
};
M connection[] = {
	{"name", "string", NULL}, {"family", "string", NULL}, {"used_by", "[string]", "syncs"}, {0},
};
M test[] = {
	{"connection", "string", NULL}, {"ok", "boolean", NULL}, {"steps", "[TestStep]", NULL},
	{"error", "Cause?", NULL}, {0},
};
M test_step[] = {
	{"name", "string", NULL}, {"notes", "[string]", NULL}, {"status", "string", "ok, warning or failed"}, {0},
};

/* ------------------------------------------------------------------- notifications */

M notification[] = {
	{"id", "integer", NULL}, {"delivery", "string", "the same for every attempt: X-Ferry-Delivery"},
	{"target", "string", NULL}, {"kind", "string", "slack, webhook or email"},
	{"event", "string", "the first of the message's events"}, {"sync", "string", NULL},
	{"run_id", "integer", NULL}, {"status", "NotificationStatus", NULL}, {"created_at", "time", NULL},
	{"attempts", "integer", NULL}, {"next_attempt_at", "time?", "of a pending one"},
	{"settled_at", "time?", "when it was delivered or given up"},
	{"error", "Cause?", "of the last attempt that failed"}, {"message", "object", "as a webhook gets it"}, {0},
};
M notification_target[] = {
	{"name", "string", NULL}, {"kind", "string", "slack, webhook or email"},
	{"used_by", "[string]", "syncs whose events it may be told of"}, {0},
};
M notification_test[] = {
	{"target", "string", NULL}, {"kind", "string", "slack, webhook or email"}, {"ok", "boolean", NULL},
	{"http_status", "integer?", "of the answer"}, {"milliseconds", "integer", NULL}, {"error", "Cause?", NULL}, {0},
};

/* --------------------------------------------------------------------------- syncs */

M sync[] = {
	{"id", "string", "its name"}, {"file", "string", "where it is defined"}, {"schedule", "Schedule", NULL},
	{"segments", "[SyncSegment]", NULL}, {"running", "integer?", "the run under way"},
	{"queued", "integer?", NULL}, {"last_run", "LastRun?", NULL}, {"next_run_at", "time?", NULL}, {0},
};
M schedule[] = {
	{"kind", "ScheduleKind", NULL}, {"text", "string", NULL}, {"tier?", "Tier", "of an adaptive one"},
	{"pinned_until?", "time?", "of an adaptive one"}, {"paused", "boolean", NULL}, {"paused_by?", "string", NULL},
	{"paused_at?", "time", NULL}, {"next_run_at", "time?", NULL}, {"reason", "string", "why then"}, {0},
};
M sync_segment[] = {
	{"name", "string", NULL}, {"source", "Endpoint", NULL}, {"destination", "Endpoint", NULL},
	{"mode", "Mode", NULL}, {"required", "boolean", NULL}, {"depends_on", "[string]", NULL}, {0},
};
M endpoint[] = {{"connection", "string?", NULL}, {"resource", "string?", NULL}, {0}};
M last_run[] = {
	{"id", "integer", NULL}, {"status", "RunStatus", NULL}, {"trigger", "RunTrigger", NULL},
	{"started_at", "time?", NULL}, {"completed_at", "time?", NULL}, {"duration_seconds", "number", NULL},
	{"rows_processed", "integer", NULL}, {"row_errors", "integer", NULL}, {"error_code", "string?", NULL}, {0},
};
M history[] = {{"data", "[HistoryEntry]", NULL}, {"pagination", "HistoryPages", NULL}, {0}};
M history_pages[] = {
	{"per_page", "integer", NULL}, {"runs", "integer", "that were looked at"},
	{"next_before", "integer?", "the next page's 'before'; null: that was all"}, {0},
};
M history_entry[] = {
	{"run_id", "integer", NULL}, {"status", "RunStatus", NULL}, {"trigger", "RunTrigger", NULL},
	{"preview", "boolean", NULL}, {"promote_of", "integer?", NULL}, {"promoted_by", "integer?", NULL},
	{"started_at", "time?", NULL}, {"completed_at", "time?", NULL}, {"decisions", "[Decision]", NULL},
	{"errors", "[RowError]", NULL}, {0},
};
M queued[] = {
	{"run_id", "integer", NULL}, {"status", "RunStatus", NULL},
	{"coalesced", "boolean", "it was queued already, with the same options"}, {0},
};
M cancelled[] = {
	{"run_id", "integer", NULL}, {"status", "RunStatus", "cancelled, or running: it has been told"}, {0},
};

/* ------------------------------------------------------------------------ problems */

M problem[] = {
	{"id", "integer", NULL}, {"sync", "string", NULL}, {"segment", "string", NULL}, {"key", "string?", NULL},
	{"form", "string", "the key as the store has it"}, {"status", "ProblemStatus", NULL},
	{"group", "string?", NULL}, {"code", "string?", NULL}, {"severity", "string?", "error or warning"},
	{"message", "string?", NULL}, {"field", "string?", NULL}, {"fields", "{any}", "the record's values"},
	{"candidates", "[Candidate]", "what it could be over there"}, {"request", "string?", NULL},
	{"answer", "string?", NULL}, {"first_run", "integer", NULL}, {"last_run", "integer", NULL},
	{"times", "integer", "runs that have reported it"}, {"opened_at", "time?", NULL},
	{"updated_at", "time?", NULL}, {"closed_at", "time?", NULL}, {"close_reason", "string?", NULL},
	{"resolution", "Resolution?", "what a person said"}, {"history", "[ProblemMoment]", NULL}, {0},
};
M candidate[] = {{"dest_id", "string?", NULL}, {"fields?", "{any}", NULL}, {0}};
M resolution[] = {
	{"action", "string", NULL}, {"dest_id", "string?", NULL}, {"until", "time?", NULL}, {"by", "string?", NULL},
	{"at", "time?", NULL}, {"after_run", "integer?", "runs up to this one began before it was said"},
	{"carried_out_run", "integer?", NULL}, {"carried_out_at", "time?", NULL}, {0},
};
M problem_moment[] = {
	{"at", "time?", NULL}, {"run", "integer?", NULL}, {"event", "string", NULL}, {"group", "string?", NULL},
	{"by", "string?", NULL}, {0},
};
M retention[] = {
	{"dry_run", "boolean", "true: nothing was taken away, this is what would be"}, {"at", "time?", "the moment ages count from"},
	{"kinds", "[RetentionKind]", NULL},
	{"unused_snapshots", "[UnusedSnapshot]", "of segments that are no longer configured; they stay"}, {0},
};
M retention_kind[] = {
	{"kind", "string", "runs, logs, row_errors, plans, audit or problems"}, {"items", "integer", "how many"},
	{"bytes", "integer?", "on the disk; of plans only"}, {"error", "Cause?", "what went wrong"}, {0},
};
M unused_snapshot[] = {
	{"sync", "string", NULL}, {"segment", "string", NULL}, {"bytes", "integer", "on the disk"}, {0},
};
M backup[] = {
	{"dir", "string", NULL}, {"files", "integer", NULL}, {"bytes", "integer", NULL}, {"made_at", "time?", NULL}, {0},
};
M resolved[] = {{"resolved", "integer", "how many"}, {0}};

/* ---------------------------------------------------------------------------- list */

const struct openapi_schema openapi_schemas[] = {
	{"Error", error_answer, NULL}, {"ErrorBody", error_body, NULL}, {"Issue", issue, NULL},
	{"Cause", cause, NULL}, {"Pagination", pagination, NULL},
	{"Status", status, NULL}, {"Generation", generation, NULL}, {"RunCounts", run_counts, NULL},
	{"ReloadError", reload_error, NULL}, {"Health", health, NULL}, {"HealthCheck", health_check, NULL},
	{"Reloaded", reloaded, NULL}, {"FileChange", file_change, NULL}, {"ErrorCode", error_code, NULL}, {"ReasonCode", reason_code, NULL},
	{"Doctor", doctor, NULL}, {"DoctorUser", doctor_user, NULL}, {"DoctorPath", doctor_path, NULL},
	{"DoctorDisk", doctor_disk, NULL}, {"DoctorLimits", doctor_limits, NULL},
	{"DoctorReference", doctor_reference, NULL},
	{"AuditEntry", audit_entry, NULL}, {"Connector", connector, NULL}, {"Option", option, NULL},
	{"Field", field, NULL}, {"Connection", connection, NULL}, {"Test", test, NULL},
	{"TestStep", test_step, NULL}, {"Notification", notification, NULL},
	{"NotificationTarget", notification_target, NULL}, {"NotificationTest", notification_test, NULL}, {"Sync", sync, NULL}, {"Schedule", schedule, NULL},
	{"SyncSegment", sync_segment, NULL}, {"Endpoint", endpoint, NULL}, {"LastRun", last_run, NULL},
	{"History", history, NULL}, {"HistoryPages", history_pages, NULL}, {"HistoryEntry", history_entry, NULL},
	{"Queued", queued, NULL}, {"Cancelled", cancelled, NULL}, {"Problem", problem, NULL},
	{"Candidate", candidate, NULL}, {"Resolution", resolution, NULL}, {"ProblemMoment", problem_moment, NULL},
	{"Resolved", resolved, NULL}, {"Retention", retention, NULL}, {"RetentionKind", retention_kind, NULL},
	{"UnusedSnapshot", unused_snapshot, NULL}, {"Backup", backup, NULL},
	{"BackupProgress", backup_progress, NULL},
	{"RetentionWish", openapi_retention_wish, NULL}, {"BackupWish", openapi_backup_wish, NULL},
	{"Audit", audit, NULL}, {"AuditPages", audit_pages, NULL}, {"Token", token, NULL},
	{"NewToken", new_token, NULL}, {"RevokedToken", revoked_token, NULL},
	/* bodies (openapi-tables.c) */
	{"TokenWish", openapi_token_wish, NULL},
	{"Nothing", openapi_nothing, NULL}, {"Trigger", openapi_trigger, NULL}, {"Pin", openapi_pin, NULL},
	{"Promote", openapi_promote, NULL}, {"Resolve", openapi_resolve, NULL},
	{"ResolveAll", openapi_resolve_all, NULL},
	/* runs (openapi-run.c) */
	{"Run", openapi_run, NULL}, {"RunSummary", openapi_run_summary, NULL},
	{"RunProblems", openapi_run_problems, NULL}, {"CodeCount", openapi_code_count, NULL},
	{"Segment", openapi_segment, NULL}, {"Stage", openapi_stage, NULL}, {"Counters", openapi_counters, NULL},
	{"RowError", openapi_row_error, NULL}, {"LogLine", openapi_log_line, NULL},
	{"Decision", openapi_decision, NULL}, {"DecisionField", openapi_decision_field, NULL},
	{"Outcome", openapi_outcome, NULL}, {"RawRecord", openapi_raw_record, NULL},
	/* health and trends (openapi-health.c) */
	{"SyncsHealth", openapi_syncs_health, NULL}, {"SyncHealth", openapi_sync_health, NULL},
	{"HealthParts", openapi_health_parts, NULL}, {"HealthPart", openapi_health_part, NULL},
	{"Totals", openapi_totals, NULL}, {"Total", openapi_total, NULL}, {"Day", openapi_day, NULL},
	{"TotalRuns", openapi_total_runs, NULL}, {"TotalDuration", openapi_total_duration, NULL},
	{"TotalQueued", openapi_total_queued, NULL}, {"Trends", openapi_trends, NULL},
	{"TrendDirections", openapi_trend_directions, NULL}, {"TrendDirection", openapi_trend_direction, NULL},
	{"Finding", openapi_finding, NULL},
	/* words */
	{"HealthBand", NULL, openapi_health_band}, {"TrendWay", NULL, openapi_trend_way},
	{"TrendMetric", NULL, openapi_trend_metric},
	{"RunStatus", NULL, openapi_run_status_name}, {"RunTrigger", NULL, openapi_run_trigger_name},
	{"StageName", NULL, openapi_stage_name}, {"StageStatus", NULL, openapi_stage_status_name},
	{"SegmentStatus", NULL, openapi_segment_status_name}, {"DecisionName", NULL, openapi_decision_name},
	{"NotificationStatus", NULL, openapi_notification_status}, {"MatchTier", NULL, openapi_tier_name},
	{"ProblemStatus", NULL, openapi_problem_status_name},
	{"Mode", NULL, openapi_mode_name}, {"Tier", NULL, openapi_cadence_name},
	{"SchemaKind", NULL, openapi_schema_kind}, {"ScheduleKind", NULL, openapi_schedule_kind},
	{0},
};
