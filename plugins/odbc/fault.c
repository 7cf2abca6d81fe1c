/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault.c - from a driver's diagnostics to what they mean for a run. The SQLSTATE counts; where a
 * driver has the same one for everything, its own code does, or as the last resort its words.
 */
#include "odbc/odbc.h"

#include <stdio.h>
#include <string.h>

/* ------------------------------------------------------------------ reading the records */

/* "[vendor][driver]text": what stands in brackets says who speaks, not what is the matter. */
static const char *without_brackets(const char *s)
{
	while (*s == '[' && strchr(s, ']'))
		s = strchr(s, ']') + 1;
	return s + strspn(s, " ");
}

static enum dbms speaker(const char *text)
{
	if (strncmp(text, "[ma-", 4) == 0 || strstr(text, "[MySQL]"))
		return DBMS_MYSQL;
	return strncmp(text, "[SQLite]", 8) == 0 ? DBMS_SQLITE : DBMS_OTHER;
}

static void add_record(struct fault *f, char *text)
{
	size_t used = strlen(f->text);

	text_one_line(text);
	const char *plain = without_brackets(text);
	if (!*plain || strstr(f->text, plain))
		return;
	text_cut(f->text + used, sizeof f->text - used, used ? "; " : "", used ? 2 : 0);
	used = strlen(f->text);
	text_cut(f->text + used, sizeof f->text - used, plain, strlen(plain));
}

/* psqlodbc adds this to whatever the server says. */
static void cut_noise(char *text)
{
	char *at = strstr(text, "; Error while executing the query");

	if (at)
		*at = '\0';
}

void fault_read(struct database *d, SQLHSTMT stmt, struct fault *f)
{
	SQLSMALLINT kind = stmt ? SQL_HANDLE_STMT : SQL_HANDLE_DBC, len;
	SQLHANDLE handle = stmt ? stmt : d->dbc;
	SQLWCHAR wide_state[6], wide[800];
	char state[24], text[NARROW_ROOM(800) + 1];
	SQLINTEGER native;
	SQLUINTEGER dead = SQL_CD_FALSE;
	size_t n;

	*f = (struct fault){0};
	for (SQLSMALLINT i = 1; i <= 8; i++) {
		if (!SQL_SUCCEEDED(
			    SQLGetDiagRecW(kind, handle, i, wide_state, &native, wide, 800, &len)))
			break;
		if (!narrow(wide_state, 5, state, &n))
			continue;
		state[n] = '\0';
		/* what does not fit is cut, maybe within a character */
		size_t units = len < 0 ? 0 : len < 799 ? (size_t)len : 799;
		while (!narrow(wide, units, text, &n))
			units--;
		text[n] = '\0';
		/* 00 and 01 are mere notes; of several failures the first tells most */
		bool note = strncmp(state, "00", 2) == 0 || strncmp(state, "01", 2) == 0;
		if (!f->state[0] || (!note && strncmp(f->state, "01", 2) == 0)) {
			text_cut(f->state, sizeof f->state, state, 5);
			f->native = native;
			f->dbms = speaker(text);
		}
		add_record(f, text);
	}
	if (!f->text[0])
		snprintf(f->text, sizeof f->text, "the driver does not say why");
	cut_noise(f->text);
	f->dead = d->connected &&
		  SQL_SUCCEEDED(
			  SQLGetConnectAttr(d->dbc, SQL_ATTR_CONNECTION_DEAD, &dead, 0, NULL)) &&
		  dead == SQL_CD_TRUE;
	if (d->password)
		keywords_mask(f->text, d->password, strlen(d->password));
	if (d->secrets)
		keywords_mask_all(f->text, d->secrets);
	enum ferry_code code = fault_code(f, FERRY_OK);
	d->lost = d->lost || f->dead ||
		  (d->connected && (code == FERRY_E_NETWORK || code == FERRY_E_CONNECT));
}

/* ------------------------------------------------------------------ what they mean */

