/* SPDX-License-Identifier: Apache-2.0 */
/*
 * columns.c - in which form a column of each type is asked for. The common types come as they are;
 * arrays and rows as JSON; all else as the text PostgreSQL itself has for it.
 */
#include "postgres/postgres.h"

#include <stdlib.h>
#include <string.h>

enum { TYPE_JSON = 114, TYPE_RECORD = 2249 };

struct form {
	Oid type;
	enum kind kind;
	enum wrap wrap;
	bool text;
};

/* OIDs of built-in types never change. */
static const struct form forms[] = {
	{16, KIND_BOOL, WRAP_NONE, false},
	{17, KIND_BYTES, WRAP_NONE, false},
	{20, KIND_INT8, WRAP_NONE, false},
	{21, KIND_INT2, WRAP_NONE, false},
	{23, KIND_INT4, WRAP_NONE, false},
	{25, KIND_TEXT, WRAP_NONE, true},	/* text */
	{26, KIND_OID, WRAP_NONE, false},
	{TYPE_JSON, KIND_JSON, WRAP_NONE, false},
	{700, KIND_FLOAT4, WRAP_NONE, false},
	{701, KIND_FLOAT8, WRAP_NONE, false},
	{1043, KIND_TEXT, WRAP_NONE, true},	/* varchar */
	{1082, KIND_DATE, WRAP_NONE, false},
	{1114, KIND_TIMESTAMP, WRAP_NONE, false},
	{1184, KIND_TIMESTAMPTZ, WRAP_NONE, false},
	{1700, KIND_NUMERIC, WRAP_NONE, false},
	{2950, KIND_UUID, WRAP_NONE, false},
	{3802, KIND_JSONB, WRAP_NONE, false},
	{TYPE_RECORD, KIND_JSON, WRAP_JSON, false},
};

static const struct form *known(Oid type)
{
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
		if (forms[i].type == type)
			return &forms[i];
	return NULL;
}

/* Which of the unknown types are arrays or rows. */
static int ask(struct server *s, struct column *columns, size_t n, const char *types,
	       struct ferry_error *err)
{
	static const struct patience patience = {0, 0};
	struct query q = {
		.sql = "SELECT oid FROM pg_catalog.pg_type WHERE oid = ANY ($1::pg_catalog.oid[])"
		       " AND (typcategory = 'A' OR typtype = 'c')",
		.n = 1, .values = &types,
	};
	PGresult *res = server_query(s, &q, &patience);

	if (!res || !result_ok(res)) {
		server_fail(s, res, FERRY_E_SETUP, "cannot look up the types of the columns", err);
		PQclear(res);
		return -1;
	}
	for (int row = 0; row < PQntuples(res); row++) {
		const uint8_t *p = (const uint8_t *)PQgetvalue(res, row, 0);
		Oid type = (Oid)p[0] << 24 | (Oid)p[1] << 16 | (Oid)p[2] << 8 | p[3];
		for (size_t i = 0; i < n; i++)
			if (columns[i].type == type) {
				columns[i].kind = KIND_JSON;
				columns[i].wrap = WRAP_JSON;
			}
	}
	PQclear(res);
	return 0;
}

int columns_resolve(struct server *s, struct column *columns, size_t n, struct ferry_error *err)
{
	struct text unknown = {0};
	int status = 0;

	for (size_t i = 0; i < n; i++) {
		struct column *c = &columns[i];
		const struct form *form = known(c->type);
		c->kind = form ? form->kind : KIND_TEXT;
		c->wrap = form ? form->wrap : WRAP_TEXT;
		c->text = form && form->text;
		if (!form)
			text_addf(&unknown, "%c%u", unknown.len ? ',' : '{', c->type);
	}
	if (unknown.len) {
		text_add(&unknown, "}", 1);
		status = unknown.failed ? server_no_memory(s, err) : ask(s, columns, n, unknown.s, err);
	}
	text_release(&unknown);
	return status;
}

enum ferry_type column_type(const struct column *c)
{
	switch (c->kind) {
	case KIND_JSON:
	case KIND_JSONB:
		return FERRY_JSON;
	case KIND_BYTES:
		return FERRY_BYTES;
	case KIND_BOOL:
		return FERRY_BOOL;
	case KIND_INT2:
	case KIND_INT4:
	case KIND_INT8:
	case KIND_OID:
		return FERRY_INT;
	case KIND_NUMERIC:
	case KIND_FLOAT4:
	case KIND_FLOAT8:
		return FERRY_DECIMAL;
	case KIND_TIMESTAMPTZ:
		return FERRY_TIME;
	case KIND_TEXT:
	case KIND_UUID:
	case KIND_DATE:
	case KIND_TIMESTAMP:
		break;
	}
	return FERRY_TEXT;
}

void column_expression(struct text *sql, const char *alias, const struct column *c)
{
	text_addf(sql, "%s%s.", c->wrap == WRAP_JSON ? "pg_catalog.to_json(" : "", alias);
	text_name(sql, c->name);
	text_addf(sql, "%s", c->wrap == WRAP_JSON ? ")" : c->wrap == WRAP_TEXT ? "::pg_catalog.text" : "");
}
