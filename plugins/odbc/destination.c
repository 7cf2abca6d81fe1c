/* SPDX-License-Identifier: Apache-2.0 */
/* destination.c - the handle of a table that is written. */
#include "odbc/odbc.h"

#include <stdlib.h>

static int open_settings(struct destination *d, const struct ferry_open *open,
			 struct ferry_error *err)
{
	if (database_init(&d->base, open, err) || target_settings(open, err))
		return -1;
	d->layout = open->layout;
	d->mode = open->mode;
	d->catalog = ferry_setting_text(open, "catalog");
	d->schema = ferry_setting_text(open, "schema");
	d->table = ferry_setting_text(open, "table");
	d->disabled_at = ferry_setting_text(open, "disabled_at");
	d->create = ferry_setting_int(open, "create", 0);
	d->base.may_make = d->create;
	d->fields = calloc(d->layout->n, sizeof *d->fields);
	if (!d->fields || !rowkey_init(&d->key, open))
		return database_no_memory(&d->base, err);
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

	run_forget(d);
	target_forget(d);
	database_release(&d->base);
	rowkey_release(&d->key);
	cells_release(&d->cells);
	cells_release(&d->found);
	free(d->full_name);
	free(d->fields);
	free(d);
}

int destination_validate(void *handle, struct ferry_error *err)
{
	return target_validate(handle, err);
}