enum { NATIVE_ANY = -1 };

/* The first that fits counts. */
static const struct {
	enum dbms dbms;			/* DBMS_OTHER: whatever it is */
	SQLINTEGER native;
	const char *state;		/* prefix */
	const char *words;		/* a part of the message; NULL: any */
	enum ferry_code code;
} codes[] = {
	{DBMS_MYSQL, 1040, "", NULL, FERRY_E_UNAVAILABLE},	/* too many connections */
	{DBMS_MYSQL, 1044, "", NULL, FERRY_E_FORBIDDEN},	/* no access to the database */
	{DBMS_MYSQL, 1045, "", NULL, FERRY_E_AUTH},
	{DBMS_MYSQL, 1049, "", NULL, FERRY_E_CONFIG},		/* no such database */
	{DBMS_MYSQL, 1053, "", NULL, FERRY_E_UNAVAILABLE},	/* shutting down */
	{DBMS_MYSQL, 1142, "", NULL, FERRY_E_FORBIDDEN},
	{DBMS_MYSQL, 1143, "", NULL, FERRY_E_FORBIDDEN},
	{DBMS_MYSQL, 1227, "", NULL, FERRY_E_FORBIDDEN},
	{DBMS_MYSQL, 1021, "", NULL, FERRY_E_UNAVAILABLE},	/* disk full */
	{DBMS_MYSQL, 1114, "", NULL, FERRY_E_UNAVAILABLE},	/* table full */
	{DBMS_MYSQL, 1205, "", NULL, FERRY_E_UNAVAILABLE},	/* waited for a lock */
	{DBMS_MYSQL, 1213, "", NULL, FERRY_E_UNAVAILABLE},	/* deadlock */
	{DBMS_MYSQL, 1290, "", NULL, FERRY_E_UNAVAILABLE},	/* read-only */
	{DBMS_MYSQL, 1317, "", NULL, FERRY_E_TIMEOUT},		/* interrupted */
	{DBMS_MYSQL, 1927, "", NULL, FERRY_E_NETWORK},		/* the connection was killed */
	{DBMS_MYSQL, 1969, "", NULL, FERRY_E_TIMEOUT},		/* max_statement_time */
	{DBMS_MYSQL, 3024, "", NULL, FERRY_E_TIMEOUT},		/* max_execution_time */
	{DBMS_MYSQL, 2006, "", NULL, FERRY_E_NETWORK},
	{DBMS_MYSQL, 2013, "", NULL, FERRY_E_NETWORK},
	{DBMS_MYSQL, 2026, "", NULL, FERRY_E_CONNECT},		/* TLS */
	{DBMS_OTHER, NATIVE_ANY, "", "gone away", FERRY_E_NETWORK}, /* its driver has any state for it */
	{DBMS_MYSQL, 2002, "", NULL, FERRY_E_CONNECT},
	{DBMS_MYSQL, 2003, "", NULL, FERRY_E_CONNECT},
	{DBMS_MYSQL, 2005, "", NULL, FERRY_E_CONNECT},
	{DBMS_SQLITE, 3, "", NULL, FERRY_E_FORBIDDEN},		/* SQLITE_PERM */
	{DBMS_SQLITE, 5, "", NULL, FERRY_E_UNAVAILABLE},	/* SQLITE_BUSY */
	{DBMS_SQLITE, 6, "", NULL, FERRY_E_UNAVAILABLE},	/* SQLITE_LOCKED */
	{DBMS_SQLITE, 7, "", NULL, FERRY_E_NOMEM},
	{DBMS_SQLITE, 8, "", NULL, FERRY_E_FORBIDDEN},		/* SQLITE_READONLY */
	{DBMS_SQLITE, 10, "", NULL, FERRY_E_UNAVAILABLE},	/* SQLITE_IOERR */
	{DBMS_SQLITE, 11, "", NULL, FERRY_E_DATA},		/* SQLITE_CORRUPT */
	{DBMS_SQLITE, 13, "", NULL, FERRY_E_UNAVAILABLE},	/* SQLITE_FULL */
	{DBMS_SQLITE, 14, "", NULL, FERRY_E_CONNECT},		/* SQLITE_CANTOPEN */
	{DBMS_SQLITE, 26, "", NULL, FERRY_E_CONFIG},		/* SQLITE_NOTADB */
	/* psqlodbc has 08001 for all a server may say against a connection, and says it in its words */
	{DBMS_OTHER, NATIVE_ANY, "08001", "password", FERRY_E_AUTH},
	{DBMS_OTHER, NATIVE_ANY, "08001", "authentication failed", FERRY_E_AUTH},
	{DBMS_OTHER, NATIVE_ANY, "08001", "pg_hba.conf", FERRY_E_AUTH},
	{DBMS_OTHER, NATIVE_ANY, "08001", "FATAL: role ", FERRY_E_AUTH},
	{DBMS_OTHER, NATIVE_ANY, "08001", "FATAL: database ", FERRY_E_CONFIG},
	{DBMS_OTHER, NATIVE_ANY, "08001", "too many connections", FERRY_E_UNAVAILABLE},
	{DBMS_OTHER, NATIVE_ANY, "08001", "too many clients", FERRY_E_UNAVAILABLE},
	{DBMS_OTHER, NATIVE_ANY, "08001", "the database system is", FERRY_E_UNAVAILABLE},
	{DBMS_OTHER, NATIVE_ANY, "08001", NULL, FERRY_E_CONNECT},
	{DBMS_OTHER, NATIVE_ANY, "08004", NULL, FERRY_E_UNAVAILABLE}, /* the server refuses */
	{DBMS_OTHER, NATIVE_ANY, "08", NULL, FERRY_E_NETWORK},
	{DBMS_OTHER, NATIVE_ANY, "HYT01", NULL, FERRY_E_NETWORK},
	{DBMS_OTHER, NATIVE_ANY, "HYT00", NULL, FERRY_E_TIMEOUT},
	{DBMS_OTHER, NATIVE_ANY, "57014", NULL, FERRY_E_TIMEOUT},
	{DBMS_OTHER, NATIVE_ANY, "HY001", NULL, FERRY_E_NOMEM},
	{DBMS_OTHER, NATIVE_ANY, "HY014", NULL, FERRY_E_UNAVAILABLE}, /* too many handles */
	{DBMS_OTHER, NATIVE_ANY, "IM", NULL, FERRY_E_CONFIG},
	{DBMS_OTHER, NATIVE_ANY, "01000", "Can't open lib", FERRY_E_CONFIG},
	{DBMS_OTHER, NATIVE_ANY, "25006", NULL, FERRY_E_UNAVAILABLE}, /* read-only */
	{DBMS_OTHER, NATIVE_ANY, "28", NULL, FERRY_E_AUTH},
	{DBMS_OTHER, NATIVE_ANY, "3D", NULL, FERRY_E_CONFIG},
	{DBMS_OTHER, NATIVE_ANY, "40", NULL, FERRY_E_UNAVAILABLE},    /* deadlock, serialization */
	{DBMS_OTHER, NATIVE_ANY, "42501", NULL, FERRY_E_FORBIDDEN},
	{DBMS_OTHER, NATIVE_ANY, "42S02", NULL, FERRY_E_SETUP},
	{DBMS_OTHER, NATIVE_ANY, "42P01", NULL, FERRY_E_SETUP},
	{DBMS_OTHER, NATIVE_ANY, "53", NULL, FERRY_E_UNAVAILABLE},    /* out of something */
	{DBMS_OTHER, NATIVE_ANY, "55P03", NULL, FERRY_E_UNAVAILABLE}, /* a lock was not to be had */
	{DBMS_OTHER, NATIVE_ANY, "57P", NULL, FERRY_E_NETWORK},	      /* being shut down */
	{DBMS_OTHER, NATIVE_ANY, "58", NULL, FERRY_E_UNAVAILABLE},
	{DBMS_OTHER, NATIVE_ANY, "XX", NULL, FERRY_E_DATA},
};

