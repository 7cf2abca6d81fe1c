/* SPDX-License-Identifier: Apache-2.0 */
/* test-file-format.c - records of both formats, values to texts and back; no file is touched. */
#include "file-fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "file/file.h"

static struct dialect csv(void)
{
	struct dialect d = {.form = FORM_CSV, .delimiter = ',', .quote = '"', .header = true};

	d.special[','] = d.special['"'] = d.special['\n'] = d.special['\r'] = true;
	return d;
}

/* All records of a text, their fields' texts with "|" between and ";" behind, or what is wrong where. */
static const char *parsed(const struct dialect *d, const char *text, size_t len)
{
	static char out[1024];
	const char *p = text, *end = text + len, *s;
	struct record r = {0};
	struct rest_buf room = {0};
	struct flaw flaw;
	size_t n;

	out[0] = '\0';
	while (p < end) {
		if (record_parse(d, p, end, true, &r, &flaw) != PARSED) {
			snprintf(out, sizeof out, "%s at %d", flaw.why, (int)(flaw.at - text));
			break;
		}
		for (size_t i = 0; i < r.n; i++) {
			bool there = field_text(d, &r.fields[i], &room, &s, &n);
			snprintf(out + strlen(out), sizeof out - strlen(out), "%s%.*s", i ? "|" : "",
				 there ? (int)n : 4, there ? s : "NULL");
		}
		snprintf(out + strlen(out), sizeof out - strlen(out), ";");
		p += r.len;
	}
	record_release(&r);
	rest_buf_release(&room);
	return out;
}

#define PARSED_AS(d, text, wanted) assert_string_equal(parsed(d, text, sizeof text - 1), wanted)

static void records_of_rfc_4180(void **state)
{
	struct dialect d = csv();

	(void)state;
	PARSED_AS(&d, "a,b\r\nc,d\n", "a|b;c|d;");
	PARSED_AS(&d, "a,b", "a|b;");
	PARSED_AS(&d, "a,", "a|NULL;");
	PARSED_AS(&d, ",\n", "NULL|NULL;");
	PARSED_AS(&d, "\"\",x\n", "|x;");
	PARSED_AS(&d, "\"a,\"\"b\"\"\r\nc\",\"\"\"\"\n", "a,\"b\"\r\nc|\";");
	PARSED_AS(&d, " a , b \n", " a | b ;");
	PARSED_AS(&d, "a\r", "a;");
	PARSED_AS(&d, "a\"b,c\n", "a quote within a field that does not begin with one at 1");
	PARSED_AS(&d, "\"a\"b\n", "text between a closing quote and the next delimiter at 3");
	PARSED_AS(&d, "x\na,\"b\nc\n", "a quote is not closed at 4");
	PARSED_AS(&d, "a\rb\n", "a carriage return that ends no line at 1");
}

static void other_dialects(void **state)
{
	struct dialect d = csv();

	(void)state;
	d.special[','] = false;
	d.special[';'] = true;
	d.delimiter = ';';
	memcpy(d.null, "\\N", 3);
	d.null_len = 2;
	PARSED_AS(&d, "a,b;\\N;;\"\\N\"\n", "a,b|NULL||\\N;");
	d.special['"'] = false;
	d.quote = '\0';
	PARSED_AS(&d, "\"a;b\"\n", "\"a|b\";");
}

/* A record is found wherever its text is cut: nothing is taken for an end that may go on. */
static void a_record_in_pieces(void **state)
{
	static const char text[] = "ab,\"c\"\"\n\",d\r\nnext";
	struct dialect d = csv();
	struct record r = {0};
	struct flaw flaw;

	(void)state;
	for (size_t n = 0; n < 13; n++)
		assert_int_equal(csv_parse(&d, text, text + n, false, &r, &flaw), PARSE_MORE);
	for (size_t n = 13; n <= sizeof text - 1; n++) {
		assert_int_equal(csv_parse(&d, text, text + n, false, &r, &flaw), PARSED);
		assert_int_equal(r.len, 13);
		assert_int_equal(r.body, 11);
		assert_int_equal(r.n, 3);
	}
	record_release(&r);
}

static void json_lines(void **state)
{
	struct dialect d = {.form = FORM_JSONL};

	(void)state;
	PARSED_AS(&d, "{\"a\":1,\"b\":\"x\\ny\"}\r\n{\"a\": null, \"c\": [1, 2]}", "1|x\ny;NULL|[1, 2];");
	PARSED_AS(&d, "\n  \n{}\n", ";;;");
	PARSED_AS(&d, "[1]\n", "the line is no JSON object at 0");
	PARSED_AS(&d, "{\"a\":1}\n{\"a\":01}\n", "a comma is missing at 14");
	PARSED_AS(&d, "{\"a\":1} x\n", "more text follows at 8");
	PARSED_AS(&d, "{\"a\":\"\xff\"}\n", "no UTF-8 at 6");
}

