/* SPDX-License-Identifier: Apache-2.0 */
/* test-doctor.c - ferryctl doctor: facts in, findings out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "doctor.h"

#define GOOD_PATH "\"exists\":true,\"uid\":7,\"mode\":\"0700\",\"readable\":true,\"writable\":true}"

static const char good_doctor[] =
	"{\"version\":\"1.0\",\"lmdb\":\"LMDB 0.9.24\",\"user\":{\"uid\":7,\"name\":\"ferry\"},\"role\":\"admin\","
	"\"admin_group\":\"ferry-admin\",\"state\":{\"path\":\"/state\"," GOOD_PATH ","
	"\"disk\":{\"free_bytes\":9000000000,\"total_bytes\":10000000000,\"free_files\":9999,\"journal_bytes\":4096},"
	"\"limits\":{\"open_files\":1024,\"address_space\":null},\"references\":[]}";
static const char good_status[] =
	"{\"pid\":1,\"generation\":{\"number\":3},\"runs\":{\"running\":1,\"hung\":0},\"reload_error\":null}";

struct fixture {
	struct doctor_facts d;
	struct findings f;
	struct json_doc *docs[16];
	size_t n;
};

static json_node *node(struct fixture *x, const char *text)
{
	struct ferry_error err = {0};

	assert_true(x->n < 16);
	assert_int_equal(json_parse(text, strlen(text), "fact", &x->docs[x->n], &err), 0);
	return json_root(x->docs[x->n++]);
}

/* All is well. */
static void fixture_init(struct fixture *x)
{
	*x = (struct fixture){.d = {.version = "1.0", .socket = "/s", .clock_known = true, .clock_synchronised = true,
		.group_known = true, .group_exists = true, .check_text = BUF_INIT, .checked = true}};
	clock_parse("2026-03-01T12:00:00Z", 20, &x->d.now);
	x->d.doctor = node(x, good_doctor);
	x->d.status = node(x, good_status);
	x->d.connectors = node(x, "[{\"name\":\"sqlite\"}]");
	x->d.problems = node(x, "{\"pagination\":{\"total\":0}}");
	buf_adds(&x->d.check_text, "configuration is good\n");
}

static void fixture_release(struct fixture *x)
{
	findings_release(&x->f);
	for (size_t i = 0; i < x->n; i++)
		json_free(x->docs[i]);
	buf_release(&x->d.check_text);
}

/* The only finding of a level among those of a check; the others are fine. */
static void assert_found(struct fixture *x, const char *check, enum finding_level level, const char *what,
			 const char *todo)
{
	const struct finding *found = NULL;

	doctor_judge(&x->d, &x->f);
	for (size_t i = 0; i < x->f.n; i++) {
		const struct finding *g = &x->f.items[i];
		assert_true(*g->what);
		/* whoever is told of something bad is told what to do */
		assert_true(g->level == FINDING_OK || *g->todo);
		if (g->level == FINDING_OK)
			continue;
		if (found)
			fail_msg("besides '%s' there is '%s'", found->what, g->what);
		found = g;
	}
	assert_non_null(found);
	assert_string_equal(found->check, check);
	assert_int_equal(found->level, level);
	if (!strstr(found->what, what))
		fail_msg("'%s' has no '%s'", found->what, what);
	if (!strstr(found->todo, todo))
		fail_msg("'%s' has no '%s'", found->todo, todo);
	assert_int_equal(findings_worst(&x->f), level);
	fixture_release(x);
}

static void test_all_is_well(void **state)
{
	struct fixture x;
	json_node *pages[1];

	(void)state;
	fixture_init(&x);
	pages[0] = node(&x, "[{\"id\":\"a\",\"schedule\":{\"kind\":\"every\",\"paused\":false},\"next_run_at\":"
			"\"2026-03-01T12:30:00Z\",\"last_run\":{\"id\":1,\"status\":\"completed\"}}]");
	x.d.syncs = pages;
	x.d.n_syncs = 1;
	x.d.has_unit = true;
	snprintf(x.d.unit, sizeof x.d.unit, "%s", "active (running)");
	doctor_judge(&x.d, &x.f);
	assert_int_equal(findings_worst(&x.f), FINDING_OK);
	assert_true(x.f.n >= 9);
	for (size_t i = 0; i < x.f.n; i++)
		assert_string_equal(x.f.items[i].todo, "");
	fixture_release(&x);
}

