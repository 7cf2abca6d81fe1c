/* SPDX-License-Identifier: Apache-2.0 */
/* filters.h - settings of a source as parameters of Lago's list. Does no I/O. */
#ifndef FERRY_PLUGINS_LAGO_FILTERS_H
#define FERRY_PLUGINS_LAGO_FILTERS_H

#include "lago/resource.h"

/* Tell each setting that will not do, and why. */
void lago_filters_check(const struct lago_filter *filters, const struct ferry_open *open,
			void (*mistake)(void *ctx, const char *option, const char *why), void *ctx);
/* Add "&parameter=value" for each setting that is given; checked before. */
void lago_filters_add(const struct lago_filter *filters, const struct ferry_open *open,
		      struct rest_buf *out);

#endif
