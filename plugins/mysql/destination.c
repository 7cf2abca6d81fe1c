/* SPDX-License-Identifier: Apache-2.0 */
/*
 * destination.c - the handle of a table that is written: its settings, and the transaction in which
 * everything is done.
 */
#include "mysql/private.h"

#include <stdlib.h>

static int open_settings(struct destination *d, const struct ferry_open *open, struct ferry_error *err)
{
	if (server_init(&d->base, open, err) || target_settings(open, err))
		return -1;
	d->layout = open->layout;
	d->mode = open->mode;
	d->table = ferry_setting_text(open, "table");
	d->disabled_at = ferry_setting_text(open, "disabled_at");
	d->create = ferry_setting_int(open, "create", 0);
	/* the server is to give up first, so that what became of the rows is known */
	d->patience = (struct patience){d->base.timeout_ms + 5000, 5000};
	d->commit_patience = (struct patience){d->base.timeout_ms + 5000, d->base.timeout_ms + 5000};
	d->fields = calloc(d->layout->n, sizeof *d->fields);
	if (!d->fields || !rowkey_init(&d->key, open))
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

	table_forget(d);
	server_release(&d->base);
	cells_release(&d->cells);
	rowkey_release(&d->key);
	free(d->fields);
	free(d);
}

/* Fewer locks, so that lanes do not stand in each other's way, where the binary log allows it. */
int destination_begin(struct destination *d, struct ferry_error *err)
{
	static const char committed[] = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; START TRANSACTION READ WRITE";
	static const char repeatable[] = "START TRANSACTION READ WRITE";

	if (server_connect(&d->base, err) ||
	    server_begin(&d->base, d->base.by_statement ? repeatable : committed, &d->patience, err))
		return -1;
	int more;
	while ((more = server_next(&d->base, &d->patience)) > 0)
		;
	return more < 0 ? server_fail(&d->base, FERRY_E_UNAVAILABLE, "cannot begin", err) : 0;
}

int destination_validate(void *handle, struct ferry_error *err)
{
	struct destination *d = handle;

	/* rows that were told to be written are to survive the machine's end */
	if (server_connect(&d->base, err) || table_look(d, err) || table_check(d, err))
		return -1;
	if (!d->base.flushes)
		d->base.host->log(d->base.host, FERRY_LOG_WARN, "%s: innodb_flush_log_at_trx_commit is not 1: "
				  "rows that were acknowledged can be lost when the machine fails",
				  d->base.name);
	return 0;
}
