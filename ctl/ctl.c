/* SPDX-License-Identifier: Apache-2.0 */
/* ctl.c - what every command of ferryctl works with. */
#include "ctl.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "format.h"
#include "text.h"
#include "view.h"

/* A reload checks all of the configuration. */
enum { PATIENCE_MS = 60000, HURRY_MS = 1000 };

int ctl_client(struct ctl *ctl, struct client **ret, struct ferry_error *err)
{
	if (!ctl->client && client_new(ctl->socket, ctl->hurry ? HURRY_MS : PATIENCE_MS, &ctl->client, err))
		return -1;
	*ret = ctl->client;
	return 0;
}

int ctl_get(struct ctl *ctl, struct buf *path, struct answer *ret, struct ferry_error *err)
{
	struct client *client;

	if (ctl_client(ctl, &client, err) == 0)
		return client_get(client, path, ret, err);
	buf_release(path);
	return -1;
}

int ctl_post(struct ctl *ctl, struct buf *path, const char *body, struct answer *ret,
	     struct ferry_error *err)
{
	struct client *client;
	int rc = ctl_client(ctl, &client, err);

	if (rc == 0)
		rc = client_call(client, "POST", buf_str(path), body, ret, err);
	buf_release(path);
	return rc;
}

static void new_line(struct buf *out, int depth)
{
	buf_addc(out, '\n');
	screen_pad(out, 2 * depth);
}

/* JSON text that was parsed before, spread over lines; what could steer a terminal is escaped. */
static void spread(struct buf *out, const char *s, size_t len)
{
	bool quoted = false;
	uint32_t code;
	int depth = 0;

	for (size_t i = 0, n; i < len; i += n) {
		char c = s[i];
		n = text_decode(s + i, len - i, &code);
		if (quoted && c == '\\' && i + 1 < len) {
			n = 2;
			buf_add(out, s + i, 2);
		} else if (quoted && (code < 0x20 || (code >= 0x7f && code < 0xa0) ||
				      (code >= 0x200e && code <= 0x206f))) {
			buf_addf(out, "\\u%04x", (unsigned)code);
		} else if (quoted || c == '"') {
			quoted ^= c == '"';
			buf_add(out, s + i, n);
		} else if (c == '{' || c == '[') {
			buf_addc(out, c);
			size_t next = i + 1 + strspn(s + i + 1, " \t\r\n");
			if (s[next] == '}' || s[next] == ']') {
				buf_addc(out, s[next]);
				n = next + 1 - i;
			} else {
				new_line(out, ++depth);
			}
		} else if (c == '}' || c == ']') {
			new_line(out, --depth);
			buf_addc(out, c);
		} else if (c == ',') {
			buf_addc(out, c);
			new_line(out, depth);
		} else if (c == ':') {
			buf_adds(out, ": ");
		} else if (!strchr(" \t\r\n", c)) {
			buf_addc(out, c);
		}
	}
}

void ctl_json(struct ctl *ctl, const struct answer *answer)
{
	ctl_json_text(ctl, buf_str(&answer->body), answer->body.len);
}

void ctl_json_text(struct ctl *ctl, const char *json, size_t len)
{
	if (ctl->screen.terminal)
		spread(&ctl->out, json, len);
	else
		buf_add(&ctl->out, json, len);
	if (ctl->out.len && ctl->out.s[ctl->out.len - 1] != '\n')
		buf_addc(&ctl->out, '\n');
}

int ctl_flush(struct ctl *ctl, struct ferry_error *err)
{
	const char *p = buf_str(&ctl->out);
	size_t left = ctl->out.len;

	while (left) {
		ssize_t n = write(STDOUT_FILENO, p, left);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EPIPE) {
			/* end as if nobody had told libcurl to have the signal ignored */
			signal(SIGPIPE, SIG_DFL);
			raise(SIGPIPE);
		}
		if (n < 0) {
			int e = errno;
			buf_reset(&ctl->out);
			return ferry_fail_errno(err, e, "cannot write to standard output");
		}
		p += n;
		left -= (size_t)n;
	}
	buf_reset(&ctl->out);
	return 0;
}

static int newest(struct ctl *ctl, const char *sync, int64_t *ret, struct ferry_error *err)
{
	struct answer answer = ANSWER_INIT;
	struct buf path = BUF_INIT;

	if (sync) {
		buf_adds(&path, "/syncs");
		path_name(&path, sync);
	}
	buf_adds(&path, "/runs");
	path_query_int(&path, "page", 1);
	path_query_int(&path, "per_page", 1);
	int rc = ctl_get(ctl, &path, &answer, err);
	if (rc == 0) {
		*ret = json_get_int(json_at(json_get(answer.root, "data"), 0), "id", 0);
		if (*ret <= 0) {
			rc = sync ? ferry_fail(err, FERRY_E_NOT_FOUND, "sync '%s' has no run yet",
					       sync)
				  : ferry_fail(err, FERRY_E_NOT_FOUND, "there is no run yet");
			ferry_hint(err, "'ferryctl run %s' starts one", sync ? sync : "SYNC");
		}
	}
	answer_release(&answer);
	return rc;
}

