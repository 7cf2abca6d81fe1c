/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file.c - connector for files of rows in a folder: what it declares, and what `ferryctl test`
 * asks. Knows nothing of ferry but connector.h.
 */
#include "file/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <unistd.h>

static const char *const formats[] = {"csv", "jsonl", NULL};
static const char *const line_ends[] = {"lf", "crlf", NULL};
static const char *const type_names[] = {"text", "int", "decimal", "bool", "time", "json", "bytes",
					 NULL};

static const struct ferry_option connection_options[] = {
	{"dir", FERRY_OPT_TEXT, FERRY_OPTION_REQUIRED | FERRY_OPTION_ADDRESS, NULL, 0, 0, NULL,
		"the folder the files are in; a relative path starts at the working directory"},
	{"lock_timeout", FERRY_OPT_DURATION, 0, "10s", 0, 600000, NULL,
		"how long to wait for another run that writes the same file"},
	{0},
};

#define FORMAT_OPTIONS \
	{"format", FERRY_OPT_CHOICE, 0, NULL, 0, 0, formats, \
		"csv or jsonl; by default what the end of the name says"}, \
	{"delimiter", FERRY_OPT_TEXT, 0, NULL, 0, 0, NULL, \
		"csv: the character between fields, or tab; by default a comma, in .tsv a tab"}, \
	{"quote", FERRY_OPT_TEXT, 0, NULL, 0, 0, NULL, \
		"csv: the character around fields, or none; by default \""}, \
	{"header", FERRY_OPT_BOOL, 0, "true", 0, 0, NULL, \
		"csv: the first line names the columns"}, \
	{"null", FERRY_OPT_TEXT, 0, NULL, 0, 0, NULL, \
		"csv: what stands for NULL when it is not quoted; by default nothing at all"}

static const struct ferry_option source_options[] = {
	{"name", FERRY_OPT_TEXT, FERRY_OPTION_REQUIRED, NULL, 0, 0, NULL,
		"the file, or a pattern with * ? [ for several, read in the order of their names"},
	FORMAT_OPTIONS,
	{"columns", FERRY_OPT_TEXT, 0, NULL, 0, 0, NULL,
		"names separated by commas: of the columns of csv without a header, or of the members "
		"of jsonl that are wanted"},
	{"types.*", FERRY_OPT_CHOICE, 0, NULL, 0, 0, type_names,
		"what a column's texts are to be read as"},
	{"sorted", FERRY_OPT_BOOL, 0, "false", 0, 0, NULL,
		"the rows are in the order of the key"},
	{"max_row", FERRY_OPT_SIZE, 0, "64MiB", 1024, 1LL << 30, NULL,
		"a longer row ends the run"},
	{"strict_end", FERRY_OPT_BOOL, 0, "false", 0, 0, NULL,
		"refuse a last line that has no end: the file is still being written"},
	{0},
};

static const struct ferry_option destination_options[] = {
	{"name", FERRY_OPT_TEXT, FERRY_OPTION_REQUIRED | FERRY_OPTION_ADDRESS, NULL, 0, 0, NULL,
		"the file to write; it is made when it is missing"},
	FORMAT_OPTIONS,
	{"line_end", FERRY_OPT_CHOICE, 0, NULL, 0, 0, line_ends,
		"csv: how lines that are written end; by default lf"},
	{"key", FERRY_OPT_TEXT, 0, NULL, 0, 0, NULL,
		"the columns that identify a row, separated by commas; by default the sync's key"},
	{"batch", FERRY_OPT_INT, 0, "5000", 1, 5000, NULL,
		"rows that are acknowledged together"},
	{"file_mode", FERRY_OPT_TEXT, 0, "0640", 0, 0, NULL,
		"rights of the file when it is made, as chmod has them"},
	{"disabled_at", FERRY_OPT_TEXT, 0, NULL, 0, 0, NULL,
		"the column that gets the time when a row is disabled; NULL when it comes back"},
	{0},
};

/* ------------------------------------------------------------------ check */

struct forward {
	struct teller teller;
	struct ferry_check *check;
};

static void __attribute__((format(printf, 3, 4)))
forward_mistake(struct teller *t, const char *about, const char *fmt, ...)
{
	struct forward *f = t->ctx;
	struct rest_buf text = {0};
	char *room = rest_room(&text, 600);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(room, 600, fmt, ap);
	va_end(ap);
	f->check->mistake(f->check, about, "%s", room);
	rest_buf_release(&text);
}

