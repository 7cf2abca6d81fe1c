/* SPDX-License-Identifier: Apache-2.0 */
/*
 * error.c - the error table, and memory that is either there or ends the program.
 */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Exit statuses: 1 failed, 2 completed with row errors, 3 usage or not found, 4 no daemon. */
static const struct ferry_code_info codes[FERRY_E_CODES] = {
	[FERRY_OK] = {"OK", 200, 0, false, "Nothing is wrong.", ""},
	[FERRY_E_CONFIG] = {"CONFIG", 422, 1, false,
		"A setting is wrong or missing.",
		"Correct the named line and run 'ferryctl reload' (or 'ferryd --check' to see all mistakes)."},
	[FERRY_E_AUTH] = {"AUTH", 502, 1, false,
		"The other side refused the credentials, or they have expired.",
		"Renew the connection's credentials, then 'ferryctl retry RUN'."},
	[FERRY_E_FORBIDDEN] = {"FORBIDDEN", 502, 1, false,
		"The credentials are valid but lack a permission.",
		"Grant the permission named in the message to the connection's user or key."},
	[FERRY_E_CONNECT] = {"CONNECT", 502, 1, true,
		"No connection could be made.",
		"Check the connection's address and that the service there is running."},
	[FERRY_E_NETWORK] = {"NETWORK", 502, 1, true,
		"The connection broke in the middle of an exchange.",
		"Run it again: rows in doubt are settled first."},
	[FERRY_E_TIMEOUT] = {"TIMEOUT", 504, 1, true,
		"No answer came within the connection's timeout.",
		"Run it again, or raise 'timeout:' of the connection."},
	[FERRY_E_RATE_LIMIT] = {"RATE_LIMIT", 503, 1, true,
		"The other side asks to slow down.",
		"Lower 'rate_limit:' of the connection."},
	[FERRY_E_UNAVAILABLE] = {"UNAVAILABLE", 503, 1, true,
		"The other side failed to serve the request.",
		"Look at the other side's own log; then run it again."},
	[FERRY_E_PROTOCOL] = {"PROTOCOL", 502, 1, false,
		"An answer has not the shape its interface promises.",
		"Check that the connection's URL points at the right service and version."},
	[FERRY_E_REJECTED] = {"REJECTED", 422, 1, false,
		"The destination refused the data.",
		"See 'ferryctl errors RUN' for field and reason of each row."},
	[FERRY_E_NOT_FOUND] = {"NOT_FOUND", 404, 3, false,
		"There is nothing of that name or number.",
		"List what there is: 'ferryctl syncs', 'ferryctl runs'."},
	[FERRY_E_DATA] = {"DATA", 422, 1, false,
		"A value in the data is not usable.",
		"Correct the row at its source, or the expression in 'map:'."},
	[FERRY_E_SETUP] = {"SETUP", 422, 1, false,
		"The other side is not set up as this sync needs it.",
		"Change the named setting over there; nothing has been written."},
	[FERRY_E_CANCELLED] = {"CANCELLED", 409, 1, false,
		"The run was cancelled.",
		"What was acknowledged stays; the next run goes on from there."},
	[FERRY_E_NOMEM] = {"NOMEM", 500, 1, true,
		"Memory is out.",
		"Raise 'memory_limit:' or make less run at once."},
	[FERRY_E_UNSUPPORTED] = {"UNSUPPORTED", 422, 1, false,
		"The connector cannot do what is asked.",
		"'ferryctl connectors NAME' shows what it can do."},
	[FERRY_E_SYSTEM] = {"SYSTEM", 500, 1, false,
		"A system call failed.",
		"The message names the file and the system's reason."},
	[FERRY_E_INTERNAL] = {"INTERNAL", 500, 1, false,
		"A bug in ferry.",
		"Please report it with the run's log."},
	[FERRY_E_STORE] = {"STORE", 500, 1, false,
		"The store could not be read or written.",
		"Check the state directory's permissions and its disk."},
	[FERRY_E_STORE_CORRUPT] = {"STORE_CORRUPT", 500, 1, false,
		"A stored record does not match its checksum; it was not used.",
		"Restore the named environment from a backup, or remove that snapshot to rebuild it from the destination."},
	[FERRY_E_DISK_FULL] = {"DISK_FULL", 507, 1, true,
		"The disk under the state directory is full.",
		"Free some space; nothing was lost, run it again."},
	[FERRY_E_STORE_VERSION] = {"STORE_VERSION", 500, 1, false,
		"The store was written by a newer ferry.",
		"Install that version again, or restore a backup made by this one."},
	[FERRY_E_LOCKED] = {"LOCKED", 423, 1, false,
		"Another process holds the state directory.",
		"Stop the other ferryd, or give this one another --state."},
	[FERRY_E_CONNECTOR] = {"CONNECTOR", 422, 1, false,
		"A connector could not be loaded.",
		"Check the plugin folder: the file must match this ferry's interface and be writable by its owner only."},
	[FERRY_E_WORKER_DIED] = {"WORKER_DIED", 500, 1, true,
		"The worker process ended without finishing its run.",
		"Nothing is lost: rows in doubt are settled by the next run. 'ferryctl logs RUN' shows how far it came."},
	[FERRY_E_DAEMON_DIED] = {"DAEMON_DIED", 500, 1, true,
		"The daemon ended while this run was under way.",
		"Nothing is lost: rows in doubt are settled by the next run."},
	[FERRY_E_CONSERVATION] = {"CONSERVATION", 500, 1, false,
		"The run's counters do not add up: a bug, so the run is failed.",
		"Please report it with the run's detail."},
	[FERRY_E_PLAN_STALE] = {"PLAN_STALE", 409, 1, false,
		"The plan no longer fits: the definition or the snapshot has changed since the preview.",
		"Make a new preview."},
	[FERRY_E_STATE] = {"STATE", 409, 1, false,
		"That is not possible in the run's present state.",
		"'ferryctl show RUN' shows the state it is in."},
	[FERRY_E_DENIED] = {"DENIED", 403, 1, false,
		"Your role does not allow it.",
		"Only root and members of the group ferry-admin may change things."},
	[FERRY_E_BUSY] = {"BUSY", 409, 1, true,
		"A run of this sync is under way and one more is queued already.",
		"Wait for them, or cancel one."},
	[FERRY_E_ORDER] = {"ORDER", 422, 1, false,
		"The source promised rows in key order and broke the promise.",
		"Set 'ordered: false' in the segment's source."},
	[FERRY_E_USAGE] = {"USAGE", 400, 3, false,
		"The request or the command line is not understood.",
		"See --help or the manual page."},
	[FERRY_E_UNREACHABLE] = {"UNREACHABLE", 503, 4, true,
		"No daemon answers at the socket.",
		"Is ferryd running? 'systemctl status ferryd'; --socket names another socket."},
	[FERRY_E_ROW_ERRORS] = {"ROW_ERRORS", 200, 2, false,
		"The run completed, but some rows failed.",
		"'ferryctl errors RUN' lists them; the next run sends them again."},
	[FERRY_E_GUARD] = {"GUARD", 409, 1, false,
		"A guard stopped the run before anything was written.",
		"Look at 'ferryctl plan RUN'; correct the source or the guard."},
	[FERRY_E_HUNG] = {"HUNG", 500, 1, true,
		"The worker gave no sign of life and was ended.",
		"A connector hangs: see its last log lines; 'timeout:' bounds its requests."},
	[FERRY_E_MEMORY_LIMIT] = {"MEMORY_LIMIT", 500, 1, false,
		"The worker reached its memory limit.",
		"Raise 'memory_limit:' in ferry.yaml, or make the source's rows smaller."},
	[FERRY_E_SEGMENT] = {"SEGMENT", 500, 1, false,
		"A required segment failed.",
		"The segment's own error says why."},
};