/* What is written reads back as the same text, and NULL as NULL. */
static void texts_to_and_fro(void **state)
{
	static const struct { const char *s; size_t len; } texts[] = {
		{"", 0}, {"plain", 5}, {"a,b", 3}, {"\"", 1}, {"\r\n", 2}, {" x ", 3}, {"NULL", 4},
		{"\\N", 2}, {"=1+1", 4}, {"\xf0\x9f\x9a\xa2", 4}, {"\xef\xbb\xbf", 3},
	};
	struct dialect dialects[] = {csv(), csv(), {.form = FORM_JSONL}};
	struct rest_buf out = {0}, room = {0};
	struct record r = {0};
	struct flaw flaw;

	(void)state;
	memcpy(dialects[1].null, "NULL", 5);
	dialects[1].null_len = 4;
	for (size_t i = 0; i < 3; i++)
		for (size_t k = 0; k <= sizeof texts / sizeof *texts; k++) {
			const struct dialect *d = &dialects[i];
			bool null = k == sizeof texts / sizeof *texts;
			struct ferry_value v = {.type = FERRY_NULL};
			struct field name = {.s = "\"n\"", .len = 3}, f;
			const char *s;
			size_t len;
			if (!null)
				v = (struct ferry_value){.s = texts[k].s, .len = (uint32_t)texts[k].len,
							 .type = FERRY_TEXT};
			rest_buf_reset(&out);
			assert_int_equal(field_put(d, &v, &room, &out), PUT_OK);
			f = (struct field){.s = rest_copy(rest_str(&out), out.len), .len = out.len};
			rest_buf_reset(&out);
			/* twice, since a line of one NULL would be a blank one */
			record_put(d, (struct field[]){name, name}, (struct field[]){f, f}, 2, &out);
			assert_int_equal(record_parse(d, out.s, out.s + out.len, false, &r, &flaw), PARSED);
			assert_int_equal(r.len, out.len);
			assert_int_equal(field_text(d, &r.fields[1], &room, &s, &len), !null);
			if (!null) {
				assert_int_equal(len, texts[k].len);
				assert_memory_equal(s, texts[k].s, len);
			}
			free((char *)(uintptr_t)f.s);
		}
	rest_buf_release(&out);
	rest_buf_release(&room);
	record_release(&r);
}

static void what_cannot_be_written(void **state)
{
	struct dialect d = csv(), json = {.form = FORM_JSONL}, bare = csv();
	struct rest_buf out = {0}, room = {0};
	struct ferry_value nul = TEXT("a\0b"), bad = TEXT("a\xc3"), not_json = JSON("{"),
			   needs = TEXT("a,b"), empty = TEXT("");

	(void)state;
	bare.quote = '\0';
	assert_int_equal(field_put(&d, &nul, &room, &out), PUT_NUL);
	assert_int_equal(field_put(&d, &bad, &room, &out), PUT_NOT_UTF8);
	assert_int_equal(field_put(&json, &bad, &room, &out), PUT_NOT_UTF8);
	assert_int_equal(field_put(&json, &not_json, &room, &out), PUT_NOT_JSON);
	assert_int_equal(field_put(&bare, &needs, &room, &out), PUT_UNQUOTED);
	assert_int_equal(field_put(&bare, &empty, &room, &out), PUT_UNQUOTED);
	rest_buf_reset(&out);
	assert_int_equal(field_put(&json, &nul, &room, &out), PUT_OK);
	assert_string_equal(out.s, "\"a\\u0000b\"");
	rest_buf_release(&out);
	rest_buf_release(&room);
}

static const char *put_as(const struct dialect *d, struct ferry_value v)
{
	static char text[256];
	struct rest_buf out = {0}, room = {0};

	assert_int_equal(field_put(d, &v, &room, &out), PUT_OK);
	snprintf(text, sizeof text, "%s", rest_str(&out));
	rest_buf_release(&out);
	rest_buf_release(&room);
	return text;
}

#define PUT_AS(d, wanted, ...) assert_string_equal(put_as(d, (struct ferry_value)__VA_ARGS__), wanted)

static void values_as_text(void **state)
{
	struct dialect d = csv(), json = {.form = FORM_JSONL};

	(void)state;
	PUT_AS(&d, "-9223372036854775808", INT(INT64_MIN));
	PUT_AS(&json, "9223372036854775807", INT(INT64_MAX));
	PUT_AS(&d, "12.50", DECIMAL("12.50"));
	PUT_AS(&json, "-0.0000000001", DECIMAL("-0.0000000001"));
	PUT_AS(&json, "\".5\"", DECIMAL(".5"));		/* which JSON does not call a number */
	PUT_AS(&json, "12345678901234567890123456789.1", DECIMAL("12345678901234567890123456789.1"));
	PUT_AS(&d, "true", BOOLEAN(1));
	PUT_AS(&json, "false", BOOLEAN(0));
	PUT_AS(&d, "00ff", BYTES("\0\xff"));
	PUT_AS(&json, "\"00ff\"", BYTES("\0\xff"));
	PUT_AS(&d, "1969-12-31T23:59:59.999999Z", TIME(-1));
	PUT_AS(&json, "\"2038-01-19T03:14:08Z\"", TIME(2147483648000000LL));
	PUT_AS(&d, "\"{\"\"a\"\":1}\"", JSON("{\"a\":1}"));
	PUT_AS(&json, "[1, 2 ]", JSON("[1,\n2\n]") );
}

