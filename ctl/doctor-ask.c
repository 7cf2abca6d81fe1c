/* SPDX-License-Identifier: Apache-2.0 */
/* doctor-ask.c - facts from the daemon, for the doctor: what it says of itself, and tests of connections. */
#include "doctor.h"

#include <grp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

/* A test may wait for a server that gives no answer; the daemon makes 16 at once at most. */
enum { TEST_MS = 30000, THREADS = 8, PAGES = 100, PER_PAGE = 100 };

/* An answer that lives as long as the case; NULL when there is none. */
static json_node *ask(struct ctl *ctl, struct doctor_case *c, const char *path, struct ferry_error *err)
{
	struct answer answer = ANSWER_INIT;
	struct buf url = BUF_INIT;

	buf_adds(&url, path);
	ctl_get(ctl, &url, &answer, err);
	c->answers = ferry_realloc(c->answers, c->n_answers + 1, sizeof *c->answers);
	c->answers[c->n_answers++] = answer;
	return answer.root;
}

/* Every page of a list; *ret_n of them. In the case's arena. */
static json_node **ask_list(struct ctl *ctl, struct doctor_case *c, const char *path, size_t *ret_n)
{
	json_node *pages[PAGES];
	int64_t seen = 0, total = 1;
	struct ferry_error ignored;
	size_t n = 0;

	for (; n < PAGES && seen < total; n++) {
		char *url = arena_printf(&c->arena, "%s?page=%zu&per_page=%d", path, n + 1, PER_PAGE);
		json_node *answer = ask(ctl, c, url, &ignored);
		pages[n] = json_get(answer, "data");
		total = json_get_int(json_get(answer, "pagination"), "total", 0);
		if (!json_count(pages[n]))
			break;
		seen += (int64_t)json_count(pages[n]);
	}
	json_node **ret = arena_alloc(&c->arena, (n + 1) * sizeof *ret);
	memcpy(ret, pages, n * sizeof *ret);
	*ret_n = n;
	return ret;
}

void doctor_ask(struct ctl *ctl, struct doctor_case *c)
{
	struct doctor_facts *d = &c->facts;
	struct ferry_error ignored;

	d->status = ask(ctl, c, "/status", &d->unreachable);
	if (d->unreachable.code != FERRY_OK)
		return;
	d->doctor = ask(ctl, c, "/doctor", &ignored);
	d->healthz = ask(ctl, c, "/healthz", &ignored);
	d->connectors = json_get(ask(ctl, c, "/connectors", &ignored), "data");
	d->problems = ask(ctl, c, "/problems?status=open&per_page=1", &ignored);
	d->last_run = json_at(json_get(ask(ctl, c, "/runs?per_page=1", &ignored), "data"), 0);
	d->backups = json_get(ask(ctl, c, "/audit?action=backup&per_page=20", &ignored), "data");
	d->syncs = ask_list(ctl, c, "/syncs", &d->n_syncs);
	const char *group = json_get_text(d->doctor, "admin_group", NULL);
	d->group_known = group;
	d->group_exists = group && getgrnam(group);
}

/* -------------------------------------------------------------- tests, side by side */

struct testing {
	struct doctor_test *tests;
	size_t n;
	atomic_size_t next;
};

struct tester {
	struct testing *all;
	struct client *client;
	pthread_t thread;
};

static void *test_some(void *ctx)
{
	struct tester *t = ctx;
	size_t i;

	while ((i = atomic_fetch_add(&t->all->next, 1)) < t->all->n) {
		struct doctor_test *test = &t->all->tests[i];
		struct buf path = BUF_INIT;
		buf_adds(&path, "/connections");
		path_name(&path, test->connection);
		buf_adds(&path, "/test");
		client_call(t->client, "POST", buf_str(&path), "{}", &test->answer, &test->err);
		buf_release(&path);
	}
	return NULL;
}

static void add_tests(struct doctor_case *c, json_node *connections)
{
	struct doctor_facts *d = &c->facts;
	size_t n = json_count(connections);

	d->tests = ferry_realloc(d->tests, d->n_tests + n + 1, sizeof *d->tests);
	for (size_t i = 0; i < n; i++)
		d->tests[d->n_tests++] = (struct doctor_test){
			json_get_text(json_at(connections, i), "name", ""), ANSWER_INIT, {0}};
}

void doctor_test_connections(struct ctl *ctl, struct doctor_case *c)
{
	struct doctor_facts *d = &c->facts;
	struct tester testers[THREADS];
	size_t n_pages, n = 0;

	if (d->unreachable.code != FERRY_OK)
		return;
	json_node **pages = ask_list(ctl, c, "/connections", &n_pages);
	for (size_t i = 0; i < n_pages; i++)
		add_tests(c, pages[i]);
	struct testing all = {.tests = d->tests, .n = d->n_tests};
	for (; n < THREADS && n < all.n; n++) {
		struct ferry_error ignored;
		testers[n] = (struct tester){.all = &all};
		if (client_new(ctl->socket, TEST_MS, &testers[n].client, &ignored))
			break;
		if (pthread_create(&testers[n].thread, NULL, test_some, &testers[n])) {
			client_free(testers[n].client);
			break;
		}
	}
	for (size_t i = 0; i < n; i++) {
		pthread_join(testers[i].thread, NULL);
		client_free(testers[i].client);
	}
}

void doctor_case_release(struct doctor_case *c)
{
	for (size_t i = 0; i < c->facts.n_tests; i++)
		answer_release(&c->facts.tests[i].answer);
	free(c->facts.tests);
	for (size_t i = 0; i < c->n_answers; i++)
		answer_release(&c->answers[i]);
	free(c->answers);
	buf_release(&c->facts.check_text);
	arena_release(&c->arena);
}
