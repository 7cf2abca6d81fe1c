/* SPDX-License-Identifier: Apache-2.0 */
/* changes.c - two generations' files side by side. Both are in the order they were read in. */
#include "conf/changes.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "wire/hash.h"

const char *conf_change_name(enum conf_change_kind kind)
{
	static const char *const names[] = {"added", "changed", "removed"};
	return names[kind];
}

static int in_order(const struct conf_file *a, const struct conf_file *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	return strcmp(a->path, b->path);
}

static bool same_text(const struct conf_file *a, const struct conf_file *b)
{
	return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

size_t conf_changes(const struct generation *before, const struct generation *now, struct arena *arena,
		    struct conf_change **ret)
{
	size_t n_old = before ? before->n_files : 0, i = 0, k = 0, n = 0;
	struct conf_change *all = arena_alloc0(arena, n_old + now->n_files + 1, sizeof *all);

	while (i < n_old || k < now->n_files) {
		const struct conf_file *a = i < n_old ? &before->files[i] : NULL;
		const struct conf_file *b = k < now->n_files ? &now->files[k] : NULL;
		int order = !a ? 1 : !b ? -1 : in_order(a, b);
		if (order < 0)
			all[n++] = (struct conf_change){CONF_REMOVED, a->path};
		else if (order > 0)
			all[n++] = (struct conf_change){CONF_ADDED, b->path};
		else if (!same_text(a, b))
			all[n++] = (struct conf_change){CONF_CHANGED, b->path};
		i += order <= 0;
		k += order >= 0;
	}
	*ret = all;
	return n;
}

void conf_fingerprint(const struct generation *g, char ret[17])
{
	uint64_t sum = 0;

	for (size_t i = 0; i < g->n_files; i++) {
		const struct conf_file *f = &g->files[i];
		uint64_t parts[] = {sum, hash64(f->path, strlen(f->path)), hash64(f->text, f->len)};
		sum = hash64(parts, sizeof parts);
	}
	snprintf(ret, 17, "%016" PRIx64, sum);
}
