/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream-compare.h - a list that comes in pieces must give the elements that it has as a whole, wherever
 * the pieces end: used by the fuzz target and by the unit test.
 */
#ifndef STREAM_COMPARE_H
#define STREAM_COMPARE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * What differs, or NULL. path as in struct rest_list; the text is cut at a and at b. *taken tells
 * whether the whole of it was taken as a list.
 */
const char *stream_compare(const char *text, size_t len, const char *path, size_t a, size_t b,
			   bool *taken);

/* The same with each byte for itself. */
const char *stream_compare_bytes(const char *text, size_t len, const char *path);

#endif
