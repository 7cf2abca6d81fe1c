/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scan.c - reading a JSON text once, from its begin to its end, without a tree: what is wanted of
 * it is found on the way, the rest is checked as strictly. Allocates nothing.
 *
 * Strict is RFC 8259 to the letter, and UTF-8. Numbers are left as they are written.
 */
#include "rest/rest.h"

#include <endian.h>
#include <string.h>

#define DEPTH 63

/* ---------------------------------------------------------------- characters */

enum { PLAIN, QUOTE, BACKSLASH, CONTROL, BEYOND };

/* What ends a run of plain characters in a string. */
static inline int string_class(unsigned char c)
{
	return c >= 0x80 ? BEYOND : c == '"' ? QUOTE : c == '\\' ? BACKSLASH
		: c < 0x20 ? CONTROL : PLAIN;
}

/*
 * The top bits of those of eight bytes that end the run. Each test sets that of the lowest byte that
 * it is about, since only such a byte borrows from the next; those above it may be wrong.
 */
static inline uint64_t special_bytes(uint64_t w)
{
	const uint64_t ones = 0x0101010101010101, tops = 0x8080808080808080;
	uint64_t quote = w ^ (ones * '"'), slash = w ^ (ones * '\\');

	return ((w - ones * 0x20) | (quote - ones) | (slash - ones) | w) & tops;
}

static inline const char *skip_plain(const char *p, const char *end)
{
	while (end - p >= 8) {
		uint64_t w;
		memcpy(&w, p, sizeof w);
		uint64_t special = special_bytes(le64toh(w));
		if (special)
			return p + __builtin_ctzll(special) / 8;
		p += 8;
	}
	while (p < end && string_class((unsigned char)*p) == PLAIN)
		p++;
	return p;
}

/* Bytes of the UTF-8 character at p, which is not ASCII; 0 when it is none. */
static size_t utf8_length(const char *p, const char *end)
{
	const unsigned char *s = (const unsigned char *)p;
	size_t n = s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;

	if (!n || (size_t)(end - p) < n)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	/* longer than need be, a surrogate, or beyond the last character */
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10
		: c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Four hex digits, or -1. */
static int hex_four(const char *p, const char *end)
{
	int v = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int d = hex_digit(p[i]);
		if (d < 0)
			return -1;
		v = v * 16 + d;
	}
	return v;
}

/* ------------------------------------------------------------------ one value */

static bool wrong(struct rest_scan *s, const char *why)
{
	if (!s->why)
		s->why = why;
	return false;
}

static void skip_blanks(struct rest_scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\r' || *s->p == '\t'))
		s->p++;
}

/* What begins here; blanks before it are skipped. */
static inline char next_char(struct rest_scan *s)
{
	if (s->p < s->end && *s->p > ' ')
		return *s->p;
	skip_blanks(s);
	if (s->p < s->end)
		return *s->p;
	wrong(s, "it ends too early");
	return '\0';
}

static bool read_escape(struct rest_scan *s)
{
	if (s->end - s->p < 2)
		return wrong(s, "it ends too early");
	if (s->p[1] == 'u') {
		if (hex_four(s->p + 2, s->end) < 0)
			return wrong(s, "\\u without four hex digits");
		s->p += 6;
		return true;
	}
	if (!s->p[1] || !strchr("\"\\/bfnrt", s->p[1]))
		return wrong(s, "an escape that is none");
	s->p += 2;
	return true;
}

/* A string; s->p is at its quote. */
static bool read_string(struct rest_scan *s, struct rest_piece *ret)
{
	const char *start = ++s->p;
	bool escaped = false;
	size_t n;

	for (;;) {
		s->p = skip_plain(s->p, s->end);
		if (s->p == s->end)
			return wrong(s, "it ends too early");
		if (*s->p == '"') {
			*ret = (struct rest_piece){start, (size_t)(s->p - start), REST_STRING, escaped};
			s->p++;
			return true;
		}
		switch (string_class((unsigned char)*s->p)) {
		case BACKSLASH:
			escaped = true;
			if (!read_escape(s))
				return false;
			break;
		case BEYOND:
			n = utf8_length(s->p, s->end);
			if (!n)
				return wrong(s, "no UTF-8");
			s->p += n;
			break;
		default:
			return wrong(s, "a control character in a string");
		}
	}
}

static bool read_digits(struct rest_scan *s)
{
	const char *start = s->p;

	while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
		s->p++;
	return s->p > start || wrong(s, "no number");
}