enum ferry_code fault_code(const struct fault *f, enum ferry_code plain)
{
	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
		if ((codes[i].dbms == DBMS_OTHER || codes[i].dbms == f->dbms) &&
		    (codes[i].native == NATIVE_ANY || codes[i].native == f->native) &&
		    strncmp(f->state, codes[i].state, strlen(codes[i].state)) == 0 &&
		    (!codes[i].words || strstr(f->text, codes[i].words)))
			return codes[i].code;
	return f->dead ? FERRY_E_NETWORK : plain;
}

/* ------------------------------------------------------------------ refusals of rows */

static const struct {
	enum dbms dbms;
	SQLINTEGER native;
	const char *state, *words;
	const char *name;		/* as PostgreSQL's manual calls it; NULL: the SQLSTATE */
} refusals[] = {
	{DBMS_MYSQL, 1048, "", NULL, "not_null_violation"},
	{DBMS_MYSQL, 1364, "", NULL, "not_null_violation"},
	{DBMS_MYSQL, 1062, "", NULL, "unique_violation"},
	{DBMS_MYSQL, 1586, "", NULL, "unique_violation"},
	{DBMS_MYSQL, 1451, "", NULL, "foreign_key_violation"},
	{DBMS_MYSQL, 1452, "", NULL, "foreign_key_violation"},
	{DBMS_MYSQL, 4025, "", NULL, "check_violation"},
	{DBMS_MYSQL, 3819, "", NULL, "check_violation"},
	{DBMS_MYSQL, 1406, "", NULL, "string_data_right_truncation"},
	{DBMS_MYSQL, 1265, "", NULL, "string_data_right_truncation"},
	{DBMS_MYSQL, 1264, "", NULL, "numeric_value_out_of_range"},
	{DBMS_MYSQL, 1366, "", NULL, "invalid_text_representation"},
	{DBMS_MYSQL, 1292, "", NULL, "invalid_datetime_format"},
	{DBMS_MYSQL, 1644, "", NULL, "raise_exception"},
	{DBMS_MYSQL, 1153, "", NULL, "program_limit_exceeded"},	/* max_allowed_packet */
	{DBMS_SQLITE, 19, "", "UNIQUE", "unique_violation"},
	{DBMS_SQLITE, 19, "", "NOT NULL", "not_null_violation"},
	{DBMS_SQLITE, 19, "", "CHECK", "check_violation"},
	{DBMS_SQLITE, 19, "", "FOREIGN KEY", "foreign_key_violation"},
	{DBMS_SQLITE, 19, "", NULL, "integrity_constraint_violation"},
	{DBMS_SQLITE, 20, "", NULL, "datatype_mismatch"},
	{DBMS_SQLITE, 18, "", NULL, "program_limit_exceeded"},
	{DBMS_OTHER, NATIVE_ANY, "22001", NULL, "string_data_right_truncation"},
	{DBMS_OTHER, NATIVE_ANY, "22003", NULL, "numeric_value_out_of_range"},
	{DBMS_OTHER, NATIVE_ANY, "22007", NULL, "invalid_datetime_format"},
	{DBMS_OTHER, NATIVE_ANY, "22008", NULL, "datetime_field_overflow"},
	{DBMS_OTHER, NATIVE_ANY, "22018", NULL, "invalid_text_representation"},
	{DBMS_OTHER, NATIVE_ANY, "22P02", NULL, "invalid_text_representation"},
	{DBMS_OTHER, NATIVE_ANY, "22021", NULL, "character_not_in_repertoire"},
	{DBMS_OTHER, NATIVE_ANY, "23502", NULL, "not_null_violation"},
	{DBMS_OTHER, NATIVE_ANY, "23503", NULL, "foreign_key_violation"},
	{DBMS_OTHER, NATIVE_ANY, "23505", NULL, "unique_violation"},
	{DBMS_OTHER, NATIVE_ANY, "23514", NULL, "check_violation"},
	{DBMS_OTHER, NATIVE_ANY, "23P01", NULL, "exclusion_violation"},
	{DBMS_OTHER, NATIVE_ANY, "23", NULL, "integrity_constraint_violation"},
	{DBMS_OTHER, NATIVE_ANY, "428C9", NULL, "generated_always"},
	{DBMS_OTHER, NATIVE_ANY, "44000", NULL, "with_check_option_violation"},
	{DBMS_OTHER, NATIVE_ANY, "54", NULL, "program_limit_exceeded"},
	{DBMS_OTHER, NATIVE_ANY, "P0001", NULL, "raise_exception"},
	{DBMS_OTHER, NATIVE_ANY, "21", NULL, NULL},
	{DBMS_OTHER, NATIVE_ANY, "22", NULL, NULL},
	{DBMS_OTHER, NATIVE_ANY, "27", NULL, NULL},
	{DBMS_OTHER, NATIVE_ANY, "38", NULL, NULL},
	{DBMS_OTHER, NATIVE_ANY, "39", NULL, NULL},
	{DBMS_OTHER, NATIVE_ANY, "HY104", NULL, NULL},		/* a parameter's precision */
	{DBMS_OTHER, NATIVE_ANY, "07006", NULL, NULL},		/* cannot be converted */
};

