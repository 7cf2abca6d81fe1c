/* SPDX-License-Identifier: Apache-2.0 */
/* file-fixture.c - a host and a folder for the tests of the file connector. */
#include "file-fixture.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int __attribute__((format(printf, 3, 4)))
host_fail(struct ferry_error *err, enum ferry_code code, const char *fmt, ...)
{
	va_list ap;

	memset(err, 0, sizeof *err);
	err->code = code;
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof err->msg, fmt, ap);
	va_end(ap);
	return -1;
}

static void __attribute__((format(printf, 3, 4)))
host_log(const struct ferry_host *host, enum ferry_level level, const char *fmt, ...)
{
	struct fixture *f = host->ctx;
	va_list ap;

	(void)level;
	va_start(ap, fmt);
	vsnprintf(f->log, sizeof f->log, fmt, ap);
	va_end(ap);
}

static bool host_cancelled(const struct ferry_host *host)
{
	struct fixture *f = host->ctx;

	return f->cancel_after >= 0 && f->cancel_after-- <= 0;
}

static int64_t host_now(const struct ferry_host *host)
{
	(void)host;
	return NOW;
}

int fixture_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	snprintf(f->dir, sizeof f->dir, "/tmp/test-file-XXXXXX");
	if (!mkdtemp(f->dir))
		return -1;
	f->cancel_after = -1;
	f->host = (struct ferry_host){
		.abi = FERRY_ABI(struct ferry_host), .ctx = f, .fail = host_fail, .log = host_log,
		.cancelled = host_cancelled, .now = host_now,
	};
	*state = f;
	return 0;
}

static void path_of(const struct fixture *f, const char *name, char out[512])
{
	snprintf(out, 512, "%s/%s", f->dir, name);
}

int fixture_teardown(void **state)
{
	struct fixture *f = *state;
	DIR *dir = opendir(f->dir);
	struct dirent *e;

	while (dir && (e = readdir(dir)))
		unlinkat(dirfd(dir), e->d_name, 0);
	closedir(dir);
	int status = rmdir(f->dir);
	free(f->rows);
	free(f);
	return status;
}

void file_write(struct fixture *f, const char *name, const void *text, size_t len)
{
	char path[512];

	path_of(f, name, path);
	FILE *out = fopen(path, "w");
	assert_non_null(out);
	assert_int_equal(fwrite(text, 1, len, out), len);
	assert_int_equal(fclose(out), 0);
}

void file_text(struct fixture *f, const char *name, const char *text)
{
	file_write(f, name, text, strlen(text));
}

