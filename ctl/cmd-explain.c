/* SPDX-License-Identifier: Apache-2.0 */
/* cmd-explain.c - explain: what an error code or a reason code means. Needs no daemon. */
#include "ctl.h"

#include <ctype.h>
#include <string.h>

#include "model/decision.h"
#include "table.h"
#include "text.h"

static void code_json(struct buf *out, const struct ferry_code_info *info)
{
	jw_open(out, NULL, '{');
	jw_text(out, "code", info->name);
	jw_text(out, "kind", "error");
	jw_text(out, "text", info->cause);
	jw_text(out, "hint", info->hint);
	jw_bool(out, "transient", info->transient);
	jw_int(out, "http_status", info->http);
	jw_int(out, "exit_status", info->exit);
	jw_close(out, '}');
}

static void reason_json(struct buf *out, const struct reason_info *info)
{
	jw_open(out, NULL, '{');
	jw_text(out, "code", info->code);
	jw_text(out, "kind", "reason");
	jw_text(out, "text", info->text);
	jw_close(out, '}');
}

/* The codes that stand for an error: each number that is not another one's stand-in. */
static const struct ferry_code_info *error_code(int code)
{
	const struct ferry_code_info *info = ferry_code_info(code);
	return ferry_code_from_name(info->name) == code ? info : NULL;
}

static void list_json(struct ctl *ctl)
{
	struct buf *out = &ctl->out;

	jw_open(out, NULL, '{');
	jw_open(out, "data", '[');
	for (int i = FERRY_OK + 1; i < FERRY_E_CODES; i++)
		if (error_code(i))
			code_json(out, error_code(i));
	for (const struct reason_info *r = reason_table(); r->code; r++)
		reason_json(out, r);
	jw_close(out, ']');
	jw_close(out, '}');
	buf_addc(out, '\n');
}

static void list(struct ctl *ctl)
{
	static const struct column columns[] = {{NULL, 0}, {NULL, COLUMN_WRAP}};
	struct table errors, reasons;

	table_init(&errors, &ctl->screen, columns, 2);
	table_init(&reasons, &ctl->screen, columns, 2);
	for (int i = FERRY_OK + 1; i < FERRY_E_CODES; i++)
		if (error_code(i)) {
			table_text(&errors, STYLE_BAD, error_code(i)->name);
			table_text(&errors, STYLE_PLAIN, error_code(i)->cause);
		}
	for (const struct reason_info *r = reason_table(); r->code; r++) {
		table_text(&reasons, STYLE_INFO, r->code);
		table_text(&reasons, STYLE_PLAIN, r->text);
	}
	say(ctl, STYLE_BOLD, "errors");
	say_line(ctl);
	table_print(&errors, 2, &ctl->out);
	say_heading(ctl, "reasons of decisions");
	table_print(&reasons, 2, &ctl->out);
	table_release(&errors);
	table_release(&reasons);
}

static int unknown(const char *code, struct ferry_error *err)
{
	const char *nearest = NULL;
	int best = 0, d;

	for (int i = FERRY_OK + 1; i < FERRY_E_CODES; i++)
		if (error_code(i) && (d = text_distance(code, error_code(i)->name)) >= 0 &&
		    (!nearest || d < best)) {
			nearest = error_code(i)->name;
			best = d;
		}
	for (const struct reason_info *r = reason_table(); r->code; r++)
		if ((d = text_distance(code, r->code)) >= 0 && (!nearest || d < best)) {
			nearest = r->code;
			best = d;
		}
	ferry_fail(err, FERRY_E_NOT_FOUND, "there is no code '%s'", code);
	if (nearest)
		return ferry_hint(err, "did you mean %s? 'ferryctl explain' lists all", nearest);
	return ferry_hint(err, "'ferryctl explain' lists all; other reasons come from a sync's own "
			  "'skip:' or from its connector");
}

static void print_error(struct ctl *ctl, const struct ferry_code_info *info)
{
	say(ctl, STYLE_BAD, info->name);
	say(ctl, STYLE_DIM, info->transient ? "  error, may pass by itself" : "  error");
	say_line(ctl);
	say(ctl, STYLE_PLAIN, info->cause);
	say_line(ctl);
	say(ctl, STYLE_INFO, "hint: ");
	say(ctl, STYLE_PLAIN, info->hint);
	say_line(ctl);
}

int cmd_explain(struct ctl *ctl, struct ferry_error *err)
{
	char code[64] = "";

	if (!ctl->args.n_words) {
		if (ctl->json)
			list_json(ctl);
		else
			list(ctl);
		return EXIT_FINE;
	}
	for (size_t i = 0; ctl->args.word[0][i] && i < sizeof code - 1; i++)
		code[i] = (char)toupper((unsigned char)ctl->args.word[0][i]);
	int n = ferry_code_from_name(code);
	const struct reason_info *reason = reason_find(code);
	if (n <= FERRY_OK && !reason)
		return unknown(ctl->args.word[0], err);
	if (ctl->json) {
		if (reason)
			reason_json(&ctl->out, reason);
		else
			code_json(&ctl->out, ferry_code_info(n));
		say_line(ctl);
		return EXIT_FINE;
	}
	if (n > FERRY_OK)
		print_error(ctl, ferry_code_info(n));
	if (reason) {
		say(ctl, STYLE_INFO, reason->code);
		say(ctl, STYLE_DIM, "  reason of a decision");
		say_line(ctl);
		say(ctl, STYLE_PLAIN, reason->text);
		say_line(ctl);
	}
	return EXIT_FINE;
}
