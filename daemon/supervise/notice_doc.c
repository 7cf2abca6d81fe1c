/* SPDX-License-Identifier: Apache-2.0 */
/* notice_doc.c - from a run to its message, and documents of the outbox. */
#include <inttypes.h>
#include <string.h>

#include "supervise/notices.h"
#include "wire/digest.h"

void delivery_name(char out[DELIVERY_TEXT])
{
	uint8_t random[DIGEST_BYTES] = {0};
	char hex[DIGEST_HEX];

	digest_random(random, (DELIVERY_TEXT - 1) / 2);
	digest_hex(random, hex);
	memcpy(out, hex, DELIVERY_TEXT - 1);
	out[DELIVERY_TEXT - 1] = '\0';
}

/* ----------------------------------------------------------------------- a run */

static void add_code(struct message *m, const char *code, int64_t n)
{
	size_t at = m->n_codes;

	while (at > 0 && m->codes[at - 1].n < n)
		at--;
	if (at == MESSAGE_CODES)
		return;
	size_t behind = (m->n_codes < MESSAGE_CODES ? m->n_codes : MESSAGE_CODES - 1) - at;
	memmove(&m->codes[at + 1], &m->codes[at], behind * sizeof m->codes[0]);
	m->codes[at].code = arena_strdup(&m->arena, code);
	m->codes[at].n = n;
	m->n_codes += m->n_codes < MESSAGE_CODES;
}

void message_of_run(struct message *m, const struct run_doc *doc, const struct tallies *codes, const char *console)
{
	struct counters sum;

	run_doc_sum(doc, &sum);
	m->sync = doc->sync;
	m->run = doc->id;
	m->status = run_status_name(doc->status);
	m->trigger = run_trigger_name(doc->trigger);
	m->started_at = doc->started_at;
	m->completed_at = doc->completed_at;
	m->ms = doc->completed_at ? run_doc_ms(doc, doc->completed_at) : 0;
	m->rows = run_doc_rows(&sum);
	m->created = sum.created;
	m->updated = sum.updated;
	m->deleted = sum.deleted;
	m->row_errors = run_doc_row_errors(doc);
	m->code = doc->cause.code;
	m->text = doc->cause.message;
	m->hint = doc->cause.hint;
	m->segment = doc->cause.segment;
	m->stage = doc->cause.stage < 0 ? NULL : stage_name((enum stage)doc->cause.stage);
	for (size_t i = 0; codes && i < codes->n; i++)
		add_code(m, codes->items[i].name, codes->items[i].n);
	for (size_t i = 0; i < doc->n_segments; i++) {
		m->problems_open += doc->segments[i].problems.open;
		m->problems_opened += doc->segments[i].problems.opened;
	}
	m->next = arena_printf(&m->arena, "ferryctl show %" PRId64, doc->id);
	if (console) {
		size_t n = strlen(console);
		while (n && console[n - 1] == '/')
			n--;
		m->url = arena_printf(&m->arena, "%.*s/runs/%" PRId64, (int)n, console, doc->id);
	}
}

/* ------------------------------------------------------------------- the outbox */

/* Names stand outside too, for lists. */
static void head_json(const struct outbox_entry *entry, const char *kind, json_node *message, const struct message *m,
		      struct buf *out)
{
	jw_open(out, NULL, '{');
	jw_int(out, "id", entry->id);
	jw_text(out, "delivery", m ? m->delivery : json_get_text(message, "id", NULL));
	jw_text(out, "target", m ? m->target : json_get_text(message, "target", NULL));
	jw_text(out, "kind", kind);
	jw_text(out, "event", m ? notify_event_name(notify_first(m->events)) : json_get_text(message, "event", NULL));
	jw_text(out, "sync", m ? m->sync : json_get_text(message, "sync", NULL));
	jw_int(out, "run_id", m ? m->run : json_get_int(json_get(message, "run"), "id", 0));
	jw_text(out, "status", outbox_status_name(entry->status));
	jw_time(out, "created_at", entry->created_at);
}

static void state_json(const struct outbox_entry *entry, const struct notice *n, struct buf *out)
{
	jw_int(out, "attempts", n ? n->attempts : 0);
	jw_time(out, "next_attempt_at", entry->status == OUTBOX_PENDING ? entry->due_at : 0);
	jw_time(out, "settled_at", n ? n->settled_at : 0);
	if (n && n->error.code != FERRY_OK)
		error_json(&n->error, "error", out);
	else
		jw_null(out, "error");
}

void notice_new_json(const struct outbox_entry *entry, const struct target_def *target, const struct message *m,
		     struct buf *out)
{
	struct buf message = BUF_INIT;

	message_json(m, &message);
	head_json(entry, target_kind_name(target->kind), NULL, m, out);
	state_json(entry, NULL, out);
	jw_raw(out, "message", message.s, message.len);
	jw_close(out, '}');
	buf_release(&message);
}

void notice_json(const struct notice *n, struct buf *out)
{
	size_t len;

	head_json(&n->entry, n->kind, n->message, NULL, out);
	state_json(&n->entry, n, out);
	const char *message = json_dump(n->message, &len);
	jw_raw(out, "message", message, len);
	jw_close(out, '}');
}

int notice_read(const struct outbox_entry *entry, const struct buf *json, struct notice *ret, struct ferry_error *err)
{
	struct json_doc *doc;

	if (json_parse(buf_str(json), json->len, "a notification", &doc, err) < 0)
		return -1;
	json_node *root = json_root(doc);
	*ret = (struct notice){
		.entry = *entry, .attempts = json_get_int(root, "attempts", 0), .kind = json_get_text(root, "kind", NULL),
		.message = json_get(root, "message"), .doc = doc,
	};
	return 0;
}

void notice_release(struct notice *n)
{
	json_free(n->doc);
}
