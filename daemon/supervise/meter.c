/* SPDX-License-Identifier: Apache-2.0 */
/* meter.c - counting runs as they end. */
#include "supervise/meter.h"

#include <string.h>

#include "supervise/run_doc.h"

const int64_t meter_bounds_ms[METER_BUCKETS] = {1000, 10000, 60000, 300000, 1800000, 7200000};

/* The largest that a stage has told. */
static int64_t memory_peak(const struct run_doc *run)
{
	int64_t peak = 0;

	for (size_t i = 0; i < run->n_segments; i++)
		for (int k = 0; k < STAGES; k++) {
			const char *text = run->segments[i].stages[k].metrics_json;
			struct json_doc *doc;
			if (!text || !strstr(text, "memory_peak_mb") ||
			    json_parse(text, strlen(text), "metrics", &doc, NULL) < 0)
				continue;
			int64_t mb = json_get_int(json_root(doc), "memory_peak_mb", 0);
			peak = mb > peak ? mb : peak;
			json_free(doc);
		}
	return peak * 1024 * 1024;
}

static void count_duration(struct meter *m, int64_t ms)
{
	m->started++;
	m->ms += ms;
	for (int i = 0; i < METER_BUCKETS; i++)
		if (ms <= meter_bounds_ms[i]) {
			m->buckets[i]++;
			return;
		}
}

void meter_run(struct meter **meter, const struct run_doc *run)
{
	struct counters sum;

	if (!*meter)
		*meter = ferry_alloc0(1, sizeof **meter);
	struct meter *m = *meter;
	m->runs[run->status]++;
	if (!run->started_at)
		return;
	count_duration(m, run_doc_ms(run, run->completed_at));
	m->memory_peak = memory_peak(run);
	if (run->preview || run->extract_only)
		return;
	run_doc_sum(run, &sum);
	counters_add(&m->rows, &sum);
}
