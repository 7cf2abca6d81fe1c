/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notify.c - messages to their targets: a POST to Slack or a webhook, a mail through sendmail. Whatever is
 * sent or reported has passed the redaction; an address is looked at before it is connected to.
 */
#include "pipeline/notify.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/address.h"
#include "base/clock.h"
#include "conf/conf.h"
#include "conf/redact.h"
#include "model/message.h"
#include "wire/digest.h"
#include "wire/http.h"
#include "wire/sendmail.h"

#define ANSWER_MAX ((size_t)64 * 1024)
#define ANSWER_SHOWN 200

/* What became of one message. */
struct outcome {
	int status;			/* of HTTP; 0: none */
	int64_t ms, retry_after_ms;
	struct ferry_error err;
};

/* A target for which this job has a connection; made when the first message to it is sent. */
struct channel {
	const struct target_def *def;
	struct http_client *http;
	struct buf url, secret, previous;
	bool plain;			/* the URL is not encrypted */
	bool failed;			/* by no fault of the message: the others wait */
};

struct sender {
	struct report *report;
	const struct generation *g;
	struct redactor *redactor;
	struct channel *channels;	/* of each target */
};

/* ------------------------------------------------------------------- addresses */

static bool is_allowed(const struct target_def *def, const struct address *a, const char *url)
{
	const char *host = strstr(url, "://");
	struct address_range range;

	host = host ? host + 3 : "";
	size_t n = strcspn(host, "/?#"), user = n;
	while (user > 0 && host[user - 1] != '@')
		user--;
	host += user;
	n = strcspn(host, ":/?#");
	for (size_t i = 0; i < def->n_allow; i++)
		if (address_range_parse(def->allow[i], &range) ? address_in_range(a, &range)
		    : strlen(def->allow[i]) == n && strncasecmp(def->allow[i], host, n) == 0)
			return true;
	return false;
}

static const char *refuse(void *ctx, const struct sockaddr *to)
{
	const struct channel *c = ctx;
	struct address a;

	if (!address_from_sockaddr(to, &a))
		return "it is no internet address";
	const char *kind = address_kind(&a);
	if (!kind && !c->plain)
		return NULL;
	if (is_allowed(c->def, &a, buf_str(&c->url)))
		return NULL;
	return kind ? kind : "without https";
}

/* --------------------------------------------------------------------- channels */

static bool cancelled(void *ctx)
{
	struct report *r = ctx;

	report_tick(r);
	return report_cancelled(r);
}

static int resolve(const char *text, struct buf *out, struct ferry_error *err)
{
	return text ? conf_resolve(text, out, err) : 0;
}

static int open_channel(struct sender *s, struct channel *c, struct ferry_error *err)
{
	const struct target_def *def = c->def;

	if (c->url.len)
		return 0;
	if (resolve(def->kind == TARGET_SLACK ? def->slack : def->webhook, &c->url, err) < 0 ||
	    resolve(def->secret, &c->secret, err) < 0 || resolve(def->previous_secret, &c->previous, err) < 0)
		return -1;
	c->plain = strncasecmp(buf_str(&c->url), "https://", 8) != 0;
	if (def->kind == TARGET_WEBHOOK && !c->secret.len)
		return ferry_fail(err, FERRY_E_CONFIG, "the webhook's secret is empty");
	struct http_settings settings = {
		.connect_timeout_ms = def->timeout_ms, .timeout_ms = def->timeout_ms, .tls_ca = def->ca,
		.cancelled = cancelled, .refuse = refuse, .ctx = s->report, .refuse_ctx = c,
	};
	return http_client_new(&settings, &c->http, err);
}

static void close_channel(struct channel *c)
{
	struct buf *const secrets[] = {&c->url, &c->secret, &c->previous};

	http_client_free(c->http);
	for (size_t i = 0; i < 3; i++) {
		if (secrets[i]->s)
			explicit_bzero(secrets[i]->s, secrets[i]->cap);
		buf_release(secrets[i]);
	}
}

static struct channel *channel_of(struct sender *s, const char *target)
{
	for (size_t i = 0; i < s->g->daemon.n_targets; i++)
		if (strcmp(s->channels[i].def->name, target) == 0)
			return &s->channels[i];
	return NULL;
}

/* ------------------------------------------------------------------------- HTTP */

