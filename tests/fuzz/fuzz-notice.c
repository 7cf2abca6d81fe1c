/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz-notice.c - any bytes as what a run says of itself, in a mail, for Slack and as JSON: whatever they
 * are, no header is added, nothing is called or linked, and the JSON is JSON. The first line is also read
 * as an address and as a range.
 */
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "model/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_mail(const struct message *m)
{
	static const char *to[] = {"a@example.com"};
	struct buf subject = BUF_INIT, text = BUF_INIT, out = BUF_INIT;
	size_t headers = 0;

	buf_adds(&subject, m->text);
	message_text(m, &text);
	struct mail mail = {.from = "f@example.com", .to = to, .n_to = 1, .delivery = "d", .subject = subject.s,
		.text = buf_str(&text)};
	mail_compose(&mail, &out);
	const char *s = out.s;
	for (; *s != '\n'; s += strcspn(s, "\n") + 1) {
		headers += *s != ' ';
		FERRY_ASSERT(*s == ' ' ? headers == 3 : strchr(s, ':') < strchr(s, '\n'));
	}
	FERRY_ASSERT(headers == 10);
	for (; *s; s++)
		FERRY_ASSERT(*s == '\n' || (*s >= ' ' && *s < 0x7f));
	buf_release(&subject);
	buf_release(&text);
	buf_release(&out);
}

static void check_slack(const struct message *m)
{
	struct ferry_error err = {0};
	struct buf out = BUF_INIT;
	struct json_doc *doc;

	message_slack(m, &out);
	FERRY_ASSERT(json_parse(out.s, out.len, "payload", &doc, &err) == 0);
	json_node *blocks = json_get(json_root(doc), "blocks");
	for (size_t i = 0; i < json_count(blocks); i++) {
		const char *text = json_get_text(json_get(json_at(blocks, i), "text"), "text", "");
		FERRY_ASSERT(!strpbrk(text, "<>"));
	}
	json_free(doc);
	buf_release(&out);
}

/* What is no UTF-8 may be written another way once; from then on each attempt sends the same bytes. */
static void rewrite(struct buf *json)
{
	struct ferry_error err = {0};
	struct message m;
	struct json_doc *doc;

	FERRY_ASSERT(json_parse(json->s, json->len, "message", &doc, &err) == 0);
	FERRY_ASSERT(message_read(json_root(doc), &m, &err) == 0);
	buf_reset(json);
	message_json(&m, json);
	message_release(&m);
	json_free(doc);
}

static void check_json(const struct message *m)
{
	struct buf json = BUF_INIT, before = BUF_INIT;

	message_json(m, &json);
	rewrite(&json);
	buf_add(&before, json.s, json.len);
	rewrite(&json);
	FERRY_ASSERT(json.len == before.len && memcmp(json.s, before.s, json.len) == 0);
	buf_release(&json);
	buf_release(&before);
}

static void check_address(const char *text)
{
	struct address_range range;
	char again[ADDRESS_TEXT];
	struct address a, b;

	if (address_range_parse(text, &range))
		FERRY_ASSERT(address_in_range(&range.first, &range));
	if (!address_parse(text, &a))
		return;
	address_format(&a, again);
	FERRY_ASSERT(address_parse(again, &b) && memcmp(&a, &b, sizeof a) == 0);
	FERRY_ASSERT(address_kind(&a) == address_kind(&b));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = ferry_strndup((const char *)data, size);
	struct message m = {
		.delivery = "d", .events = NOTIFY_BIT(NOTIFY_FAILED), .target = "t", .sync = "s", .run = 1,
		.status = "failed", .trigger = "api", .code = "DATA", .text = text, .hint = text, .segment = text,
		.codes = {{text, 1}}, .n_codes = 1, .next = "ferryctl show 1",
	};

	check_mail(&m);
	check_slack(&m);
	check_json(&m);
	text[strcspn(text, "\n")] = '\0';
	check_address(text);
	free(text);
	return 0;
}
