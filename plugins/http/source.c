/* SPDX-License-Identifier: Apache-2.0 */
/* source.c - reading all records of an API, page by page. */
#include "http/source.h"

#include <stdlib.h>
#include <string.h>

#define ROWS 500			/* given to the sink at once */

static const char *const methods[] = {"GET", "POST", NULL};

#define TEXT HTTP_TEXT

const struct ferry_option http_source_options[] = {
	{.name = "path", .type = FERRY_OPT_TEXT, .flags = FERRY_OPTION_REQUIRED,
	 .help = "what is read, behind the connection's url"},
	{.name = "method", .type = FERRY_OPT_CHOICE, .fallback = "GET", .choices = methods,
	 .help = "POST for APIs that search that way"},
	TEXT("body", "JSON body of a POST; may have {{page}}, {{offset}}, {{cursor}}, {{size}}"),
	{.name = "query.*", .type = FERRY_OPT_TEXT, .flags = FERRY_OPTION_SECRET,
	 .help = "a query parameter of that name"},
	{.name = "records", .type = FERRY_OPT_TEXT, .fallback = "",
	 .help = "JSON pointer to the list of records; empty: the answer is the list"},
	TEXT("columns", "the members to take, with commas between"),
	TEXT("columns.*", "a column of that name: JSON pointer into a record"),
	HTTP_PAGINATION_OPTIONS(""),
	{0},
};

/* ------------------------------------------------------------------ opening */

static int take_template(const struct ferry_open *open, const char *name, enum http_form form,
			 struct http_template *ret, bool *given, struct ferry_error *err)
{
	const char *text = ferry_setting_text(open, name);
	char why[400];

	*given = text;
	if (!text || http_template_parse(text, form, HTTP_PAGE_NAMES, NULL, ret, why, sizeof why))
		return 0;
	return open->host->fail(err, FERRY_E_CONFIG, "%s: %s", name, why);
}

/* The settings below a prefix, as if they stood alone. */
static void take_settings(struct http_source *s, const struct ferry_open *open, const char *prefix)
{
	struct ferry_setting *mine = rest_alloc(open->n_settings, sizeof *mine);
	size_t skip = strlen(prefix), n = 0;

	for (size_t i = 0; i < open->n_settings; i++)
		if (!strncmp(open->settings[i].name, prefix, skip))
			mine[n++] = (struct ferry_setting){open->settings[i].name + skip,
							   open->settings[i].value};
	s->open = *open;
	s->open.settings = mine;
	s->open.n_settings = n;
}

int http_source_open(struct http_connection *c, const struct ferry_open *open, const char *prefix,
		     struct http_source **ret, struct ferry_error *err)
{
	struct http_source *s = *ret = rest_alloc(1, sizeof *s);
	bool has_path;

	s->connection = c;
	take_settings(s, open, prefix);
	open = &s->open;
	s->method = ferry_setting_text(open, "method");
	s->method = s->method ? s->method : "GET";
	if (take_template(open, "path", HTTP_FORM_PATH, &s->path, &has_path, err) ||
	    take_template(open, "body", HTTP_FORM_JSON, &s->body, &s->has_body, err) ||
	    http_take_pointer(open, "records", &s->records, NULL, err) ||
	    http_pages_open(s, err) || http_columns_open(s, err))
		return -1;
	if (!has_path)
		return open->host->fail(err, FERRY_E_CONFIG, "path: it is missing");
	if (s->has_body && strcmp(s->method, "POST"))
		return open->host->fail(err, FERRY_E_CONFIG, "body: it goes with method POST only");
	return 0;
}

void http_source_close(struct http_source *s)
{
	if (!s)
		return;
	http_template_release(&s->path);
	http_template_release(&s->body);
	http_pointer_release(&s->records);
	http_pages_release(s);
	http_columns_release(s);
	rest_pool_release(&s->pool);
	free((void *)(uintptr_t)s->open.settings);
	free(s);
}

/* ------------------------------------------------------------------ reading */

uint64_t http_fold(uint64_t hash, const struct ferry_value *v)
{
	bool plain = v->type == FERRY_INT || v->type == FERRY_BOOL || v->type == FERRY_NULL;
	const char *s = plain ? (const char *)&v->i : v->s;
	size_t len = plain ? (v->type == FERRY_NULL ? 0 : sizeof v->i) : v->len;

	hash = (hash ^ v->type ^ len << 8) * 0x100000001b3;
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)s[i]) * 0x100000001b3;
	return hash;
}

static int find_list(const struct http_source *s, rest_node *root, rest_node **ret,
		     struct ferry_error *err)
{
	bool present;

