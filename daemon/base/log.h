/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h - the program's own log, to standard error. Only the pipeline, the supervisor, the API and the
 * mains use it.
 *
 * When standard error is the system's journal, lines carry their priority as a "<N>" prefix, or go where
 * log_to says.
 */
#ifndef FERRY_BASE_LOG_H
#define FERRY_BASE_LOG_H

#include <ferry/connector.h>

void log_init(const char *program, enum ferry_level least);
void log_line(enum ferry_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* "code: message (hint)" */
void log_error(const struct ferry_error *err);

#define log_debug(...) log_line(FERRY_LOG_DEBUG, __VA_ARGS__)
#define log_info(...) log_line(FERRY_LOG_INFO, __VA_ARGS__)
#define log_warn(...) log_line(FERRY_LOG_WARN, __VA_ARGS__)

/* Things that happen again and again and that somebody may wait for; a number each in wire/journald.c. */
enum log_event { LOG_EVENT_NONE, LOG_RUN_COMPLETED, LOG_RUN_FAILED, LOG_RELOAD_REFUSED, LOG_STUCK };

/* What a line is about; NULL and 0: not known. All borrowed. */
struct log_about {
	enum log_event event;
	const char *sync, *segment, *stage, *code;
	int64_t run;
};
void log_about(const struct log_about *about, enum ferry_level level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Is standard error the system's journal? */
bool log_is_journal(void);
/* Where lines of at least the wanted level go from now on, in place of standard error. */
typedef void log_sink(const struct log_about *about, enum ferry_level level, const char *text);
void log_to(log_sink *sink);

/* "debug", "info", "warn", "error" */
const char *log_level_name(enum ferry_level level);
/* 7, 6, 4, 3: as syslog numbers them */
int log_priority(enum ferry_level level);

#endif
