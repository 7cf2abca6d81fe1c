/* SPDX-License-Identifier: Apache-2.0 */
/* target.c - what holds for every table that is written: its settings, and the refusals of a row. */
#include "table/table.h"

#include <string.h>

int layout_place(const struct ferry_layout *layout, const char *name)
{
	for (size_t i = 0; i < layout->n; i++)
		if (strcmp(layout->names[i], name) == 0)
			return (int)i;
	for (size_t i = 0; i < layout->n; i++)
		if (strcasecmp(layout->names[i], name) == 0)
			return (int)i;
	return -1;
}

int target_settings(const struct ferry_open *open, struct ferry_error *err)
{
	const struct ferry_host *host = open->host;
	const char *table = ferry_setting_text(open, "table");
	const char *disabled_at = ferry_setting_text(open, "disabled_at");

	if (!table || !*table)
		return host->fail(err, FERRY_E_CONFIG, "destination: 'table' is missing");
	if (!open->layout || !open->layout->n)
		return host->fail(err, FERRY_E_CONFIG, "destination: no field is mapped");
	if (disabled_at && layout_place(open->layout, disabled_at) >= 0)
		return host->fail(err, FERRY_E_CONFIG,
				  "destination: '%s' is written by 'disabled_at' and cannot be mapped too",
				  disabled_at);
	return 0;
}

static void check_key(const struct ferry_open *open, const struct rowkey *k, struct ferry_check *check)
{
	const char *const *names = k->names ? k->names : k->open_names;

	if (k->names && !k->names[0])
		check->mistake(check, "key", "names no column");
	for (size_t i = 0; names && names[i]; i++) {
		if (layout_place(open->layout, names[i]) < 0)
			check->mistake(check, k->names ? "key" : NULL, "the key column '%s' is not mapped",
				       names[i]);
		for (size_t j = 0; j < i; j++)
			if (strcasecmp(names[i], names[j]) == 0)
				check->mistake(check, k->names ? "key" : NULL, "'%s' is named twice",
					       names[i]);
	}
}

void target_check(const struct ferry_open *open, struct ferry_check *check)
{
	const char *disabled_at = ferry_setting_text(open, "disabled_at");
	const char *table = ferry_setting_text(open, "table");
	struct rowkey key;

	if (table && !*table)
		check->mistake(check, "table", "is empty");
	if (!open->layout || !open->layout->n) {
		check->mistake(check, NULL, "no field is mapped");
		return;
	}
	if (disabled_at && !*disabled_at)
		check->mistake(check, "disabled_at", "is empty: name a column, or leave it out");
	else if (disabled_at && layout_place(open->layout, disabled_at) >= 0)
		check->mistake(check, "disabled_at", "'%s' is written by it and cannot be mapped too",
			       disabled_at);
	for (size_t i = 0; i < open->layout->n; i++)
		for (size_t j = 0; j < i; j++)
			if (strcasecmp(open->layout->names[i], open->layout->names[j]) == 0)
				check->mistake(check, open->layout->names[i],
					       "is the same column as '%s'", open->layout->names[j]);
	/* a key that is not known yet cannot be wrong */
	if (rowkey_init(&key, open) && (key.names || !ferry_setting(open, "key")))
		check_key(open, &key, check);
	rowkey_release(&key);
}

int target_takes(const struct ferry_host *host, enum ferry_decision decision, const char *disabled_at,
		 bool *adds, struct ferry_error *err)
{
	*adds = decision == FERRY_CREATE || decision == FERRY_UPDATE;
	if (!*adds && decision != FERRY_DELETE && decision != FERRY_DISABLE)
		return host->fail(err, FERRY_E_UNSUPPORTED, "there is nothing to write for this decision");
	if (decision == FERRY_DISABLE && !disabled_at)
		return host->fail(err, FERRY_E_CONFIG,
				  "destination: rows can be disabled only if 'disabled_at' names a column "
				  "for it");
	return 0;
}

enum ferry_type field_type(size_t place, const struct ferry_action *actions, size_t n)
{
	enum ferry_type type = FERRY_NULL;

	for (size_t i = 0; i < n; i++) {
		enum ferry_type one = actions[i].fields ? actions[i].fields[place].type : FERRY_NULL;
		if (one == FERRY_NULL || one == type)
			continue;
		bool numbers = (one == FERRY_INT || one == FERRY_DECIMAL) &&
			       (type == FERRY_INT || type == FERRY_DECIMAL);
		if (type != FERRY_NULL && !numbers)
			return FERRY_TEXT;
		type = numbers ? FERRY_DECIMAL : one;
	}
	return type;
}

/* ------------------------------------------------------------------ outcomes */

void outcomes_set(struct ferry_outcome *outcomes, size_t n, enum ferry_ack ack)
{
	memset(outcomes, 0, n * sizeof *outcomes);
	for (size_t i = 0; i < n; i++)
		outcomes[i].ack = ack;
}

void outcome_refuse(struct ferry_outcome *out, const char *code, const char *field, const char *message)
{
	out->ack = FERRY_ACK_REJECTED;
	text_cut(out->code, sizeof out->code, code, strlen(code));
	text_cut(out->field, sizeof out->field, field, strlen(field));
	text_cut(out->message, sizeof out->message, message, strlen(message));
}

void outcome_not_found(struct ferry_outcome *out)
{
	outcome_refuse(out, "NOT_FOUND", "", "the row is not there any more, and mode 'update' makes none");
}

void outcome_no_key(struct ferry_outcome *out)
{
	outcome_refuse(out, "NO_KEY", "", "nothing says which row it is");
}

bool outcome_key_given(const struct rowkey *k, const struct ferry_value *fields, struct ferry_outcome *out)
{
	for (size_t i = 0; i < k->n; i++)
		if (fields[k->places[i]].type == FERRY_NULL) {
			outcome_refuse(out, "NULL_KEY", k->layout->names[k->places[i]],
				       "a key column is NULL: the row could not be found again");
			return false;
		}
	return true;
}
