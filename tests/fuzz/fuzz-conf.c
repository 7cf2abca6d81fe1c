/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz-conf.c - any bytes as configuration. What stands before a line "%%" is connections, what
 * follows is a sync; all of it is ferry.yaml too. What loads is asked for its text.
 */
#include <string.h>

#include "base/error.h"
#include "conf/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_mistakes(struct conf_mistakes *m)
{
	struct buf out = BUF_INIT;

	conf_mistakes_sort(m);
	conf_mistakes_print(m, &out);
	for (size_t i = 0; i < m->n; i++) {
		FERRY_ASSERT(m->items[i].mark.line > 0 && m->items[i].mark.column > 0);
		FERRY_ASSERT(*m->items[i].text && !strchr(m->items[i].text, '\n'));
	}
	buf_release(&out);
}

static void check_generation(const struct generation *g)
{
	struct buf out = BUF_INIT;

	for (size_t i = 0; i < g->n_syncs; i++) {
		FERRY_ASSERT(generation_sync(g, g->syncs[i].name) == &g->syncs[i]);
		for (size_t j = 0; j < g->syncs[i].n_segments; j++) {
			const struct segment_def *seg = &g->syncs[i].segments[j];
			/* either it moves records or it has checks */
			FERRY_ASSERT(!seg->source.connection == (seg->n_checks > 0));
			FERRY_ASSERT(seg->n_checks || generation_connection(g, seg->source.connection));
			for (size_t c = 0; c < seg->n_checks; c++)
				FERRY_ASSERT(generation_connection(g, seg->checks[c].source.connection));
			conf_segment_text(g, seg, &out);
		}
	}
	buf_release(&out);
}

static void load(const struct conf_file *files, size_t n)
{
	struct conf_mistakes m = CONF_MISTAKES_INIT;
	struct generation *g = conf_load(files, n, &m);

	FERRY_ASSERT(!g == (m.n > 0));
	if (g)
		check_generation(g);
	else
		check_mistakes(&m);
	conf_free(g);
	conf_mistakes_release(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	const char *cut = size ? memmem(text, size, "\n%%\n", 4) : NULL;
	size_t first = cut ? (size_t)(cut - text) + 1 : size;
	size_t second = cut ? first + 3 : 0;
	struct conf_file files[] = {
		{CONF_CONNECTIONS, "connections.yaml", text, first},
		{CONF_SYNCS, "sync.yaml", text + second, size - second},
	};
	struct conf_file daemon = {CONF_DAEMON, "ferry.yaml", text, size};

	load(files, 2);
	load(&daemon, 1);
	return 0;
}