/* "v1=<hex of the HMAC over "t.body">" */
static void add_signature(struct buf *out, const struct buf *secret, int64_t t, const struct buf *body)
{
	uint8_t mac[DIGEST_BYTES];
	struct buf text = BUF_INIT;
	char hex[DIGEST_HEX];

	if (!secret->len)
		return;
	buf_addf(&text, "%lld.", (long long)t);
	buf_add(&text, body->s, body->len);
	digest_hmac_sha256(secret->s, secret->len, text.s, text.len, mac);
	digest_hex(mac, hex);
	buf_addf(out, ",v1=%s", hex);
	buf_release(&text);
}

/* A few words of a refusal: some say there what is wrong. */
static void add_answer(struct buf *out, const struct ferry_http_response *res)
{
	size_t n = res->body_len < ANSWER_SHOWN ? res->body_len : ANSWER_SHOWN;

	for (size_t i = 0; i < n; i++) {
		char c = res->body[i];
		buf_addc(out, c >= 0x20 && c < 0x7f ? c : ' ');
	}
}

static int judge(const struct ferry_http_response *res, struct ferry_error *err)
{
	struct buf answer = BUF_INIT;
	int rc = 0;

	add_answer(&answer, res);
	if (res->status >= 300 && res->status <= 399)
		rc = ferry_fail(err, FERRY_E_CONFIG, "the target answers with a redirect (%d), which is not followed",
				res->status);
	else if (res->status < 200 || res->status > 299)
		rc = ferry_fail(err, res->status == 429 ? FERRY_E_RATE_LIMIT : res->status == 401 ? FERRY_E_AUTH
				: res->status >= 500 || res->status == 408 ? FERRY_E_UNAVAILABLE : FERRY_E_REJECTED,
				"the target answers with status %d%s%s", res->status, answer.len ? ": " : "",
				buf_str(&answer));
	buf_release(&answer);
	return rc;
}

static int post(struct channel *c, const struct message *m, struct outcome *o)
{
	struct buf body = BUF_INIT, delivery = BUF_INIT, event = BUF_INIT, signature = BUF_INIT;
	struct ferry_http_response res;
	int64_t t = clock_now() / 1000000;

	if (c->def->kind == TARGET_SLACK)
		message_slack(m, &body);
	else
		message_json(m, &body);
	buf_addf(&delivery, "X-Ferry-Delivery: %s", m->delivery);
	buf_addf(&event, "X-Ferry-Event: %s", m->events ? notify_event_name(notify_first(m->events)) : "test");
	buf_addf(&signature, "X-Ferry-Signature: t=%lld", (long long)t);
	add_signature(&signature, &c->secret, t, &body);
	add_signature(&signature, &c->previous, t, &body);
	const char *headers[] = {"Content-Type: application/json", delivery.s, event.s,
		c->def->kind == TARGET_WEBHOOK ? signature.s : NULL, NULL};
	struct ferry_http_request req = {
		.method = "POST", .url = c->url.s, .headers = headers, .body = body.s, .body_len = body.len,
		.max_response = ANSWER_MAX,
	};
	int rc = http_exchange(c->http, &req, &res, &o->err);
	if (rc == 0) {
		o->status = res.status;
		o->retry_after_ms = res.retry_after_ms;
		rc = judge(&res, &o->err);
	} else if (o->err.code == FERRY_E_FORBIDDEN) {
		ferry_hint(&o->err, "Name the host or its range under 'allow_addresses' of the target '%s' if that is "
			   "meant.", c->def->name);
	}
	buf_release(&body);
	buf_release(&delivery);
	buf_release(&event);
	buf_release(&signature);
	return rc;
}

/* ------------------------------------------------------------------------- mail */

static int mail(struct sender *s, struct channel *c, const struct message *m, struct outcome *o)
{
	struct buf subject = BUF_INIT, text = BUF_INIT, letter = BUF_INIT;

	buf_adds(&subject, "ferry: ");
	message_subject(m, &subject);
	message_text(m, &text);
	struct mail fields = {
		.from = c->def->from, .to = c->def->email, .n_to = c->def->n_email, .delivery = m->delivery,
		.subject = subject.s, .text = buf_str(&text), .at = m->at,
	};
	mail_compose(&fields, &letter);
	struct sendmail send = {
		.program = c->def->sendmail, .mail = letter.s, .len = letter.len, .timeout_ms = c->def->timeout_ms,
		.cancelled = cancelled, .ctx = s->report,
	};
	int rc = sendmail_send(&send, &o->err);
	buf_release(&subject);
	buf_release(&text);
	buf_release(&letter);
	return rc;
}

