/* SPDX-License-Identifier: Apache-2.0 */
/* sse.h - reading server-sent events (text/event-stream) piece by piece. Knows no HTTP. */
#ifndef FERRY_CTL_SSE_H
#define FERRY_CTL_SSE_H

#include "base/buf.h"
#include "base/error.h"

struct sse_event {
	const char *id;			/* the last one that was said; "" none. May be all there is to an event */
	const char *type;		/* "message" when it was not said */
	const char *data;		/* "" when there was none */
};

struct sse {
	struct buf line, id, type, data;
	bool has_data, cr;
	/* Called for each event, also for one that only tells an id. -1 with *err filled ends the reading. */
	int (*fn)(void *ctx, const struct sse_event *event, struct ferry_error *err);
	void *ctx;
};

/* -1 with fn's error, or PROTOCOL for an event beyond 1 MiB. Begins zeroed but for fn and ctx. */
int sse_feed(struct sse *sse, const char *text, size_t len, struct ferry_error *err);
/* The stream has broken off: what is half read is nothing, and the id stays. */
void sse_restart(struct sse *sse);
void sse_release(struct sse *sse);

#endif
