/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scan-compare.h - reading a text without a tree must give what json-c's tree of it gives: used by the
 * fuzz target and by the unit test.
 */
#ifndef SCAN_COMPARE_H
#define SCAN_COMPARE_H

#include <stdbool.h>
#include <stddef.h>

/* What the two do not agree on, or NULL. *taken tells whether the text is JSON to the scanner. */
const char *scan_compare(const char *text, size_t len, bool *taken);

#endif