static const char *read_as(enum ferry_type type, const char *text)
{
	static char out[512];
	struct rest_pool pool = {0};
	struct ferry_value v;
	const char *why = value_from_text(type, text, strlen(text), &pool, &v);

	if (why)
		snprintf(out, sizeof out, "%s", why);
	else if (type == FERRY_BYTES)
		snprintf(out, sizeof out, "%u bytes", v.len);
	else if (type == FERRY_DECIMAL || type == FERRY_JSON)
		snprintf(out, sizeof out, "%.*s", (int)v.len, v.s);
	else
		snprintf(out, sizeof out, "%lld", (long long)v.i);
	rest_pool_release(&pool);
	return out;
}

#define READ_AS(type, text, wanted) assert_string_equal(read_as(type, text), wanted)

static void texts_as_values(void **state)
{
	(void)state;
	READ_AS(FERRY_INT, "-9223372036854775808", "-9223372036854775808");
	READ_AS(FERRY_INT, "9223372036854775808", "is no 64-bit integer");
	READ_AS(FERRY_INT, "", "is no 64-bit integer");
	READ_AS(FERRY_INT, "1.0", "is no 64-bit integer");
	READ_AS(FERRY_DECIMAL, "-012.50", "-012.50");
	READ_AS(FERRY_DECIMAL, "1e3", "1000");
	READ_AS(FERRY_DECIMAL, "1.5E+3", "1500");
	READ_AS(FERRY_DECIMAL, "-1.5e-3", "-0.0015");
	READ_AS(FERRY_DECIMAL, "15e-1", "1.5");
	READ_AS(FERRY_DECIMAL, "0.05e1", "0.5");
	READ_AS(FERRY_DECIMAL, "0.5e1", "5");
	READ_AS(FERRY_DECIMAL, "0e5", "0");
	READ_AS(FERRY_DECIMAL, "1e401", "is no decimal number of at most 400 digits");
	READ_AS(FERRY_DECIMAL, "NaN", "is no decimal number of at most 400 digits");
	READ_AS(FERRY_BOOL, "TRUE", "1");
	READ_AS(FERRY_BOOL, "f", "0");
	READ_AS(FERRY_BOOL, "2", "is no truth value (true, false)");
	READ_AS(FERRY_TIME, "1969-12-31 23:59:59.999999", "-1");
	READ_AS(FERRY_TIME, "2038-01-19T03:14:08+00:00", "2147483648000000");
	READ_AS(FERRY_TIME, "31.12.2025", "is no date or time (as 2026-01-31T10:00:00Z)");
	READ_AS(FERRY_BYTES, "\\x00fF", "2 bytes");
	READ_AS(FERRY_BYTES, "", "0 bytes");
	READ_AS(FERRY_BYTES, "abc", "is not bytes as pairs of hex digits");
	READ_AS(FERRY_JSON, "{\"a\": [1]}", "{\"a\": [1]}");
	READ_AS(FERRY_JSON, "{a: 1}", "is no JSON");
}

static void utf8(void **state)
{
	static const struct { const char *s; int at; } texts[] = {
		{"plain ascii text of some length", -1}, {"gr\xc3\xbc\xc3\x9f \xf0\x9f\x9a\xa2", -1},
		{"12345678\x80", 8}, {"\xc0\xaf", 0}, {"\xed\xa0\x80", 0}, {"\xf4\x90\x80\x80", 0},
		{"abc\xe2\x82", 3}, {"\xef\xbf\xbf", -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		const char *flaw = utf8_flaw(texts[i].s, strlen(texts[i].s), true);
		assert_int_equal(flaw ? flaw - texts[i].s : -1, texts[i].at);
	}
	assert_non_null(utf8_flaw("a\0b", 3, true));
	assert_null(utf8_flaw("a\0b", 3, false));
}

static void many_keys(void **state)
{
	struct index ix = {0};
	uint64_t found;

	(void)state;
	for (uint64_t i = 0; i < 10000; i++)
		index_add(&ix, key_hash(&i, sizeof i), i * 3);
	index_add(&ix, key_hash(&found, 0), 7);
	index_add(&ix, key_hash(&found, 0), 8);
	for (uint64_t i = 0; i < 10000; i++) {
		size_t step = 0;
		bool there = false;
		while (index_find(&ix, key_hash(&i, sizeof i), &step, &found))
			there |= found == i * 3;
		assert_true(there);
	}
	size_t step = 0;
	assert_true(index_find(&ix, key_hash(&found, 0), &step, &found));
	assert_true(index_find(&ix, key_hash("", 0), &step, &found));
	index_release(&ix);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_of_rfc_4180),
		cmocka_unit_test(other_dialects),
		cmocka_unit_test(a_record_in_pieces),
		cmocka_unit_test(json_lines),
		cmocka_unit_test(texts_to_and_fro),
		cmocka_unit_test(what_cannot_be_written),
		cmocka_unit_test(values_as_text),
		cmocka_unit_test(texts_as_values),
		cmocka_unit_test(utf8),
		cmocka_unit_test(many_keys),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
