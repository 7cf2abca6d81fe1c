/* SPDX-License-Identifier: Apache-2.0 */
/* cmd-token.c - the tokens of clients over TCP: made, listed, revoked. */
#include <string.h>

#include "base/clock.h"
#include "ctl.h"
#include "format.h"
#include "table.h"

enum { PER_PAGE = 100 };

/* ------------------------------------------------------------------------ list */

static void add_moment(struct table *t, enum style style, int64_t at, const char *none)
{
	struct buf text = BUF_INIT;

	if (at)
		format_moment(&text, at, clock_now());
	else
		buf_adds(&text, none);
	table_take(t, style, &text);
	buf_release(&text);
}

static void add_row(struct table *t, json_node *token)
{
	bool expired = strcmp(json_get_text(token, "status", ""), "expired") == 0;
	bool admin = strcmp(json_get_text(token, "role", ""), "admin") == 0;

	table_text(t, STYLE_BOLD, json_get_text(token, "name", "?"));
	table_text(t, admin ? STYLE_CHANGE : STYLE_PLAIN, json_get_text(token, "role", "?"));
	table_text(t, expired ? STYLE_BAD : STYLE_GOOD, json_get_text(token, "status", "?"));
	add_moment(t, expired ? STYLE_BAD : STYLE_PLAIN, json_get_time(token, "expires_at"), "");
	add_moment(t, STYLE_DIM, json_get_time(token, "last_used_at"), "never");
	add_moment(t, STYLE_DIM, json_get_time(token, "created_at"), "");
	table_text(t, STYLE_DIM, json_get_text(token, "created_by", ""));
}

static int list(struct ctl *ctl, struct ferry_error *err)
{
	static const struct column columns[] = {
		{"TOKEN", 0}, {"ROLE", 0}, {"STATUS", 0}, {"EXPIRES", 0}, {"LAST USED", 0}, {"MADE", COLUMN_SPARE},
		{"BY", COLUMN_SHRINK | COLUMN_SPARE},
	};
	struct answer answer = ANSWER_INIT;
	struct buf path = BUF_INIT;
	struct table t;

	buf_adds(&path, "/tokens");
	path_query_int(&path, "per_page", PER_PAGE);
	int rc = ctl_get(ctl, &path, &answer, err);
	json_node *items = json_get(answer.root, "data");
	if (rc == 0 && ctl->json) {
		ctl_json(ctl, &answer);
	} else if (rc == 0 && !json_count(items)) {
		say(ctl, STYLE_PLAIN, "there is no token; 'ferryctl token create NAME --role viewer' makes one");
		say_line(ctl);
	} else if (rc == 0) {
		table_init(&t, &ctl->screen, columns, sizeof columns / sizeof columns[0]);
		for (size_t i = 0; i < json_count(items); i++)
			add_row(&t, json_at(items, i));
		table_print(&t, 0, &ctl->out);
		table_release(&t);
	}
	answer_release(&answer);
	return rc;
}

/* ---------------------------------------------------------------- create, revoke */

/* A script gets the token and nothing else. */
static void print_token(struct ctl *ctl, json_node *token)
{
	struct buf until = BUF_INIT;

	format_local(&until, json_get_time(token, "expires_at"));
	say(ctl, STYLE_BOLD, json_get_text(token, "token", ""));
	say_line(ctl);
	if (ctl->screen.terminal) {
		sayf(ctl, STYLE_DIM, "That is the token '%s', good for a %s until %s.", json_get_text(token, "name", "?"),
		     json_get_text(token, "role", "?"), until.s);
		say_line(ctl);
		say(ctl, STYLE_DIM, "Keep it safe now: it is not stored and never shown again.");
		say_line(ctl);
	}
	buf_release(&until);
}

static int create(struct ctl *ctl, struct ferry_error *err)
{
	const char *role = ctl->args.value[OPTION_ROLE];
	struct answer answer = ANSWER_INIT;
	struct buf path = BUF_INIT, body = BUF_INIT;

	if (!role)
		return ferry_fail(err, FERRY_E_USAGE, "--role is missing: viewer or admin");
	jw_open(&body, NULL, '{');
	jw_text(&body, "name", ctl->args.word[1]);
	jw_text(&body, "role", role);
	if (ctl->args.value[OPTION_EXPIRES])
		jw_text(&body, "expires", ctl->args.value[OPTION_EXPIRES]);
	jw_close(&body, '}');
	buf_adds(&path, "/tokens/create");
	int rc = ctl_post(ctl, &path, body.s, &answer, err);
	if (rc == 0 && ctl->json)
		ctl_json(ctl, &answer);
	else if (rc == 0)
		print_token(ctl, answer.root);
	buf_release(&body);
	answer_release(&answer);
	return rc;
}

static int revoke(struct ctl *ctl, struct ferry_error *err)
{
	struct answer answer = ANSWER_INIT;
	struct buf path = BUF_INIT;

	buf_adds(&path, "/tokens");
	path_name(&path, ctl->args.word[1]);
	buf_adds(&path, "/revoke");
	int rc = ctl_post(ctl, &path, "{}", &answer, err);
	if (rc == 0 && ctl->json) {
		ctl_json(ctl, &answer);
	} else if (rc == 0) {
		sayf(ctl, STYLE_PLAIN, "the token '%s' is no longer good", ctl->args.word[1]);
		say_line(ctl);
		if (!json_get_int(answer.root, "left", 1)) {
			say(ctl, STYLE_CHANGE, "That was the last one. With 'listen' in ferry.yaml the daemon does not start "
			    "without any.");
			say_line(ctl);
		}
	}
	answer_release(&answer);
	return rc;
}

int cmd_token(struct ctl *ctl, struct ferry_error *err)
{
	const char *what = ctl->args.word[0];
	bool named = ctl->args.n_words > 1, lists = strcmp(what, "list") == 0, creates = strcmp(what, "create") == 0;

	if (lists == named)
		return ferry_fail(err, FERRY_E_USAGE, lists ? "'token list' takes no name" : "'token %s' needs a name",
				  what);
	if (!creates && (args_has(&ctl->args, OPTION_ROLE) || args_has(&ctl->args, OPTION_EXPIRES)))
		return ferry_fail(err, FERRY_E_USAGE, "--role and --expires are for 'token create'");
	return lists ? list(ctl, err) : creates ? create(ctl, err) : revoke(ctl, err);
}