static bool read_number(struct rest_scan *s, struct rest_piece *ret)
{
	const char *start = s->p;
	enum rest_kind kind = REST_INT;

	if (*s->p == '-')
		s->p++;
	if (s->p < s->end && *s->p == '0')
		s->p++;
	else if (!read_digits(s))
		return false;
	if (s->p < s->end && *s->p == '.') {
		kind = REST_NUMBER;
		s->p++;
		if (!read_digits(s))
			return false;
	}
	if (s->p < s->end && (*s->p == 'e' || *s->p == 'E')) {
		kind = REST_NUMBER;
		s->p++;
		if (s->p < s->end && (*s->p == '+' || *s->p == '-'))
			s->p++;
		if (!read_digits(s))
			return false;
	}
	*ret = (struct rest_piece){start, (size_t)(s->p - start), kind, false};
	return true;
}

static bool read_word(struct rest_scan *s, const char *word, enum rest_kind kind,
		      struct rest_piece *ret)
{
	size_t n = strlen(word);

	if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0)
		return wrong(s, "no JSON value");
	*ret = (struct rest_piece){s->p, n, kind, false};
	s->p += n;
	return true;
}

static bool read_scalar(struct rest_scan *s, struct rest_piece *ret)
{
	switch (*s->p) {
	case '"': return read_string(s, ret);
	case 't': return read_word(s, "true", REST_BOOL, ret);
	case 'f': return read_word(s, "false", REST_BOOL, ret);
	case 'n': return read_word(s, "null", REST_NULL, ret);
	case '-':
	case '0': case '1': case '2': case '3': case '4':
	case '5': case '6': case '7': case '8': case '9':
		return read_number(s, ret);
	default:
		return wrong(s, "no JSON value");
	}
}

/* -------------------------------------------------------------- step by step */

void rest_scan_begin(struct rest_scan *s, const char *text, size_t len)
{
	*s = (struct rest_scan){.text = text, .p = text, .end = text + len};
}

bool rest_scan_end(struct rest_scan *s)
{
	if (s->why)
		return false;
	skip_blanks(s);
	return s->p == s->end || wrong(s, "more text follows");
}

bool rest_scan_enter(struct rest_scan *s, enum rest_kind kind)
{
	if (s->why || next_char(s) != (kind == REST_OBJECT ? '{' : '['))
		return false;
	if (++s->depth > DEPTH)
		return wrong(s, "it is nested too deeply");
	s->p++;
	s->fresh = true;
	return true;
}

/* Past the comma, or out; true when something follows. */
static bool step(struct rest_scan *s, char close)
{
	if (s->why)
		return false;
	char c = next_char(s);
	if (c == close && !s->why) {
		s->p++;
		s->depth--;
		s->fresh = false;
		return false;
	}
	if (!s->fresh) {
		if (c != ',')
			return wrong(s, "a comma is missing");
		s->p++;
	}
	s->fresh = false;
	return next_char(s) != '\0' || wrong(s, "no JSON value");
}

bool rest_scan_element(struct rest_scan *s)
{
	return step(s, ']');
}

bool rest_scan_member(struct rest_scan *s, struct rest_piece *name)
{
	if (!step(s, '}'))
		return false;
	if (*s->p != '"')
		return wrong(s, "a member has no name");
	if (!read_string(s, name))
		return false;
	if (next_char(s) != ':')
		return wrong(s, "a colon is missing");
	s->p++;
	return next_char(s) != '\0' || wrong(s, "no JSON value");
}

bool rest_scan_value(struct rest_scan *s, struct rest_piece *ret)
{
	struct rest_piece part;

	if (s->why || !next_char(s))
		return wrong(s, "no JSON value");
	const char *start = s->p;
	enum rest_kind kind = *start == '{' ? REST_OBJECT : *start == '[' ? REST_ARRAY : REST_NULL;
	if (kind == REST_NULL)
		return read_scalar(s, ret);
	if (!rest_scan_enter(s, kind))
		return false;
	while (kind == REST_OBJECT ? rest_scan_member(s, &part) : rest_scan_element(s))
		if (!rest_scan_value(s, &part))
			return false;
	*ret = (struct rest_piece){start, (size_t)(s->p - start), kind, false};
	return !s->why;
}

/* ------------------------------------------------------------------- picking */

/* Forget what was found at a node and below it: a member that comes again takes its place. */
static void forget(const struct rest_tree *t, size_t node, struct rest_piece *found)
{
	if (t->nodes[node].index >= 0)
		found[t->nodes[node].index] = (struct rest_piece){0};
	for (size_t k = t->nodes[node].child; k; k = t->nodes[k].next)
		forget(t, k, found);
}

static size_t find_child(const struct rest_tree *t, size_t node, const struct rest_piece *name)
{
	for (size_t k = t->nodes[node].child; k; k = t->nodes[k].next)
		if (rest_piece_is(name, t->nodes[k].name, t->nodes[k].len))
			return k;
	return 0;
}

static bool pick(struct rest_scan *s, const struct rest_tree *t, size_t node,
		 struct rest_piece *found)
{
	struct rest_piece part;