const struct ferry_code_info *ferry_code_info(int code)
{
	if (code < 0 || code >= FERRY_E_CODES || !codes[code].name)
		return &codes[FERRY_E_INTERNAL];
	return &codes[code];
}

int ferry_code_from_name(const char *name)
{
	for (int i = 0; i < FERRY_E_CODES; i++)
		if (codes[i].name && strcmp(codes[i].name, name) == 0)
			return i;
	return -1;
}

/* One line, whatever a server or a file put into the message. */
static void flatten(char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = ' ';
}

int ferry_fail(struct ferry_error *err, enum ferry_code code, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return -1;
	char msg[sizeof err->msg];	/* an argument may point into *err */
	va_start(ap, fmt);
	vsnprintf(msg, sizeof msg, fmt, ap);
	va_end(ap);
	flatten(msg);
	*err = (struct ferry_error){.code = code};
	memcpy(err->msg, msg, sizeof msg);
	return -1;
}

int ferry_fail_errno(struct ferry_error *err, int errnum, const char *fmt, ...)
{
	va_list ap;
	char text[sizeof err->msg - 128], why[100];

	if (!err)
		return -1;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	const char *s = strerror_r(errnum, why, sizeof why);
	enum ferry_code code = errnum == ENOSPC || errnum == EDQUOT ? FERRY_E_DISK_FULL
		: errnum == ENOMEM ? FERRY_E_NOMEM : FERRY_E_SYSTEM;
	ferry_fail(err, code, "%s: %s", text, s);
	err->sys = errnum;
	return -1;
}