static void test_no_daemon(void **state)
{
	struct fixture x;

	(void)state;
	fixture_init(&x);
	x.d.doctor = x.d.status = x.d.connectors = x.d.problems = NULL;
	ferry_fail(&x.d.unreachable, FERRY_E_UNREACHABLE, "no daemon answers at /s");
	assert_found(&x, "daemon", FINDING_FAULT, "no daemon answers", "systemctl status ferryd");

	/* the unit knows more */
	fixture_init(&x);
	x.d.has_unit = x.d.unit_failed = true;
	snprintf(x.d.unit, sizeof x.d.unit, "%s", "failed (Result: exit-code)");
	assert_found(&x, "unit", FINDING_FAULT, "failed", "journalctl -u ferryd");
	fixture_init(&x);
	x.d.has_unit = true;
	snprintf(x.d.unit, sizeof x.d.unit, "%s", "inactive (dead)");
	assert_found(&x, "unit", FINDING_WARNING, "another one", "systemctl enable");
	fixture_init(&x);
	x.d.has_unit = true;
	x.d.unit_restarts = 3;
	snprintf(x.d.unit, sizeof x.d.unit, "%s", "active (running)");
	assert_found(&x, "unit", FINDING_WARNING, "3 times", "journalctl");
}

static void test_versions(void **state)
{
	struct fixture x;

	(void)state;
	fixture_init(&x);
	x.d.version = "1.1";
	assert_found(&x, "daemon", FINDING_WARNING, "ferryd is 1.0, ferryctl is 1.1", "install");
	fixture_init(&x);
	x.d.connectors = node(&x, "[{\"name\":\"old\",\"error\":{\"code\":\"CONNECTOR\",\"message\":\"connector 'old': is "
			      "built for interface 0.9, this ferry has 1.0\"}}]");
	assert_found(&x, "connectors", FINDING_FAULT, "interface 0.9", "'old'");
}

static void test_access(void **state)
{
	struct fixture x;

	(void)state;
	fixture_init(&x);
	x.d.group_exists = false;
	assert_found(&x, "access", FINDING_WARNING, "no group 'ferry-admin'", "groupadd");
}

static void test_configuration(void **state)
{
	struct fixture x;

	(void)state;
	fixture_init(&x);
	x.d.check_status = 1;
	buf_reset(&x.d.check_text);
	buf_adds(&x.d.check_text, "a.yaml:1:1: first\nb.yaml:2:2: second\n");
	assert_found(&x, "configuration", FINDING_FAULT, "2 mistakes: a.yaml:1:1: first; generation 3 stays", "ferryctl reload");
	fixture_init(&x);
	x.d.status = node(&x, "{\"generation\":{\"number\":3},\"reload_error\":{\"message\":\"no\"}}");
	assert_found(&x, "configuration", FINDING_WARNING, "refused: no", "ferryctl reload");
}

static void reference(struct fixture *x, const char *reference)
{
	char text[1000];

	snprintf(text, sizeof text, "{\"version\":\"1.0\",\"role\":\"admin\",\"references\":[%s]}", reference);
	x->d.doctor = node(x, text);
}

static void test_credentials(void **state)
{
	struct fixture x;

	(void)state;
	fixture_init(&x);
	reference(&x, "{\"connection\":\"c\",\"reference\":\"credential:key\",\"missing\":true}");
	assert_found(&x, "credentials", FINDING_FAULT, "${credential:key}", "LoadCredential=key:");
	fixture_init(&x);
	reference(&x, "{\"connection\":\"c\",\"reference\":\"env:KEY\",\"missing\":true}");
	assert_found(&x, "credentials", FINDING_FAULT, "${env:KEY}", "environment");
	fixture_init(&x);
	reference(&x, "{\"connection\":\"c\",\"reference\":\"file:/k\",\"file\":{\"path\":\"/k\",\"exists\":false}}");
	assert_found(&x, "credentials", FINDING_FAULT, "is not there", "/k");
	fixture_init(&x);
	reference(&x, "{\"connection\":\"c\",\"reference\":\"file:/k\",\"file\":{\"path\":\"/k\",\"exists\":true,"
		  "\"mode\":\"0600\",\"readable\":false}}");
	assert_found(&x, "credentials", FINDING_FAULT, "cannot read /k", "chmod 0640 /k");
	fixture_init(&x);
	reference(&x, "{\"connection\":\"c\",\"reference\":\"file:/k\",\"file\":{\"path\":\"/k\",\"exists\":true,"
		  "\"mode\":\"0644\",\"readable\":true}}");
	assert_found(&x, "credentials", FINDING_WARNING, "everybody may read /k (mode 0644)", "chmod o= /k");
}

static void doctor_with(struct fixture *x, const char *members)
{
	char text[1000];

	snprintf(text, sizeof text, "{\"version\":\"1.0\",\"role\":\"admin\",\"user\":{\"uid\":7,\"name\":\"ferry\"},%s}",
		 members);
	x->d.doctor = node(x, text);
}

