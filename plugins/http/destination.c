/* SPDX-License-Identifier: Apache-2.0 */
/*
 * destination.c - the settings of a destination: which requests carry out what, and whether they make
 * sense together. Everything that can be wrong about a template is told here, before any row is read.
 */
#include "http/destination.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const methods[] = {"POST", "PUT", "PATCH", "DELETE", "GET", NULL};
static const char *const list_methods[] = {"GET", "POST", NULL};
static const char *const formats[] = {"array", "ndjson", NULL};
static const char *const null_words[] = {"send", "omit", NULL};
static const char *const listed_words[] = {"all", "failed", NULL};

#define TEXT HTTP_TEXT
#define OPERATION(n, verb, path_flags) \
	{.name = n ".path", .type = FERRY_OPT_TEXT, .flags = path_flags, \
	 .help = "where to " verb "; {{...}} is filled in"}, \
	{.name = n ".method", .type = FERRY_OPT_CHOICE, .choices = methods, \
	 .help = "the method of that request"}, \
	TEXT(n ".body", "its body, JSON; {{...}} is filled in"), \
	TEXT(n ".each", "what {{records}} has for each record; left out, {{record}}"), \
	TEXT(n ".id", "pointer to the record's id in the answer")

const struct ferry_option http_destination_options[] = {
	OPERATION("create", "create a record", FERRY_OPTION_ADDRESS),
	OPERATION("update", "change one", 0),
	OPERATION("upsert", "do either, where create or update are not given", FERRY_OPTION_ADDRESS),
	OPERATION("delete", "delete one", 0),
	OPERATION("disable", "disable one", 0),
	{.name = "batch", .type = FERRY_OPT_INT, .fallback = "1", .min = 1, .max = HTTP_BATCH,
	 .help = "records in one request, whose body then has {{records}}"},
	{.name = "batch_format", .type = FERRY_OPT_CHOICE, .fallback = "array", .choices = formats,
	 .help = "{{records}} as a JSON array, or as one line each"},
	TEXT("content_type", "of the bodies; left out, application/json or application/x-ndjson"),
	{.name = "nulls", .type = FERRY_OPT_CHOICE, .fallback = "send", .choices = null_words,
	 .help = "whether {{record}} has members that are null"},
	{.name = "duplicate", .type = FERRY_OPT_TEXT,
	 .help = "statuses of a create that mean: it is there already (409)"},
	{.name = "gone", .type = FERRY_OPT_TEXT, .fallback = "404, 410",
	 .help = "statuses of a delete that mean: it is not there any more"},
	TEXT("idempotency_header", "name of a header with a key that is the same when a request is "
				   "sent again"),
	{.name = "idempotent", .type = FERRY_OPT_BOOL, .fallback = "false",
	 .help = "every request may be sent twice without doing more than once"},
	TEXT("results.path", "pointer to what the answer to a batch says of each record"),
	TEXT("results.id", "in each result: pointer to the record's id"),
	TEXT("results.error", "in each result: pointer to why it was refused; nothing there: done"),
	TEXT("results.code", "in each result: pointer to a word for that"),
	TEXT("results.status", "in each result: pointer to an HTTP status"),
	TEXT("results.key", "in each result: pointer to the record's key; else they are in order"),
	TEXT("results.index", "in each result: pointer to its place in the request, from 0"),
	{.name = "results.listed", .type = FERRY_OPT_CHOICE, .fallback = "all",
	 .choices = listed_words, .help = "whether all records are listed, or those that failed"},
	TEXT("lookup.path", "where to read one record; {{...}} is filled in"),
	TEXT("lookup.record", "pointer to the record in the answer; left out, all of it"),
	TEXT("lookup.records", "pointer to a list of records found, instead"),
	TEXT("lookup.id", "pointer to the id in the record"),
	TEXT("lookup.fields.*", "pointer to that field in the record; left out, by its name"),
	{.name = "lookup.absent", .type = FERRY_OPT_TEXT, .fallback = "404, 410",
	 .help = "statuses that mean: there is no such record"},
	{.name = "lookup.new", .type = FERRY_OPT_BOOL, .fallback = "true",
	 .help = "look records up before they are created"},
	TEXT("list.path", "where to read all records, which 'match' rules need; as in a source"),
	{.name = "list.method", .type = FERRY_OPT_CHOICE, .fallback = "GET", .choices = list_methods,
	 .help = "as in a source"},
	TEXT("list.body", "as in a source"),
	{.name = "list.query.*", .type = FERRY_OPT_TEXT, .flags = FERRY_OPTION_SECRET,
	 .help = "a query parameter of that name"},
	TEXT("list.records", "pointer to the list of records; left out: the answer is the list"),
	HTTP_PAGINATION_OPTIONS("list."),
	{0},
};

