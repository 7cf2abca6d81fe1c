/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz-jsonl.c - any bytes as JSON lines. */
#include "file-records.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dialect d = {.form = FORM_JSONL};
	char *text = rest_copy((const char *)data, size);

	check_records(&d, text, size);
	free(text);
	return 0;
}
