/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reload.c - a new generation: read, built, checked by a worker, and only then taken. And the other
 * question to a short-lived worker: what connectors there are.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "supervise/supervisor.h"

static void on_checked(void *ctx, struct probe_result *result);

static void waiter_add(struct waiter **list, const struct waiter *w)
{
	while (*list)
		list = &(*list)->next;
	*list = ferry_alloc(sizeof **list);
	**list = *w;
	(*list)->next = NULL;
}

/* Read the folder and build; NULL with mistakes. */
static struct generation *build(const char *dir, struct conf_mistakes *mistakes)
{
	struct arena arena = ARENA_INIT;
	struct conf_file *files = NULL;
	size_t n = 0;

	conf_read_dir(&arena, dir, &files, &n, mistakes);
	struct generation *g = mistakes->n ? NULL : conf_load(files, n, mistakes);
	arena_release(&arena);
	return g;
}

static void take(struct supervisor *s, struct generation *g)
{
	struct generation *old = s->gen;

	s->gen = g;
	s->generation++;
	s->loaded_at = clock_now();
	conf_fingerprint(g, s->fingerprint);
	syncs_adopt(s);
	conf_free(old);
	queue_dispatch_soon(s);
	supervise_tell_status(s);
}

int supervise_load(struct supervisor *s, struct conf_mistakes *mistakes)
{
	struct generation *g = build(s->paths.config_dir, mistakes);

	if (!g) {
		conf_mistakes_sort(mistakes);
		return -1;
	}
	take(s, g);
	return 0;
}

/* -------------------------------------------------------------------- reload */

static void audit_reload(struct supervisor *s, const struct waiter *w,
			 const struct supervise_reload *r)
{
	struct supervise_actor actor = {w->uid, w->who};
	char result[64];

	if (r->rc < 0) {
		supervise_audit_refused(s, &actor, "reload", s->paths.config_dir, r->err);
		return;
	}
	snprintf(result, sizeof result, "generation %lld", (long long)r->generation);
	audit_add(s, &actor, "reload", s->paths.config_dir, result);
	group_commit(s);		/* a full disk is no reason to refuse: it is noted when there is room */
}

static void answer_reload(struct supervisor *s, const struct supervise_reload *r)
{
	struct waiter *list = s->reload_now;

	s->reload_now = NULL;
	while (list) {
		struct waiter *w = list;
		list = w->next;
		if (w->who)
			audit_reload(s, w, r);
		if (w->reload)
			w->reload(w->ctx, r);
		free(w->who);
		free(w);
	}
}

/* "2 mistakes, the first is file:3:5: ..." */
static void summarize(const struct conf_mistakes *m, struct ferry_error *err)
{
	const struct conf_mistake *first = &m->items[0];

	ferry_fail(err, FERRY_E_CONFIG, "%zu mistake%s in the configuration, the first: %s:%d:%d: %s", m->n,
		   m->n == 1 ? "" : "s", first->mark.file, first->mark.line, first->mark.column, first->text);
	ferry_hint(err, "The configuration before stays in force. 'ferryd --check' shows all mistakes.");
}

void supervise_follow(struct supervisor *s, supervise_follow_fn *fn, void *ctx)
{
	s->follow = fn;
	s->follow_ctx = ctx;
}

static void log_taken(const struct supervisor *s, const struct conf_change *changes, size_t n)
{
	enum { SHOWN_AT_MOST = 20 };
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < n && i < SHOWN_AT_MOST; i++)
		buf_addf(&text, "%s %s %s", i ? "," : ";", conf_change_name(changes[i].kind), changes[i].path);
	if (n > SHOWN_AT_MOST)
		buf_addf(&text, " and %zu more", n - SHOWN_AT_MOST);
	log_info("configuration reloaded: generation %lld, %zu sync%s%s", (long long)s->generation,
		 s->gen->n_syncs, s->gen->n_syncs == 1 ? "" : "s", n ? buf_str(&text) : "; no file has changed");
	buf_release(&text);
}

static void conclude(struct supervisor *s, struct generation *g,
		     struct conf_mistakes *mistakes, const struct ferry_error *why)
{
	struct ferry_error err = why ? *why : (struct ferry_error){0};

