/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load.c - files' texts to a generation. The tree of one file is dropped before the next is read.
 */
#include <stdlib.h>
#include <string.h>

#include "conf/checks.h"

struct loader {
	struct generation *g;
	struct conf_mistakes *mistakes;
	struct arena scratch;
	struct keyword_reader reader;
	struct connection_def *connections;
	size_t n_connections, cap_connections;
	struct sync_def *syncs;
	size_t n_syncs, cap_syncs;
	const char *daemon_file;
	bool connections_unread;	/* so nobody can tell which connections there are */
	bool targets_unread;		/* of notifications, likewise */
};

static void copy_files(struct generation *g, const struct conf_file *files, size_t n)
{
	g->files = arena_alloc0(&g->arena, n, sizeof *g->files);
	g->n_files = n;
	for (size_t i = 0; i < n; i++) {
		g->files[i] = files[i];
		g->files[i].path = arena_strdup(&g->arena, files[i].path);
		g->files[i].text = arena_strndup(&g->arena, files[i].text, files[i].len);
	}
}

/* Room for n more items in a growing array. */
static void *grow(void *items, size_t *cap, size_t have, size_t n, size_t size)
{
	if (have + n <= *cap)
		return items;
	*cap = (have + n) * 2;
	return ferry_realloc(items, *cap, size);
}

static void load_daemon(struct loader *l, const struct yaml_node *root, const struct def_mark *mark)
{
	if (l->daemon_file) {
		conf_mistake(l->mistakes, mark, "the daemon's settings are there already (in %s)",
			     l->daemon_file);
		return;
	}
	l->daemon_file = mark->file;
	keyword_read(&l->reader, &conf_daemon_object, root, mark, &l->g->daemon);
}

static void load_connections(struct loader *l, const struct yaml_node *root,
			     const struct def_mark *mark)
{
	struct conf_connections file = {NULL, 0};

	keyword_read(&l->reader, &conf_connections_object, root, mark, &file);
	if (!file.items) {
		l->connections_unread = true;
		return;
	}
	l->connections = grow(l->connections, &l->cap_connections, l->n_connections, file.n,
			      sizeof *l->connections);
	if (file.n)
		memcpy(l->connections + l->n_connections, file.items, file.n * sizeof *file.items);
	l->n_connections += file.n;
}

static void load_sync(struct loader *l, const struct yaml_node *root, const struct def_mark *mark)
{
	l->syncs = grow(l->syncs, &l->cap_syncs, l->n_syncs, 1, sizeof *l->syncs);
	struct sync_def *sync = &l->syncs[l->n_syncs++];
	*sync = (struct sync_def){.file = mark->file};
	keyword_read(&l->reader, &conf_sync_object, root, mark, sync);
}

static void load_file(struct loader *l, const struct conf_file *file)
{
	struct def_mark mark = {.file = file->path};
	struct ferry_error err;
	struct yaml_node *root;

	l->reader.file = file->path;
	if (yaml_read(&l->scratch, file->text, file->len, &root, &mark.line, &mark.column, &err)) {
		conf_mistake(l->mistakes, &mark, "%s", err.msg);
		l->connections_unread |= file->kind == CONF_CONNECTIONS;
		l->targets_unread |= file->kind == CONF_DAEMON;
		return;
	}
	mark = keyword_mark(&l->reader, root);
	if (root->kind != YAML_NODE_MAP) {
		conf_mistake(l->mistakes, &mark, "the file must be a map of settings");
		l->connections_unread |= file->kind == CONF_CONNECTIONS;
		return;
	}
	keyword_drop_duplicates(&l->reader, root);
	if (file->kind == CONF_DAEMON)
		load_daemon(l, root, &mark);
	else if (root->n && file->kind == CONF_CONNECTIONS)
		load_connections(l, root, &mark);
	else if (root->n)
		load_sync(l, root, &mark);
}

/* ---- all of them together */

/* Connections and syncs both begin with their name; one without was told of already. */
static const char *name_of(const void *item)
{
	const char *name = *(const char *const *)item;
	return name ? name : "";
}

static int compare_items(const void *pa, const void *pb)
{
	const char *a = *(const char *const *)pa, *b = *(const char *const *)pb;
	int c = strcmp(name_of(a), name_of(b));

	return c ? c : (a > b) - (a < b);
}

