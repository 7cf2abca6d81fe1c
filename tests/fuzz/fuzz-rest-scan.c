/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz-rest-scan.c - any text, read without a tree: never beyond its end, and as json-c reads it. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scan-compare.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* to the byte, so that a look beyond it is seen */
	char *text = malloc(size ? size : 1);
	bool taken;

	if (!text)
		abort();
	if (size)
		memcpy(text, data, size);
	const char *why = scan_compare(text, size, &taken);
	if (why) {
		fprintf(stderr, "%s\n", why);
		abort();
	}
	free(text);
	return 0;
}