	*ret = http_pointer_get(&s->records, root, &present);
	/* null is an empty list to some */
	if (rest_kind(*ret) == REST_ARRAY || (present && !*ret))
		return 0;
	s->open.host->fail(err, FERRY_E_PROTOCOL, "%s: %s's answer has no list%s%s%s", s->method,
			   s->connection->api.peer, s->records.n ? " at '" : "",
			   s->records.n ? s->records.text : "", s->records.n ? "'" : "");
	return rest_hint(err, "set 'records' to where the list stands");
}

static int fetch(struct http_source *s, struct ferry_http_response *res, struct ferry_error *err)
{
	http_page_request(s);
	struct http_request req = {
		.method = s->method, .url = rest_str(&s->query), .type = "application/json",
		.body = s->has_body ? &s->post : NULL, .repeatable = true,
	};
	return http_send(s->connection, &req, res, err) ||
	       http_status(s->connection, s->method, res, true, err) ? -1 : 0;
}

/* One page. 1: there is another one. */
static int read_page(struct http_source *s, struct http_taker *taker, struct ferry_error *err)
{
	struct ferry_http_response res;
	rest_node *root, *list;
	const char *truncated = NULL;
	uint64_t hash = 0xcbf29ce484222325;
	int rc = -1;

	if (fetch(s, &res, err) || http_parse(s->connection, s->method, &res, &root, err))
		return -1;
	s->pages++;
	taker->page(taker, http_page_kind(s), res.body_len);
	if (find_list(s, root, &list, err) || taker->take(taker, list, &hash, err))
		goto out;
	if (taker->limit && s->rows >= taker->limit)
		rc = 0;
	else
		rc = http_page_next(s, root, res.link ? res.link : "", rest_count(list), hash,
				    &truncated, err);
	if (rc == 0 && truncated)
		taker->truncated(taker, truncated);
out:
	rest_free(root);
	return rc;
}

int http_read_pages(struct http_source *s, struct http_taker *taker, struct ferry_error *err)
{
	const struct ferry_host *host = s->open.host;
	int rc;

	http_pages_begin(s);
	do {
		if (host->cancelled(host))
			return host->fail(err, FERRY_E_CANCELLED, "the run is ending");
		rc = read_page(s, taker, err);
	} while (rc > 0);
	return rc;
}

/* ------------------------------------------------------------------ extract */

struct extraction {
	struct http_taker taker;
	struct http_handle *h;
	struct ferry_sink *sink;
};

static int give_rows(struct extraction *x, rest_node *list, size_t from, size_t rows,
		     uint64_t *hash, struct ferry_error *err)
{
	struct http_source *s = x->h->source;

	rest_pool_reset(&s->pool);
	struct ferry_value *values = rest_pool_alloc(&s->pool, rows * s->n_columns * sizeof *values);
	for (size_t i = 0; i < rows; i++)
		if (http_columns_read(x->h, rest_at(list, from + i), values + i * s->n_columns, err))
			return -1;
	for (size_t i = 0; i < rows * s->n_columns; i++)
		*hash = http_fold(*hash, &values[i]);
	return x->sink->rows(x->sink, values, rows, err);
}

static int take_page(struct http_taker *taker, rest_node *list, uint64_t *hash,
		     struct ferry_error *err)
{
	struct extraction *x = taker->ctx;
	struct http_source *s = x->h->source;
	size_t n = rest_count(list), rows;

	if (s->pages == 1 && http_columns_begin(x->h, list, x->sink, err))
		return -1;
	if (taker->limit && (int64_t)n > taker->limit - s->rows)
		n = (size_t)(taker->limit - s->rows);
	for (size_t done = 0; done < n; done += rows) {
		rows = n - done < ROWS ? n - done : ROWS;
		if (give_rows(x, list, done, rows, hash, err))
			return -1;
	}
	s->rows += (int64_t)n;
	return 0;
}

static void count_page(struct http_taker *taker, const char *kind, size_t bytes)
{
	struct extraction *x = taker->ctx;
	x->sink->page(x->sink, kind, bytes);
}

static void tell_truncated(struct http_taker *taker, const char *reason)
{
	struct extraction *x = taker->ctx;
	x->sink->truncated(x->sink, reason);
}

int http_extract(void *handle, const struct ferry_extract *want, struct ferry_sink *sink,
		 struct ferry_error *err)
{
	struct http_handle *h = handle;
	struct extraction x = {{&x, want->limit, take_page, count_page, tell_truncated}, h, sink};

	return http_read_pages(h->source, &x.taker, err);
}