	if (s->why || !next_char(s))
		return wrong(s, "no JSON value");
	const char *start = s->p;
	if (*start != '{' || !t->nodes[node].child) {
		if (!rest_scan_value(s, &part))
			return false;
	} else {
		if (!rest_scan_enter(s, REST_OBJECT))
			return false;
		while (rest_scan_member(s, &part)) {
			size_t child = find_child(t, node, &part);
			if (child)
				forget(t, child, found);
			if (child ? !pick(s, t, child, found) : !rest_scan_value(s, &part))
				return false;
		}
		part = (struct rest_piece){start, (size_t)(s->p - start), REST_OBJECT, false};
	}
	if (t->nodes[node].index >= 0)
		found[t->nodes[node].index] = part;
	return !s->why;
}

bool rest_scan_pick(struct rest_scan *s, const struct rest_tree *t, struct rest_piece *found)
{
	memset(found, 0, t->n * sizeof *found);
	return pick(s, t, 0, found);
}

int rest_scan_fail(const struct rest_api *api, const char *what, const struct rest_scan *s,
		   struct ferry_error *err)
{
	return rest_not_json(api, what, s->text, (size_t)(s->end - s->text),
			     (size_t)(s->p - s->text), s->why ? s->why : "no JSON value", err);
}

/* -------------------------------------------------------------------- pieces */

static size_t put_utf8(uint32_t c, char out[4])
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* What an escape of a checked string stands for; half a surrogate pair: U+FFFD. Moves *p past it. */
static size_t unescape(const char **p, const char *end, char out[4])
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at = *p;

	if (at[1] != 'u') {
		*p += 2;
		out[0] = to[strchr(from, at[1]) - from];
		return 1;
	}
	uint32_t c = (uint32_t)hex_four(at + 2, end);
	*p += 6;
	if (c < 0xd800 || c > 0xdfff)
		return put_utf8(c, out);
	int low = c < 0xdc00 && end - *p >= 6 && (*p)[0] == '\\' && (*p)[1] == 'u'
		? hex_four(*p + 2, end) : -1;
	if (low < 0xdc00 || low > 0xdfff)
		return put_utf8(0xfffd, out);
	*p += 6;
	return put_utf8(0x10000 + ((c - 0xd800) << 10) + ((uint32_t)low - 0xdc00), out);
}

bool rest_piece_is(const struct rest_piece *piece, const char *s, size_t len)
{
	if (piece->kind != REST_STRING || !piece->s)
		return false;
	if (!piece->escaped)
		return piece->len == len && !memcmp(piece->s, s, len);
	for (const char *p = piece->s, *end = p + piece->len; p < end;) {
		char c[4];
		size_t n = *p == '\\' ? unescape(&p, end, c) : (c[0] = *p++, 1);
		if (len < n || memcmp(s, c, n) != 0)
			return false;
		s += n;
		len -= n;
	}
	return !len;
}

const char *rest_piece_text(const struct rest_piece *piece, struct rest_buf *room, size_t *len)
{
	*len = piece->len;
	if (piece->kind != REST_STRING || !piece->s)
		return NULL;
	if (!piece->escaped)
		return piece->s;
	rest_buf_reset(room);
	for (const char *p = piece->s, *end = p + piece->len; p < end;) {
		const char *run = memchr(p, '\\', (size_t)(end - p));
		char c[4];
		rest_add(room, p, (size_t)((run ? run : end) - p));
		p = run ? run : end;
		if (run)
			rest_add(room, c, unescape(&p, end, c));
	}
	*len = room->len;
	return rest_str(room);
}

bool rest_piece_value(const struct rest_piece *piece, enum ferry_type type, struct rest_buf *room,
		      struct ferry_value *ret)
{
	bool string = piece->kind == REST_STRING;
	bool number = piece->kind == REST_INT || piece->kind == REST_NUMBER;
	const char *s = piece->s;
	size_t len = piece->len;

	*ret = (struct ferry_value){.type = FERRY_NULL};
	if (!s || piece->kind == REST_NULL)
		return true;
	if (string)
		s = rest_piece_text(piece, room, &len);
	ret->type = (uint8_t)type;
	switch (type) {
	case FERRY_BOOL:
		ret->i = piece->kind == REST_BOOL && *s == 't';
		return piece->kind == REST_BOOL;
	case FERRY_INT:
		return piece->kind == REST_INT && rest_read_int(s, len, &ret->i);
	case FERRY_TIME:
		return string && rest_time_parse(s, len, &ret->i);
	case FERRY_DECIMAL:
		ret->s = s;
		ret->len = (uint32_t)len;
		return number || (string && rest_decimal_text(s, len));
	case FERRY_TEXT:
		ret->s = s;
		ret->len = (uint32_t)len;
		return string || number || piece->kind == REST_BOOL;
	default:
		return false;
	}
}
