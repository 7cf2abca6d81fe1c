/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz-csv.c - any bytes as CSV. The first letter says how: 'c'omma, 's'emicolon with NULL as \N, 'b'are
 * of quotes; anything else is a comma, too.
 */
#include "file-records.h"

static struct dialect dialect_of(char how)
{
	struct dialect d = {.form = FORM_CSV, .delimiter = how == 's' ? ';' : ',',
			    .quote = how == 'b' ? '\0' : '"', .header = true};

	if (how == 's') {
		memcpy(d.null, "\\N", 3);
		d.null_len = 2;
	}
	d.special['\n'] = d.special['\r'] = d.special[(unsigned char)d.delimiter] = true;
	if (d.quote)
		d.special[(unsigned char)d.quote] = true;
	return d;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	struct dialect d = dialect_of((char)data[0]);
	char *text = rest_copy((const char *)data + 1, size - 1);
	check_records(&d, text, size - 1);
	free(text);
	return 0;
}
