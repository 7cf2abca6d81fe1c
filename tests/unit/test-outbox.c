/* SPDX-License-Identifier: Apache-2.0 */
/* test-outbox.c - notifications in the journal: with what they are about, in order, and bounded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/outbox.h"
#include "wire/json.h"

struct place {
	char dir[64];
	struct journal *j;
};

static void reopen(struct place *p)
{
	struct ferry_error err = {0};

	journal_close(p->j);
	if (journal_open(p->dir, &p->j, &err) < 0)
		fail_msg("%s", err.msg);
}

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof *p);

	snprintf(p->dir, sizeof p->dir, "/tmp/ferry-outbox-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	reopen(p);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;
	char command[100];

	journal_close(p->j);
	snprintf(command, sizeof command, "rm -rf '%s'", p->dir);
	assert_int_equal(system(command), 0);
	free(p);
	return 0;
}

static void commit(struct place *p)
{
	struct ferry_error err = {0};

	if (journal_commit(p->j, &err) < 0)
		fail_msg("%s", err.msg);
}

static struct outbox_entry put(struct place *p, int64_t created, int64_t due)
{
	struct outbox_entry e = {outbox_next_id(p->j), OUTBOX_PENDING, created, due};
	char json[40];

	int n = snprintf(json, sizeof json, "{\"id\":%lld}", (long long)e.id);
	outbox_put(p->j, &e, NULL, json, (size_t)n);
	return e;
}

static void settle(struct place *p, struct outbox_entry *e, enum outbox_status status)
{
	struct outbox_entry was = *e;
	struct buf json = BUF_INIT;

	assert_int_equal(outbox_get(p->j, e->id, &was, &json, NULL), 0);
	e->status = status;
	e->due_at = 0;
	outbox_put(p->j, e, &was, json.s, json.len);
	buf_release(&json);
}

/* Ids that are due, and the next time: "1 2 next 30" */
static void due(struct place *p, int64_t now, size_t limit, const char *expected)
{
	struct outbox_entry entries[16];
	struct buf text = BUF_INIT;
	int64_t next;
	size_t n;

	assert_int_equal(outbox_due(p->j, now, limit, entries, &n, &next, NULL), 0);
	for (size_t i = 0; i < n; i++)
		buf_addf(&text, "%lld ", (long long)entries[i].id);
	buf_addf(&text, "next %lld", (long long)next);
	assert_string_equal(text.s, expected);
	buf_release(&text);
}

static void list(struct place *p, int status, int64_t skip, int64_t limit, const char *expected)
{
	struct buf items = BUF_INIT;
	char total[30];
	int64_t n;

	assert_int_equal(outbox_list(p->j, status, skip, limit, &items, &n, NULL), 0);
	snprintf(total, sizeof total, " of %lld", (long long)n);
	buf_adds(&items, total);
	assert_string_equal(items.s, expected);
	buf_release(&items);
}

static void in_order_of_their_time(void **state)
{
	struct place *p = *state;

	put(p, 1, 20);
	put(p, 2, 10);
	put(p, 3, 10);
	struct outbox_entry last = put(p, 4, 30);
	/* neither durable nor due before the commit */
	due(p, 100, 16, "next 0");
	commit(p);
	due(p, 5, 16, "next 10");
	due(p, 20, 16, "2 3 1 next 30");
	due(p, 20, 2, "2 3 next 20");
	settle(p, &last, OUTBOX_DELIVERED);
	commit(p);
	due(p, 20, 16, "2 3 1 next 0");
	reopen(p);
	due(p, 20, 16, "2 3 1 next 0");
	assert_int_equal(outbox_next_id(p->j), 5);
}

static void lists_and_statuses(void **state)
{
	struct outbox_entry e[5];
	struct place *p = *state;

	list(p, -1, 0, 10, " of 0");
	for (int i = 0; i < 5; i++)
		e[i] = put(p, i, i);
	settle(p, &e[1], OUTBOX_DELIVERED);
	settle(p, &e[3], OUTBOX_FAILED);
	commit(p);
	list(p, -1, 0, 2, "{\"id\":5},{\"id\":4} of 5");
	list(p, -1, 4, 2, "{\"id\":1} of 5");
	list(p, OUTBOX_PENDING, 1, 10, "{\"id\":3},{\"id\":1} of 3");
	list(p, OUTBOX_DELIVERED, 0, 10, "{\"id\":2} of 1");
	list(p, OUTBOX_FAILED, 0, 10, "{\"id\":4} of 1");
	for (int s = 0; s < OUTBOX_STATUSES; s++)
		assert_int_equal(outbox_status_from_name(outbox_status_name((enum outbox_status)s)), s);
	assert_int_equal(outbox_status_from_name("sent"), -1);
}

static void it_stays_bounded(void **state)
{
	struct place *p = *state;
	struct outbox_entry e[10];

	for (int i = 0; i < 10; i++)
		e[i] = put(p, i, 100 + i);
	for (int i = 0; i < 4; i++)
		settle(p, &e[i], i % 2 ? OUTBOX_FAILED : OUTBOX_DELIVERED);
	commit(p);
	/* settled ones by age, pending ones never */
	assert_int_equal(outbox_trim(p->j, 3, 100, 100, NULL), 0);
	commit(p);
	list(p, -1, 0, 1, "{\"id\":10} of 7");
	assert_int_equal(outbox_trim(p->j, 1000, 100, 100, NULL), 0);
	commit(p);
	list(p, -1, 0, 1, "{\"id\":10} of 6");
	/* a few at a time; and beyond the bound whatever it is */
	assert_int_equal(outbox_trim(p->j, 1000, 3, 2, NULL), 0);
	commit(p);
	list(p, -1, 0, 1, "{\"id\":10} of 4");
	assert_int_equal(outbox_trim(p->j, 1000, 3, 100, NULL), 0);
	commit(p);
	due(p, 1000, 16, "8 9 10 next 0");
	/* one that is gone is missed by nobody */
	struct buf json = BUF_INIT;
	struct ferry_error err = {0};
	assert_int_equal(outbox_get(p->j, 1, &e[0], &json, &err), -1);
	assert_int_equal(err.code, FERRY_E_NOT_FOUND);
	buf_release(&json);
	outbox_drop(p->j, &e[7]);
	commit(p);
	due(p, 1000, 16, "9 10 next 0");
}

static void with_its_run_or_not_at_all(void **state)
{
	struct place *p = *state;
	struct journal_run run = {1, "customers", RUN_FAILED, 1, "{}", 2};

	size_t mark = journal_pending(p->j);
	journal_put_run(p->j, &run);
	put(p, 1, 1);
	journal_rollback(p->j, mark);
	commit(p);
	due(p, 10, 16, "next 0");
	journal_put_run(p->j, &run);
	put(p, 1, 1);
	commit(p);
	reopen(p);
	due(p, 10, 16, "1 next 0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(in_order_of_their_time, setup, teardown),
		cmocka_unit_test_setup_teardown(lists_and_statuses, setup, teardown),
		cmocka_unit_test_setup_teardown(it_stays_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(with_its_run_or_not_at_all, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
