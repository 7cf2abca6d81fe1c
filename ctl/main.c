/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - ferryctl, the daemon's command line client: dispatch, and how errors are told. */
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"
#include "text.h"

#define DEFAULT_SOCKET "/run/ferry/ferry.sock"

/* On standard error for people; as the API's error object on standard output with --json. */
static int report(struct ctl *ctl, const struct ferry_error *err)
{
	const char *refusal = client_refusal(ctl->client), *hint = ferry_error_hint(err);
	struct ferry_error ignored;
	struct screen screen;

	if (ctl->json) {
		struct buf own = BUF_INIT;
		jw_open(&own, NULL, '{');
		jw_open(&own, "error", '{');
		jw_text(&own, "code", ferry_code_info(err->code)->name);
		jw_text(&own, "message", err->msg);
		jw_text(&own, "hint", hint);
		jw_close(&own, '}');
		jw_close(&own, '}');
		buf_reset(&ctl->out);
		ctl_json_text(ctl, refusal ? refusal : own.s, refusal ? strlen(refusal) : own.len);
		buf_release(&own);
		(void)ctl_flush(ctl, &ignored);
		return ferry_code_info(err->code)->exit;
	}
	(void)ctl_flush(ctl, &ignored);
	screen_init(&screen, STDERR_FILENO, args_has(&ctl->args, OPTION_NO_COLOR));
	screen_add(&screen, &ctl->out, STYLE_BAD, "ferryctl: ");
	screen_add(&screen, &ctl->out, STYLE_PLAIN, ferry_code_info(err->code)->name);
	buf_adds(&ctl->out, ": ");
	screen_add(&screen, &ctl->out, STYLE_PLAIN, err->msg);
	buf_addc(&ctl->out, '\n');
	if (*hint) {
		screen_add(&screen, &ctl->out, STYLE_INFO, "hint: ");
		screen_add(&screen, &ctl->out, STYLE_PLAIN, hint);
		buf_addc(&ctl->out, '\n');
	}
	ssize_t n = write(STDERR_FILENO, buf_str(&ctl->out), ctl->out.len);
	(void)n;
	return ferry_code_info(err->code)->exit;
}

/* The argument or option that names a sync; NULL: there is none. */
static const char *sync_named(const struct args *args)
{
	const char *word;
	size_t len;

	for (size_t i = 0; (word = command_word(args->command, i, &len)) && i < args->n_words; i++) {
		bool run = strncmp(word, "RUN", 3) == 0 && strncmp(args->word[i], "last:", 5) == 0;
		if (run || strncmp(word + (*word == '['), "SYNC", 4) == 0)
			return args->word[i] + (run ? 5 : 0);
	}
	return args_has(args, OPTION_SYNC) ? args->value[OPTION_SYNC] : NULL;
}

/* There is no sync of that name: which one may have been meant? */
static void suggest_sync(struct ctl *ctl, struct ferry_error *err)
{
	const char *name = sync_named(&ctl->args);
	struct answer answer = ANSWER_INIT;
	struct buf path = BUF_INIT;
	struct ferry_error ignored;
	int best = 0;

	buf_adds(&path, "/syncs?per_page=100");
	if (err->code == FERRY_E_NOT_FOUND && name && ctl_get(ctl, &path, &answer, &ignored) == 0) {
		json_node *syncs = json_get(answer.root, "data");
		for (size_t i = 0; i < json_count(syncs); i++) {
			const char *known = json_get_text(json_at(syncs, i), "id", "");
			int d = text_distance(name, known);
			if (d <= 0 || (best && d >= best))
				continue;
			best = d;
			ferry_hint(err, "did you mean '%s'? 'ferryctl syncs' lists them", known);
		}
	}
	answer_release(&answer);
	buf_release(&path);
}

static int dispatch(struct ctl *ctl, int argc, char **argv, struct ferry_error *err)
{
	const char *env = getenv("FERRY_SOCKET");

	if (argc > 1 && strcmp(argv[1], "complete") == 0) {
		ctl->socket = env && *env ? env : DEFAULT_SOCKET;
		complete_words(ctl, (size_t)argc - 2, argv + 2);
		return EXIT_FINE;
	}
	int rc = args_parse(ctl->commands, argc, argv, &ctl->args, err);

	ctl->json = args_has(&ctl->args, OPTION_JSON);
	screen_init(&ctl->screen, STDOUT_FILENO, args_has(&ctl->args, OPTION_NO_COLOR));
	ctl->socket = args_has(&ctl->args, OPTION_SOCKET) ? ctl->args.value[OPTION_SOCKET]
		: env && *env ? env : DEFAULT_SOCKET;
	if (rc)
		return -1;
	if (args_has(&ctl->args, OPTION_HELP))
		return cmd_help(ctl, err);
	if (args_has(&ctl->args, OPTION_VERSION))
		return cmd_version(ctl, err);
	if (!ctl->args.command)
		return cmd_welcome(ctl, err);
	rc = ctl->args.command->run(ctl, err);
	if (rc < 0)
		suggest_sync(ctl, err);
	return rc;
}

int main(int argc, char **argv)
{
	struct ctl ctl = {.commands = ferryctl_commands, .out = BUF_INIT};
	struct ferry_error err = {0};

	setlocale(LC_CTYPE, "");
	int rc = dispatch(&ctl, argc, argv, &err);
	if (rc >= 0 && ctl_flush(&ctl, &err))
		rc = -1;
	if (rc < 0)
		rc = report(&ctl, &err);
	client_free(ctl.client);
	buf_release(&ctl.out);
	return rc;
}
