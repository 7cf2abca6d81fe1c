/* SPDX-License-Identifier: Apache-2.0 */
/*
 * own.c - what a connector says itself of a source or destination, beyond its tables, before anything
 * is opened; and which connector speaks for a family. Reads no secrets.
 */
#include "plug/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "plug/plug-private.h"

struct asking {
	struct ferry_check api;
	const struct connection_def *connection;
	const struct endpoint_def *endpoint;
	const struct segment_def *seg;
	struct conf_mistakes *mistakes;
};

/* Where a setting or mapped field was written; the endpoint when that is not known. */
static const struct def_mark *mark_of(const struct asking *a, const char *about)
{
	const struct def_options *lists[] = {&a->endpoint->options, &a->connection->options};

	for (size_t i = 0; about && a->seg && i < a->seg->n_map; i++)
		if (strcmp(a->seg->map[i].field, about) == 0)
			return &a->seg->map[i].mark;
	for (size_t i = 0; about && i < 2; i++) {
		const struct def_option *o = option_given(lists[i], about);
		if (o)
			return &o->value_mark;
	}
	if (about && a->seg && strcmp(about, "mode") == 0 && a->seg->mode_mark.line)
		return &a->seg->mode_mark;
	return &a->endpoint->mark;
}

static void mistake(struct ferry_check *check, const char *about, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void mistake(struct ferry_check *check, const char *about, const char *fmt, ...)
{
	const struct asking *a = check->ctx;
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	conf_mistake(a->mistakes, mark_of(a, about), "%s", text);
}

static int64_t now(const struct ferry_host *host)
{
	(void)host;
	return clock_now();
}

void check_own(const struct plug *plug, enum ferry_role role, const struct connection_def *connection,
	       const struct endpoint_def *endpoint, const struct segment_def *seg,
	       struct conf_mistakes *mistakes)
{
	static const struct ferry_host host = {
		.abi = FERRY_ABI(struct ferry_host), .fail = ferry_fail,
		.now = now, .format_time = clock_format, .parse_time = clock_parse,
	};
	const struct ferry_connector *api = plug->api;
	struct arena arena = ARENA_INIT;
	struct setting_list settings = {0};
	struct ferry_layout layout = {0};
	bool writes = role == FERRY_DESTINATION && seg;

	if (!api->check)
		return;
	option_known(api->connection_options, &connection->options, &arena, &settings);
	option_known(role == FERRY_SOURCE ? api->source_options : api->destination_options,
		     &endpoint->options, &arena, &settings);
	if (writes)
		plug_layout(plug, seg, &arena, &layout);
	struct ferry_open open = {
		.host = &host, .role = role, .connection = connection->name,
		.settings = settings.items, .n_settings = settings.n,
		.layout = writes ? &layout : NULL,
		.mode = writes ? seg->mode : 0,
		.keys = !seg ? NULL : writes ? segment_key_fields(seg, &arena)
			: segment_key_columns(seg, &arena),
		.common = plug_common(connection),
	};
	struct asking asking = {{.mistake = mistake}, connection, endpoint, seg, mistakes};
	asking.api.ctx = &asking;
	api->check(&open, &asking.api);
	arena_release(&arena);
}

bool plug_is_of_family(const char *name, const char *family)
{
	size_t n = strlen(family);
	return strncmp(name, family, n) == 0 && (name[n] == '\0' || name[n] == '-');
}

int plug_load_tester(const char *dir, const char *family, struct plug **ret, struct ferry_error *err)
{
	struct arena arena = ARENA_INIT;
	char **names;
	size_t n, of_family = 0;
	struct plug *found = NULL;

	int rc = plug_list(dir, &arena, &names, &n, err);
	for (size_t i = 0; rc == 0 && !found && i < n; i++) {
		struct plug *plug;
		if (!plug_is_of_family(names[i], family))
			continue;
		rc = plug_load(dir, names[i], &plug, err);
		if (rc < 0)
			break;
		bool is = strcmp(plug->api->family, family) == 0;
		of_family += is;
		if (is && plug->api->test)
			found = plug;
		else
			plug_unload(plug);
	}
	arena_release(&arena);
	if (rc < 0)
		return -1;
	if (!found && !of_family)
		return ferry_fail(err, FERRY_E_NOT_FOUND, "there is no connector of family '%s' in %s",
				  family, dir);
	if (!found)
		return ferry_fail(err, FERRY_E_UNSUPPORTED, "no connector of family '%s' can test a connection",
				  family);
	*ret = found;
	return 0;
}
