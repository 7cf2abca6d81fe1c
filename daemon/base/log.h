/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h - the program's own log: to standard error, with "<N>" priority prefixes when that is the
 * journal. Only the pipeline, the supervisor, the API and the mains use it.
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

/* "debug", "info", "warn", "error" */
const char *log_level_name(enum ferry_level level);

#endif
