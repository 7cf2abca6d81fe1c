/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz-http-template.c - any bytes as templates, pointers and JSON for the http connector. The first
 * letter says what the rest is: p(ointer, a line, then JSON), u(RL path), b(ody), l(ines), v(alue).
 * What is filled in must be JSON again, whatever the values hold.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(x) ((x) ? (void)0 : (fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x), abort()))

static const char *const names[] = {"id", "name", "a.b", "a.c"};
static const struct ferry_field *const no_fields[4] = {0};
static const struct ferry_layout layout = {4, names, no_fields};

static void fuzz_pointer(const char *text)
{
	const char *nl = strchr(text, '\n'), *json = nl ? nl + 1 : "{}";
	char *line = rest_copy(text, nl ? (size_t)(nl - text) : strlen(text));
	struct http_pointer p;
	rest_node *root;
	bool present;

	if (!http_pointer_parse(line, &p) && rest_try_parse(json, strlen(json), &root)) {
		rest_node *node = http_pointer_get(&p, root, &present);
		MUST(present || !node);
		rest_free(root);
	}
	http_pointer_release(&p);
	free(line);
}

static void fuzz_template(const char *text, enum http_form form, bool omit)
{
	/* values made of the text itself: quotes, braces and controls where they hurt */
	struct ferry_value values[4] = {
		{.s = text, .len = (uint32_t)strlen(text), .type = FERRY_TEXT},
		{.s = text, .len = (uint32_t)strlen(text), .type = FERRY_JSON},
		{.s = text, .len = (uint32_t)strlen(text), .type = FERRY_DECIMAL},
		{.type = FERRY_NULL},
	};
	struct ferry_action action = {.decision = FERRY_UPDATE, .key = text, .key_len = strlen(text),
				      .dest_id = text, .fields = values};
	struct rest_buf records = {0}, out = {0};
	struct http_record record;
	struct http_fill fill = {.record = &record, .layout = &layout, .action = &action,
				 .records = &records};
	struct http_template t;
	char why[400] = "";

	http_record_init(&record, &layout, omit);
	http_put_record(&records, &record, values);
	MUST(http_is_json(records.s, records.len));
	if (!http_template_parse(text, form, ~0u, &layout, &t, why, sizeof why)) {
		MUST(*why && memchr(why, '\0', sizeof why));
	} else if (form == HTTP_FORM_PATH) {
		const char *reason = http_fill_path(&out, &t, &fill);
		MUST(reason ? !out.len : rest_str(&out)[0] == '/');
		for (size_t i = 0; i < out.len; i++)
			MUST(out.s[i] > ' ' && out.s[i] < 0x7f && out.s[i] != '#');
	} else if (!http_fill_body(&out, &t, &fill) && form == HTTP_FORM_JSON) {
		MUST(http_is_json(out.s, out.len));
	}
	http_template_release(&t);
	http_record_release(&record);
	rest_buf_release(&records);
	rest_buf_release(&out);
}

/* What is let through as JSON is so for another reader too, bounds of that one aside. */
static void fuzz_value(const char *text, size_t len)
{
	struct rest_buf b = {0};
	struct ferry_value v = {.s = text, .len = (uint32_t)len, .type = FERRY_TEXT};

	http_is_json(text, len);
	for (int type = FERRY_DECIMAL; type <= FERRY_JSON; type++) {
		if (type == FERRY_TIME)
			continue;
		v.type = (uint8_t)type;
		rest_buf_reset(&b);
		http_put_value(&b, &v);
		MUST(http_is_json(b.s, b.len));
		MUST(!strpbrk(b.s, "\r\n"));
	}
	rest_buf_release(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	char *text = rest_copy((const char *)data + 1, size - 1);
	switch (data[0]) {
	case 'p': fuzz_pointer(text); break;
	case 'u': fuzz_template(text, HTTP_FORM_PATH, false); break;
	case 'b': fuzz_template(text, HTTP_FORM_JSON, false); break;
	case 'o': fuzz_template(text, HTTP_FORM_JSON, true); break;
	case 'l': fuzz_template(text, HTTP_FORM_LINES, false); break;
	case 'v': fuzz_value(text, size - 1); break;
	default: break;
	}
	free(text);
	return 0;
}
