/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query.c - the text of a source's query: where its one statement ends, whatever stands in quotes and
 * comments. A table is the query that reads it whole.
 */
#include "table/table.h"

#include <ctype.h>
#include <string.h>

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || (c & 0x80);
}

/* Behind the end of a text in quotes. escapes: a backslash hides what follows it. */
static const char *quoted_end(const char *p, char quote, bool escapes)
{
	for (p++; *p && *p != quote; p++)
		if (escapes && *p == '\\' && p[1])
			p++;
	return *p ? p + 1 : p;
}

/* $tag$ ... $tag$; a '$' that begins none stands for itself. */
static const char *dollar_end(const char *p)
{
	const char *tag = p + 1;

	while (is_word(*tag))
		tag++;
	if (*tag != '$' || isdigit((unsigned char)p[1]))
		return p + 1;
	size_t len = (size_t)(tag + 1 - p);
	for (const char *q = tag + 1; *q; q++)
		if (strncmp(q, p, len) == 0)
			return q + len;
	return p + strlen(p);
}

static const char *block_comment_end(const char *p, bool nested)
{
	int depth = 0;

	do {
		if (p[0] == '/' && p[1] == '*')
			depth = nested ? depth + 1 : 1, p += 2;
		else if (p[0] == '*' && p[1] == '/')
			depth--, p += 2;
		else
			p++;
	} while (depth && *p);
	return p;
}

/* Behind a comment that begins here; p itself when none does. */
static const char *comment_end(const char *p, unsigned dialect)
{
	bool line = p[0] == '-' && p[1] == '-' &&
		    (!(dialect & SQL_HASH) || !p[2] || isspace((unsigned char)p[2]));

	if (line || (*p == '#' && dialect & SQL_HASH))
		return p + strcspn(p, "\n");
	/* what MySQL and MariaDB run all the same is none */
	bool run = dialect & SQL_HASH && p[0] == '/' && p[1] == '*' &&
		   (p[2] == '!' || (p[2] == 'M' && p[3] == '!'));
	if (p[0] == '/' && p[1] == '*' && !run)
		return block_comment_end(p, dialect & SQL_NESTED);
	return p;
}

static const char *word_end(const char *p, unsigned dialect)
{
	if ((*p == 'E' || *p == 'e') && p[1] == '\'' && dialect & SQL_E_STRING)
		return quoted_end(p + 1, '\'', true);
	while (is_word(*p) || *p == '$')
		p++;
	return p;
}

static const char *token_end(const char *p, unsigned dialect)
{
	if (*p == '\'' || *p == '"')
		return quoted_end(p, *p, dialect & SQL_BACKSLASH);
	if (*p == '`' && dialect & SQL_BACKTICK)
		return quoted_end(p, '`', false);
	if (*p == '[' && dialect & SQL_BRACKET)
		return quoted_end(p, ']', false);
	if (*p == '$' && dialect & SQL_DOLLAR)
		return dollar_end(p);
	return is_word(*p) ? word_end(p, dialect) : p + 1;
}

size_t statement_length(const char *sql, unsigned dialect, bool *more)
{
	const char *p = sql, *end = sql;
	bool semicolon = false;

	while (*p) {
		const char *behind = comment_end(p, dialect);
		if (behind > p) {
			p = behind;
		} else if (isspace((unsigned char)*p)) {
			p++;
		} else if (*p == ';') {
			semicolon = semicolon || end > sql;
			p++;
		} else if (semicolon) {
			break;
		} else {
			p = end = token_end(p, dialect);
		}
	}
	*more = *p;
	return (size_t)(end - sql);
}

/* What is wrong, NULL for nothing; *length of the query. */
static const char *mistake(const char *query, const char *table, const char *schema, unsigned dialect,
			   size_t *length)
{
	bool more = false;

	if (!query == !table)
		return query ? "give either 'query' or 'table', not both" : "give either 'query' or 'table'";
	if (query && schema)
		return "'schema' belongs to 'table': name it in the query";
	if (!query)
		return *table ? NULL : "'table' is empty";
	*length = statement_length(query, dialect, &more);
	if (!*length)
		return "'query' is empty";
	return more ? "'query' has more than one statement" : NULL;
}

int query_settings(const struct ferry_open *open, unsigned dialect, char quote, struct text *sql,
		   struct ferry_error *err)
{
	const char *query = ferry_setting_text(open, "query");
	const char *table = ferry_setting_text(open, "table");
	const char *schema = ferry_setting_text(open, "schema");
	size_t length = 0;
	const char *wrong = mistake(query, table, schema, dialect, &length);

	if (wrong)
		return open->host->fail(err, FERRY_E_CONFIG, "source: %s", wrong);
	if (query) {
		text_add(sql, query, length);
		return 0;
	}
	text_addf(sql, "SELECT * FROM ");
	if (schema) {
		text_quoted(sql, schema, quote);
		text_add(sql, ".", 1);
	}
	text_quoted(sql, table, quote);
	return 0;
}

/* It is there, and what it says is not known yet. */
static bool is_unknown(const struct ferry_open *open, const char *name)
{
	return ferry_setting(open, name) && !ferry_setting_text(open, name);
}

void query_check(const struct ferry_open *open, unsigned dialect, struct ferry_check *check)
{
	const char *query = ferry_setting_text(open, "query"), *table = ferry_setting_text(open, "table");
	const char *schema = ferry_setting_text(open, "schema"), *wrong;
	size_t length = 0;

	/* in place of what is not known stands what is surely right */
	if (is_unknown(open, "query"))
		query = "SELECT 1";
	if (is_unknown(open, "table"))
		table = "t";
	if (is_unknown(open, "schema"))
		schema = "s";
	wrong = mistake(query, table, schema, dialect, &length);
	if (wrong)
		check->mistake(check, query ? "query" : table ? "table" : NULL, "%s", wrong);
}
