/* SPDX-License-Identifier: Apache-2.0 */
/*
 * columns.c - what a column is, and in which form it is asked for. Rows come as text: the server's
 * decimals are exact in it, and only a FLOAT would lose digits, so it is asked for as a DOUBLE.
 */
#include "mysql/private.h"

#include <stdlib.h>
#include <string.h>

enum { CHARSET_BINARY = 63 };

void text_name(struct text *t, const char *name)
{
	text_quoted(t, name, '`');
}

/* MariaDB's JSON is a text of which only this tells. */
static bool has_format(const MYSQL_FIELD *f, const char *format)
{
	MARIADB_CONST_STRING name = {0};

	return mariadb_field_attr(&name, f, MARIADB_FIELD_ATTR_FORMAT_NAME) == 0 && name.str &&
	       name.length == strlen(format) && memcmp(name.str, format, name.length) == 0;
}

static enum kind kind_of(const MYSQL_FIELD *f)
{
	switch (f->type) {
	case MYSQL_TYPE_TINY:
	case MYSQL_TYPE_SHORT:
	case MYSQL_TYPE_LONG:
	case MYSQL_TYPE_INT24:
	case MYSQL_TYPE_LONGLONG:
		return KIND_INT;
	case MYSQL_TYPE_YEAR:
		return KIND_YEAR;
	case MYSQL_TYPE_BIT:
		return KIND_BIT;
	case MYSQL_TYPE_DECIMAL:
	case MYSQL_TYPE_NEWDECIMAL:
		return KIND_DECIMAL;
	case MYSQL_TYPE_FLOAT:
		return KIND_FLOAT;
	case MYSQL_TYPE_DOUBLE:
		return KIND_DOUBLE;
	case MYSQL_TYPE_DATE:
	case MYSQL_TYPE_NEWDATE:
		return KIND_DATE;
	case MYSQL_TYPE_DATETIME:
	case MYSQL_TYPE_DATETIME2:
		return KIND_DATETIME;
	case MYSQL_TYPE_TIMESTAMP:
	case MYSQL_TYPE_TIMESTAMP2:
		return KIND_TIMESTAMP;
	case MYSQL_TYPE_TIME:
	case MYSQL_TYPE_TIME2:
		return KIND_CLOCK;
	case MYSQL_TYPE_JSON:
		return KIND_JSON;
	case MYSQL_TYPE_GEOMETRY:
		return KIND_GEOMETRY;
	case MYSQL_TYPE_NULL:
		return KIND_TEXT;
	default:
		break;
	}
	if (f->charsetnr == CHARSET_BINARY)
		return KIND_BYTES;
	return has_format(f, "json") ? KIND_JSON : KIND_TEXT;
}

struct column *columns_of(MYSQL_STMT *stmt, size_t *n)
{
	MYSQL_RES *res = mysql_stmt_result_metadata(stmt);

	*n = res ? mysql_num_fields(res) : 0;
	struct column *columns = calloc(*n + 1, sizeof *columns);
	bool failed = !columns;
	for (size_t i = 0; !failed && i < *n; i++) {
		const MYSQL_FIELD *f = mysql_fetch_field_direct(res, (unsigned)i);
		columns[i].name = strdup(f->name);
		columns[i].kind = kind_of(f);
		columns[i].single_bit = columns[i].kind == KIND_BIT && f->length == 1;
		failed = !columns[i].name;
	}
	mysql_free_result(res);
	if (!failed)
		return columns;
	columns_free(columns, *n);
	return NULL;
}

void columns_free(struct column *columns, size_t n)
{
	for (size_t i = 0; columns && i < n; i++)
		free(columns[i].name);
	free(columns);
}

enum ferry_type column_type(const struct column *c, bool datetime_as_text)
{
	switch (c->kind) {
	case KIND_JSON:
		return FERRY_JSON;
	case KIND_BYTES:
		return FERRY_BYTES;
	case KIND_INT:
	case KIND_YEAR:
		return FERRY_INT;
	case KIND_BIT:
		return c->single_bit ? FERRY_BOOL : FERRY_INT;
	case KIND_DECIMAL:
	case KIND_FLOAT:
	case KIND_DOUBLE:
		return FERRY_DECIMAL;
	case KIND_TIMESTAMP:
		return FERRY_TIME;
	case KIND_DATETIME:
		return datetime_as_text ? FERRY_TEXT : FERRY_TIME;
	case KIND_TEXT:
	case KIND_DATE:
	case KIND_CLOCK:
	case KIND_GEOMETRY:
		break;
	}
	return FERRY_TEXT;
}

static void add_name(struct text *sql, const char *alias, const struct column *c)
{
	text_addf(sql, "%s.", alias);
	text_name(sql, c->name);
}

void column_expression(struct text *sql, const char *alias, const struct column *c)
{
	text_addf(sql, "%s", c->kind == KIND_GEOMETRY ? "ST_AsText(" : c->kind == KIND_FLOAT ? "(" : "");
	add_name(sql, alias, c);
	text_addf(sql, "%s", c->kind == KIND_GEOMETRY ? ")" : c->kind == KIND_FLOAT ? " + 0e0)" : "");
}

/* Texts by their bytes, whatever the collation takes for equal and wherever it puts blanks. */
void column_order(struct text *sql, const char *alias, const struct column *c)
{
	bool by_text = c->kind == KIND_TEXT || c->kind == KIND_JSON || c->kind == KIND_CLOCK ||
		       c->kind == KIND_GEOMETRY;

	text_addf(sql, "%s", by_text ? "CAST(CONVERT(" : "");
	if (c->kind == KIND_GEOMETRY)
		column_expression(sql, alias, c);
	else
		add_name(sql, alias, c);
	text_addf(sql, "%s", by_text ? " USING utf8mb4) AS BINARY)" : "");
}
