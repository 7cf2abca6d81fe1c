/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault.c - from a SQLSTATE to what it means for a run. The state is what counts: messages may be in
 * the server's own language.
 */
#include "postgres/postgres.h"

#include <stdio.h>
#include <string.h>

const char *result_state(const PGresult *res)
{
	const char *state = res ? PQresultErrorField(res, PG_DIAG_SQLSTATE) : NULL;

	return state ? state : "";
}

enum ferry_code fault_code(const char *sqlstate, enum ferry_code plain)
{
	/* the first prefix that fits counts */
	static const struct {
		const char *prefix;
		enum ferry_code code;
	} codes[] = {
		{"08", FERRY_E_NETWORK},
		{"25006", FERRY_E_UNAVAILABLE},	/* read-only: a standby, or a failover under way */
		{"28", FERRY_E_AUTH},
		{"3D000", FERRY_E_CONFIG},	/* no such database */
		{"40", FERRY_E_UNAVAILABLE},	/* serialization failure, deadlock */
		{"42501", FERRY_E_FORBIDDEN},
		{"53", FERRY_E_UNAVAILABLE},	/* too many connections, disk full, out of memory */
		{"55P03", FERRY_E_UNAVAILABLE},	/* a lock was not to be had */
		{"55006", FERRY_E_UNAVAILABLE},
		{"57014", FERRY_E_TIMEOUT},
		{"57P", FERRY_E_UNAVAILABLE},	/* being shut down or started */
		{"58", FERRY_E_UNAVAILABLE},
		{"XX001", FERRY_E_DATA}, {"XX002", FERRY_E_DATA}, /* damaged table or index */
	};

	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
		if (strncmp(sqlstate, codes[i].prefix, strlen(codes[i].prefix)) == 0)
			return codes[i].code;
	return plain;
}

bool fault_is_data(const char *sqlstate)
{
	static const char *const prefixes[] = {
		"09", "21", "22", "23", "27", "2F", "38", "39", "428C9", "44", "54", "P0",
	};

	for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
		if (strncmp(sqlstate, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return false;
}

const char *fault_name(const char *sqlstate)
{
	static const struct {
		const char state[6];
		const char *name;
	} names[] = {
		{"21000", "cardinality_violation"},
		{"22000", "data_exception"},
		{"22001", "string_data_right_truncation"},
		{"22003", "numeric_value_out_of_range"},
		{"22004", "null_value_not_allowed"},
		{"22007", "invalid_datetime_format"},
		{"22008", "datetime_field_overflow"},
		{"22012", "division_by_zero"},
		{"22021", "character_not_in_repertoire"},
		{"22023", "invalid_parameter_value"},
		{"22025", "invalid_escape_sequence"},
		{"22026", "string_data_length_mismatch"},
		{"22030", "duplicate_json_object_key_value"},
		{"22032", "invalid_json_text"},
		{"22P02", "invalid_text_representation"},
		{"22P03", "invalid_binary_representation"},
		{"22P05", "untranslatable_character"},
		{"23000", "integrity_constraint_violation"},
		{"23001", "restrict_violation"},
		{"23502", "not_null_violation"},
		{"23503", "foreign_key_violation"},
		{"23505", "unique_violation"},
		{"23514", "check_violation"},
		{"23P01", "exclusion_violation"},
		{"27000", "triggered_data_change_violation"},
		{"38000", "external_routine_exception"},
		{"39000", "external_routine_invocation_exception"},
		{"428C9", "generated_always"},
		{"44000", "with_check_option_violation"},
		{"54000", "program_limit_exceeded"},
		{"P0001", "raise_exception"},
		{"P0002", "no_data_found"},
		{"P0003", "too_many_rows"},
		{"P0004", "assert_failure"},
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(names[i].state, sqlstate) == 0)
			return names[i].name;
	return sqlstate;
}

void fault_message(const PGresult *res, char *out, size_t size)
{
	const char *primary = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
	const char *detail = PQresultErrorField(res, PG_DIAG_MESSAGE_DETAIL);
	const char *state = result_state(res);
	char text[1024];

	/* these details are the whole row, with columns nobody asked for */
	bool tells_row = strcmp(state, "23502") == 0 || strcmp(state, "23514") == 0 ||
			 strcmp(state, "44000") == 0;
	snprintf(text, sizeof text, "%s%s%s%s", primary ? primary : PQresultErrorMessage(res),
		 detail && !tells_row ? " (" : "", detail && !tells_row ? detail : "",
		 detail && !tells_row ? ")" : "");
	text_one_line(text);
	text_cut(out, size, text, strlen(text));
}

static int fail_lost(const struct server *s, const char *doing, struct ferry_error *err)
{
	switch (s->lost) {
	case LOST_CANCELLED:
		return s->host->fail(err, FERRY_E_CANCELLED, "cancelled");
	case LOST_LATE:
		return s->host->fail(err, FERRY_E_TIMEOUT, "%s: %s: %s", s->name, doing, s->lost_text);
	case LOST_CONNECTION:
	case LOST_NOT:
		break;
	}
	return s->host->fail(err, FERRY_E_NETWORK, "%s: %s: the connection was lost: %s", s->name,
			     doing, s->lost_text);
}

int server_fail(const struct server *s, const PGresult *res, enum ferry_code plain, const char *doing,
		struct ferry_error *err)
{
	const char *state = result_state(res), *hint;
	char text[800];

	if (!res)
		return fail_lost(s, doing, err);
	if (s->cancelled && strcmp(state, "57014") == 0)
		return s->host->fail(err, FERRY_E_CANCELLED, "cancelled");
	if (!*state && PQstatus(s->conn) == CONNECTION_BAD)
		plain = FERRY_E_NETWORK;	/* libpq's own words */
	fault_message(res, text, sizeof text);
	hint = PQresultErrorField(res, PG_DIAG_MESSAGE_HINT);
	s->host->fail(err, fault_code(state, plain), "%s: %s: %s%s%s%s", s->name, doing, text,
		      *state ? " [" : "", state, *state ? "]" : "");
	if (hint) {
		text_cut(err->hint, sizeof err->hint, hint, strlen(hint));
		text_one_line(err->hint);
	}
	return -1;
}