const char *file_read(struct fixture *f, const char *name)
{
	static char text[65536];
	char path[512];

	path_of(f, name, path);
	FILE *in = fopen(path, "r");
	if (!in)
		return "(none)";
	text[fread(text, 1, sizeof text - 1, in)] = '\0';
	fclose(in);
	return text;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

const char *file_names(struct fixture *f)
{
	static char out[1024];
	char *names[32];
	size_t n = 0;
	DIR *dir = opendir(f->dir);
	struct dirent *e;

	out[0] = '\0';
	while ((e = readdir(dir)) && n < 32)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			names[n++] = strdup(e->d_name);
	closedir(dir);
	qsort(names, n, sizeof *names, compare);
	for (size_t i = 0; i < n; i++) {
		snprintf(out + strlen(out), sizeof out - strlen(out), "%s%s", i ? " " : "", names[i]);
		free(names[i]);
	}
	return out;
}

/* ------------------------------------------------------------------ handles */

static struct ferry_value setting_value(const char *text)
{
	char *end;
	long long n = strtoll(text, &end, 10);

	if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
		return (struct ferry_value)BOOLEAN(text[0] == 't');
	if (*text && !*end && *text != '0')
		return (struct ferry_value)INT(n);
	return (struct ferry_value){.s = text, .len = (uint32_t)strlen(text), .type = FERRY_TEXT};
}

static void *open_handle(struct fixture *f, const char *const *settings)
{
	void *handle = NULL;
	size_t n = 0;

	f->settings[n++] = (struct ferry_setting){"dir", {.s = f->dir, .len = (uint32_t)strlen(f->dir), .type = FERRY_TEXT}};
	f->settings[n++] = (struct ferry_setting){"lock_timeout", INT(50)};
	for (; *settings; settings += 2)
		f->settings[n++] = (struct ferry_setting){settings[0], setting_value(settings[1])};
	f->open.host = &f->host;
	f->open.connection = "files";
	f->open.settings = f->settings;
	f->open.n_settings = n;
	memset(&f->err, 0, sizeof f->err);
	return ferry_connector.open(&f->open, &handle, &f->err) ? NULL : handle;
}

void *open_source(struct fixture *f, const char *const *settings, const char *const *keys)
{
	f->open = (struct ferry_open){.role = FERRY_SOURCE, .keys = keys};
	return open_handle(f, settings);
}

static const char *const names[] = {"id", "name", "amount"};
static const char *const key_id[] = {"id", NULL};
static const struct ferry_field *const no_field_table[FIELDS];
static const struct ferry_layout layout = {FIELDS, names, no_field_table};
struct ferry_outcome outcomes[8];

void *open_destination(struct fixture *f, enum ferry_mode mode, const char *const *settings)
{
	f->open = (struct ferry_open){.role = FERRY_DESTINATION, .layout = &layout, .mode = mode,
				      .keys = key_id};
	return open_handle(f, settings);
}

/* ------------------------------------------------------------------ rows as text */

static void __attribute__((format(printf, 2, 3))) add(struct fixture *f, const char *fmt, ...)
{
	va_list ap;

	for (;;) {
		va_start(ap, fmt);
		int n = vsnprintf(f->rows + f->len, f->cap - f->len, fmt, ap);
		va_end(ap);
		if (f->len + (size_t)n < f->cap) {
			f->len += (size_t)n;
			return;
		}
		f->cap = f->cap * 2 + (size_t)n + 1024;
		f->rows = realloc(f->rows, f->cap);
	}
}

static void add_value(struct fixture *f, const struct ferry_value *v)
{
	switch ((enum ferry_type)v->type) {
	case FERRY_NULL: add(f, "NULL"); break;
	case FERRY_BOOL: add(f, v->i ? "true" : "false"); break;
	case FERRY_INT: add(f, "%lld", (long long)v->i); break;
	case FERRY_TIME: add(f, "@%lld", (long long)v->i); break;
	case FERRY_DECIMAL: add(f, "%.*s", (int)v->len, v->s); break;
	case FERRY_TEXT: add(f, "'%.*s'", (int)v->len, v->s); break;
	case FERRY_JSON: add(f, "j%.*s", (int)v->len, v->s); break;
	case FERRY_BYTES:
		add(f, "x");
		for (uint32_t i = 0; i < v->len; i++)
			add(f, "%02x", (unsigned char)v->s[i]);
		break;
	}
}

static void add_row(struct fixture *f, const struct ferry_value *values, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i)
			add(f, "|");
		add_value(f, &values[i]);
	}
	add(f, "\n");
}

static void start_rows(struct fixture *f)
{
	f->len = 0;
	f->n_rows = 0;
	add(f, "%s", "");
}

static int sink_columns(struct ferry_sink *sink, const struct ferry_column *columns, size_t n,
			bool ordered, struct ferry_error *err)
{
	struct fixture *f = sink->ctx;

	(void)err;
	f->columns[0] = '\0';
	for (size_t i = 0; i < n; i++)
		snprintf(f->columns + strlen(f->columns), sizeof f->columns - strlen(f->columns),
			 "%s%s:%d", i ? " " : "", columns[i].name, (int)columns[i].type);
	f->n_columns = n;
	f->ordered = ordered;
	return 0;
}

