/* SPDX-License-Identifier: Apache-2.0 */
/*
 * complete.c - what may stand in the place of a command line's last word, for the shells' completion
 * scripts, which know nothing of ferryctl themselves.
 *
 * A line for each possibility: the word, a tab, what it is. A line ":files" or ":folders" leaves it to the
 * shell. Names are asked of the daemon, which has a second for it; whatever fails is silence.
 */
#include "ctl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/decision.h"

/* An answer that no list of names should need more pages than. */
enum { PAGES = 10, PER_PAGE = 100 };

struct completion {
	struct ctl *ctl;
	const struct command *command;
	size_t n_words;			/* of the command's, before the one to be completed */
	const char *word;		/* it; without "--option=" */
	const char *before;		/* what stands before it in the same word: "--option=", "last:" */
};

static void offer(struct completion *c, const char *word, const char *what)
{
	struct buf *out = &c->ctl->out;

	if (strncmp(word, c->word, strlen(c->word)) || !*word)
		return;
	buf_adds(out, c->before);
	screen_add(&c->ctl->screen, out, STYLE_PLAIN, word);
	buf_addc(out, '\t');
	screen_add(&c->ctl->screen, out, STYLE_PLAIN, what ? what : "");
	buf_addc(out, '\n');
}

static void offer_words(struct completion *c, const char *words, size_t len, char separator)
{
	const char *at = words, *word;
	char name[64];
	size_t n;

	while (next_word(&at, words + len, separator, &word, &n)) {
		snprintf(name, sizeof name, "%.*s", (int)n, word);
		offer(c, name, NULL);
	}
}

/* Each entry of a list: the member that names it, and one that says more. */
static void offer_list(struct completion *c, const char *path, const char *name, const char *what)
{
	struct answer answer = ANSWER_INIT;
	struct ferry_error ignored = {0};
	char number[24];

	for (int64_t page = 1, more = 1; more && page <= PAGES; page++) {
		struct buf url = BUF_INIT;
		buf_adds(&url, path);
		path_query_int(&url, "page", page);
		path_query_int(&url, "per_page", PER_PAGE);
		if (ctl_get(c->ctl, &url, &answer, &ignored))
			break;
		json_node *data = json_get(answer.root, "data");
		for (size_t i = 0; i < json_count(data); i++) {
			json_node *entry = json_at(data, i);
			snprintf(number, sizeof number, "%" PRId64, json_get_int(entry, name, 0));
			offer(c, json_get_text(entry, name, number), json_get_text(entry, what, NULL));
		}
		more = json_get_int(json_get(answer.root, "pagination"), "total", 0) > page * PER_PAGE;
		if (strcmp(what, "sync_id") == 0)
			break;	/* of runs the newest will do */
	}
	answer_release(&answer);
}

static void offer_runs(struct completion *c)
{
	if (strncmp(c->word, "last:", 5) == 0) {
		struct completion syncs = *c;
		struct buf before = BUF_INIT;
		buf_addf(&before, "%slast:", c->before);
		syncs.before = buf_str(&before);
		syncs.word += 5;
		offer_list(&syncs, "/syncs", "id", "file");
		buf_release(&before);
		return;
	}
	offer(c, "last", "the newest run of all");
	offer(c, "last:", "the newest run of a sync");
	offer_list(c, "/runs", "id", "sync_id");
}

static void offer_codes(struct completion *c)
{
	for (int i = FERRY_OK + 1; i < FERRY_E_CODES; i++)
		offer(c, ferry_code_info(i)->name, ferry_code_info(i)->cause);
	for (const struct reason_info *r = reason_table(); r->code; r++)
		offer(c, r->code, r->text);
}

static void offer_commands(struct completion *c)
{
	for (const struct command *k = c->ctl->commands; k->name; k++)
		offer(c, k->name, k->summary);
}

static void offer_syncs(struct completion *c)
{
	offer_list(c, "/syncs", "id", "file");
}

static void offer_problems(struct completion *c)
{
	offer_list(c, "/problems", "id", "key");
}

static void offer_connections(struct completion *c)
{
	offer_list(c, "/connections", "name", "family");
}

