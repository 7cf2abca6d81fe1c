/* SPDX-License-Identifier: Apache-2.0 */
/* test-ctl-views.c - ferryctl: how decisions, problems and a run's problems look. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "view.h"

static const struct screen plain = {.width = 0, .rows = 24, .utf8 = true};
static const struct screen terminal = {.width = 60, .rows = 24, .terminal = true, .colour = true, .utf8 = true};

typedef void view(struct ctl *ctl, json_node *node);

static char *show(view *fn, const struct screen *screen, const char *json)
{
	struct ctl ctl = {.screen = *screen, .out = BUF_INIT};
	struct ferry_error err = {0};
	struct json_doc *doc;

	if (json_parse(json, strlen(json), "test", &doc, &err) < 0)
		fail_msg("%s", err.msg);
	fn(&ctl, json_root(doc));
	json_free(doc);
	return ctl.out.s ? buf_detach(&ctl.out) : ferry_strdup("");
}

static void looks(view *fn, const char *json, const char *want)
{
	char *got = show(fn, &plain, json);

	assert_string_equal(got, want);
	free(got);
}

static void has(view *fn, const struct screen *screen, const char *json, const char *want)
{
	char *got = show(fn, screen, json);

	if (!strstr(got, want))
		fail_msg("'%s' is not in:\n%s", want, got);
	free(got);
}

static void has_not(view *fn, const char *json, const char *no)
{
	char *got = show(fn, &plain, json);

	if (strstr(got, no))
		fail_msg("'%s' is in:\n%s", no, got);
	free(got);
}

/* ------------------------------------------------------------------- decisions */

static void as_diff(struct ctl *ctl, json_node *node)
{
	view_plan_item(ctl, node, true);
}

static void as_line(struct ctl *ctl, json_node *node)
{
	view_plan_item(ctl, node, false);
}

#define UPDATE "{\"segment\":\"main\",\"key\":\"7\",\"decision\":\"update\",\"tier\":\"strong\",\"reason\":\"FIELDS_CHANGED\"," \
	"\"dest_id\":\"cus_7\",\"fields\":[{\"name\":\"id\",\"before\":7,\"after\":7,\"changed\":false}," \
	"{\"name\":\"name\",\"before\":\"Bo\",\"after\":\"Bob\",\"changed\":true}," \
	"{\"name\":\"vat\",\"before\":\"x\",\"after\":null,\"changed\":true}," \
	"{\"name\":\"token\",\"before\":\"********\",\"after\":\"********\",\"changed\":true}]"

static void a_diff_has_what_changes_and_nothing_else(void **state)
{
	(void)state;
	looks(as_diff, UPDATE "}",
	      "~ update   7  FIELDS_CHANGED  strong  → cus_7\n"
	      "    - name:  \"Bo\"\n"
	      "    + name:  \"Bob\"\n"
	      "    - vat:   \"x\"\n"
	      "    + vat:   null\n"
	      "    - token: \"********\"\n"
	      "    + token: \"********\"\n");
	looks(as_diff, "{\"key\":\"8\",\"decision\":\"create\",\"reason\":\"NEW_IN_SOURCE\",\"fields\":["
	      "{\"name\":\"id\",\"after\":8,\"changed\":true},{\"name\":\"vat\",\"after\":null,\"changed\":true}]}",
	      "+ create   8  NEW_IN_SOURCE\n    + id:  8\n");
	looks(as_diff, "{\"key\":\"9\",\"decision\":\"delete\",\"reason\":\"GONE\",\"fields\":["
	      "{\"name\":\"id\",\"before\":9,\"changed\":true}]}",
	      "- delete   9  GONE\n    - id: 9\n");
	looks(as_diff, "{\"key\":\"9\",\"decision\":\"skip\",\"reason\":\"R\",\"fields\":["
	      "{\"name\":\"id\",\"after\":9,\"changed\":true}]}", ". skip     9  R\n");
	has(as_diff, &terminal, UPDATE "}", "\033[31m    - \033[0m\033[31mname: \033[0m");
}

static void an_outcome_is_told(void **state)
{
	(void)state;
	has(as_line, &plain, UPDATE ",\"outcome\":{\"ack\":\"done\",\"code\":\"\",\"message\":\"\",\"dest_id\":\"cus_7\"}}",
	    "→ cus_7  ✓ done\n");
	has(as_line, &plain, UPDATE ",\"outcome\":{\"ack\":\"rejected\",\"code\":\"too_long\",\"message\":\"name is\033[2J\"}}",
	    "✗ rejected too_long: name is?[2J\n");
	has(as_line, &plain, UPDATE "}", "      name:  \"Bo\" → \"Bob\"\n");
	has_not(as_line, UPDATE "}", "id:");
}

/* -------------------------------------------------------------------- problems */

#define PROBLEM "{\"id\":12,\"sync\":\"customers\",\"segment\":\"main\",\"key\":\"42\",\"group\":\"ambiguous_match\"," \
	"\"code\":\"AMBIGUOUS_MATCH\",\"severity\":\"error\",\"message\":\"two could be it\",\"field\":null," \
	"\"fields\":{\"email\":\"a@b\",\"name\":\"Ann\"},\"first_run\":3,\"last_run\":3,\"times\":1," \
	"\"opened_at\":\"2020-01-01T00:00:00Z\","
