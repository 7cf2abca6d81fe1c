/* SPDX-License-Identifier: Apache-2.0 */
/* sync.c - finding definitions by name. Both lists are sorted by conf. */
#include "model/sync.h"

#include <stdlib.h>
#include <string.h>

static int by_connection(const void *name, const void *item)
{
	return strcmp(name, ((const struct connection_def *)item)->name);
}

static int by_sync(const void *name, const void *item)
{
	return strcmp(name, ((const struct sync_def *)item)->name);
}

const struct connection_def *generation_connection(const struct generation *g, const char *name)
{
	if (!g->n_connections)
		return NULL;
	return bsearch(name, g->connections, g->n_connections, sizeof *g->connections,
		       by_connection);
}

const struct sync_def *generation_sync(const struct generation *g, const char *name)
{
	if (!g->n_syncs)
		return NULL;
	return bsearch(name, g->syncs, g->n_syncs, sizeof *g->syncs, by_sync);
}

const char *mode_name(enum ferry_mode mode)
{
	switch (mode) {
	case FERRY_MODE_UPSERT: return "upsert";
	case FERRY_MODE_INSERT: return "insert";
	case FERRY_MODE_UPDATE: return "update";
	case FERRY_MODE_MIRROR: return "mirror";
	case FERRY_MODE_APPEND: return "append";
	}
	return "unknown";
}
