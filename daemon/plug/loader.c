/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loader.c - from a file in the plugin folder to a connector that may be used. What cannot be
 * trusted (who may write the file) is refused before it is loaded, what does not fit before it is
 * called.
 */
#include "plug/plug-private.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The least a connector of version 1.0 has: everything up to `apply`. */
#define SIZE_1_0 (offsetof(struct ferry_connector, apply) + sizeof(void *))

void plug_name(const char *family, const char *resource, struct buf *out)
{
	buf_adds(out, family);
	if (resource)
		buf_addf(out, "-%s", resource);
}

/* ---- the folder */

static bool is_plugin_file(const char *name)
{
	size_t n = strlen(name);
	return name[0] != '.' && n > 3 && strcmp(name + n - 3, ".so") == 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int plug_list(const char *dir, struct arena *arena, char ***ret, size_t *ret_n,
	      struct ferry_error *err)
{
	struct dirent *e;
	struct buf names = BUF_INIT;	/* of char pointers */

	DIR *d = opendir(dir);
	if (!d)
		return ferry_fail_errno(err, errno, "plugin folder %s", dir);
	while ((e = readdir(d))) {
		if (!is_plugin_file(e->d_name))
			continue;
		char *name = arena_strndup(arena, e->d_name, strlen(e->d_name) - 3);
		buf_add(&names, &name, sizeof name);
	}
	closedir(d);
	size_t n = names.len / sizeof(char *);
	char **list = arena_alloc0(arena, n + 1, sizeof *list);
	if (n) {
		memcpy(list, names.s, names.len);
		qsort(list, n, sizeof *list, by_text);
	}
	buf_release(&names);
	*ret = list;
	*ret_n = n;
	return 0;
}

/* No such file: say what there is instead, so that a typing mistake is seen at once. */
static int fail_missing(const char *dir, const char *name, struct ferry_error *err)
{
	struct arena arena = ARENA_INIT;
	struct buf resources = BUF_INIT;
	char **names;
	size_t n, len = strlen(name);

	ferry_fail(err, FERRY_E_CONNECTOR, "there is no connector '%s' in %s", name, dir);
	if (plug_list(dir, &arena, &names, &n, NULL) == 0) {
		for (size_t i = 0; i < n; i++)
			if (strncmp(names[i], name, len) == 0 && names[i][len] == '-')
				buf_addf(&resources, "%s%s", resources.len ? ", " : "",
					 names[i] + len + 1);
		const char *near = conf_nearest(name, (const char *const *)names);
		if (resources.len)
			ferry_hint(err, "Say which resource: %s.", buf_str(&resources));
		else if (near)
			ferry_hint(err, "Did you mean '%s'?", near);
	}
	buf_release(&resources);
	arena_release(&arena);
	return -1;
}

/* ---- trust */

static int check_owner(const char *path, const char *what, mode_t kind, struct ferry_error *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return ferry_fail_errno(err, errno, "%s", path);
	if ((st.st_mode & S_IFMT) != kind)
		return ferry_fail(err, FERRY_E_CONNECTOR, "%s is not a %s", path, what);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return ferry_fail(err, FERRY_E_CONNECTOR, "the %s %s may be written by %s: refused",
				  what, path, st.st_mode & S_IWOTH ? "everyone" : "its group");
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return ferry_fail(err, FERRY_E_CONNECTOR,
				  "the %s %s belongs to another user (%u): refused", what, path,
				  (unsigned)st.st_uid);
	return 0;
}

/* The folder that was named, the file behind all symbolic links, and the folder that one is in. */
static int check_trust(const char *dir, char *file, struct ferry_error *err)
{
	if (check_owner(dir, "folder", S_IFDIR, err) < 0 ||
	    check_owner(file, "file", S_IFREG, err) < 0)
		return -1;
	char *slash = strrchr(file, '/');
	*slash = '\0';
	int rc = check_owner(slash == file ? "/" : file, "folder", S_IFDIR, err);
	*slash = '/';
	return rc;
}

/* ---- fitness */

static int check_abi(const struct ferry_abi *abi, struct ferry_error *err)
{
	if (abi->major != FERRY_ABI_MAJOR)
		return ferry_fail(err, FERRY_E_CONNECTOR,
				  "is built for interface %u.%u, this ferry has %d.%d", abi->major,
				  abi->minor, FERRY_ABI_MAJOR, FERRY_ABI_MINOR);
	if (abi->minor > FERRY_ABI_MINOR)
		return ferry_fail(err, FERRY_E_CONNECTOR,
				  "needs interface %u.%u, this ferry has only %d.%d", abi->major,
				  abi->minor, FERRY_ABI_MAJOR, FERRY_ABI_MINOR);
	if (abi->size < SIZE_1_0)
		return ferry_fail(err, FERRY_E_CONNECTOR,
				  "says its struct has %zu bytes, fewer than the %zu of 1.0",
				  abi->size, SIZE_1_0);
	return 0;
}

static int check_name(const struct ferry_connector *api, const char *name, struct ferry_error *err)
{
	struct buf want = BUF_INIT;
	int rc = 0;

	if (!api->name || !api->family || !api->summary || !api->version)
		return ferry_fail(err, FERRY_E_CONNECTOR,
				  "lacks a name, family, summary or version");
	if (strcmp(api->name, name) != 0)
		return ferry_fail(err, FERRY_E_CONNECTOR, "calls itself '%s'", api->name);
	plug_name(api->family, api->resource, &want);
	if (strcmp(buf_str(&want), name) != 0)
		rc = ferry_fail(err, FERRY_E_CONNECTOR,
				"has a family and resource of the name '%s'", buf_str(&want));
	buf_release(&want);
	return rc;
}

static int check_members(const struct ferry_connector *api, struct ferry_error *err)
{
	if (!(api->roles & (FERRY_SOURCE | FERRY_DESTINATION)))
		return ferry_fail(err, FERRY_E_CONNECTOR, "is neither source nor destination");
	if (!api->open || !api->close)
		return ferry_fail(err, FERRY_E_CONNECTOR, "lacks open or close");
	if ((api->roles & FERRY_SOURCE) && !api->extract)
		return ferry_fail(err, FERRY_E_CONNECTOR, "is a source but lacks extract");
	if ((api->roles & FERRY_DESTINATION) && (!api->apply || !api->modes))
		return ferry_fail(err, FERRY_E_CONNECTOR,
				  "is a destination but lacks apply or modes");
	if (option_table_check(api->connection_options, "connection option", err) < 0 ||
	    option_table_check(api->source_options, "source option", err) < 0 ||
	    option_table_check(api->destination_options, "destination option", err) < 0)
		return -1;
	return 0;
}

/* The version is looked at before anything else is. */
static int check_fit(const struct ferry_connector *api, const char *name, struct ferry_error *err)
{
	if (check_abi(&api->abi, err) < 0 || check_name(api, name, err) < 0 ||
	    check_members(api, err) < 0)
		return ferry_within(err, "connector '%s'", name);
	return 0;
}

/* ---- loading */

static bool is_plain_name(const char *name)
{
	return *name && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == strlen(name);
}

/* The file behind all symbolic links; NULL when there is none. */
static char *find_file(const char *dir, const char *name, struct ferry_error *err)
{
	if (!is_plain_name(name)) {
		ferry_fail(err, FERRY_E_CONNECTOR, "'%s' cannot be the name of a connector", name);
		return NULL;
	}
	char *path = ferry_asprintf("%s/%s.so", dir, name);
	char *real = realpath(path, NULL);
	int sys = errno;
	if (!real && sys == ENOENT)
		fail_missing(dir, name, err);
	else if (!real)
		ferry_fail_errno(err, sys, "connector '%s': %s", name, path);
	free(path);
	return real;
}

int plug_load(const char *dir, const char *name, struct plug **ret, struct ferry_error *err)
{
	char *path = find_file(dir, name, err);

	if (!path)
		return -1;
	if (check_trust(dir, path, err) < 0) {
		free(path);
		return ferry_within(err, "connector '%s'", name);
	}
	struct plug *plug = ferry_alloc0(1, sizeof *plug);
	plug->path = path;
	plug->dl = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!plug->dl) {
		ferry_fail(err, FERRY_E_CONNECTOR, "connector '%s' cannot be loaded: %s", name,
			   dlerror());
		goto fail;
	}
	plug->api = dlsym(plug->dl, "ferry_connector");
	if (!plug->api) {
		ferry_fail(err, FERRY_E_CONNECTOR,
			   "connector '%s': %s has no symbol 'ferry_connector'", name, path);
		goto fail;
	}
	if (check_fit(plug->api, name, err) < 0)
		goto fail;
	*ret = plug;
	return 0;
fail:
	plug_unload(plug);
	return -1;
}

void plug_unload(struct plug *plug)
{
	if (!plug)
		return;
	if (plug->dl)
		dlclose(plug->dl);
	free(plug->path);
	free(plug);
}
