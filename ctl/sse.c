/* SPDX-License-Identifier: Apache-2.0 */
/* sse.c - server-sent events, as the HTML standard has them. */
#include "sse.h"

#include <string.h>

enum { EVENT_MAX = 1 << 20 };

static int dispatch(struct sse *s, struct ferry_error *err)
{
	struct sse_event event = {
		.id = buf_str(&s->id), .type = s->type.len ? s->type.s : "message", .data = buf_str(&s->data),
	};

	int rc = s->fn(s->ctx, &event, err);
	buf_reset(&s->type);
	buf_reset(&s->data);
	s->has_data = false;
	return rc;
}

static void set(struct buf *to, const char *value)
{
	buf_reset(to);
	buf_adds(to, value);
}

static int take_line(struct sse *s, struct ferry_error *err)
{
	char *line = s->line.s, *value = strchr(line, ':');

	if (!*line)
		return dispatch(s, err);
	if (value == line)
		return 0;		/* a comment */
	if (value) {
		*value++ = '\0';
		value += *value == ' ';
	}
	const char *text = value ? value : "";
	if (strcmp(line, "id") == 0) {
		set(&s->id, text);
	} else if (strcmp(line, "event") == 0) {
		set(&s->type, text);
	} else if (strcmp(line, "data") == 0) {
		if (s->has_data)
			buf_addc(&s->data, '\n');
		buf_adds(&s->data, text);
		s->has_data = true;
	}
	return 0;
}

int sse_feed(struct sse *s, const char *text, size_t len, struct ferry_error *err)
{
	for (const char *p = text; p < text + len; p++) {
		bool second = s->cr && *p == '\n';
		s->cr = *p == '\r';
		if (second)
			continue;	/* of a CR LF */
		if (*p != '\n' && *p != '\r') {
			buf_addc(&s->line, *p);
			if (s->line.len + s->data.len > EVENT_MAX)
				return ferry_fail(err, FERRY_E_PROTOCOL, "an event of more than 1 MiB");
			continue;
		}
		buf_addc(&s->line, '\0');
		int rc = take_line(s, err);
		buf_reset(&s->line);
		if (rc < 0)
			return -1;
	}
	return 0;
}

void sse_restart(struct sse *s)
{
	buf_reset(&s->line);
	buf_reset(&s->type);
	buf_reset(&s->data);
	s->has_data = s->cr = false;
}

void sse_release(struct sse *s)
{
	buf_release(&s->line);
	buf_release(&s->id);
	buf_release(&s->type);
	buf_release(&s->data);
}
