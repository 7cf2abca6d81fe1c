/* SPDX-License-Identifier: Apache-2.0 */
/* spark.c - a row of numbers as a line of little bars. */
#include "spark.h"

enum { LEVELS = 8 };

static const char *level(const struct screen *screen, double value, double max)
{
	static const char *const levels[LEVELS][2] = {
		{"_", "▁"}, {".", "▂"}, {"-", "▃"}, {"=", "▄"}, {"+", "▅"}, {"*", "▆"}, {"%", "▇"}, {"#", "█"},
	};

	if (value < 0)
		return " ";
	int i = value > 0 && max > 0 ? 1 + (int)(value / max * (LEVELS - 1) - 0.5) : 0;
	if (value > 0 && i < 1)
		i = 1;
	return levels[i < LEVELS ? i : LEVELS - 1][screen->utf8];
}

int spark_add(const struct screen *screen, struct buf *out, enum style style, const double *values, size_t n,
	      int width)
{
	size_t columns = n < (size_t)width ? n : (size_t)width;
	double max = 0;

	for (size_t i = 0; i < n; i++)
		max = values[i] > max ? values[i] : max;
	style_begin(screen, out, style);
	for (size_t c = 0; c < columns; c++) {
		double largest = -1;
		for (size_t i = c * n / columns; i < (c + 1) * n / columns; i++)
			largest = values[i] > largest ? values[i] : largest;
		buf_adds(out, level(screen, largest, max));
	}
	style_end(screen, out, style);
	return (int)columns;
}
