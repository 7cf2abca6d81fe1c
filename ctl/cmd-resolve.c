/* SPDX-License-Identifier: Apache-2.0 */
/* cmd-resolve.c - resolve: what a person says of a problem, or of many. */
#include <inttypes.h>
#include <string.h>

#include "format.h"
#include "view.h"

static const struct {
	enum option_id option;
	const char *action;
} actions[] = {
	{OPTION_LINK, "link"}, {OPTION_CREATE, "create"}, {OPTION_IGNORE, "ignore"}, {OPTION_RETRY, "retry"},
	{OPTION_REOPEN, "reopen"},
};

/* The one action that was asked for. */
static int which(const struct args *args, const char **ret, struct ferry_error *err)
{
	*ret = NULL;
	for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
		if (!args_has(args, actions[i].option))
			continue;
		if (*ret)
			return ferry_fail(err, FERRY_E_USAGE, "--%s and --%s exclude each other", *ret,
					  actions[i].action);
		*ret = actions[i].action;
	}
	if (!*ret)
		return ferry_fail(err, FERRY_E_USAGE, "say one of --link DEST_ID, --create, --ignore, --retry and "
				  "--reopen");
	if (args_has(args, OPTION_UNTIL) && !args_has(args, OPTION_IGNORE))
		return ferry_fail(err, FERRY_E_USAGE, "--until is only for --ignore");
	return 0;
}

static void put_ruling(const struct args *args, const char *action, struct buf *body)
{
	jw_text(body, "action", action);
	if (args_has(args, OPTION_LINK))
		jw_text(body, "dest_id", args->value[OPTION_LINK]);
	if (args_has(args, OPTION_UNTIL))
		jw_text(body, "until", args->value[OPTION_UNTIL]);
}

static void told(struct ctl *ctl, json_node *p, const char *action)
{
	json_node *resolution = json_get(p, "resolution");
	int64_t until = json_get_time(resolution, "until");
	struct buf text = BUF_INIT;

	sayf(ctl, STYLE_BOLD, "problem %" PRId64, json_get_int(p, "id", 0));
	if (strcmp(action, "ignore") == 0) {
		say(ctl, STYLE_PLAIN, " is ignored");
		if (until)
			format_local(&text, until);
		sayf(ctl, STYLE_PLAIN, "%s%s", until ? " until " : "", buf_str(&text));
		sayf(ctl, STYLE_DIM, "; 'ferryctl resolve %" PRId64 " --reopen' takes that back",
		     json_get_int(p, "id", 0));
	} else if (strcmp(action, "reopen") == 0) {
		say(ctl, STYLE_PLAIN, " is open again");
	} else {
		sayf(ctl, STYLE_PLAIN, " is resolved: %s%s%s", action, strcmp(action, "link") == 0 ? " " : "",
		     json_get_text(resolution, "dest_id", ""));
		sayf(ctl, STYLE_DIM, "; the next run does so: 'ferryctl run %s'",
		     json_get_text(p, "sync", "SYNC"));
	}
	say_line(ctl);
	buf_release(&text);
}

static int resolve_one(struct ctl *ctl, const char *action, struct ferry_error *err)
{
	struct answer answer = ANSWER_INIT;
	struct buf path = BUF_INIT, body = BUF_INIT;
	int64_t id;

	if (args_has(&ctl->args, OPTION_SYNC) || args_has(&ctl->args, OPTION_SEGMENT) ||
	    args_has(&ctl->args, OPTION_GROUP))
		return ferry_fail(err, FERRY_E_USAGE, "--sync, --segment and --group are for many problems: leave out "
				  "the ID, or them");
	if (ctl_number(ctl, 0, "problem", &id, err))
		return -1;
	buf_addf(&path, "/problems/%" PRId64 "/resolve", id);
	jw_open(&body, NULL, '{');
	put_ruling(&ctl->args, action, &body);
	jw_close(&body, '}');
	int rc = ctl_post(ctl, &path, buf_str(&body), &answer, err);
	if (rc == 0 && ctl->json)
		ctl_json(ctl, &answer);
	else if (rc == 0)
		told(ctl, answer.root, action);
	buf_release(&body);
	answer_release(&answer);
	return rc;
}

static int resolve_many(struct ctl *ctl, const char *action, struct ferry_error *err)
{
	const struct args *args = &ctl->args;
	struct answer answer = ANSWER_INIT;
	struct buf path = BUF_INIT, body = BUF_INIT, text = BUF_INIT;

	if (!args_has(args, OPTION_SYNC)) {
		ferry_fail(err, FERRY_E_USAGE, "which problem?");
		return ferry_hint(err, "give its ID, or --sync for all open ones of a sync; "
				  "'ferryctl problems' lists them");
	}
	buf_adds(&path, "/problems/resolve");
	jw_open(&body, NULL, '{');
	jw_text(&body, "sync", args->value[OPTION_SYNC]);
	if (args_has(args, OPTION_SEGMENT))
		jw_text(&body, "segment", args->value[OPTION_SEGMENT]);
	if (args_has(args, OPTION_GROUP))
		jw_text(&body, "group", args->value[OPTION_GROUP]);
	put_ruling(args, action, &body);
	jw_close(&body, '}');
	int rc = ctl_post(ctl, &path, buf_str(&body), &answer, err);
	if (rc == 0 && ctl->json) {
		ctl_json(ctl, &answer);
	} else if (rc == 0) {
		format_plural(&text, json_get_int(answer.root, "resolved", 0), "problem", "problems");
		say(ctl, STYLE_BOLD, buf_str(&text));
		say(ctl, STYLE_PLAIN, strcmp(action, "ignore") == 0 ? " ignored" : ": the next run tries again");
		say_line(ctl);
	}
	buf_release(&text);
	buf_release(&body);
	answer_release(&answer);
	return rc;
}

int cmd_resolve(struct ctl *ctl, struct ferry_error *err)
{
	const char *action;

	if (which(&ctl->args, &action, err))
		return -1;
	return ctl->args.n_words ? resolve_one(ctl, action, err) : resolve_many(ctl, action, err);
}