	/* last, since it acts on it */
	if (!mistakes->n && err.code == FERRY_OK && s->follow)
		s->follow(s->follow_ctx, g, mistakes);
	if (mistakes->n)
		summarize(mistakes, &err);
	free(s->reload_error);
	s->reload_error = NULL;
	struct arena arena = ARENA_INIT;
	struct conf_change *changes = NULL;
	size_t n = 0;
	if (err.code == FERRY_OK) {
		n = conf_changes(s->gen, g, &arena, &changes);
		/* the old generation's texts go with it */
		for (size_t i = 0; i < n; i++)
			changes[i].path = arena_strdup(&arena, changes[i].path);
		take(s, g);
		log_taken(s, changes, n);
	} else {
		conf_free(g);
		s->reload_error = ferry_strdup(err.msg);
		s->reload_error_at = clock_now();
		log_about(&(struct log_about){.event = LOG_RELOAD_REFUSED, .code = ferry_code_info(err.code)->name},
			  FERRY_LOG_ERROR, "reload refused: %s (%s)", err.msg, ferry_error_hint(&err));
	}
	struct supervise_reload r = {
		.rc = err.code == FERRY_OK ? 0 : -1, .err = &err, .mistakes = mistakes,
		.generation = s->generation, .syncs = s->gen->n_syncs, .changes = changes, .n_changes = n,
	};
	loop_notify("READY=1");
	watch_tell(s, &(struct supervise_event){.news = NEWS_RELOAD, .reload = &r});
	supervise_tell_status(s);
	answer_reload(s, &r);
	arena_release(&arena);
}

static void begin(struct supervisor *s)
{
	struct conf_mistakes mistakes = CONF_MISTAKES_INIT;
	struct ferry_error err = {0};

	loop_notify("RELOADING=1");
	struct generation *g = build(s->paths.config_dir, &mistakes);
	if (!g) {
		conf_mistakes_sort(&mistakes);
		conclude(s, NULL, &mistakes, NULL);
	} else if (probe_start(s->loop, "check", NULL, &s->paths, g, on_checked, s, &s->check,
			       &err) < 0) {
		conclude(s, g, &mistakes, &err);
	} else {
		s->next = g;
	}
	conf_mistakes_release(&mistakes);
}

static void on_checked(void *ctx, struct probe_result *result)
{
	struct supervisor *s = ctx;
	struct generation *g = s->next;

	s->check = NULL;
	s->next = NULL;
	conclude(s, g, &result->mistakes, result->rc < 0 ? &result->err : NULL);
	/* those who asked meanwhile may have written after the files were read */
	s->reload_now = s->reload_then;
	s->reload_then = NULL;
	if (s->reload_now)
		begin(s);
}

void supervise_reload(struct supervisor *s, const struct supervise_actor *actor,
		      supervise_reload_fn *fn, void *ctx)
{
	struct waiter w = {.reload = fn, .ctx = ctx, .uid = actor ? actor->uid : 0,
			   .who = actor ? ferry_strdup(actor->name) : NULL};

	waiter_add(s->check ? &s->reload_then : &s->reload_now, &w);
	if (!s->check)
		begin(s);
}

/* ---------------------------------------------------------------- connectors */

static void answer_connectors(struct supervisor *s, int rc, const struct buf *json,
			      const struct ferry_error *err)
{
	struct waiter *list = s->connectors_wait;

	s->connectors_wait = NULL;
	while (list) {
		struct waiter *w = list;
		list = w->next;
		w->connectors(w->ctx, rc, json, err);
		free(w);
	}
}

static void on_connectors(void *ctx, struct probe_result *result)
{
	struct supervisor *s = ctx;

	s->connectors = NULL;
	answer_connectors(s, result->rc, &result->items, &result->err);
}

void supervise_connectors(struct supervisor *s, supervise_connectors_fn *fn, void *ctx)
{
	struct waiter w = {.connectors = fn, .ctx = ctx};
	struct ferry_error err = {0};

	waiter_add(&s->connectors_wait, &w);
	if (!s->connectors &&
	    probe_start(s->loop, "connectors", NULL, &s->paths, s->gen, on_connectors, s, &s->connectors,
			&err) < 0)
		answer_connectors(s, -1, NULL, &err);
}

void reload_release(struct supervisor *s)
{
	struct ferry_error err = {0};
	struct conf_mistakes none = CONF_MISTAKES_INIT;

	ferry_fail(&err, FERRY_E_UNAVAILABLE, "the daemon is stopping");
	struct supervise_reload r = {.rc = -1, .err = &err, .mistakes = &none,
		.generation = s->generation};
	probe_free(s->check);
	probe_free(s->connectors);
	s->check = s->connectors = NULL;
	conf_free(s->next);
	s->next = NULL;
	answer_reload(s, &r);
	s->reload_now = s->reload_then;
	s->reload_then = NULL;
	answer_reload(s, &r);
	answer_connectors(s, -1, NULL, &err);
	trials_release(s);
	free(s->reload_error);
	s->reload_error = NULL;
}
