/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz-schedule.c - any bytes as a time zone's file, else as a cron pattern in UTC. */
#include <stdlib.h>
#include <string.h>

#include "model/cron.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_zone(const struct zone *z)
{
	static const int64_t moments[] = {INT64_C(-4000000000), -1, 0, 951868800, 1774746000, 4102444800};

	for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++) {
		int64_t t = moments[i];
		for (int step = 0; step < 100; step++) {
			struct zone_span span = zone_span(z, t);
			FERRY_ASSERT(span.begin <= t && t < span.end);
			if (span.end == INT64_MAX)
				break;
			t = span.end;
		}
	}
}

static void check_cron(const struct cron *c)
{
	int64_t t = 1774746000, gap = cron_longest_gap(c);

	for (int step = 0; step < 50; step++) {
		int64_t next = cron_next(c, NULL, t);
		FERRY_ASSERT(next > t && next % 60 == 0);
		FERRY_ASSERT(step == 0 || next - t <= gap);
		FERRY_ASSERT(cron_next(c, NULL, next - 1) == next);
		t = next;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = ARENA_INIT;
	struct ferry_error err = {0};
	const struct zone *z;
	struct cron c;

	if (zone_parse(&arena, data, size, &z, &err) == 0)
		check_zone(z);
	arena_release(&arena);
	char *text = ferry_strndup((const char *)data, size);
	err = (struct ferry_error){0};
	if (cron_parse(text, &c, &err) == 0)
		check_cron(&c);
	else
		FERRY_ASSERT(err.code == FERRY_E_CONFIG && err.msg[0]);
	free(text);
	return 0;
}
