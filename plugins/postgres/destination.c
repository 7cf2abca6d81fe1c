/* SPDX-License-Identifier: Apache-2.0 */
/*
 * destination.c - the handle of a table that is written: its settings, and the transaction in which
 * everything is done.
 */
#include "postgres/postgres.h"

#include <stdlib.h>

static int open_settings(struct destination *d, const struct ferry_open *open,
			 struct ferry_error *err)
{
	if (server_init(&d->base, open, err) || target_settings(open, err))
		return -1;
	d->layout = open->layout;
	d->mode = open->mode;
	d->schema = ferry_setting_text(open, "schema");
	d->table = ferry_setting_text(open, "table");
	d->disabled_at = ferry_setting_text(open, "disabled_at");
	d->create = ferry_setting_int(open, "create", 0);
	/* the server is to give up first, so that what became of the rows is known */
	d->patience = (struct patience){d->base.timeout_ms + 5000, 5000};
	d->commit_patience = (struct patience){d->base.timeout_ms + 5000, d->base.timeout_ms + 5000};
	d->fields = calloc(d->layout->n, sizeof *d->fields);
	d->arrays = calloc(2 * d->layout->n, sizeof *d->arrays);
	if (!d->fields || !d->arrays || !rowkey_init(&d->key, open))
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
	rowkey_release(&d->key);
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