/* --------------------------------------------------------------- operations */

/* "create.path" */
static const char *setting(const struct ferry_open *open, const char *name, const char *member)
{
	char full[64];

	snprintf(full, sizeof full, "%s.%s", name, member);
	return ferry_setting_text(open, full);
}

struct opening {
	struct http_destination *d;
	const struct ferry_open *open;
	int64_t batch;
	bool idempotent;
	struct ferry_error *err;
};

__attribute__((format(printf, 3, 4)))
static int wrong(struct opening *o, const char *where, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	return o->open->host->fail(o->err, FERRY_E_CONFIG, "%s: %s", where, text);
}

static int take_template(struct opening *o, const char *name, const char *member, const char *text,
			 enum http_form form, uint32_t allowed, struct http_template *ret)
{
	char why[400], where[64];

	if (http_template_parse(text, form, allowed, o->d->layout, ret, why, sizeof why))
		return 0;
	snprintf(where, sizeof where, "%s.%s", name, member);
	return wrong(o, where, "%s", why);
}

/* The names one record has, in this operation. */
static uint32_t row_names(enum ferry_decision decision)
{
	/* who is created has no id over there yet; the field of that name is {{record.id}} */
	return decision == FERRY_CREATE ? HTTP_ROW_NAMES & ~HTTP_NAME(HTTP_ID) : HTTP_ROW_NAMES;
}

static bool has_records(const char *body)
{
	for (const char *s = body; (s = strstr(s, "{{")); s++) {
		const char *name = s + 2 + strspn(s + 2, " ");
		if (!strncmp(name, "records", 7) && !strncmp(name + 7 + strspn(name + 7, " "), "}}", 2))
			return true;
	}
	return false;
}

static int take_body(struct opening *o, enum ferry_decision decision, struct http_operation *op)
{
	bool writes = decision == FERRY_CREATE || decision == FERRY_UPDATE;
	const char *body = setting(o->open, op->name, "body");
	const char *each = setting(o->open, op->name, "each");

	if (!body && decision == FERRY_DISABLE)
		return wrong(o, "disable.body", "it is missing: what tells the other side to "
						"disable a record?");
	if (!body && !writes)
		return 0;
	if (!body)
		body = o->batch > 1 || each ? "{{records}}" : "{{record}}";
	op->has_body = true;
	op->batch = has_records(body);
	enum http_form form = op->batch && o->d->lines ? HTTP_FORM_LINES : HTTP_FORM_JSON;
	if (take_template(o, op->name, "body", body, form,
			  op->batch ? HTTP_NAME(HTTP_RECORDS) | HTTP_NAME(HTTP_OP)
				    : row_names(decision), &op->body))
		return -1;
	if (!op->batch && (each || (writes && o->batch > 1)))
		return wrong(o, op->name, "a body for many records needs {{records}}");
	return op->batch ? take_template(o, op->name, "each", each ? each : "{{record}}", form,
					 row_names(decision), &op->each)
			 : 0;
}

static int take_operation(struct opening *o, enum ferry_decision decision, const char *name,
			  const char *method)
{
	struct http_operation *op = &o->d->operations[decision];
	const char *path = setting(o->open, name, "path"), *given = setting(o->open, name, "method");
	char id[64];

	if (!path)
		return 0;
	op->name = name;
	op->method = given ? given : method;
	op->repeatable = o->idempotent || o->d->key_header || !strcmp(op->method, "PUT") ||
		!strcmp(op->method, "DELETE");
	if (take_body(o, decision, op) ||
	    take_template(o, name, "path", path, HTTP_FORM_PATH,
			  op->batch ? HTTP_NAME(HTTP_OP)
				    : row_names(decision) & ~HTTP_NAME(HTTP_RECORD), &op->path))
		return -1;
	op->fixed = !(op->path.names & ~HTTP_NAME(HTTP_LITERAL));
	snprintf(id, sizeof id, "%s.id", name);
	if (http_take_pointer(o->open, id, &op->id, &op->has_id, o->err))
		return -1;
	if (op->has_id && op->batch)
		return wrong(o, id, "the ids of a batch stand where 'results' says");
	return 0;
}

static int take_operations(struct opening *o)
{
	const char *create = setting(o->open, "create", "path") ? "create" : "upsert";
	const char *update = setting(o->open, "update", "path") ? "update" : "upsert";

	return take_operation(o, FERRY_CREATE, create, *create == 'c' ? "POST" : "PUT") ||
	       take_operation(o, FERRY_UPDATE, update, "PUT") ||
	       take_operation(o, FERRY_DELETE, "delete", "DELETE") ||
	       take_operation(o, FERRY_DISABLE, "disable", "PATCH") ? -1 : 0;
}

/* ------------------------------------------------------------ all together */

