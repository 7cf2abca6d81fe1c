/* SPDX-License-Identifier: Apache-2.0 */
/* http-connector-fixture.c - see http-connector-fixture.h */
#include "http-connector-fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rest/rest.h"

#define BASE "https://api.test/v1"

static char *quoted(const char *s)
{
	char *copy = strdup(s);

	for (char *p = copy; *p; p++)
		if (*p == '\'')
			*p = '"';
	return copy;
}

static bool has_header(const struct ferry_http_request *req, const char *line)
{
	for (size_t i = 0; req->headers[i]; i++)
		if (!strcmp(req->headers[i], line))
			return true;
	return false;
}

static void check(struct http_bench *b, const struct ask *ask, const struct ferry_http_request *req)
{
	char line[2048];

	/* another host is written out */
	snprintf(line, sizeof line, "%s %s", req->method,
		 strncmp(req->url, BASE "/", sizeof BASE) ? req->url : req->url + sizeof BASE - 1);
	assert_string_equal(line, ask->request);
	if (ask->body) {
		char *body = quoted(ask->body);
		assert_non_null(req->body);
		assert_string_equal(req->body, body);
		assert_int_equal(req->body_len, strlen(body));
		free(body);
	} else {
		assert_null(req->body);
	}
	bool reads = !strcmp(req->method, "GET");
	assert_int_equal(req->flags & FERRY_HTTP_RETRY,
			 reads || ask->repeatable ? FERRY_HTTP_RETRY : 0);
	if (ask->header && !has_header(req, ask->header))
		fail_msg("no header '%s' in %s", ask->header, line);
	b->header[0] = '\0';
	for (size_t i = 0; req->headers[i]; i++)
		if (!strncmp(req->headers[i], "Idempotency-Key:", 16))
			snprintf(b->header, sizeof b->header, "%s", req->headers[i]);
}

static int http(const struct ferry_host *host, const struct ferry_http_request *req,
		struct ferry_http_response *res, struct ferry_error *err)
{
	struct http_bench *b = host->ctx;	/* its first member is the host's own ctx */
	const struct ask *ask = &b->asks[b->at];

	if (!ask->request)
		fail_msg("a request beyond the script: %s %s", req->method, req->url);
	check(b, ask, req);
	b->at++;
	b->s.at = b->at;
	free(b->answer);
	b->answer = NULL;
	if (!ask->status)
		return (host->fail)(err, ask->failure, "scripted failure %d", ask->failure);
	b->answer = quoted(ask->answer ? ask->answer : "");
	*res = (struct ferry_http_response){ask->status, b->answer, strlen(b->answer),
					    "application/json", ask->status == 429 ? 7000 : 0,
					    ask->link ? ask->link : ""};
	return 0;
}

static const struct ferry_option *find_option(const char *name)
{
	const struct ferry_option *tables[] = {ferry_connector.connection_options,
					       ferry_connector.source_options,
					       ferry_connector.destination_options};

	for (size_t i = 0; i < 3; i++)
		for (const struct ferry_option *o = tables[i]; o->name; o++) {
			size_t n = strlen(o->name);
			if (!strcmp(o->name, name) ||
			    (o->name[n - 1] == '*' && !strncmp(o->name, name, n - 1)))
				return o;
		}
	fail_msg("there is no option '%s'", name);
	return NULL;
}

static void add_setting(struct http_bench *b, const char *text)
{
	char *name = strdup(text), *value = strchr(name, '=');
	struct ferry_setting *s = &b->settings[b->n_settings++];

	assert_true(b->n_settings < 32);
	*value++ = '\0';
	const struct ferry_option *o = find_option(name);
	*s = o->type == FERRY_OPT_INT || o->type == FERRY_OPT_BOOL
		? setting_int(name, strcmp(value, "true") ? atoll(value) : 1)
		: setting_text(name, value);
	if (s->value.type == FERRY_TEXT)
		for (char *p = value; *p; p++)
			*p = *p == '\'' ? '"' : *p;
}

static bool is_given(const struct http_bench *b, const char *name)
{
	for (size_t i = 0; i < b->n_settings; i++)
		if (!strcmp(b->settings[i].name, name))
			return true;
	return false;
}

/* As the engine does it. */
static void add_defaults(struct http_bench *b, const struct ferry_option *table)
{
	char text[200];

	for (; table->name; table++) {
		if (!table->fallback || is_given(b, table->name))
			continue;
		snprintf(text, sizeof text, "%s=%s", table->name, table->fallback);
		add_setting(b, text);
	}
}

int http_bench_open(struct http_bench *b, enum ferry_role role, enum ferry_mode mode,
		    const char *const *names, const char *const *settings, const struct ask *asks)
{
	static const struct step none[] = {{0}};

	memset(b, 0, sizeof *b);
	scripted_init(&b->s, BASE, none);
	b->s.host.http = http;
	b->asks = asks;
	add_setting(b, "url=" BASE "/");
	for (; *settings; settings++)
		add_setting(b, *settings);
	add_defaults(b, ferry_connector.connection_options);
	add_defaults(b, role == FERRY_SOURCE ? ferry_connector.source_options
					     : ferry_connector.destination_options);
	while (names && names[b->layout.n])
		b->layout.n++;
	b->layout.names = names;
	b->layout.fields = b->fields;
	b->open = (struct ferry_open){
		.host = &b->s.host, .role = role, .connection = "api", .settings = b->settings,
		.n_settings = b->n_settings, .layout = names ? &b->layout : NULL, .mode = mode,
	};
	return ferry_connector.open(&b->open, &b->handle, &b->err);
}

static void release(struct http_bench *b)
{
	for (size_t i = 0; i < b->n_settings; i++)
		free((char *)(uintptr_t)b->settings[i].name);
	free(b->answer);
	scripted_release(&b->s);
}

void http_bench_end(struct http_bench *b)
{
	if (b->asks[b->at].request)
		fail_msg("never asked for: %s", b->asks[b->at].request);
	ferry_connector.close(b->handle);
	release(b);
}

void http_bench_refuses(enum ferry_role role, enum ferry_mode mode, const char *const *names,
			const char *const *settings, const char *word)
{
	static const struct ask none[] = {{0}};
	struct http_bench b;

	assert_int_equal(http_bench_open(&b, role, mode, names, settings, none), -1);
	assert_int_equal(b.err.code, FERRY_E_CONFIG);
	if (!strstr(b.err.msg, word))
		fail_msg("'%s' does not say '%s'", b.err.msg, word);
	release(&b);
}
