/* SPDX-License-Identifier: Apache-2.0 */
/*
 * generation.c - check a whole generation against the connectors of a plugin folder. Each connector
 * is loaded once; one that cannot be is a mistake at every endpoint that names it.
 */
#include "plug/check.h"

#include <stdlib.h>
#include <string.h>

#include "plug/plug-private.h"

/* A connector somebody asked for: loaded, or why not. */
struct asked {
	struct plug *plug;
	char *name;
	struct ferry_error err;
};

/* "This connection is used through that connector." */
struct use {
	const struct connection_def *connection;
	const struct plug *plug;
};

struct checker {
	const char *dir;
	const struct generation *g;
	struct conf_mistakes *mistakes;
	struct asked *asked;
	size_t n_asked;
	struct use *uses;
	size_t n_uses;
};

static const struct asked *ask(struct checker *c, const char *name)
{
	for (size_t i = 0; i < c->n_asked; i++)
		if (strcmp(c->asked[i].name, name) == 0)
			return &c->asked[i];
	c->asked = ferry_realloc(c->asked, c->n_asked + 1, sizeof *c->asked);
	struct asked *a = &c->asked[c->n_asked++];
	*a = (struct asked){.name = ferry_strdup(name)};
	if (plug_load(c->dir, name, &a->plug, &a->err) < 0)
		a->plug = NULL;
	return a;
}

static void note_use(struct checker *c, const struct connection_def *connection,
		     const struct plug *plug)
{
	for (size_t i = 0; i < c->n_uses; i++)
		if (c->uses[i].connection == connection && c->uses[i].plug == plug)
			return;
	c->uses = ferry_realloc(c->uses, c->n_uses + 1, sizeof *c->uses);
	c->uses[c->n_uses++] = (struct use){connection, plug};
}

static void check_one(struct checker *c, enum ferry_role role, const struct endpoint_def *endpoint,
		      const struct segment_def *seg)
{
	struct buf name = BUF_INIT;
	const struct connection_def *connection = generation_connection(c->g, endpoint->connection);

	if (!connection)
		return;		/* the configuration's own check says so */
	plug_name(connection->family, endpoint->resource, &name);
	const struct asked *a = ask(c, buf_str(&name));
	buf_release(&name);
	if (!a->plug) {
		conf_mistake(c->mistakes, &endpoint->mark, "%s%s%s", a->err.msg,
			     a->err.hint[0] ? ". " : "", a->err.hint);
		return;
	}
	note_use(c, connection, a->plug);
	check_endpoint(a->plug, role, endpoint, seg, c->mistakes);
	if (a->plug->api->roles & (uint32_t)role)
		check_own(a->plug, role, connection, endpoint, seg, c->mistakes);
}

static void check_segment(struct checker *c, const struct segment_def *seg)
{
	for (size_t i = 0; i < seg->n_checks; i++)
		check_one(c, FERRY_SOURCE, &seg->checks[i].source, NULL);
	if (seg->n_checks)
		return;
	check_one(c, FERRY_SOURCE, &seg->source, seg);
	check_one(c, FERRY_DESTINATION, &seg->destination, seg);
	for (size_t i = 0; i < seg->n_lookups; i++)
		if (!seg->lookups[i].segment)
			check_one(c, FERRY_SOURCE, &seg->lookups[i].source, NULL);
}

/* A connection nobody uses yet is held against all connectors of its family. */
static void note_family(struct checker *c, const struct connection_def *connection, char **names,
			size_t n)
{
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		if (!plug_is_of_family(names[i], connection->family))
			continue;
		const struct plug *plug = ask(c, names[i])->plug;
		any = true;
		if (plug && strcmp(plug->api->family, connection->family) == 0)
			note_use(c, connection, plug);
	}
	if (!any)
		conf_mistake(c->mistakes, &connection->mark,
			     "connection '%s': there is no connector of family '%s' in %s",
			     connection->name, connection->family, c->dir);
}

static void check_one_connection(struct checker *c, const struct connection_def *connection)
{
	const struct plug **plugs = ferry_alloc0(c->n_uses, sizeof *plugs);
	size_t n = 0;

	for (size_t i = 0; i < c->n_uses; i++)
		if (c->uses[i].connection == connection)
			plugs[n++] = c->uses[i].plug;
	if (n)
		check_connection(plugs, n, connection, c->mistakes);
	free(plugs);
}

static bool is_named(const struct generation *g, const char *connection)
{
	for (size_t i = 0; i < g->n_syncs; i++)
		for (size_t k = 0; k < g->syncs[i].n_segments; k++) {
			const struct segment_def *seg = &g->syncs[i].segments[k];
			for (size_t l = 0; l < seg->n_checks; l++)
				if (strcmp(seg->checks[l].source.connection, connection) == 0)
					return true;
			if (seg->n_checks)
				continue;
			if (strcmp(seg->source.connection, connection) == 0 ||
			    strcmp(seg->destination.connection, connection) == 0)
				return true;
			for (size_t l = 0; l < seg->n_lookups; l++)
				if (!seg->lookups[l].segment &&
				    strcmp(seg->lookups[l].source.connection, connection) == 0)
					return true;
		}
	return false;
}

static void check_connections(struct checker *c)
{
	struct arena arena = ARENA_INIT;
	struct ferry_error err;
	char **names;
	size_t n;

	if (plug_list(c->dir, &arena, &names, &n, &err) < 0) {
		struct def_mark nowhere = {c->dir, 0, 0};
		conf_mistake(c->mistakes, &nowhere, "%s", err.msg);
		n = 0;
	}
	for (size_t i = 0; i < c->g->n_connections; i++) {
		const struct connection_def *connection = &c->g->connections[i];
		if (n && !is_named(c->g, connection->name))
			note_family(c, connection, names, n);
		check_one_connection(c, connection);
	}
	arena_release(&arena);
}

void plug_check_generation(const char *dir, const struct generation *g,
			   struct conf_mistakes *mistakes)
{
	struct checker c = {.dir = dir, .g = g, .mistakes = mistakes};

	for (size_t i = 0; i < g->n_syncs; i++)
		for (size_t k = 0; k < g->syncs[i].n_segments; k++)
			check_segment(&c, &g->syncs[i].segments[k]);
	check_connections(&c);
	for (size_t i = 0; i < c.n_asked; i++) {
		plug_unload(c.asked[i].plug);
		free(c.asked[i].name);
	}
	free(c.asked);
	free(c.uses);
}
