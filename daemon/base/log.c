/* SPDX-License-Identifier: Apache-2.0 */
/* log.c - the program's own log. The one module with a global besides the mains. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"

static const char *log_program = "ferry";
static enum ferry_level log_least = FERRY_LOG_INFO;
static bool log_journal;

void log_init(const char *program, enum ferry_level least)
{
	log_program = program;
	log_least = least;
	log_journal = getenv("JOURNAL_STREAM") != NULL;
}

void log_line(enum ferry_level level, const char *fmt, ...)
{
	static const char *const priority[] = {"<7>", "<6>", "<4>", "<3>"};
	va_list ap;
	char text[2048];

	if (level < log_least)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (log_journal)
		fprintf(stderr, "%s%s\n", priority[level], text);
	else
		fprintf(stderr, "%s: %s%s\n", log_program,
			level == FERRY_LOG_ERROR ? "error: " : level == FERRY_LOG_WARN ? "warning: " : "",
			text);
}

void log_error(const struct ferry_error *err)
{
	log_line(FERRY_LOG_ERROR, "%s: %s (%s)", ferry_code_info(err->code)->name, err->msg,
		 ferry_error_hint(err));
}

const char *log_level_name(enum ferry_level level)
{
	static const char *const names[] = {"debug", "info", "warn", "error"};
	return names[level];
}
