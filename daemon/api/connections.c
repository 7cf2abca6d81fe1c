/* SPDX-License-Identifier: Apache-2.0 */
/* connections.c - which connections there are, and whether one works. */
#include <stdlib.h>
#include <string.h>

#include "api/call.h"

static bool uses(const struct segment_def *seg, const char *connection)
{
	for (size_t i = 0; i < seg->n_checks; i++)
		if (strcmp(seg->checks[i].source.connection, connection) == 0)
			return true;
	if (seg->n_checks)
		return false;
	for (size_t i = 0; i < seg->n_lookups; i++)
		if (!seg->lookups[i].segment && strcmp(seg->lookups[i].source.connection, connection) == 0)
			return true;
	return strcmp(seg->source.connection, connection) == 0 ||
		strcmp(seg->destination.connection, connection) == 0;
}

static bool sync_uses(const struct sync_def *sync, const char *connection)
{
	for (size_t i = 0; i < sync->n_segments; i++)
		if (uses(&sync->segments[i], connection))
			return true;
	return false;
}

static void put_connection(struct buf *b, const struct generation *g, const struct connection_def *def)
{
	jw_open(b, NULL, '{');
	jw_text(b, "name", def->name);
	jw_text(b, "family", def->family);
	jw_open(b, "used_by", '[');
	for (size_t i = 0; i < g->n_syncs; i++)
		if (sync_uses(&g->syncs[i], def->name))
			jw_text(b, NULL, g->syncs[i].name);
	jw_close(b, ']');
	jw_close(b, '}');
}

int handle_connections(struct call *c, struct ferry_error *err)
{
	const struct generation *g = supervise_generation(c->s);
	struct buf items = BUF_INIT;
	struct page page;

	if (call_page(c, &page, err) < 0)
		return -1;
	for (int64_t i = page.skip; i < (int64_t)g->n_connections && i < page.skip + page.per_page; i++)
		put_connection(&items, g, &g->connections[i]);
	reply_list(c, &items, &page, (int64_t)g->n_connections);
	buf_release(&items);
	return 0;
}

/* ------------------------------------------------------------------------ test */

/* Who waits for the end of a test. */
struct waiting {
	struct httpd_later *later;
	char *connection;
};

/* Close the step that is open, saying how it went. */
static void close_step(struct buf *b, bool *open, const char *status)
{
	if (!*open)
		return;
	jw_close(b, ']');
	jw_text(b, "status", status);
	jw_close(b, '}');
	*open = false;
}

/* From what was said one after the other to steps, each with its notes and how it went. */
static void put_steps(struct buf *b, const struct supervise_test *test)
{
	struct buf list = BUF_INIT;
	struct json_doc *doc = NULL;
	const char *status = "ok";
	bool open = false;

	jw_open(&list, NULL, '[');
	buf_add(&list, buf_str(test->items), test->items->len);
	jw_close(&list, ']');
	if (json_parse(list.s, list.len, "test", &doc, NULL) < 0)
		doc = NULL;
	jw_open(b, "steps", '[');
	for (size_t i = 0; doc && i < json_count(json_root(doc)); i++) {
		json_node *item = json_at(json_root(doc), i);
		const char *step = json_get_text(item, "step", NULL);
		const char *warning = json_get_text(item, "warning", NULL);
		if (step) {
			close_step(b, &open, status);
			jw_open(b, NULL, '{');
			jw_text(b, "name", step);
			jw_open(b, "notes", '[');
			open = true;
			status = "ok";
		} else if (open) {
			jw_text(b, NULL, warning ? warning : json_get_text(item, "found", ""));
			status = warning ? "warning" : status;
		}
	}
	close_step(b, &open, test->rc < 0 ? "failed" : status);
	jw_close(b, ']');
	json_free(doc);
	buf_release(&list);
}

static void on_tested(void *ctx, const struct supervise_test *test)
{
	struct waiting *w = ctx;
	struct httpd_reply reply = {.status = 200};
	struct buf *b = &reply.body;

	jw_open(b, NULL, '{');
	jw_text(b, "connection", w->connection);
	jw_bool(b, "ok", test->rc == 0);
	put_steps(b, test);
	if (test->rc < 0)
		error_json(test->err, "error", b);
	else
		jw_null(b, "error");
	jw_close(b, '}');
	httpd_answer(w->later, &reply);
	free(w->connection);
	free(w);
}

int handle_connection_test(struct call *c, struct ferry_error *err)
{
	struct waiting *w = ferry_alloc0(1, sizeof *w);

	w->connection = ferry_strdup(c->arg);
	if (supervise_test(c->s, c->arg, &c->actor, on_tested, w, err) < 0) {
		free(w->connection);
		free(w);
		return -1;
	}
	w->later = httpd_later(c->req);
	return 0;
}