static void test_folders(void **state)
{
	struct fixture x;

	(void)state;
	fixture_init(&x);
	doctor_with(&x, "\"state\":{\"path\":\"/s\",\"uid\":7,\"mode\":\"0750\",\"writable\":true}");
	assert_found(&x, "state", FINDING_WARNING, "mode 0750", "chmod 0700 /s");
	fixture_init(&x);
	doctor_with(&x, "\"state\":{\"path\":\"/s\",\"uid\":0,\"mode\":\"0700\",\"writable\":true}");
	assert_found(&x, "state", FINDING_WARNING, "belongs to uid 0", "chown -R ferry /s");
	fixture_init(&x);
	doctor_with(&x, "\"state\":{\"path\":\"/s\",\"uid\":7,\"mode\":\"0700\",\"writable\":false}");
	assert_found(&x, "state", FINDING_FAULT, "cannot write", "chown");
	fixture_init(&x);
	doctor_with(&x, "\"disk\":{\"free_bytes\":1048576,\"total_bytes\":10000000000,\"free_files\":9999}");
	assert_found(&x, "disk", FINDING_FAULT, "1 MiB", "free some space");
	fixture_init(&x);
	doctor_with(&x, "\"disk\":{\"free_bytes\":400000000,\"total_bytes\":10000000000,\"free_files\":9999}");
	assert_found(&x, "disk", FINDING_WARNING, "381 of 9536 MiB", "retention");
	fixture_init(&x);
	doctor_with(&x, "\"disk\":{\"free_bytes\":4000000000,\"total_bytes\":10000000000,\"free_files\":9}");
	assert_found(&x, "disk", FINDING_FAULT, "9 files", "free some space");
	fixture_init(&x);
	doctor_with(&x, "\"limits\":{\"open_files\":64,\"address_space\":null}");
	assert_found(&x, "limits", FINDING_WARNING, "64 files", "LimitNOFILE");
	fixture_init(&x);
	doctor_with(&x, "\"limits\":{\"open_files\":1024,\"address_space\":1073741824}");
	assert_found(&x, "limits", FINDING_WARNING, "1024 MiB", "LimitAS");
}

static void test_clock(void **state)
{
	struct fixture x;

	(void)state;
	fixture_init(&x);
	x.d.clock_synchronised = false;
	assert_found(&x, "clock", FINDING_WARNING, "nothing keeps", "timedatectl");
	fixture_init(&x);
	x.d.last_run = node(&x, "{\"completed_at\":\"2026-03-01T13:00:00Z\"}");
	assert_found(&x, "clock", FINDING_FAULT, "went backwards", "timedatectl");
}

static void test_health(void **state)
{
	struct fixture x;

	(void)state;
	fixture_init(&x);
	x.d.healthz = node(&x, "{\"checks\":{\"scheduler\":{\"status\":\"unhealthy\",\"message\":\"it is late\"}}}");
	assert_found(&x, "scheduler", FINDING_FAULT, "it is late", "journalctl");
	fixture_init(&x);
	x.d.status = node(&x, "{\"generation\":{\"number\":3},\"runs\":{\"running\":2,\"hung\":1}}");
	assert_found(&x, "runs", FINDING_FAULT, "1 of 2", "ferryctl cancel");
	fixture_init(&x);
	x.d.problems = node(&x, "{\"pagination\":{\"total\":4}}");
	assert_found(&x, "problems", FINDING_WARNING, "4 records wait", "ferryctl problems");
}

static void test_backup(void **state)
{
	struct fixture x;

	(void)state;
	fixture_init(&x);
	x.d.backups = node(&x, "[{\"at\":\"2026-03-01T00:00:00Z\",\"result\":\"started\"},"
			   "{\"at\":\"2026-02-11T00:00:00Z\",\"result\":\"completed\"}]");
	assert_found(&x, "backup", FINDING_WARNING, "the last one was made", "ferryctl backup DIR");
	fixture_init(&x);
	x.d.backups = node(&x, "[{\"at\":\"2026-02-28T00:00:00Z\",\"result\":\"completed\"}]");
	doctor_judge(&x.d, &x.f);
	assert_int_equal(findings_worst(&x.f), FINDING_OK);
	fixture_release(&x);
}

static void with_syncs(struct fixture *x, json_node **page, const char *syncs)
{
	fixture_init(x);
	*page = node(x, syncs);
	x->d.syncs = page;
	x->d.n_syncs = 1;
}