static void check(const struct ferry_open *open, struct ferry_check *check)
{
	struct forward f = {{NULL, forward_mistake}, check};

	f.teller.ctx = &f;
	if (open->role == FERRY_SOURCE)
		source_check(open, &f.teller);
	else
		destination_check(open, &f.teller);
}

/* ------------------------------------------------------------------ test */

static int test_rights(const struct folder *f, struct ferry_trial *trial, struct ferry_error *err)
{
	if (faccessat(f->fd, ".", R_OK | X_OK, AT_EACCESS) != 0)
		return folder_fail(f, "", "the folder cannot be read", errno, err);
	if (faccessat(f->fd, ".", W_OK | X_OK, AT_EACCESS) != 0)
		trial->warn(trial, "the folder may be read but not written: no file in it can be a "
			    "destination");
	else
		trial->found(trial, "files can be read and written");
	return 0;
}

static int test_room(const struct folder *f, struct ferry_trial *trial, struct ferry_error *err)
{
	struct statvfs fs;

	if (fstatvfs(f->fd, &fs) != 0)
		return folder_fail(f, "", "cannot look at its file system", errno, err);
	uint64_t left = (uint64_t)fs.f_bavail * fs.f_frsize >> 20;
	trial->found(trial, "%llu MiB free", (unsigned long long)left);
	if (left < 64)
		trial->warn(trial, "a file that is written needs room for another of its size");
	return 0;
}

static int test(const struct ferry_open *open, struct ferry_trial *trial, struct ferry_error *err)
{
	struct folder f;
	int status;

	trial->step(trial, "address");
	status = folder_open(&f, open, err);
	if (!status) {
		trial->found(trial, "folder %s", f.path);
		trial->step(trial, "permissions");
		status = test_rights(&f, trial, err);
	}
	if (!status) {
		trial->step(trial, "room");
		status = test_room(&f, trial, err);
	}
	folder_close(&f);
	return status;
}

/* ------------------------------------------------------------------ by role */

static int open_handle(const struct ferry_open *open, void **ret, struct ferry_error *err)
{
	if (open->role == FERRY_SOURCE)
		return source_open(open, ret, err);
	return destination_open(open, ret, err);
}

static void close_handle(void *handle)
{
	const struct handle *h = handle;

	if (!h)
		return;
	if (h->role == FERRY_SOURCE)
		source_close(handle);
	else
		destination_close(handle);
}

#define BATCH 5000
#define CAPS (FERRY_CAP_ORDERED | FERRY_CAP_IDEMPOTENT | FERRY_CAP_MATCH_NEW | FERRY_CAP_DISABLE | \
	      FERRY_CAP_DELETE | FERRY_CAP_LOCAL)

static uint32_t capabilities(void *handle)
{
	const struct handle *h = handle;

	if (h->role == FERRY_SOURCE)
		return source_capabilities(handle);
	return CAPS | FERRY_CAP_LOOKUP | FERRY_CAP_LIST;
}

static int validate_setup(void *handle, struct ferry_error *err)
{
	const struct handle *h = handle;

	if (h->role == FERRY_SOURCE)
		return source_validate(handle, err);
	return destination_validate(handle, err);
}

FERRY_EXPORT const struct ferry_connector ferry_connector = {
	.abi = FERRY_ABI(struct ferry_connector),
	.name = "file",
	.family = "file",
	.summary = "CSV and JSON lines files in a folder",
	.version = "1.0",
	.roles = FERRY_SOURCE | FERRY_DESTINATION,
	.modes = FERRY_MODE_UPSERT | FERRY_MODE_INSERT | FERRY_MODE_UPDATE | FERRY_MODE_MIRROR |
		 FERRY_MODE_APPEND,
	.caps = CAPS,
	.batch = BATCH,
	.lookup_batch = 500,
	.connection_options = connection_options,
	.source_options = source_options,
	.destination_options = destination_options,
	.check = check,
	.test = test,
	.open = open_handle,
	.close = close_handle,
	.capabilities = capabilities,
	.validate_setup = validate_setup,
	.extract = source_extract,
	.lookup = destination_lookup,
	.list = destination_list,
	.apply = destination_apply,
};