#define CANDIDATES "\"candidates\":[{\"dest_id\":\"cus_1\",\"fields\":{\"email\":\"a@b\",\"phone\":\"1\"}}," \
	"{\"dest_id\":\"rm -rf; $x\",\"fields\":{\"name\":\"Anna\",\"phone\":\"2\"}}]"

static void a_problem_stands_beside_its_candidates(void **state)
{
	static const char open[] = PROBLEM "\"status\":\"open\"," CANDIDATES "}";

	(void)state;
	has(view_problem, &plain, open,
	    "         the record  cus_1  rm -rf; $x\n"
	    "  email  \"a@b\"       \"a@b\"\n"
	    "  name   \"Ann\"              \"Anna\"\n"
	    "  phone              \"1\"    \"2\"\n");
	has(view_problem, &plain, open,
	    "next\n"
	    "  ferryctl resolve 12 --link cus_1  it is that record\n"
	    "  ferryctl resolve 12 --create      it is none of them: make a new one\n"
	    "  ferryctl resolve 12 --ignore      leave it alone; with --until 30d only for a while\n");
	/* what a shell would take apart is no command to be copied */
	has_not(view_problem, open, "--link rm");
	has_not(view_problem, open, "--retry");
	has(view_problem, &plain, open, "  Several records over there could be this one.");
	has(view_problem, &plain, "{\"id\":3,\"status\":\"open\",\"group\":\"quarantined\"}", "resolve 3 --retry");
	has(view_problem, &plain, "{\"id\":3,\"status\":\"open\",\"group\":\"in_doubt\"}", "resolve 3 --link DEST_ID");
	has(view_problem, &plain, "{\"id\":3,\"status\":\"open\",\"group\":\"in_doubt\"}", "resolve 3 --retry");
	has_not(view_problem, "{\"id\":3,\"status\":\"open\",\"group\":\"invalid_record\"}", "--retry");
}

static void a_problem_tells_what_was_said(void **state)
{
	static const char said[] = PROBLEM "\"status\":\"resolved\",\"resolution\":{\"action\":\"link\",\"dest_id\":\"cus_1\","
		"\"by\":\"uid 0 (root)\",\"at\":\"2020-01-01T00:00:00Z\",\"carried_out_run\":null},\"history\":["
		"{\"at\":\"2020-01-01T00:00:00Z\",\"run\":3,\"event\":\"opened\",\"group\":\"ambiguous_match\"},"
		"{\"at\":\"2020-01-01T00:00:00Z\",\"run\":null,\"event\":\"resolved\",\"by\":\"uid 0 (root)\"}]}";
	static const char done[] = PROBLEM "\"status\":\"resolved\",\"resolution\":{\"action\":\"create\",\"by\":\"x\","
		"\"at\":\"2020-01-01T00:00:00Z\",\"carried_out_run\":9}}";
	static const char over[] = PROBLEM "\"status\":\"cleared\",\"close_reason\":\"GONE\"}";

	(void)state;
	has(view_problem, &plain, said, "link cus_1, said uid 0 (root)");
	has(view_problem, &plain, said, "the next run does so");
	has(view_problem, &plain, said, "opened    ambiguous_match  run 3\n");
	has(view_problem, &plain, said, "ferryctl resolve 12 --reopen");
	has(view_problem, &plain, done, "carried out by run 9");
	has_not(view_problem, done, "ferryctl resolve");
	has(view_problem, &plain, over, "over\n  GONE\n");
	has_not(view_problem, over, "ferryctl resolve");
	/* nothing that is missing or strange harms */
	has(view_problem, &terminal, "{}", "problem 0");
	has(view_problem, &terminal, "{\"status\":1,\"fields\":[],\"candidates\":{},\"history\":7,\"resolution\":\"x\"}", "problem 0");
}

/* ------------------------------------------------------------------------ runs */

#define RUN(status, more) "{\"id\":5,\"sync_id\":\"customers\",\"status\":\"" status "\"," more "}"

static void a_run_tells_of_its_problems(void **state)
{
	static const char run[] = RUN("completed", "\"summary\":{\"problems\":{\"open\":1200,\"opened\":3,\"cleared\":1,"
				      "\"groups\":{\"ambiguous_match\":2}}}");

	(void)state;
	looks(view_problems, run,
	      "\nproblems\n  3 opened, 1 cleared; 1,200 problems wait for a person\n  ambiguous match 2\n");
	looks(view_problems, RUN("completed", "\"summary\":{\"problems\":{\"open\":0}}"), "");
	has(view_next, &plain, run, "ferryctl problems --sync customers");
	has_not(view_next, RUN("completed", "\"summary\":{}"), "problems");
}

static void a_guard_can_be_overridden(void **state)
{
	(void)state;
	has(view_next, &plain, RUN("failed", "\"error\":{\"code\":\"GUARD\"}"), "ferryctl promote 5 --override-guard");
	has_not(view_next, RUN("failed", "\"error\":{\"code\":\"AUTH\"}"), "promote");
	has(view_next, &plain, RUN("completed", "\"extract_only\":true"), "ferryctl records 5");
	has(view_headline, &plain, RUN("completed", "\"override_guard\":true"), "over its guards");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_diff_has_what_changes_and_nothing_else),
		cmocka_unit_test(an_outcome_is_told),
		cmocka_unit_test(a_problem_stands_beside_its_candidates),
		cmocka_unit_test(a_problem_tells_what_was_said),
		cmocka_unit_test(a_run_tells_of_its_problems),
		cmocka_unit_test(a_guard_can_be_overridden),
	};
	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
