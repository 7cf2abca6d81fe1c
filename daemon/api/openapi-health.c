/* SPDX-License-Identifier: Apache-2.0 */
/* openapi-health.c - what answers about health and trends are made of. */
#include "api/openapi_private.h"
#include "model/health.h"
#include "model/trends.h"

#define M const struct openapi_member

const char *openapi_health_band(int i)
{
	return i < HEALTH_BANDS ? health_band_name((enum health_band)i) : NULL;
}

const char *openapi_trend_way(int i)
{
	return i <= TREND_FALLING ? trend_way_name((enum trend_way)i) : NULL;
}

const char *openapi_trend_metric(int i)
{
	return i < TREND_METRICS ? trend_metric_name((enum trend_metric)i) : NULL;
}

M openapi_syncs_health[] = {
	{"data", "[SyncHealth]", NULL}, {"pagination", "Pagination", NULL}, {"totals", "Totals", "of all syncs together"},
	{"counting_older_runs", "boolean", "runs from before an upgrade are not all in yet"}, {0},
};
M openapi_sync_health[] = {
	{"sync_id", "string", NULL}, {"score", "integer?", "0 to 100; null: no run has ended yet"},
	{"band", "HealthBand", NULL}, {"why", "string", "what has cost most"}, {"paused", "boolean", NULL},
	{"parts", "HealthParts", NULL}, {0},
};
M openapi_health_parts[] = {
	{"success", "HealthPart", "runs that complete"}, {"error_trend", "HealthPart", "rows that fail"},
	{"latency", "HealthPart", "how long runs take"}, {"freshness", "HealthPart", "how long ago the last one completed"},
	{0},
};
M openapi_health_part[] = {
	{"points", "integer", NULL}, {"of", "integer", "points at most"}, {"why", "string", NULL}, {0},
};

M openapi_totals[] = {
	{"24h", "Total", "the hour under way and the 24 before it"}, {"7d", "Total", "today and the six days before"},
	{"30d", "Total", NULL}, {0},
};
#define ROLLUP \
	{"runs", "TotalRuns", NULL}, {"success_rate", "number?", "of runs that completed or failed"}, \
	{"rows_processed", "integer", NULL}, {"rows_created", "integer", NULL}, {"rows_updated", "integer", NULL}, \
	{"rows_deleted", "integer", NULL}, {"rows_disabled", "integer", NULL}, {"rows_failed", "integer", NULL}, \
	{"rows_skipped", "integer", NULL}, {"rows_unchanged", "integer", NULL}, {"error_rate", "number?", "of rows"}, \
	{"duration_seconds", "TotalDuration", "of runs that completed"}, {"queued_seconds", "TotalQueued", NULL}, \
	{"problems_opened", "integer", NULL}, {0}
M openapi_total[] = {{"since", "time", NULL}, ROLLUP};
M openapi_day[] = {{"day", "string", "a date, by UTC"}, ROLLUP};
M openapi_total_runs[] = {
	{"total", "integer", "without those that write nothing"}, {"completed", "integer", "without any row error"},
	{"completed_with_errors", "integer", NULL}, {"failed", "integer", NULL}, {"cancelled", "integer", NULL},
	{"previews", "integer", NULL}, {"extract_only", "integer", NULL}, {0},
};
M openapi_total_duration[] = {
	{"mean", "number?", NULL}, {"least", "number?", NULL}, {"most", "number?", NULL}, {0},
};
M openapi_total_queued[] = {{"mean", "number?", NULL}, {"most", "number?", NULL}, {0}};

M openapi_trends[] = {
	{"sync_id", "string", NULL}, {"days", "[Day]", "the oldest first; the last one is today"}, {"totals", "Totals", NULL},
	{"counting_older_runs", "boolean", NULL}, {"trends", "TrendDirections", NULL},
	{"findings", "[Finding]", "days that stand out, the newest first"}, {0},
};
M openapi_trend_directions[] = {
	{"rows", "TrendDirection", "per run"}, {"error_rate", "TrendDirection", "of rows"},
	{"duration", "TrendDirection", "seconds"}, {0},
};
M openapi_trend_direction[] = {
	{"direction", "TrendWay", NULL}, {"recent", "number?", "median of the last week's days"},
	{"before", "number?", "median of the four weeks before"}, {0},
};
M openapi_finding[] = {
	{"metric", "TrendMetric", NULL}, {"kind", "string", "spike or drop"}, {"day", "string", "a date, by UTC"},
	{"value", "number", NULL}, {"usual", "number", NULL}, {"message", "string", NULL}, {0},
};
