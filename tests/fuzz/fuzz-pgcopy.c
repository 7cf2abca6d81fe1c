/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz-pgcopy.c - COPY's binary format as a damaged or hostile server may send it. The input's first
 * byte chooses where it is cut into pieces, each of which must be parsed or refused by itself; what is
 * accepted must be whole: rows of as many values as there are columns, texts within their memory.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "postgres/postgres.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One column of each kind. */
static const struct copy_column columns[] = {
	{KIND_TEXT, false}, {KIND_JSON, false}, {KIND_JSONB, false}, {KIND_BYTES, true}, {KIND_BOOL, true},
	{KIND_INT2, false}, {KIND_INT4, false}, {KIND_INT8, false}, {KIND_OID, false}, {KIND_NUMERIC, false},
	{KIND_FLOAT4, false}, {KIND_FLOAT8, false}, {KIND_UUID, false}, {KIND_DATE, false},
	{KIND_TIMESTAMP, false}, {KIND_TIMESTAMPTZ, false}, {KIND_NUMERIC, true}, {KIND_FLOAT8, true},
	{KIND_DATE, true}, {KIND_TIMESTAMP, true}, {KIND_TIMESTAMPTZ, true},
};
enum { COLUMNS = sizeof columns / sizeof columns[0] };

static void check(bool ok)
{
	if (!ok)
		abort();
}

/* Every byte of every text is read, which is where a checker would see a wrong one. */
static uint64_t check_values(const struct cells *cells)
{
	uint64_t sum = 0;

	check(cells->n % COLUMNS == 0);
	for (size_t i = 0; i < cells->n; i++) {
		const struct ferry_value *v = &cells->values[i];
		check(v->type <= FERRY_JSON);
		if (v->type != FERRY_TEXT && v->type != FERRY_BYTES && v->type != FERRY_DECIMAL && v->type != FERRY_JSON)
			continue;
		for (uint32_t k = 0; k < v->len; k++)
			sum += (uint8_t)v->s[k];
	}
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct copy copy = {.columns = columns, .n_columns = COLUMNS};
	struct cells cells = {0};

	if (!size)
		return 0;
	size_t step = *data ? *data * 7u : size;
	enum cell_status status = CELL_OK;
	for (size_t at = 1; at < size && status == CELL_OK; at += step) {
		size_t len = size - at < step ? size - at : step;
		/* memory of its own: reading beyond the piece is seen */
		char *piece = malloc(len);
		memcpy(piece, data + at, len);
		status = copy_parse(&copy, piece, len, &cells);
		free(piece);
		check(check_values(&cells) != UINT64_MAX);	/* used, so that it is worked out */
		check(status != CELL_NO_MEMORY);
	}
	cells_reset(&cells);
	check(cells.n == 0);
	cells_release(&cells);
	return 0;
}
