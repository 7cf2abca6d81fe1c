/* SPDX-License-Identifier: Apache-2.0 */
/*
 * destination.c - the handle of a table that is written: its settings, and the transaction in which
 * everything is done.
 */
#include "postgres/postgres.h"

#include <stdlib.h>
#include <string.h>

int destination_layout_place(const struct destination *d, const char *name)
{
	for (size_t i = 0; i < d->layout->n; i++)
		if (strcmp(d->layout->names[i], name) == 0)
			return (int)i;
	for (size_t i = 0; i < d->layout->n; i++)
		if (strcasecmp(d->layout->names[i], name) == 0)
			return (int)i;
	return -1;
}

bool destination_is_key(const struct destination *d, size_t place)
{
	for (size_t i = 0; i < d->n_key; i++)
		if (d->key[i] == place)
			return true;
	return false;
}

/* "a, b" into d->key_names */
static bool split_key(struct destination *d, const char *text)
{
	size_t n = 0;
	char *rest;

	d->key_text = strdup(text);
	d->key_names = calloc(strlen(text) + 1, sizeof *d->key_names);
	if (!d->key_text || !d->key_names)
		return false;
	for (char *p = strtok_r(d->key_text, ",", &rest); p; p = strtok_r(NULL, ",", &rest)) {
		p += strspn(p, " \t");
		size_t len = strlen(p);
		while (len && (p[len - 1] == ' ' || p[len - 1] == '\t'))
			p[--len] = '\0';
		if (len)
			d->key_names[n++] = p;
	}
	return true;
}

static int open_settings(struct destination *d, const struct ferry_open *open,
			 struct ferry_error *err)
{
	const struct ferry_host *host = open->host;
	const char *key = ferry_setting_text(open, "key");

	if (server_init(&d->base, open, err))
		return -1;
	d->layout = open->layout;
	d->mode = open->mode;
	d->open_keys = open->keys;
	d->schema = ferry_setting_text(open, "schema");
	d->table = ferry_setting_text(open, "table");
	d->disabled_at = ferry_setting_text(open, "disabled_at");
	d->create = ferry_setting_int(open, "create", 0);
	/* the server is to give up first, so that what became of the rows is known */
	d->patience = (struct patience){d->base.timeout_ms + 5000, 5000};
	d->commit_patience = (struct patience){d->base.timeout_ms + 5000, d->base.timeout_ms + 5000};
	if (!d->table || !*d->table)
		return host->fail(err, FERRY_E_CONFIG, "destination: 'table' is missing");
	if (!d->layout || !d->layout->n)
		return host->fail(err, FERRY_E_CONFIG, "destination: no field is mapped");
	if (d->disabled_at && destination_layout_place(d, d->disabled_at) >= 0)
		return host->fail(
			err, FERRY_E_CONFIG,
			"destination: '%s' is written by 'disabled_at' and cannot be mapped too",
			d->disabled_at);
	d->fields = calloc(d->layout->n, sizeof *d->fields);
	d->key = calloc(d->layout->n, sizeof *d->key);
	d->parts = calloc(d->layout->n, sizeof *d->parts);
	d->arrays = calloc(2 * d->layout->n, sizeof *d->arrays);
	if (!d->fields || !d->key || !d->parts || !d->arrays || (key && !split_key(d, key)))
		return server_no_memory(&d->base, err);
	return 0;
}

int destination_open(const struct ferry_open *open, void **ret, struct ferry_error *err)
{
	struct destination *d = calloc(1, sizeof *d);

	if (!d)
		return open->host->fail(err, FERRY_E_NOMEM, "out of memory");
	if (open_settings(d, open, err)) {
		destination_close(d);
		return -1;
	}
	*ret = d;
	return 0;
}

void destination_close(void *handle)
{
	struct destination *d = handle;

	for (size_t i = 0; d->arrays && i < 2 * d->layout->n; i++)
		text_release(&d->arrays[i].bytes);
	table_forget(d);
	server_release(&d->base);
	cells_release(&d->cells);
	text_release(&d->begin);
	free(d->arrays);
	free(d->key_text);
	free(d->key_names);
	free(d->key);
	free(d->parts);
	free(d->fields);
	free(d);
}

/*
 * What was acknowledged stays even if the power goes right after it, whatever the role's settings
 * are. A batch finds its rows through the key's index: a plan that reads the whole table for them
 * would be slow, and its estimate of a batch is a guess.
 */
static void begin_text(struct destination *d)
{
	text_addf(&d->begin,
		  "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;"
		  " SELECT pg_catalog.set_config('synchronous_commit', 'on', true)"
		  " WHERE pg_catalog.current_setting('synchronous_commit') = 'off';"
		  " SET LOCAL statement_timeout = %lld;"
		  " SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off%s",
		  (long long)d->base.timeout_ms,
		  PQserverVersion(d->base.conn) >= 110000 ? "; SET LOCAL jit = off" : "");
}

int destination_begin(struct destination *d, struct ferry_error *err)
{
	if (!d->begin.len) {
		if (server_connect(&d->base, err))
			return -1;
		if (PQserverVersion(d->base.conn) < 100000)
			return d->base.host->fail(err, FERRY_E_UNSUPPORTED,
						  "%s: the server is older than PostgreSQL 10",
						  d->base.name);
		begin_text(d);
		if (d->begin.failed)
			return server_no_memory(&d->base, err);
	}
	return server_begin(&d->base, d->begin.s, &d->patience, err);
}

int destination_validate(void *handle, struct ferry_error *err)
{
	struct destination *d = handle;
	int status = destination_begin(d, err) || table_look(d, err) || table_check(d, err) ? -1 : 0;

	server_abandon(&d->base);
	server_rollback(&d->base);
	return status;
}
