/* SPDX-License-Identifier: Apache-2.0 */
/* system.c - the daemon itself: status, reload, connectors, codes, audit. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/call.h"
#include "base/clock.h"
#include "model/decision.h"

/* -------------------------------------------------------------------- status */

/* One that is under way. */
static void put_backup(struct buf *b, struct call *c)
{
	int64_t done, total;
	const char *dir;

	if (!supervise_backup_progress(c->s, &dir, &done, &total)) {
		jw_null(b, "backup");
		return;
	}
	jw_open(b, "backup", '{');
	jw_text(b, "dir", dir);
	jw_int(b, "bytes", done);
	jw_int(b, "bytes_at_most", total);
	jw_close(b, '}');
}

int handle_status(struct call *c, struct ferry_error *err)
{
	const struct supervise_paths *paths = supervise_paths(c->s);
	struct buf *b = &c->reply->body;
	struct supervise_status st;

	(void)err;
	supervise_status(c->s, &st);
	jw_open(b, NULL, '{');
	jw_text(b, "version", c->api->version);
	jw_int(b, "pid", getpid());
	jw_time(b, "started_at", st.started_at);
	jw_int(b, "uptime_seconds", (clock_now() - st.started_at) / 1000000);
	jw_text(b, "state_dir", paths->state_dir);
	jw_text(b, "config_dir", paths->config_dir);
	jw_text(b, "plugin_dir", paths->plugin_dir);
	jw_open(b, "generation", '{');
	jw_int(b, "number", st.generation);
	jw_time(b, "loaded_at", st.loaded_at);
	jw_text(b, "fingerprint", st.fingerprint);
	jw_close(b, '}');
	jw_int(b, "syncs", (int64_t)st.syncs);
	jw_open(b, "runs", '{');
	jw_int(b, "running", (int64_t)st.running);
	jw_int(b, "queued", (int64_t)st.queued);
	jw_int(b, "hung", (int64_t)st.hung);
	jw_close(b, '}');
	jw_bool(b, "stopping", st.stopping);
	if (st.reload_error) {
		jw_open(b, "reload_error", '{');
		jw_text(b, "message", st.reload_error);
		jw_time(b, "at", st.reload_error_at);
		jw_close(b, '}');
	} else {
		jw_null(b, "reload_error");
	}
	if (st.journal_error)
		error_json(st.journal_error, "journal_error", b);
	else
		jw_null(b, "journal_error");
	put_backup(b, c);
	jw_close(b, '}');
	return 0;
}

/* -------------------------------------------------------------------- reload */

static void on_reloaded(void *ctx, const struct supervise_reload *r)
{
	struct httpd_reply reply = {.status = 200};

	if (r->rc < 0) {
		reply_error(&reply, ferry_code_info(r->err->code)->http, r->err, r->mistakes);
	} else {
		jw_open(&reply.body, NULL, '{');
		jw_int(&reply.body, "generation", r->generation);
		jw_int(&reply.body, "syncs", (int64_t)r->syncs);
		jw_open(&reply.body, "changes", '[');
		for (size_t i = 0; i < r->n_changes; i++) {
			jw_open(&reply.body, NULL, '{');
			jw_text(&reply.body, "file", r->changes[i].path);
			jw_text(&reply.body, "change", conf_change_name(r->changes[i].kind));
			jw_close(&reply.body, '}');
		}
		jw_close(&reply.body, ']');
		jw_close(&reply.body, '}');
	}
	httpd_answer(ctx, &reply);
}

int handle_reload(struct call *c, struct ferry_error *err)
{
	(void)err;
	supervise_reload(c->s, &c->actor, on_reloaded, httpd_later(c->req));
	return 0;
}

/* ---------------------------------------------------------------- connectors */

/* Who waits for one connector, or (name NULL) for all. */
struct asked {
	struct httpd_later *later;
	char *name;
};

/* The one object with that name; -1 when there is none. */
static int find_connector(const struct buf *json, const char *name, struct buf *out)
{
	struct buf list = BUF_INIT;
	struct json_doc *doc = NULL;
	size_t len;
	int rc = -1;

	jw_open(&list, NULL, '[');
	buf_add(&list, buf_str(json), json->len);
	jw_close(&list, ']');
	if (json_parse(list.s, list.len, "connectors", &doc, NULL) < 0)
		doc = NULL;
	for (size_t i = 0; doc && rc < 0 && i < json_count(json_root(doc)); i++) {
		json_node *node = json_at(json_root(doc), i);
		if (strcmp(json_get_text(node, "name", ""), name) != 0)
			continue;
		const char *s = json_dump(node, &len);
		buf_add(out, s, len);
		rc = 0;
	}
	json_free(doc);
	buf_release(&list);
	return rc;
}

static void on_connectors(void *ctx, int rc, const struct buf *json, const struct ferry_error *why)
{
	struct asked *asked = ctx;
	struct httpd_reply reply = {.status = 200};
	struct ferry_error err = rc < 0 ? *why : (struct ferry_error){0};

	if (rc == 0 && !asked->name) {
		jw_open(&reply.body, NULL, '{');
		jw_open(&reply.body, "data", '[');
		buf_add(&reply.body, buf_str(json), json->len);
		jw_close(&reply.body, ']');
		jw_close(&reply.body, '}');
	} else if (rc == 0) {
		rc = find_connector(json, asked->name, &reply.body);
		if (rc < 0)
			ferry_fail(&err, FERRY_E_NOT_FOUND, "there is no connector '%s'",
				   asked->name);
	}
	if (rc < 0)
		reply_error(&reply, ferry_code_info(err.code)->http, &err, NULL);
	httpd_answer(asked->later, &reply);
	free(asked->name);
	free(asked);
}

static int ask_connectors(struct call *c, const char *name)
{
	struct asked *asked = ferry_alloc0(1, sizeof *asked);

	asked->later = httpd_later(c->req);
	asked->name = name ? ferry_strdup(name) : NULL;
	supervise_connectors(c->s, on_connectors, asked);
	return 0;
}

int handle_connectors(struct call *c, struct ferry_error *err)
{
	(void)err;
	return ask_connectors(c, NULL);
}

int handle_connector(struct call *c, struct ferry_error *err)
{
	(void)err;
	return ask_connectors(c, c->arg);
}

/* ---------------------------------------------------------------------- codes */

int handle_error_code(struct call *c, struct ferry_error *err)
{
	struct buf *b = &c->reply->body;
	int code = ferry_code_from_name(c->arg);

	if (code < 0)
		return ferry_fail(err, FERRY_E_NOT_FOUND, "there is no error code '%s'", c->arg);
	const struct ferry_code_info *info = ferry_code_info(code);
	jw_open(b, NULL, '{');
	jw_text(b, "code", info->name);
	jw_text(b, "cause", info->cause);
	jw_text(b, "hint", info->hint);
	jw_bool(b, "transient", info->transient);
	jw_int(b, "http_status", info->http);
	jw_int(b, "exit_status", info->exit);
	jw_close(b, '}');
	return 0;
}

int handle_reason_code(struct call *c, struct ferry_error *err)
{
	struct buf *b = &c->reply->body;
	const struct reason_info *info = reason_find(c->arg);

	if (!info)
		return ferry_fail(err, FERRY_E_NOT_FOUND, "there is no reason code '%s'", c->arg);
	jw_open(b, NULL, '{');
	jw_text(b, "code", info->code);
	jw_text(b, "text", info->text);
	jw_close(b, '}');
	return 0;
}
