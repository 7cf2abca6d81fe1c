/* SPDX-License-Identifier: Apache-2.0 */
/* backoff.c - how long to wait before a repeat, and waiting so that a cancel is noticed. */
#include "plug/plug-private.h"

#include <sys/random.h>

#include "base/clock.h"

#define LONGEST_MS 60000
#define SLICE_MS 100

/* 75 to 125 percent, so that lanes which failed together do not come back together. */
static int64_t jitter(int64_t ms)
{
	uint32_t r = UINT32_MAX / 2;

	/* no entropy is no reason to fail: then there is no jitter */
	if (getrandom(&r, sizeof r, GRND_NONBLOCK) != (ssize_t)sizeof r)
		r = UINT32_MAX / 2;
	return ms * 3 / 4 + (int64_t)((double)ms / 2 * ((double)r / UINT32_MAX));
}

int64_t backoff_ms(const struct connection_def *connection, int attempt, int64_t retry_after_ms)
{
	int64_t ms = connection->retry_base_ms;

	for (int i = 1; i < attempt && ms < LONGEST_MS; i++)
		ms *= 4;
	ms = jitter(ms < LONGEST_MS ? ms : LONGEST_MS);
	if (ms > LONGEST_MS)
		ms = LONGEST_MS;
	return retry_after_ms > ms ? retry_after_ms : ms;
}

int watch_sleep(const struct plug_watch *watch, int64_t ms, struct ferry_error *err)
{
	int64_t end = clock_mono() + ms * 1000;

	for (;;) {
		if (watch->cancelled && watch->cancelled(watch->ctx))
			return ferry_fail(err, FERRY_E_CANCELLED, "cancelled while waiting");
		int64_t left = (end - clock_mono() + 999) / 1000;
		if (left <= 0)
			return 0;
		clock_sleep_ms(left < SLICE_MS ? left : SLICE_MS);
	}
}

int plug_backoff(const struct connection_def *connection, int attempt, int64_t retry_after_ms,
		 const struct plug_watch *watch, struct ferry_error *err)
{
	return watch_sleep(watch, backoff_ms(connection, attempt, retry_after_ms), err);
}