static int sink_rows(struct ferry_sink *sink, const struct ferry_value *values, size_t n,
		     struct ferry_error *err)
{
	struct fixture *f = sink->ctx;

	(void)err;
	for (size_t i = 0; i < n; i++)
		add_row(f, values + i * f->n_columns, f->n_columns);
	f->n_rows += (int64_t)n;
	return 0;
}

static void sink_page(struct ferry_sink *sink, const char *kind, size_t bytes)
{
	(void)sink, (void)kind, (void)bytes;
}

static void sink_truncated(struct ferry_sink *sink, const char *reason)
{
	(void)sink, (void)reason;
	fail_msg("a file is never cut short");
}

int extract(struct fixture *f, void *h, int64_t limit)
{
	struct ferry_sink sink = {f, sink_columns, sink_rows, sink_page, sink_truncated};
	struct ferry_extract want = {.key_columns = f->open.keys, .want_order = true, .limit = limit};

	start_rows(f);
	return ferry_connector.extract(h, &want, &sink, &f->err);
}

const char *rows_of(struct fixture *f, const char *const *settings)
{
	void *h = open_source(f, settings, NULL);

	if (!h)
		return f->err.msg;
	int status = extract(f, h, 0);
	ferry_connector.close(h);
	/* the folder's name is another one each time */
	char *at = strstr(f->err.msg, f->dir);
	if (status && at)
		memmove(at, at + strlen(f->dir) + 1, strlen(at + strlen(f->dir) + 1) + 1);
	return status ? f->err.msg : f->rows;
}

/* ------------------------------------------------------------------ destination */

int apply(struct fixture *f, void *h, enum ferry_decision decision, const struct ferry_value *rows,
	  size_t n)
{
	struct ferry_action actions[8];

	for (size_t i = 0; i < n; i++)
		actions[i] = (struct ferry_action){
			.decision = decision, .key = "k", .key_len = 1, .dest_id = "",
			.fields = rows + i * FIELDS,
		};
	memset(outcomes, 0, sizeof outcomes);
	return ferry_connector.apply(h, actions, n, outcomes, &f->err);
}

int apply_id(struct fixture *f, void *h, enum ferry_decision decision, const char *dest_id,
	     const struct ferry_value *fields, const struct ferry_value *before)
{
	struct ferry_action action = {
		.decision = decision, .key = "k", .key_len = 1, .dest_id = dest_id,
		.fields = fields, .before = before,
	};

	memset(outcomes, 0, sizeof outcomes);
	return ferry_connector.apply(h, &action, 1, outcomes, &f->err);
}

static int list_found(struct ferry_listing *listing, const struct ferry_found *found, size_t n,
		      struct ferry_error *err)
{
	struct fixture *f = listing->ctx;

	(void)err;
	for (size_t i = 0; i < n; i++) {
		add(f, "%s: ", found[i].dest_id);
		add_row(f, found[i].fields, FIELDS);
	}
	return 0;
}

const char *listed(struct fixture *f, void *h)
{
	struct ferry_listing listing = {f, list_found, NULL};

	start_rows(f);
	return ferry_connector.list(h, &listing, &f->err) ? f->err.msg : f->rows;
}

const char *looked_up(struct fixture *f, void *h, const struct ferry_value *fields)
{
	struct ferry_action action = {.decision = FERRY_UPDATE, .key = "k", .key_len = 1,
				      .dest_id = "", .fields = fields};
	struct ferry_found found = {0};
	struct ferry_listing listing = {f, NULL, NULL};

	if (ferry_connector.lookup(h, &action, 1, &found, &f->err))
		return f->err.msg;
	if (found.presence != FERRY_FOUND)
		return found.presence == FERRY_ABSENT ? "absent" : "several";
	start_rows(f);
	list_found(&listing, &found, 1, &f->err);
	return f->rows;
}