/* What the mode will ask for. */
static int check_mode(struct opening *o)
{
	const struct http_operation *ops = o->d->operations;
	enum ferry_mode mode = o->open->mode;

	if (mode != FERRY_MODE_UPDATE && !ops[FERRY_CREATE].name)
		return wrong(o, "create.path", "it is missing, and so is upsert.path");
	if (mode != FERRY_MODE_APPEND && mode != FERRY_MODE_INSERT && !ops[FERRY_UPDATE].name)
		return wrong(o, "update.path", "it is missing, and so is upsert.path");
	if (mode == FERRY_MODE_MIRROR && !ops[FERRY_DELETE].name && !ops[FERRY_DISABLE].name)
		return wrong(o, "delete.path", "it is missing, which mode mirror needs");
	if (mode != FERRY_MODE_INSERT && mode != FERRY_MODE_UPDATE)
		return 0;
	if (o->d->list)
		return 0;
	if (!o->d->lookup.given)
		return wrong(o, "lookup.path", "it is missing, which modes insert and update need "
					       "to know what is there");
	if (!o->d->lookup.finds_new)
		return wrong(o, "lookup.path", "modes insert and update look up records whose {{id}} "
					       "is not known");
	return 0;
}

static int check_header(struct opening *o)
{
	const char *s = o->d->key_header;

	if (s && (!*s || s[strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				     "0123456789-_")]))
		return wrong(o, "idempotency_header", "'%.64s' cannot name a header", s);
	s = o->d->type;
	for (; s && *s; s++)
		if ((unsigned char)*s < ' ' || (unsigned char)*s >= 0x7f)
			return wrong(o, "content_type", "it has a control character");
	return 0;
}

static void take_words(struct opening *o)
{
	struct http_destination *d = o->d;
	const char *format = ferry_setting_text(o->open, "batch_format");
	const char *nulls = ferry_setting_text(o->open, "nulls");

	d->lines = format && !strcmp(format, "ndjson");
	d->type = ferry_setting_text(o->open, "content_type");
	d->duplicate = ferry_setting_text(o->open, "duplicate");
	d->gone = ferry_setting_text(o->open, "gone");
	d->key_header = ferry_setting_text(o->open, "idempotency_header");
	o->batch = ferry_setting_int(o->open, "batch", 1);
	o->idempotent = ferry_setting_int(o->open, "idempotent", 0);
	http_record_init(&d->record, d->layout, nulls && !strcmp(nulls, "omit"));
}

int http_destination_open(struct http_handle *h, const struct ferry_open *open,
			  struct ferry_error *err)
{
	struct http_destination *d = h->destination = rest_alloc(1, sizeof *d);
	struct opening o = {.d = d, .open = open, .err = err};

	d->layout = open->layout;
	d->run = (uint64_t)open->host->now(open->host);
	if (rest_check_layout(open->host, open->layout, err))
		return -1;
	take_words(&o);
	if (check_header(&o) || http_check_list(open, "duplicate", err) ||
	    http_check_list(open, "gone", err) || http_results_open(&d->results, open, err) ||
	    http_reading_open(h, open, err) || take_operations(&o) || check_mode(&o))
		return -1;
	return 0;
}

/* Whether all that may be sent may be sent twice. */
static bool is_idempotent(const struct http_destination *d)
{
	for (int i = 0; i < FERRY_DECISIONS; i++)
		if (d->operations[i].name && !d->operations[i].repeatable)
			return false;
	return true;
}

uint32_t http_destination_capabilities(const struct http_destination *d)
{
	const struct http_operation *ops = d->operations;

	return (is_idempotent(d) ? FERRY_CAP_IDEMPOTENT : 0) |
	       (ops[FERRY_DELETE].name ? FERRY_CAP_DELETE : 0) |
	       (ops[FERRY_DISABLE].name ? FERRY_CAP_DISABLE : 0) |
	       (d->lookup.given ? FERRY_CAP_LOOKUP : 0) | (d->list ? FERRY_CAP_LIST : 0) |
	       (d->lookup.look_up_new ? FERRY_CAP_MATCH_NEW : 0);
}

void http_destination_close(struct http_destination *d)
{
	if (!d)
		return;
	for (int i = 0; i < FERRY_DECISIONS; i++) {
		struct http_operation *op = &d->operations[i];
		http_template_release(&op->path);
		http_template_release(&op->body);
		http_template_release(&op->each);
		http_pointer_release(&op->id);
	}
	http_results_release(&d->results);
	http_reading_release(d);
	http_source_close(d->list);
	http_record_release(&d->record);
	rest_buf_release(&d->path);
	rest_buf_release(&d->records);
	rest_buf_release(&d->body);
	rest_buf_release(&d->header);
	rest_pool_release(&d->pool);
	free(d);
}