/* ---------------------------------------------------------------------- sending */

static const char *redacted(struct sender *s, struct arena *arena, const char *text)
{
	struct buf out = BUF_INIT;

	if (!text)
		return NULL;
	redact_text(s->redactor, text, &out);
	const char *copy = arena_strdup(arena, buf_str(&out));
	buf_release(&out);
	return copy;
}

/* All that was written by others: a connector, a server, a program. */
static void redact_message(struct sender *s, struct message *m)
{
	m->text = redacted(s, &m->arena, m->text);
	m->hint = redacted(s, &m->arena, m->hint);
	for (size_t i = 0; i < m->n_codes; i++)
		m->codes[i].code = redacted(s, &m->arena, m->codes[i].code);
}

static void redact_error(struct sender *s, struct ferry_error *err)
{
	struct arena arena = ARENA_INIT;
	const char *hint = redacted(s, &arena, err->hint);

	ferry_fail(err, err->code, "%s", redacted(s, &arena, err->msg));
	ferry_hint(err, "%s", hint);
	arena_release(&arena);
}

static int deliver(struct sender *s, struct channel *c, struct message *m, struct outcome *o)
{
	int64_t began = clock_mono();
	int rc = 0;

	redact_message(s, m);
	if (c->def->kind == TARGET_EMAIL)
		rc = mail(s, c, m, o);
	else if ((rc = open_channel(s, c, &o->err)) == 0)
		rc = post(c, m, o);
	o->ms = (clock_mono() - began) / 1000;
	return rc;
}

static void report_start_item(struct buf *b, int64_t id)
{
	report_start(b, "item", NULL);
	jw_open(b, "data", '{');
	jw_int(b, "id", id);
}

static void report_end_item(struct sender *s, struct buf *b)
{
	jw_close(b, '}');
	report_send(s->report, b);
}

static void report_outcome(struct sender *s, int64_t id, bool ok, struct outcome *o)
{
	struct buf b = BUF_INIT;

	report_start_item(&b, id);
	jw_bool(&b, "ok", ok);
	jw_int(&b, "status", o->status);
	jw_int(&b, "ms", o->ms);
	jw_int(&b, "retry_after_ms", o->retry_after_ms);
	if (!ok) {
		redact_error(s, &o->err);
		error_json(&o->err, "error", &b);
	}
	report_end_item(s, &b);
}

static void report_deferred(struct sender *s, int64_t id)
{
	struct buf b = BUF_INIT;

	report_start_item(&b, id);
	jw_bool(&b, "deferred", true);
	report_end_item(s, &b);
}

static void send_one(struct sender *s, int64_t id, json_node *node)
{
	struct outcome o = {0};
	struct message m;
	bool ok = false;

	if (message_read(node, &m, &o.err) < 0) {
		report_outcome(s, id, false, &o);
		return;
	}
	struct channel *c = channel_of(s, m.target ? m.target : "");
	if (c && c->failed) {
		report_deferred(s, id);
	} else {
		if (c)
			ok = deliver(s, c, &m, &o) == 0;
		else
			ferry_fail(&o.err, FERRY_E_NOT_FOUND, "there is no target '%s'", m.target ? m.target : "");
		if (c && !ok)
			c->failed = o.err.code != FERRY_E_REJECTED;
		report_outcome(s, id, ok, &o);
	}
	message_release(&m);
}

void notify_send(struct report *r, const struct generation *g, json_node *messages)
{
	struct sender s = {.report = r, .g = g, .redactor = redact_new(g)};

	s.channels = ferry_alloc0(g->daemon.n_targets + 1, sizeof *s.channels);
	for (size_t i = 0; i < g->daemon.n_targets; i++)
		s.channels[i].def = &g->daemon.targets[i];
	for (size_t i = 0; i < json_count(messages) && !report_cancelled(r); i++)
		send_one(&s, json_get_int(json_at(messages, i), "id", 0), json_get(json_at(messages, i), "message"));
	for (size_t i = 0; i < g->daemon.n_targets; i++)
		close_channel(&s.channels[i]);
	free(s.channels);
	redact_free(s.redactor);
}