int ctl_run_id(struct ctl *ctl, size_t i, int64_t *ret, struct ferry_error *err)
{
	const char *word = ctl->args.word[i];
	char *end;

	if (strcmp(word, "last") == 0)
		return newest(ctl, NULL, ret, err);
	if (strncmp(word, "last:", 5) == 0 && word[5])
		return newest(ctl, word + 5, ret, err);
	errno = 0;
	*ret = strtoll(word, &end, 10);
	if (*word >= '0' && *word <= '9' && !*end && !errno && *ret > 0)
		return 0;
	ferry_fail(err, FERRY_E_USAGE, "'%s' names no run", word);
	return ferry_hint(err,
			  "a run is a number, 'last' or 'last:SYNC'; 'ferryctl runs' lists them");
}

int ctl_run_ended(struct ctl *ctl, int64_t id, bool *ret, struct ferry_error *err)
{
	struct answer answer = ANSWER_INIT;
	struct buf path = BUF_INIT;

	buf_addf(&path, "/runs/%" PRId64, id);
	int rc = ctl_get(ctl, &path, &answer, err);
	*ret = rc == 0 && view_ended(answer.root);
	answer_release(&answer);
	return rc;
}

int ctl_number(struct ctl *ctl, size_t i, const char *what, int64_t *ret, struct ferry_error *err)
{
	const char *word = ctl->args.word[i];
	char *end;

	errno = 0;
	*ret = strtoll(word, &end, 10);
	if (*word >= '0' && *word <= '9' && !*end && !errno && *ret > 0)
		return 0;
	return ferry_fail(err, FERRY_E_USAGE, "'%s' names no %s: it is a number", word, what);
}

void ctl_filters(struct ctl *ctl, const struct ctl_filter *filters, struct buf *path)
{
	for (; filters->name; filters++)
		path_query(path, filters->name, ctl->args.value[filters->option]);
}

int ctl_page_query(struct ctl *ctl, int64_t per_page, struct buf *path, struct ferry_error *err)
{
	int64_t page;

	if (args_number(&ctl->args, OPTION_PAGE, 1, 1000000000, 1, &page, err) ||
	    args_number(&ctl->args, OPTION_LIMIT, 1, 100, per_page, &per_page, err))
		return -1;
	path_query_int(path, "page", page);
	path_query_int(path, "per_page", per_page);
	return 0;
}

void ctl_paging(struct ctl *ctl, json_node *answer)
{
	json_node *p = json_get(answer, "pagination");
	int64_t page = json_get_int(p, "page", 1), per_page = json_get_int(p, "per_page", 0);
	int64_t total = json_get_int(p, "total", 0);

	if (per_page <= 0 || total <= per_page)
		return;
	int64_t pages = (total - 1) / per_page + 1;
	struct buf text = BUF_INIT;
	buf_adds(&text, "page ");
	format_count(&text, page);
	buf_adds(&text, " of ");
	format_count(&text, pages);
	buf_adds(&text, ", ");
	format_count(&text, total);
	buf_adds(&text, " in all");
	if (page < pages)
		buf_addf(&text, "; next: --page %" PRId64, page + 1);
	say(ctl, STYLE_DIM, buf_str(&text));
	say_line(ctl);
	buf_release(&text);
}

void say(struct ctl *ctl, enum style style, const char *text)
{
	screen_add(&ctl->screen, &ctl->out, style, text);
}

void sayf(struct ctl *ctl, enum style style, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	int n = vasprintf(&text, fmt, ap);
	va_end(ap);
	FERRY_ASSERT(n >= 0);
	screen_addn(&ctl->screen, &ctl->out, style, text, (size_t)n);
	free(text);
}

void say_line(struct ctl *ctl)
{
	buf_addc(&ctl->out, '\n');
}

void say_heading(struct ctl *ctl, const char *text)
{
	say_line(ctl);
	say(ctl, STYLE_BOLD, text);
	say_line(ctl);
}

void say_error(struct ctl *ctl, json_node *error)
{
	sayf(ctl, STYLE_BAD, "  %s", json_get_text(error, "code", "?"));
	sayf(ctl, STYLE_PLAIN, ": %s", json_get_text(error, "message", ""));
	say_line(ctl);
	if (!*json_get_text(error, "hint", ""))
		return;
	say(ctl, STYLE_INFO, "  hint: ");
	say(ctl, STYLE_PLAIN, json_get_text(error, "hint", ""));
	say_line(ctl);
}

void say_command(struct ctl *ctl, const char *command, const char *why)
{
	sayf(ctl, STYLE_BOLD, "  %-24s", command);
	sayf(ctl, STYLE_DIM, "%s%s", text_width(command) > 24 ? "  " : " ", why);
	say_line(ctl);
}

void say_rest(struct ctl *ctl, enum style style, int used, const char *text)
{
	struct buf clean = BUF_INIT, cut = BUF_INIT;
	int width = ctl->screen.width;

	text_clean(&clean, text, strlen(text), ctl->screen.terminal && !ctl->screen.utf8);
	if (width)
		text_fit(&cut, buf_str(&clean), width > used ? width - used : 1, !ctl->screen.utf8);
	say(ctl, style, buf_str(width ? &cut : &clean));
	say_line(ctl);
	buf_release(&clean);
	buf_release(&cut);
}
