/* SPDX-License-Identifier: Apache-2.0 */
/*
 * error.h - one way to say what went wrong.
 *
 * struct ferry_error (connector.h) is owned by the caller, passed as the last argument and untouched
 * on success. Library code never logs: it returns an error that carries the whole story.
 */
#ifndef FERRY_BASE_ERROR_H
#define FERRY_BASE_ERROR_H

#include <ferry/connector.h>

struct ferry_code_info {
	const char *name;		/* stable: "AUTH" */
	int http;			/* status when the API answers with it */
	int exit;			/* status when ferryctl or ferryd --once ends with it */
	bool transient;			/* trying again later may help */
	const char *cause;
	const char *hint;
};

/* The table's row for a code; never NULL (unknown numbers give INTERNAL). */
const struct ferry_code_info *ferry_code_info(int code);
/* The code with that name, or -1. */
int ferry_code_from_name(const char *name);

/* Fill *err and return -1. err may be NULL. Control characters in the message become spaces. */
int ferry_fail(struct ferry_error *err, enum ferry_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The same with errno's text appended and kept in err->sys. ENOSPC and ENOMEM choose their code. */
int ferry_fail_errno(struct ferry_error *err, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Put "place: " before the message of an error that is already filled, and return -1. */
int ferry_within(struct ferry_error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Replace the hint. Returns -1. */
int ferry_hint(struct ferry_error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The error's own hint, or else the one of its code. */
const char *ferry_error_hint(const struct ferry_error *err);

/* A bug: prints place and text, aborts; in release builds too. */
void ferry_bug(const char *file, int line, const char *what) __attribute__((noreturn));
#define FERRY_ASSERT(x) ((x) ? (void)0 : ferry_bug(__FILE__, __LINE__, #x))

/* Exit status of a process whose memory is out; the supervisor names it as such. */
#define FERRY_EXIT_NOMEM 77

/* malloc and friends that end the program with a message when memory is out. */
void *ferry_alloc(size_t size) __attribute__((malloc));
void *ferry_alloc0(size_t n, size_t size) __attribute__((malloc));
void *ferry_realloc(void *p, size_t n, size_t size);
char *ferry_strdup(const char *s) __attribute__((malloc));
char *ferry_strndup(const char *s, size_t n) __attribute__((malloc));
char *ferry_asprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2), malloc));

#endif