int ferry_within(struct ferry_error *err, const char *fmt, ...)
{
	va_list ap;
	char place[256], msg[sizeof err->msg];

	if (!err)
		return -1;
	va_start(ap, fmt);
	vsnprintf(place, sizeof place, fmt, ap);
	va_end(ap);
	flatten(place);
	memcpy(msg, err->msg, sizeof msg);
	snprintf(err->msg, sizeof err->msg, "%s: %.*s", place,
		 (int)(sizeof msg - strlen(place) - 3), msg);
	return -1;
}

int ferry_hint(struct ferry_error *err, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return -1;
	va_start(ap, fmt);
	vsnprintf(err->hint, sizeof err->hint, fmt, ap);
	va_end(ap);
	flatten(err->hint);
	return -1;
}

const char *ferry_error_hint(const struct ferry_error *err)
{
	return err->hint[0] ? err->hint : ferry_code_info(err->code)->hint;
}

void ferry_bug(const char *file, int line, const char *what)
{
	fprintf(stderr, "bug at %s:%d: %s does not hold\n", file, line, what);
	abort();
}

/* No malloc from here: write(2) a constant and leave with the status the supervisor knows. */
static void *out_of_memory(void)
{
	static const char text[] = "out of memory\n";
	ssize_t n = write(2, text, sizeof text - 1);
	(void)n;
	_exit(FERRY_EXIT_NOMEM);
}

void *ferry_alloc(size_t size)
{
	void *p = malloc(size ? size : 1);
	return p ? p : out_of_memory();
}

void *ferry_alloc0(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);
	return p ? p : out_of_memory();
}

void *ferry_realloc(void *p, size_t n, size_t size)
{
	p = reallocarray(p, n ? n : 1, size ? size : 1);
	return p ? p : out_of_memory();
}

char *ferry_strdup(const char *s)
{
	return ferry_strndup(s, strlen(s));
}

char *ferry_strndup(const char *s, size_t n)
{
	char *p = ferry_alloc(n + 1);
	memcpy(p, s, n);
	p[n] = '\0';
	return p;
}

char *ferry_asprintf(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	int n = vasprintf(&s, fmt, ap);
	va_end(ap);
	return n < 0 ? out_of_memory() : s;
}
