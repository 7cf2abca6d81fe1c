/* SPDX-License-Identifier: Apache-2.0 */
/* notifications.c - what was told to whom, and whether a target can be reached. */
#include <stdlib.h>
#include <string.h>

#include "api/call.h"
#include "store/outbox.h"

int handle_notifications(struct call *c, struct ferry_error *err)
{
	const char *name = httpd_query(c->req, "status");
	int status = name ? outbox_status_from_name(name) : -1;
	struct buf items = BUF_INIT;
	struct page page;
	int64_t total;

	if (call_page(c, &page, err) < 0)
		return -1;
	if (name && status < 0)
		return ferry_fail(err, FERRY_E_USAGE, "'status' must be pending, delivered or failed, not '%s'", name);
	int rc = outbox_list(supervise_journal(c->s), status, page.skip, page.per_page, &items, &total, err);
	if (rc == 0)
		reply_list(c, &items, &page, total);
	buf_release(&items);
	return rc;
}

/* ---------------------------------------------------------------------- targets */

static bool tells(const struct sync_def *sync, const struct target_def *target)
{
	for (size_t i = 0; i < sync->notify.n_targets; i++)
		if (sync->notify.targets[i] == target)
			return true;
	return false;
}

int handle_notification_targets(struct call *c, struct ferry_error *err)
{
	const struct generation *g = supervise_generation(c->s);
	struct buf items = BUF_INIT;
	struct page page;

	if (call_page(c, &page, err) < 0)
		return -1;
	for (int64_t i = page.skip; i < (int64_t)g->daemon.n_targets && i < page.skip + page.per_page; i++) {
		const struct target_def *target = &g->daemon.targets[i];
		jw_open(&items, NULL, '{');
		jw_text(&items, "name", target->name);
		jw_text(&items, "kind", target_kind_name(target->kind));
		jw_open(&items, "used_by", '[');
		for (size_t k = 0; k < g->n_syncs; k++)
			if (tells(&g->syncs[k], target))
				jw_text(&items, NULL, g->syncs[k].name);
		jw_close(&items, ']');
		jw_close(&items, '}');
	}
	reply_list(c, &items, &page, (int64_t)g->daemon.n_targets);
	buf_release(&items);
	return 0;
}

/* ------------------------------------------------------------------------- test */

/* Who waits for the end of a test. */
struct waiting {
	struct httpd_later *later;
	char *target, *kind;
};

static void waiting_free(struct waiting *w)
{
	free(w->target);
	free(w->kind);
	free(w);
}

static void on_tested(void *ctx, const struct supervise_test *test)
{
	struct httpd_reply reply = {.status = 200};
	struct buf *b = &reply.body;
	struct json_doc *doc = NULL;
	struct waiting *w = ctx;

	json_node *item = test->items->len && json_parse(test->items->s, test->items->len, "test", &doc, NULL) == 0
		? json_root(doc) : NULL;
	json_node *error = json_get(item, "error");
	int64_t status = json_get_int(item, "status", 0);
	jw_open(b, NULL, '{');
	jw_text(b, "target", w->target);
	jw_text(b, "kind", w->kind);
	jw_bool(b, "ok", json_get_bool(item, "ok", false));
	if (status)
		jw_int(b, "http_status", status);
	else
		jw_null(b, "http_status");
	jw_int(b, "milliseconds", json_get_int(item, "ms", 0));
	if (error) {
		size_t len;
		const char *text = json_dump(error, &len);
		jw_raw(b, "error", text, len);
	} else if (test->rc < 0) {
		error_json(test->err, "error", b);
	} else {
		jw_null(b, "error");
	}
	jw_close(b, '}');
	httpd_answer(w->later, &reply);
	json_free(doc);
	waiting_free(w);
}

int handle_notification_test(struct call *c, struct ferry_error *err)
{
	const struct target_def *target = generation_target(supervise_generation(c->s), c->arg);
	struct waiting *w = ferry_alloc0(1, sizeof *w);

	w->target = ferry_strdup(c->arg);
	w->kind = target ? ferry_strdup(target_kind_name(target->kind)) : NULL;
	if (supervise_notify_test(c->s, c->arg, &c->actor, on_tested, w, err) < 0) {
		waiting_free(w);
		return -1;
	}
	w->later = httpd_later(c->req);
	return 0;
}