/* Its place in the table, -1 for none. */
static int refusal(const struct fault *f)
{
	for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
		if ((refusals[i].dbms == DBMS_OTHER || refusals[i].dbms == f->dbms) &&
		    (refusals[i].native == NATIVE_ANY || refusals[i].native == f->native) &&
		    strncmp(f->state, refusals[i].state, strlen(refusals[i].state)) == 0 &&
		    (!refusals[i].words || strstr(f->text, refusals[i].words)))
			return (int)i;
	return -1;
}

bool fault_is_data(const struct fault *f)
{
	return refusal(f) >= 0 && fault_code(f, FERRY_OK) == FERRY_OK;
}

const char *fault_name(const struct fault *f)
{
	int i = refusal(f);

	return i >= 0 && refusals[i].name ? refusals[i].name : f->state;
}

/* "null value in column "name"", "Column 'name' cannot be null", "NOT NULL constraint failed: t.name". */
void fault_field(const struct fault *f, char *out, size_t size)
{
	static const struct {
		const char *before, *after;
	} forms[] = {
		{"column \"", "\""},
		{"olumn '", "'"},
		{"Field '", "'"},
		{"constraint failed: ", ", "},
		{" for column ", " at row"},
	};

	*out = '\0';
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		const char *p = strstr(f->text, forms[i].before);
		if (!p)
			continue;
		p += strlen(forms[i].before);
		const char *end = strstr(p, forms[i].after);
		if (!end)
			end = p + strcspn(p, " ;(");
		/* the last part of a name with points; its quotes are not the name's */
		for (const char *q = p; q < end; q++)
			if (*q == '.')
				p = q + 1;
		p += p < end && *p == '`';
		end -= end > p && end[-1] == '`';
		text_cut(out, size, p, (size_t)(end - p));
		return;
	}
}

int fault_fail(const struct database *d, const struct fault *f, enum ferry_code plain,
	       const char *doing, struct ferry_error *err)
{
	return d->host->fail(err, fault_code(f, plain), "%s: %s: %s%s%s%s", d->name, doing, f->text,
			     f->state[0] ? " [" : "", f->state, f->state[0] ? "]" : "");
}

int database_fail(struct database *d, SQLHSTMT stmt, enum ferry_code plain, const char *doing,
		  struct ferry_error *err)
{
	struct fault f;

	fault_read(d, stmt, &f);
	return fault_fail(d, &f, plain, doing, err);
}
