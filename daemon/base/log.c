/* SPDX-License-Identifier: Apache-2.0 */
/* log.c - the program's own log. The one module with a global besides the mains. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

static const char *log_program = "ferry";
static enum ferry_level log_least = FERRY_LOG_INFO;
static bool log_journal;
static log_sink *log_where;

void log_init(const char *program, enum ferry_level least)
{
	log_program = program;
	log_least = least;
	log_journal = log_is_journal();
}

/* The variable is inherited by those whose standard error is something else. */
bool log_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 && fstat(STDERR_FILENO, &st) == 0 &&
		st.st_dev == device && st.st_ino == inode;
}

void log_to(log_sink *sink)
{
	log_where = sink;
}

int log_priority(enum ferry_level level)
{
	static const int priorities[] = {7, 6, 4, 3};
	return priorities[level];
}

static void __attribute__((format(printf, 3, 0)))
put(const struct log_about *about, enum ferry_level level, const char *fmt, va_list ap)
{
	char text[2048];

	if (level < log_least)
		return;
	vsnprintf(text, sizeof text, fmt, ap);
	if (log_where)
		log_where(about, level, text);
	else if (log_journal)
		fprintf(stderr, "<%d>%s\n", log_priority(level), text);
	else
		fprintf(stderr, "%s: %s%s\n", log_program,
			level == FERRY_LOG_ERROR ? "error: " : level == FERRY_LOG_WARN ? "warning: " : "",
			text);
}

void log_about(const struct log_about *about, enum ferry_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put(about, level, fmt, ap);
	va_end(ap);
}

void log_line(enum ferry_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put(&(struct log_about){0}, level, fmt, ap);
	va_end(ap);
}

void log_error(const struct ferry_error *err)
{
	const char *code = ferry_code_info(err->code)->name;

	log_about(&(struct log_about){.code = code}, FERRY_LOG_ERROR, "%s: %s (%s)", code, err->msg,
		  ferry_error_hint(err));
}

const char *log_level_name(enum ferry_level level)
{
	static const char *const names[] = {"debug", "info", "warn", "error"};
	return names[level];
}
