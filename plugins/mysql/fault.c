/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault.c - from the number of an error to what it means for a run, and from its text to the column it
 * is about. The session's messages are in English.
 */
#include "mysql/private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	unsigned number;
	enum ferry_code code;
} codes[] = {
	{1044, FERRY_E_FORBIDDEN}, {1142, FERRY_E_FORBIDDEN}, {1143, FERRY_E_FORBIDDEN},
	{1227, FERRY_E_FORBIDDEN}, {1370, FERRY_E_FORBIDDEN},
	{1045, FERRY_E_AUTH}, {1698, FERRY_E_AUTH}, {1130, FERRY_E_AUTH}, {1129, FERRY_E_AUTH},
	{1251, FERRY_E_AUTH}, {1820, FERRY_E_AUTH}, {1862, FERRY_E_AUTH}, {2049, FERRY_E_AUTH},
	{2059, FERRY_E_AUTH}, {3118, FERRY_E_AUTH}, {3955, FERRY_E_AUTH}, {4151, FERRY_E_AUTH},
	{1049, FERRY_E_CONFIG},			/* no such database */
	{1040, FERRY_E_UNAVAILABLE}, {1203, FERRY_E_UNAVAILABLE}, {1226, FERRY_E_UNAVAILABLE}, /* too many */
	{1205, FERRY_E_UNAVAILABLE}, {1213, FERRY_E_UNAVAILABLE}, {3572, FERRY_E_UNAVAILABLE}, /* locks */
	{1290, FERRY_E_UNAVAILABLE}, {1836, FERRY_E_UNAVAILABLE}, /* it only reads: a replica, a failover */
	{1047, FERRY_E_UNAVAILABLE},		/* Galera: not ready */
	{1021, FERRY_E_UNAVAILABLE}, {1114, FERRY_E_UNAVAILABLE}, {1030, FERRY_E_UNAVAILABLE}, /* disk */
	{1037, FERRY_E_UNAVAILABLE}, {1038, FERRY_E_UNAVAILABLE}, {1041, FERRY_E_UNAVAILABLE}, /* memory */
	{1028, FERRY_E_UNAVAILABLE}, {1180, FERRY_E_UNAVAILABLE}, {1637, FERRY_E_UNAVAILABLE},
	{1969, FERRY_E_TIMEOUT}, {3024, FERRY_E_TIMEOUT}, {1317, FERRY_E_TIMEOUT},
	{1412, FERRY_E_UNAVAILABLE},		/* the table's definition has changed */
	{1194, FERRY_E_DATA}, {1712, FERRY_E_DATA}, {1877, FERRY_E_DATA}, /* damaged */
	{2002, FERRY_E_CONNECT}, {2003, FERRY_E_CONNECT}, {2005, FERRY_E_CONNECT}, {2026, FERRY_E_CONNECT},
	{1053, FERRY_E_UNAVAILABLE},		/* being shut down */
	{1927, FERRY_E_NETWORK}, {4031, FERRY_E_NETWORK},
	{2000, FERRY_E_NETWORK}, {2006, FERRY_E_NETWORK}, {2012, FERRY_E_NETWORK}, {2013, FERRY_E_NETWORK},
	{2027, FERRY_E_NETWORK}, {2055, FERRY_E_NETWORK},
	{1156, FERRY_E_NETWORK}, {1157, FERRY_E_NETWORK}, {1158, FERRY_E_NETWORK}, {1159, FERRY_E_NETWORK},
	{1160, FERRY_E_NETWORK}, {1161, FERRY_E_NETWORK},
	{2008, FERRY_E_NOMEM},
};

enum ferry_code fault_code(unsigned number, enum ferry_code plain)
{
	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
		if (codes[i].number == number)
			return codes[i].code;
	return plain;
}

bool fault_is_data(const struct failure *f)
{
	static const char *const classes[] = {"21", "22", "23", "44", "45"};
	/* those without a state of their own */
	static const unsigned numbers[] = {1265, 1364, 1366, 1367, 1411, 1467, 1525, 1526, 3140, 3819};

	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		if (numbers[i] == f->number)
			return true;
	for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++)
		if (strncmp(f->state, classes[i], 2) == 0)
			return true;
	return false;
}