static void offer_targets(struct completion *c)
{
	offer_list(c, "/notifications/targets", "name", "kind");
}

static void offer_connectors(struct completion *c)
{
	offer_list(c, "/connectors", "name", "summary");
}

static void offer_files(struct completion *c)
{
	buf_adds(&c->ctl->out, ":files\n");
}

static void offer_folders(struct completion *c)
{
	buf_adds(&c->ctl->out, ":folders\n");
}

/* What the capitals in the tables of commands and options stand for; others cannot be known. */
static const struct {
	const char *name;
	void (*offer)(struct completion *c);
} kinds[] = {
	{"CODE", offer_codes},
	{"COMMAND", offer_commands},
	{"CONNECTION", offer_connections},
	{"CONNECTOR", offer_connectors},
	{"DIR", offer_folders},
	{"FILE", offer_files},
	{"ID", offer_problems},
	{"PATH", offer_files},
	{"RUN", offer_runs},
	{"SYNC", offer_syncs},
	{"TARGET", offer_targets},
};

static void offer_kind(struct completion *c, const char *name)
{
	size_t len;
	const char *choices = c->command ? command_choices(c->command, name, &len) : NULL;

	if (choices)
		offer_words(c, choices, len, ' ');
	for (size_t i = 0; !choices && i < sizeof kinds / sizeof kinds[0]; i++)
		if (strcmp(kinds[i].name, name) == 0)
			kinds[i].offer(c);
}

static void offer_options(struct completion *c)
{
	uint64_t options = (c->command ? c->command->options : 0) | OPTIONS_GLOBAL;
	char name[40];

	for (int i = 0; i < OPTIONS; i++) {
		if (!(options & ~OPTIONS_HIDDEN & OPTION_BIT(i)))
			continue;
		snprintf(name, sizeof name, "--%s", option_info((enum option_id)i)->name);
		offer(c, name, option_info((enum option_id)i)->help);
	}
}

static void offer_argument(struct completion *c)
{
	size_t len;
	const char *word = command_word(c->command, c->n_words, &len);
	char name[40];

	if (!word)
		return;
	if (*word == '[') {
		word++;
		len -= 2;
	}
	snprintf(name, sizeof name, "%.*s", (int)len, word);
	if (memchr(word, '|', len))
		offer_words(c, word, len, '|');
	else
		offer_kind(c, name);
}

/* Take over a word before the last one; *option is the one whose value comes next, or -1. */
static void take(struct completion *c, const char *word, int *option)
{
	const char *value = NULL;

	if (*option == OPTION_SOCKET)
		c->ctl->socket = word;
	if (*option >= 0) {
		*option = -1;
		return;
	}
	if (word[0] == '-') {
		int id = option_find(word, &value);
		if (id == OPTION_SOCKET && value)
			c->ctl->socket = value;
		*option = id >= 0 && option_info((enum option_id)id)->value && !value ? id : -1;
	} else if (!c->command) {
		c->command = command_find(c->ctl->commands, word);
		c->n_words = 0;
	} else {
		c->n_words++;
	}
}

void complete_words(struct ctl *ctl, size_t n, char *const *words)
{
	struct completion c = {.ctl = ctl, .word = n ? words[n - 1] : "", .before = ""};
	struct buf before = BUF_INIT;
	const char *value = NULL;
	bool unknown = false;
	int option = -1, id;

	ctl->hurry = true;
	for (size_t i = 0; i + 1 < n; i++) {
		take(&c, words[i], &option);
		unknown |= words[i][0] != '-' && option < 0 && !c.command;
	}
	if (option >= 0) {
		offer_kind(&c, option_info((enum option_id)option)->value);
	} else if (c.word[0] == '-' && (id = option_find(c.word, &value)) >= 0 && value &&
		   option_info((enum option_id)id)->value) {
		buf_add(&before, c.word, (size_t)(value - c.word));
		c.before = buf_str(&before);
		c.word = value;
		offer_kind(&c, option_info((enum option_id)id)->value);
	} else if (c.word[0] == '-') {
		offer_options(&c);
	} else if (c.command) {
		offer_argument(&c);
	} else if (!unknown) {
		offer_commands(&c);
	}
	buf_release(&before);
}
