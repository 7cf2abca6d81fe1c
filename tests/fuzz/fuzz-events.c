/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz-events.c - any bytes as server-sent events: however they are cut, they say the same. */
#include <stdlib.h>
#include <string.h>

#include "ctl/sse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int note(void *ctx, const struct sse_event *event, struct ferry_error *err)
{
	struct buf *said = ctx;

	(void)err;
	FERRY_ASSERT(event->id && event->type && *event->type && event->data);
	buf_addf(said, "%s|%s|%s\n", event->id, event->type, event->data);
	return 0;
}

static void read_in_pieces(const char *text, size_t size, size_t piece, struct buf *said)
{
	struct sse sse = {.fn = note, .ctx = said};
	struct ferry_error err = {0};

	for (size_t at = 0; at < size; at += piece)
		if (sse_feed(&sse, text + at, size - at < piece ? size - at : piece, &err) < 0)
			break;
	sse_restart(&sse);
	sse_release(&sse);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole = BUF_INIT, cut = BUF_INIT;

	read_in_pieces((const char *)data, size, size ? size : 1, &whole);
	read_in_pieces((const char *)data, size, 1, &cut);
	FERRY_ASSERT(strcmp(buf_str(&whole), buf_str(&cut)) == 0);
	buf_release(&whole);
	buf_release(&cut);
	return 0;
}