/* Copy items sorted by name into the arena; a name that comes again is a mistake there. */
static void *sort_items(struct loader *l, const char *what, const void *items, size_t n,
			size_t size, size_t mark_offset)
{
	const char **order = ferry_alloc0(n, sizeof *order);
	char *sorted = arena_alloc0(&l->g->arena, n, size);
	size_t first = 0;

	for (size_t i = 0; i < n; i++)
		order[i] = (const char *)items + i * size;
	qsort(order, n, sizeof *order, compare_items);
	for (size_t i = 0; i < n; i++) {
		memcpy(sorted + i * size, order[i], size);
		if (!i || strcmp(name_of(order[first]), name_of(order[i])) != 0) {
			first = i;
		} else if (*name_of(order[i])) {
			const struct def_mark *there = (const void *)(order[first] + mark_offset);
			conf_mistake(l->mistakes, (const void *)(order[i] + mark_offset),
				     "%s '%s' is there already (in %s:%d)", what,
				     SHOWN(name_of(order[i])), there->file, there->line);
		}
	}
	free(order);
	return sorted;
}

static void check_references(struct loader *l)
{
	const struct generation *g = l->g;
	const char **names = ferry_alloc0(g->n_connections + 1, sizeof *names);

	for (size_t i = 0; i < g->n_connections; i++)
		names[i] = g->connections[i].name;
	for (size_t i = 0; i < l->reader.n_references; i++) {
		const struct keyword_reference *ref = &l->reader.references[i];
		if (generation_connection(g, ref->name) || l->mistakes->n == CONF_MISTAKES_MAX)
			continue;
		const char *near = conf_nearest(ref->name, names);
		if (near)
			conf_mistake(l->mistakes, &ref->mark,
				     "unknown connection '%s' (did you mean '%s'?)",
				     SHOWN(ref->name), near);
		else
			conf_mistake(l->mistakes, &ref->mark,
				     "unknown connection '%s' (none of that name in connections.d)",
				     SHOWN(ref->name));
	}
	free(names);
}

/* What a sync does not say of its retention the daemon's settings say. */
static void inherit(struct retention_def *r, const struct retention_def *from)
{
	r->runs_age_ms = r->runs_age_ms ? r->runs_age_ms : from->runs_age_ms;
	r->runs_count = r->runs_count ? r->runs_count : from->runs_count;
	r->logs_age_ms = r->logs_age_ms ? r->logs_age_ms : from->logs_age_ms;
	r->row_errors_age_ms = r->row_errors_age_ms ? r->row_errors_age_ms : from->row_errors_age_ms;
	r->plans_age_ms = r->plans_age_ms ? r->plans_age_ms : from->plans_age_ms;
	r->plans_count = r->plans_count ? r->plans_count : from->plans_count;
}

static void finish(struct loader *l)
{
	struct generation *g = l->g;

	g->n_connections = l->n_connections;
	g->connections = sort_items(l, "connection", l->connections, l->n_connections,
				    sizeof *l->connections, offsetof(struct connection_def, mark));
	g->n_syncs = l->n_syncs;
	g->syncs = sort_items(l, "sync", l->syncs, l->n_syncs, sizeof *l->syncs,
			      offsetof(struct sync_def, mark));
	if (!l->connections_unread)
		check_references(l);
	if (!g->daemon.retention.plans_count)
		g->daemon.retention.plans_count = g->daemon.keep_plans;
	for (size_t i = 0; i < g->n_syncs; i++) {
		if (!g->syncs[i].memory_limit)
			g->syncs[i].memory_limit = g->daemon.memory_limit;
		inherit(&g->syncs[i].retention, &g->daemon.retention);
	}
	conf_check_schedules(g, l->mistakes);
	conf_resolve_notify(g, l->targets_unread, l->mistakes);
}

struct generation *conf_load(const struct conf_file *files, size_t n,
			     struct conf_mistakes *mistakes)
{
	struct generation *g = ferry_alloc0(1, sizeof *g);
	struct loader l = {
		.g = g, .mistakes = mistakes, .scratch = ARENA_INIT,
		.reader = {.arena = &g->arena, .mistakes = mistakes},
	};

	copy_files(g, files, n);
	keyword_defaults(&conf_daemon_object, &(struct def_mark){0}, &g->daemon);
	for (size_t i = 0; i < n; i++) {
		load_file(&l, &g->files[i]);
		arena_reset(&l.scratch);
	}
	finish(&l);
	arena_release(&l.scratch);
	free(l.reader.references);
	free(l.connections);
	free(l.syncs);
	if (!mistakes->n)
		return g;
	conf_free(g);
	return NULL;
}

void conf_free(struct generation *g)
{
	if (!g)
		return;
	arena_release(&g->arena);
	free(g);
}
