/* SPDX-License-Identifier: Apache-2.0 */
/*
 * filters.c - settings of a source as parameters of Lago's list. A word that Lago does not know it
 * ignores, and answers with everything: so each is looked at here.
 */
#include "lago/filters.h"

#include <stdio.h>
#include <string.h>

/* The next word of a list with commas between; false at the end. */
static bool next_word(const char **at, const char **word, size_t *len)
{
	*at += strspn(*at, ", \t\n");
	*word = *at;
	*len = strcspn(*at, ",");
	*at += *len;
	while (*len && strchr(" \t\n", (*word)[*len - 1]))
		--*len;
	return *len > 0;
}

static bool allowed(const char *const *choices, const char *word, size_t len)
{
	for (; choices && *choices; choices++)
		if (strlen(*choices) == len && !memcmp(*choices, word, len))
			return true;
	return !choices;
}

static void say_choices(const char *const *choices, const char *word, size_t len,
			struct rest_buf *out)
{
	rest_addf(out, "'%.*s' is none of: ", (int)len, word);
	for (size_t i = 0; choices[i]; i++)
		rest_addf(out, "%s%s", i ? ", " : "", choices[i]);
}

static bool is_date(const char *text)
{
	int64_t us;
	return strlen(text) == 10 && rest_time_parse(text, 10, &us);
}

/* What is wrong with a value, in words; nothing when it is well. */
static void find_mistake(const struct lago_filter *f, const char *text, struct rest_buf *out)
{
	const char *at = text, *word;
	size_t len, n = 0;

	switch (f->kind) {
	case LAGO_FILTER_DATE:
		if (!is_date(text))
			rest_adds(out, "must be a date: 2026-01-31");
		return;
	case LAGO_FILTER_TEXT:
		if (!*text)
			rest_adds(out, "is empty");
		else if (!allowed(f->choices, text, strlen(text)))
			say_choices(f->choices, text, strlen(text), out);
		return;
	case LAGO_FILTER_LIST:
		while (next_word(&at, &word, &len)) {
			n++;
			if (!allowed(f->choices, word, len)) {
				say_choices(f->choices, word, len, out);
				return;
			}
		}
		if (!n)
			rest_adds(out, "names nothing");
		return;
	case LAGO_FILTER_PLAIN:
		return;
	}
}

void lago_filters_check(const struct lago_filter *filters, const struct ferry_open *open,
			void (*mistake)(void *ctx, const char *option, const char *why), void *ctx)
{
	for (const struct lago_filter *f = filters; f && f->option; f++) {
		const char *text = ferry_setting_text(open, f->option);
		struct rest_buf why = {0};
		if (text)
			find_mistake(f, text, &why);
		if (why.len)
			mistake(ctx, f->option, rest_str(&why));
		rest_buf_release(&why);
	}
}

static void add_parameter(struct rest_buf *out, const char *name, const char *s, size_t len)
{
	rest_adds(out, "&");
	rest_adds(out, name);
	rest_adds(out, "=");
	rest_add_encoded(out, s, len);
}

static void add_plain(struct rest_buf *out, const char *name, const struct ferry_value *v)
{
	char text[24];
	int n = snprintf(text, sizeof text, "%lld", (long long)v->i);

	if (v->type == FERRY_BOOL)
		add_parameter(out, name, v->i ? "true" : "false", v->i ? 4 : 5);
	else
		add_parameter(out, name, text, (size_t)n);
}

void lago_filters_add(const struct lago_filter *filters, const struct ferry_open *open,
		      struct rest_buf *out)
{
	for (const struct lago_filter *f = filters; f && f->option; f++) {
		const struct ferry_value *v = ferry_setting(open, f->option);
		const char *at, *word;
		size_t len;
		if (!v)
			continue;
		if (v->type != FERRY_TEXT) {
			add_plain(out, f->parameter, v);
		} else if (f->kind != LAGO_FILTER_LIST) {
			add_parameter(out, f->parameter, v->s, v->len);
		} else {
			for (at = v->s; next_word(&at, &word, &len);)
				add_parameter(out, f->parameter, word, len);
		}
	}
}
