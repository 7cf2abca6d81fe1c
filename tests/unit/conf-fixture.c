/* SPDX-License-Identifier: Apache-2.0 */
/* conf-fixture.c - loading configuration from texts. */
#include "conf-fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

struct generation *conf_load_texts(const char *connections, const char *sync, const char *sync2,
				   const char *daemon, struct buf *out)
{
	struct conf_mistakes m = CONF_MISTAKES_INIT;
	struct conf_file files[4];
	size_t n = 0;

	if (daemon)
		files[n++] = (struct conf_file){CONF_DAEMON, "ferry.yaml", daemon, strlen(daemon)};
	if (connections)
		files[n++] = (struct conf_file){CONF_CONNECTIONS, "c.yaml", connections,
						strlen(connections)};
	if (sync)
		files[n++] = (struct conf_file){CONF_SYNCS, "s.yaml", sync, strlen(sync)};
	if (sync2)
		files[n++] = (struct conf_file){CONF_SYNCS, "t.yaml", sync2, strlen(sync2)};
	struct generation *g = conf_load(files, n, &m);
	conf_mistakes_sort(&m);
	buf_reset(out);
	buf_add(out, "", 0);
	conf_mistakes_print(&m, out);
	conf_mistakes_release(&m);
	return g;
}

struct generation *conf_load_ok(const char *connections, const char *sync, const char *daemon)
{
	struct buf out = BUF_INIT;
	struct generation *g = conf_load_texts(connections, sync, NULL, daemon, &out);

	if (!g)
		fail_msg("%s", out.s);
	buf_release(&out);
	return g;
}