const char *fault_name(unsigned number, char buf[INTEGER_TEXT])
{
	static const struct {
		unsigned number;
		const char *name;
	} names[] = {
		{1048, "ER_BAD_NULL_ERROR"},
		{1062, "ER_DUP_ENTRY"},
		{1216, "ER_NO_REFERENCED_ROW"},
		{1217, "ER_ROW_IS_REFERENCED"},
		{1242, "ER_SUBQUERY_NO_1_ROW"},
		{1264, "ER_WARN_DATA_OUT_OF_RANGE"},
		{1265, "WARN_DATA_TRUNCATED"},
		{1292, "ER_TRUNCATED_WRONG_VALUE"},
		{1364, "ER_NO_DEFAULT_FOR_FIELD"},
		{1366, "ER_TRUNCATED_WRONG_VALUE_FOR_FIELD"},
		{1406, "ER_DATA_TOO_LONG"},
		{1416, "ER_CANT_CREATE_GEOMETRY_OBJECT"},
		{1451, "ER_ROW_IS_REFERENCED_2"},
		{1452, "ER_NO_REFERENCED_ROW_2"},
		{1526, "ER_NO_PARTITION_FOR_GIVEN_VALUE"},
		{1586, "ER_DUP_ENTRY_WITH_KEY_NAME"},
		{1644, "ER_SIGNAL_EXCEPTION"},
		{1690, "ER_DATA_OUT_OF_RANGE"},
		{3140, "ER_INVALID_JSON_TEXT"},
		{3819, "ER_CHECK_CONSTRAINT_VIOLATED"},
		{4025, "ER_CONSTRAINT_FAILED"},
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (names[i].number == number)
			return names[i].name;
	snprintf(buf, INTEGER_TEXT, "%u", number);
	return buf;
}

/* ------------------------------------------------------------------ names in messages */

static bool is_quote(char c)
{
	return c == '\'' || c == '`' || c == '"';
}

/* The last part of a name: `db`.`t`.`c`, 'c', 't.index'. */
static bool take_name(const char *p, char *out, size_t size)
{
	const char *from = NULL, *to = NULL;

	while (is_quote(*p)) {
		char quote = *p++;
		from = p;
		to = strchr(p, quote);
		if (!to)
			return false;
		p = to + 1;
		if (*p != '.')
			break;
		p++;
	}
	if (!from)
		return false;
	/* 't.index' */
	for (const char *q = from; q < to; q++)
		if (*q == '.')
			from = q + 1;
	text_cut(out, size, from, (size_t)(to - from));
	return true;
}

enum named fault_names(const char *text, char *out, size_t size)
{
	static const struct {
		const char *before;
		enum named what;
	} places[] = {
		{"for column ", NAMED_COLUMN}, {"Column ", NAMED_COLUMN}, {"Field ", NAMED_COLUMN},
		{"FOREIGN KEY (", NAMED_COLUMN}, {"for key ", NAMED_INDEX}, {"CONSTRAINT ", NAMED_CHECK},
	};

	*out = '\0';
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		/* the last one: a value that is quoted before it may look like one */
		const char *at = NULL;
		for (const char *p = text; (p = strstr(p, places[i].before)); p++)
			at = p;
		if (at && take_name(at + strlen(places[i].before), out, size))
			return places[i].what;
	}
	return NAMED_NOTHING;
}

/* ------------------------------------------------------------------ failures */

static int fail_lost(const struct server *s, const char *doing, struct ferry_error *err)
{
	const struct failure *f = &s->failure;

	switch (s->lost) {
	case LOST_CANCELLED:
		return s->host->fail(err, FERRY_E_CANCELLED, "cancelled");
	case LOST_LATE:
		return s->host->fail(err, FERRY_E_TIMEOUT, "%s: %s: no answer in time", s->name, doing);
	case LOST_CONNECTION:
	case LOST_NOT:
		break;
	}
	return s->host->fail(err, fault_code(f->number, FERRY_E_NETWORK), "%s: %s: the connection was lost: %s "
			     "[%u]", s->name, doing, f->text, f->number);
}

int server_fail(const struct server *s, enum ferry_code plain, const char *doing, struct ferry_error *err)
{
	const struct failure *f = &s->failure;

	if (s->lost != LOST_NOT)
		return fail_lost(s, doing, err);
	if (s->cancelled && f->number == 1317)
		return s->host->fail(err, FERRY_E_CANCELLED, "cancelled");
	return s->host->fail(err, fault_code(f->number, plain), "%s: %s: %s [%u]", s->name, doing, f->text,
			     f->number);
}
