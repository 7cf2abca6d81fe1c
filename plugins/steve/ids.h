/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ids.h - a set of SteVe's numbers. They are given out one after the other, so a million of them
 * take some hundred kilobytes.
 */
#ifndef FERRY_PLUGINS_STEVE_IDS_H
#define FERRY_PLUGINS_STEVE_IDS_H

#include "rest/rest.h"

#define STEVE_IDS_PAGE 4096

struct steve_ids_page {
	uint64_t words[STEVE_IDS_PAGE / 64];
};

/* {0} is an empty one. */
struct steve_ids {
	struct rest_map pages;		/* number of the page to its place in bits */
	struct steve_ids_page *bits;
	size_t n_pages, cap;
};

bool steve_ids_add(struct steve_ids *ids, int64_t id); /* true when it is new */
bool steve_ids_has(struct steve_ids *ids, int64_t id);
void steve_ids_release(struct steve_ids *ids);

#endif
