/* SPDX-License-Identifier: Apache-2.0 */
/* openapi_private.h - tables that stand in several files, for the one list of them. */
#ifndef FERRY_API_OPENAPI_PRIVATE_H
#define FERRY_API_OPENAPI_PRIVATE_H

#include "api/openapi.h"

/* openapi-tables.c */
extern const struct openapi_member openapi_nothing[], openapi_trigger[], openapi_pin[], openapi_promote[],
	openapi_resolve[], openapi_resolve_all[], openapi_token_wish[], openapi_retention_wish[],
	openapi_backup_wish[];
const char *openapi_run_status_name(int i);
const char *openapi_run_trigger_name(int i);
const char *openapi_stage_name(int i);
const char *openapi_stage_status_name(int i);
const char *openapi_segment_status_name(int i);
const char *openapi_decision_name(int i);
const char *openapi_tier_name(int i);
const char *openapi_problem_status_name(int i);
const char *openapi_notification_status(int i);
const char *openapi_mode_name(int i);
const char *openapi_cadence_name(int i);
const char *openapi_schedule_kind(int i);
const char *openapi_schema_kind(int i);

/* openapi-run.c */
extern const struct openapi_member openapi_run[], openapi_run_summary[], openapi_run_problems[],
	openapi_code_count[], openapi_segment[], openapi_stage[], openapi_counters[], openapi_row_error[],
	openapi_log_line[], openapi_decision[], openapi_decision_field[], openapi_outcome[], openapi_raw_record[];

/* openapi-health.c */
extern const struct openapi_member openapi_syncs_health[], openapi_sync_health[], openapi_health_parts[],
	openapi_health_part[], openapi_totals[], openapi_total[], openapi_day[], openapi_total_runs[],
	openapi_total_duration[], openapi_total_queued[], openapi_trends[], openapi_trend_directions[],
	openapi_trend_direction[], openapi_finding[];
const char *openapi_health_band(int i);
const char *openapi_trend_way(int i);
const char *openapi_trend_metric(int i);

#endif
