/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz-rest-stream.c - any text as a list in pieces: the same as in one, wherever they end. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "stream-compare.h"

#define EVERYWHERE 256			/* longer texts are cut at some places only */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(const char *why)
{
	if (!why)
		return;
	fprintf(stderr, "%s\n", why);
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const paths[] = {NULL, "data", "a.data"};
	const char *text = (const char *)data;
	size_t step = size / EVERYWHERE + 1;
	bool taken;

	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		for (size_t a = 0; a <= size; a += step)
			must(stream_compare(text, size, paths[i], a, a + (size - a) / 2, &taken));
		must(stream_compare_bytes(text, size, paths[i]));
	}
	return 0;
}