static void test_syncs(void **state)
{
	struct fixture x;
	json_node *page;

	(void)state;
	with_syncs(&x, &page, "[{\"id\":\"a\",\"last_run\":{\"id\":9,\"status\":\"failed\",\"error_code\":\"AUTH\"}}]");
	assert_found(&x, "syncs", FINDING_FAULT, "'a' failed: AUTH", "ferryctl show 9");
	with_syncs(&x, &page, "[{\"id\":\"a\",\"schedule\":{\"kind\":\"every\"},\"next_run_at\":\"2026-03-01T11:00:00Z\","
		   "\"last_run\":{\"status\":\"completed\"}}]");
	assert_found(&x, "syncs", FINDING_FAULT, "'a' was due", "ferryctl run a");
	with_syncs(&x, &page, "[{\"id\":\"a\",\"schedule\":{\"kind\":\"manual\"},\"last_run\":null}]");
	assert_found(&x, "syncs", FINDING_WARNING, "never ran", "ferryctl run a");
	with_syncs(&x, &page, "[{\"id\":\"a\",\"schedule\":{\"kind\":\"every\",\"paused\":true,\"paused_by\":\"uid 0\"},"
		   "\"next_run_at\":\"2026-03-01T11:00:00Z\",\"last_run\":null}]");
	assert_found(&x, "syncs", FINDING_WARNING, "paused by uid 0", "ferryctl resume a");
}

/* Of many that fail only some are named. */
static void test_many_syncs(void **state)
{
	struct buf text = BUF_INIT;
	struct fixture x;
	json_node *page;
	size_t faults = 0;

	(void)state;
	for (int i = 0; i < 50; i++)
		buf_addf(&text, "%s{\"id\":\"s%d\",\"last_run\":{\"status\":\"failed\"}}", i ? "," : "[", i);
	buf_addc(&text, ']');
	with_syncs(&x, &page, buf_str(&text));
	doctor_judge(&x.d, &x.f);
	for (size_t i = 0; i < x.f.n; i++)
		faults += x.f.items[i].level == FINDING_FAULT;
	assert_int_equal(faults, 9);
	fixture_release(&x);
	buf_release(&text);
}

static void test_connections(void **state)
{
	struct doctor_test t = {.connection = "lago", .answer = ANSWER_INIT};
	struct fixture x;

	(void)state;
	fixture_init(&x);
	x.d.tests = &t;
	x.d.n_tests = 1;
	t.answer.root = node(&x, "{\"ok\":false,\"error\":{\"code\":\"AUTH\",\"message\":\"401\",\"hint\":\"renew it\"}}");
	assert_found(&x, "connections", FINDING_FAULT, "'lago' does not work: AUTH: 401", "renew it");
	fixture_init(&x);
	x.d.tests = &t;
	x.d.n_tests = 1;
	t.answer.root = node(&x, "{\"ok\":true,\"steps\":[{\"name\":\"address\",\"status\":\"warning\",\"notes\":[\"it is new\"]}]}");
	assert_found(&x, "connections", FINDING_WARNING, "'lago', address: it is new", "ferryctl test lago");
	fixture_init(&x);
	x.d.tests = &t;
	x.d.n_tests = 1;
	ferry_fail(&t.err, FERRY_E_BUSY, "many are tested");
	assert_found(&x, "connections", FINDING_WARNING, "was not tested: many", "");
}

/* Answers of any shape lead to findings, not to a crash. */
static void test_odd_answers(void **state)
{
	static const char *const odd[] = {"{}", "[]", "null", "1", "\"x\"", "{\"references\":[1],\"disk\":[],\"limits\":3}",
		"{\"checks\":[],\"pagination\":4,\"runs\":\"x\",\"generation\":[]}", "[1,null,{\"last_run\":7,\"schedule\":[]}]"};

	(void)state;
	for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
		struct doctor_test t = {.connection = "c", .answer = ANSWER_INIT};
		struct fixture x = {.d = {.version = "1.0", .socket = "/s", .check_text = BUF_INIT}};
		json_node *n = strcmp(odd[i], "null") ? node(&x, odd[i]) : NULL, *pages[] = {n};
		x.d.doctor = x.d.status = x.d.healthz = x.d.connectors = x.d.problems = x.d.last_run = n;
		x.d.syncs = pages;
		x.d.n_syncs = 1;
		t.answer.root = n;
		x.d.tests = &t;
		x.d.n_tests = 1;
		doctor_judge(&x.d, &x.f);
		assert_true(x.f.n > 0);
		fixture_release(&x);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_is_well), cmocka_unit_test(test_no_daemon), cmocka_unit_test(test_versions),
		cmocka_unit_test(test_access), cmocka_unit_test(test_configuration), cmocka_unit_test(test_credentials),
		cmocka_unit_test(test_folders), cmocka_unit_test(test_clock), cmocka_unit_test(test_health),
		cmocka_unit_test(test_backup),
		cmocka_unit_test(test_syncs), cmocka_unit_test(test_many_syncs), cmocka_unit_test(test_connections),
		cmocka_unit_test(test_odd_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
