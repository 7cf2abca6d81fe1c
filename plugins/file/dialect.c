/* SPDX-License-Identifier: Apache-2.0 */
/* dialect.c - which format, and how exactly: what the settings say. Reads no file. */
#include "file/file.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void __attribute__((format(printf, 3, 4)))
keep(struct teller *t, const char *about, const char *fmt, ...)
{
	struct keeper *k = t->ctx;
	char text[400];
	va_list ap;

	(void)about;
	if (k->any)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	k->any = true;
	k->host->fail(k->err, FERRY_E_CONFIG, "%s: %s", k->role, text);
}

struct keeper keeper_of(const struct ferry_open *open, struct ferry_error *err)
{
	return (struct keeper){{NULL, keep}, open->host,
			       open->role == FERRY_SOURCE ? "source" : "destination", err, false};
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && rest_equal_nocase(s + n - m, m, end, m);
}

static enum form form_of(const struct ferry_open *open, struct teller *t)
{
	const char *format = ferry_setting_text(open, "format");
	const char *name = ferry_setting_text(open, "name");

	if (format)
		return strcmp(format, "csv") == 0 ? FORM_CSV : FORM_JSONL;
	if (!name)
		return FORM_CSV;
	if (ends_with(name, ".jsonl") || ends_with(name, ".ndjson"))
		return FORM_JSONL;
	if (!ends_with(name, ".csv") && !ends_with(name, ".tsv"))
		t->tell(t, "name", "the end of '%s' does not say which format it is: "
			"name it as 'format' (csv, jsonl)", name);
	return FORM_CSV;
}

static char delimiter_of(const struct ferry_open *open, struct teller *t)
{
	const char *s = ferry_setting_text(open, "delimiter");
	const char *name = ferry_setting_text(open, "name");

	if (!s)
		return name && ends_with(name, ".tsv") ? '\t' : ',';
	if (strcmp(s, "\\t") == 0 || strcmp(s, "tab") == 0)
		return '\t';
	if (strlen(s) == 1 && *s != '\n' && *s != '\r' && (unsigned char)*s < 0x80)
		return *s;
	t->tell(t, "delimiter", "delimiter: '%s' is not one ASCII character (or tab)", s);
	return ',';
}

static char quote_of(const struct ferry_open *open, struct teller *t)
{
	const char *s = ferry_setting_text(open, "quote");

	if (!s)
		return '"';
	if (strcmp(s, "none") == 0)
		return '\0';
	if (strlen(s) == 1 && *s != '\n' && *s != '\r' && (unsigned char)*s < 0x80)
		return *s;
	t->tell(t, "quote", "quote: '%s' is not one ASCII character (or none)", s);
	return '"';
}

static void read_null(struct dialect *d, const struct ferry_open *open, struct teller *t)
{
	const char *s = ferry_setting_text(open, "null");

	if (!s)
		return;
	d->null_len = strlen(s);
	if (d->null_len >= sizeof d->null)
		t->tell(t, "null", "null: longer than %zu bytes", sizeof d->null - 1);
	else
		memcpy(d->null, s, d->null_len + 1);
	for (const char *p = s; *p; p++)
		if (d->special[(unsigned char)*p]) {
			t->tell(t, "null",
				"null: cannot hold the delimiter, the quote or a line's end");
			return;
		}
}

struct dialect dialect_read(const struct ferry_open *open, struct teller *t)
{
	static const char *const of_csv[] = {"delimiter", "quote", "null", "line_end"};
	struct dialect d = {.form = form_of(open, t)};
	const char *end = ferry_setting_text(open, "line_end");

	d.header = ferry_setting_int(open, "header", 1);
	d.crlf = end && strcmp(end, "crlf") == 0;
	if (d.form == FORM_JSONL) {
		for (size_t i = 0; i < sizeof of_csv / sizeof of_csv[0]; i++)
			if (ferry_setting(open, of_csv[i]))
				t->tell(t, of_csv[i], "%s: is for format csv only", of_csv[i]);
		d.header = false;
		return d;
	}
	d.delimiter = delimiter_of(open, t);
	d.quote = quote_of(open, t);
	if (d.quote == d.delimiter)
		t->tell(t, "quote", "quote and delimiter are the same character");
	d.special['\n'] = d.special['\r'] = d.special[(unsigned char)d.delimiter] = true;
	if (d.quote)
		d.special[(unsigned char)d.quote] = true;
	read_null(&d, open, t);
	return d;
}

char **names_split(const char *text, size_t *n)
{
	char **names;

	*n = 0;
	if (!text)
		return NULL;
	names = rest_alloc(strlen(text) + 2, sizeof *names);
	while (*text) {
		size_t len = strcspn(text, ",");
		const char *s = text, *end = text + len;
		while (s < end && (*s == ' ' || *s == '\t'))
			s++;
		while (end > s && (end[-1] == ' ' || end[-1] == '\t'))
			end--;
		if (end > s)
			names[(*n)++] = rest_copy(s, (size_t)(end - s));
		text += len + (text[len] == ',');
	}
	return names;
}

void names_free(char **names)
{
	for (size_t i = 0; names && names[i]; i++)
		free(names[i]);
	free(names);
}

int names_find(char *const *names, size_t n, const char *name, size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0)
			return (int)i;
	return -1;
}
