/* SPDX-License-Identifier: Apache-2.0 */
/* changes.h - in which files one generation differs from the one before. */
#ifndef FERRY_CONF_CHANGES_H
#define FERRY_CONF_CHANGES_H

#include "conf/conf.h"

enum conf_change_kind { CONF_ADDED, CONF_CHANGED, CONF_REMOVED };

struct conf_change {
	enum conf_change_kind kind;
	const char *path;		/* of either generation */
};

const char *conf_change_name(enum conf_change_kind kind);	/* "added" */
/* In the order of the files; in the arena. before NULL: all are new. */
size_t conf_changes(const struct generation *before, const struct generation *now, struct arena *arena,
		    struct conf_change **ret);
/* Of all files' names and texts: 16 digits that are others when anything is. */
void conf_fingerprint(const struct generation *g, char ret[17]);

#endif
