/* SPDX-License-Identifier: Apache-2.0 */
/* problem_json.c - a problem as its document, both ways. */
#include <string.h>

#include "base/clock.h"
#include "store/problems_private.h"

static const char *const status_names[] = {"open", "ignored", "resolved", "cleared"};

const char *problem_status_name(enum problem_status s)
{
	return status_names[s];
}

int problem_status_from_name(const char *name)
{
	for (int i = 0; i < PROBLEM_STATUSES; i++)
		if (strcmp(status_names[i], name) == 0)
			return i;
	return -1;
}

void problem_release(struct problem *p)
{
	arena_release(&p->arena);
	*p = (struct problem){.arena = ARENA_INIT};
}

bool problem_closed(const struct problem *p)
{
	return p->status == PROBLEM_CLEARED ||
		(p->status == PROBLEM_RESOLVED && p->resolution.carried_out_at);
}

static const char *keep(struct problem *p, const char *s)
{
	return s ? arena_strdup(&p->arena, s) : NULL;
}

void problem_note(struct problem *p, const struct problem_moment *m)
{
	if (p->n_history == PROBLEM_HISTORY) {
		memmove(p->history, p->history + 1, sizeof p->history - sizeof p->history[0]);
		p->n_history--;
	}
	p->history[p->n_history++] = (struct problem_moment){
		m->at, m->run, keep(p, m->event), keep(p, m->group), keep(p, m->by),
	};
}

/* ------------------------------------------------------------------ writing */

static void put_number(struct buf *out, const char *key, int64_t n)
{
	if (n)
		jw_int(out, key, n);
	else
		jw_null(out, key);
}

static void put_raw(struct buf *out, const char *key, const char *json, const char *none)
{
	const char *s = json ? json : none;
	jw_raw(out, key, s, strlen(s));
}

static void put_resolution(const struct problem_resolution *r, struct buf *out)
{
	if (!r->action) {
		jw_null(out, "resolution");
		return;
	}
	jw_open(out, "resolution", '{');
	jw_text(out, "action", r->action);
	jw_text(out, "dest_id", r->dest_id);
	jw_time(out, "until", r->until);
	jw_text(out, "by", r->by);
	jw_time(out, "at", r->at);
	put_number(out, "after_run", r->after_run);
	put_number(out, "carried_out_run", r->carried_out_run);
	jw_time(out, "carried_out_at", r->carried_out_at);
	jw_close(out, '}');
}

static void put_history(const struct problem *p, struct buf *out)
{
	jw_open(out, "history", '[');
	for (size_t i = 0; i < p->n_history; i++) {
		const struct problem_moment *m = &p->history[i];
		jw_open(out, NULL, '{');
		jw_time(out, "at", m->at);
		put_number(out, "run", m->run);
		jw_text(out, "event", m->event);
		jw_text(out, "group", m->group);
		jw_text(out, "by", m->by);
		jw_close(out, '}');
	}
	jw_close(out, ']');
}

void problem_json(const struct problem *p, struct buf *out)
{
	jw_open(out, NULL, '{');
	jw_int(out, "id", p->id);
	jw_text(out, "sync", p->sync);
	jw_text(out, "segment", p->segment);
	jw_text(out, "key", p->key);
	jw_text(out, "form", p->form);
	jw_text(out, "status", problem_status_name(p->status));
	jw_text(out, "group", p->group);
	jw_text(out, "code", p->code);
	jw_text(out, "severity", p->severity);
	jw_text(out, "message", p->message);
	jw_text(out, "field", p->field);
	put_raw(out, "fields", p->fields_json, "{}");
	put_raw(out, "candidates", p->candidates_json, "[]");
	jw_text(out, "request", p->request);
	jw_text(out, "answer", p->answer);
	jw_int(out, "first_run", p->first_run);
	jw_int(out, "last_run", p->last_run);
	jw_int(out, "times", p->times);
	jw_time(out, "opened_at", p->opened_at);
	jw_time(out, "updated_at", p->updated_at);
	jw_time(out, "closed_at", p->closed_at);
	jw_text(out, "close_reason", p->close_reason);
	put_resolution(&p->resolution, out);
	put_history(p, out);
	jw_close(out, '}');
}

/* ------------------------------------------------------------------ reading */

static int64_t get_time(json_node *node, const char *name)
{
	size_t len;
	int64_t us;
	const char *s = json_text(json_get(node, name), &len);

	return s && clock_parse(s, len, &us) ? us : 0;
}

static const char *get_text(struct problem *p, json_node *node, const char *name)
{
	return keep(p, json_get_text(node, name, NULL));
}

static const char *get_raw(struct problem *p, json_node *node, const char *name)
{
	json_node *v = json_get(node, name);
	return v ? arena_strdup(&p->arena, json_dump(v, NULL)) : NULL;
}

static void read_resolution(struct problem *p, json_node *node)
{
	if (!node)
		return;
	p->resolution = (struct problem_resolution){
		.action = get_text(p, node, "action"), .dest_id = get_text(p, node, "dest_id"),
		.until = get_time(node, "until"), .by = get_text(p, node, "by"), .at = get_time(node, "at"),
		.after_run = json_get_int(node, "after_run", 0),
		.carried_out_run = json_get_int(node, "carried_out_run", 0),
		.carried_out_at = get_time(node, "carried_out_at"),
	};
}

static void read_history(struct problem *p, json_node *list)
{
	for (size_t i = 0; i < json_count(list) && i < PROBLEM_HISTORY; i++) {
		json_node *m = json_at(list, i);
		p->history[p->n_history++] = (struct problem_moment){
			get_time(m, "at"), json_get_int(m, "run", 0), get_text(p, m, "event"),
			get_text(p, m, "group"), get_text(p, m, "by"),
		};
	}
}

static void read_members(struct problem *p, json_node *root)
{
	p->id = json_get_int(root, "id", 0);
	p->sync = get_text(p, root, "sync");
	p->segment = get_text(p, root, "segment");
	p->key = get_text(p, root, "key");
	p->form = get_text(p, root, "form");
	p->group = get_text(p, root, "group");
	p->code = get_text(p, root, "code");
	p->severity = get_text(p, root, "severity");
	p->message = get_text(p, root, "message");
	p->field = get_text(p, root, "field");
	p->fields_json = get_raw(p, root, "fields");
	p->candidates_json = get_raw(p, root, "candidates");
	p->request = get_text(p, root, "request");
	p->answer = get_text(p, root, "answer");
	p->first_run = json_get_int(root, "first_run", 0);
	p->last_run = json_get_int(root, "last_run", 0);
	p->times = json_get_int(root, "times", 0);
	p->opened_at = get_time(root, "opened_at");
	p->updated_at = get_time(root, "updated_at");
	p->closed_at = get_time(root, "closed_at");
	p->close_reason = get_text(p, root, "close_reason");
	read_resolution(p, json_get(root, "resolution"));
	read_history(p, json_get(root, "history"));
}

int problem_read(const char *json, size_t len, struct problem *ret, struct ferry_error *err)
{
	struct json_doc *doc;

	if (json_parse(json, len, "problem", &doc, err) < 0)
		return -1;
	int status = problem_status_from_name(json_get_text(json_root(doc), "status", ""));
	*ret = (struct problem){.arena = ARENA_INIT};
	if (status >= 0) {
		ret->status = (enum problem_status)status;
		read_members(ret, json_root(doc));
	}
	json_free(doc);
	if (status < 0 || !ret->sync || !ret->segment || !ret->form) {
		problem_release(ret);
		return ferry_fail(err, FERRY_E_STORE_CORRUPT, "a stored problem without a status or key");
	}
	return 0;
}
