/* SPDX-License-Identifier: Apache-2.0 */
/* tags-fields.c - the fields of an id tag, a record's own form, ferry's line in a note. No I/O. */
#include "steve/tags.h"

#include <stdio.h>
#include <string.h>

#define ID_MAX 20			/* of OCPP 1.x */

const struct ferry_field tag_fields[] = {
	{.name = "idTag",
	 .type = FERRY_TEXT,
	 .flags = FERRY_FIELD_REQUIRED | FERRY_FIELD_IDENTIFIER,
	 .max_len = ID_MAX,
	 .help = "the card's id: letters, digits and . : _ # -"},
	{.name = "parentIdTag",
	 .type = FERRY_TEXT,
	 .max_len = 255,
	 .help = "the tag it belongs to, which must exist"},
	{.name = "expiryDate",
	 .type = FERRY_TIME,
	 .help = "end of validity, in the future; NULL: none"},
	{.name = "maxActiveTransactionCount",
	 .type = FERRY_INT,
	 .help = "sessions at once: 0 blocks the card, -1 is without limit"},
	{.name = "note",
	 .type = FERRY_TEXT,
	 .flags = FERRY_FIELD_VOLATILE,
	 .help = "free text; a difference here alone is no change"},
	{.name = "ocppTagPk",
	 .type = FERRY_INT,
	 .flags = FERRY_FIELD_READONLY,
	 .help = "SteVe's own number"},
	{.name = "parentOcppTagPk",
	 .type = FERRY_INT,
	 .flags = FERRY_FIELD_READONLY,
	 .help = "that of the parent"},
	{.name = "userPk",
	 .type = FERRY_INT,
	 .flags = FERRY_FIELD_READONLY,
	 .help = "the user it is assigned to"},
	{.name = "inTransaction",
	 .type = FERRY_BOOL,
	 .flags = FERRY_FIELD_READONLY,
	 .help = "a session is open"},
	{.name = "blocked",
	 .type = FERRY_BOOL,
	 .flags = FERRY_FIELD_READONLY,
	 .help = "true when maxActiveTransactionCount is 0"},
	{.name = "activeTransactionCount",
	 .type = FERRY_INT,
	 .flags = FERRY_FIELD_READONLY,
	 .help = "open sessions"},
	{0},
};

/* As enum tag_column has them. */
const struct rest_column tag_columns[] = {
	{"ocppTagPk", "ocppTagPk", FERRY_INT, true},
	{"idTag", "idTag", FERRY_TEXT, true},
	{"parentIdTag", "parentIdTag", FERRY_TEXT, false},
	{"parentOcppTagPk", "parentOcppTagPk", FERRY_INT, false},
	{"userPk", "userPk", FERRY_INT, false},
	{"inTransaction", "inTransaction", FERRY_BOOL, false},
	{"blocked", "blocked", FERRY_BOOL, false},
	{"expiryDate", "expiryDate", FERRY_TIME, false},
	{"maxActiveTransactionCount", "maxActiveTransactionCount", FERRY_INT, true},
	{"activeTransactionCount", "activeTransactionCount", FERRY_INT, false},
	{"note", "note", FERRY_TEXT, false},
};
_Static_assert(sizeof tag_columns / sizeof *tag_columns == TAG_COLUMNS, "columns");

/* ------------------------------------------------------------- canonicalize */

const char *tag_id_mistake(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = s[i];
		if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		      (c && strchr(".:_#-", c))))
			return "must have letters, digits and . : _ # - only";
	}
	return !len ? "is empty" : len > ID_MAX ? "is longer than 20 characters" : NULL;
}

static int issue_at(struct ferry_issue *issue, const char *field, const char *message)
{
	issue->field = field;
	snprintf(issue->message, sizeof issue->message, "%s", message);
	return -1;
}

int tags_canonicalize(const struct ferry_pure *pure, struct ferry_value *fields,
		      struct ferry_issue *issue)
{
	for (size_t i = 0; i < pure->layout->n; i++) {
		const char *name = pure->layout->names[i];
		struct ferry_value *v = &fields[i];
		if (!strcmp(name, "idTag")) {
			const char *mistake = v->type == FERRY_TEXT
				? tag_id_mistake(v->s, v->len) : "is no text";
			if (mistake)
				return issue_at(issue, name, mistake);
		} else if (!strcmp(name, "maxActiveTransactionCount")) {
			if (v->type == FERRY_NULL)
				return issue_at(
					issue, name,
					"is NULL: SteVe would make it 1 and so unblock the card");
			if (v->i < INT32_MIN || v->i > INT32_MAX)
				return issue_at(issue, name, "is beyond what SteVe can hold");
		} else if (v->type == FERRY_TIME) {
			/* SteVe shows milliseconds */
			v->i -= ((v->i % 1000) + 1000) % 1000;
		} else if ((!strcmp(name, "parentIdTag") || !strcmp(name, "note")) &&
			   v->type == FERRY_TEXT && !v->len) {
			*v = (struct ferry_value){.type = FERRY_NULL};
		}
	}
	return 0;
}

/* -------------------------------------------------------------------- notes */

static const char mark[] = "ferry: last synced ";

/* Where ferry's line is: from its first byte to behind its newline. False when there is none. */
static bool find_stamp(const char *s, size_t len, size_t *from, size_t *to)
{
	const char *p = len ? memmem(s, len, mark, sizeof mark - 1) : NULL;

	if (!p)
		return false;
	const char *end = memchr(p, '\n', len - (size_t)(p - s));
	*from = (size_t)(p - s);
	*to = end ? (size_t)(end + 1 - s) : len;
	return true;
}

struct ferry_value tag_note_plain(const struct ferry_value *note, struct rest_pool *pool)
{
	struct ferry_value out = *note;
	size_t from, to;

	if (note->type != FERRY_TEXT || !find_stamp(note->s, note->len, &from, &to))
		return out;
	char *s = rest_pool_copy(pool, note->s, note->len);
	memmove(s + from, s + to, note->len - to);
	size_t len = note->len - (to - from);
	/* the newline that stood before it was ferry's too */
	if (from == len && len && s[len - 1] == '\n')
		len--;
	s[len] = '\0';
	if (!len)
		return (struct ferry_value){.type = FERRY_NULL};
	out.s = s;
	out.len = (uint32_t)len;
	return out;
}

struct ferry_value tag_note_stamped(const struct ferry_value *note, int64_t now,
				    struct rest_pool *pool)
{
	struct ferry_value plain = tag_note_plain(note, pool);
	size_t len = plain.type == FERRY_TEXT ? plain.len : 0;
	char *s = rest_pool_alloc(pool, len + 1 + sizeof mark + REST_TIME);
	size_t n = 0;

	if (len) {
		memcpy(s, plain.s, len);
		s[len] = '\n';
		n = len + 1;
	}
	memcpy(s + n, mark, sizeof mark - 1);
	n += sizeof mark - 1;
	n += rest_time_format(now, 0, true, s + n);
	return (struct ferry_value){.s = s, .len = (uint32_t)n, .type = FERRY_TEXT};
}
