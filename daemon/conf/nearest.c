/* SPDX-License-Identifier: Apache-2.0 */
/* nearest.c - "did you mean": edit distance where two swapped letters count as one slip. */
#include "conf/conf.h"

#include <ctype.h>
#include <string.h>

#define WORD_MAX 64

static int lesser(int a, int b)
{
	return a < b ? a : b;
}

static bool same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Optimal string alignment over three rows. Both lengths are at most WORD_MAX. */
static int distance(const char *a, int n, const char *b, int m)
{
	int rows[3][WORD_MAX + 1];

	for (int j = 0; j <= m; j++)
		rows[0][j] = j;
	for (int i = 1; i <= n; i++) {
		int *row = rows[i % 3];
		const int *up = rows[(i + 2) % 3], *up2 = rows[(i + 1) % 3];
		row[0] = i;
		for (int j = 1; j <= m; j++) {
			row[j] = up[j - 1] + !same(a[i - 1], b[j - 1]);
			row[j] = lesser(row[j], lesser(up[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
				row[j] = lesser(row[j], up2[j - 2] + 1);
		}
	}
	return rows[n % 3][m];
}

const char *conf_nearest(const char *word, const char *const *candidates)
{
	size_t len = strnlen(word, WORD_MAX + 1);
	int best = len <= 4 ? 2 : 3;		/* one more than is near enough */
	const char *nearest = NULL;

	if (len > WORD_MAX)
		return NULL;
	if ((int)len < best)
		best = (int)len;		/* sharing no letter is not near */
	for (; *candidates; candidates++) {
		size_t other = strnlen(*candidates, WORD_MAX + 1);
		if (other > WORD_MAX || other > len + 2 || len > other + 2)
			continue;
		int d = distance(word, (int)len, *candidates, (int)other);
		if (d < best) {
			best = d;
			nearest = *candidates;
		}
	}
	return nearest;
}
