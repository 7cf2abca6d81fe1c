/* SPDX-License-Identifier: Apache-2.0 */
/* files.c - finding and reading the configuration's files. No other part of conf reads folders. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "conf/conf.h"

#define FILE_MAX ((size_t)4 << 20)
#define TOTAL_MAX ((size_t)64 << 20)

struct finder {
	struct arena *arena;
	struct conf_mistakes *mistakes;
	struct conf_file *files;
	size_t n, cap, total;
};

static void mistake_file(struct finder *f, const char *path, const char *what)
{
	struct def_mark mark = {.file = path};

	conf_mistake(f->mistakes, &mark, "%s", what);
}

static void mistake_errno(struct finder *f, const char *path, int errnum)
{
	struct def_mark mark = {.file = path};

	conf_mistake(f->mistakes, &mark, "cannot be read: %s", strerrordesc_np(errnum));
}

static void add_text(struct finder *f, enum conf_kind kind, const char *path,
		     const struct buf *text)
{
	f->total += text->len;
	if (f->total > TOTAL_MAX) {
		mistake_file(f, path, "all files together are too large (at most 64 MiB)");
		return;
	}
	if (f->n == f->cap) {
		f->cap = f->cap ? f->cap * 2 : 16;
		f->files = ferry_realloc(f->files, f->cap, sizeof *f->files);
	}
	f->files[f->n++] = (struct conf_file){
		kind, path, arena_strndup(f->arena, buf_str(text), text->len), text->len,
	};
}

/* Only a regular file: opening anything else might wait for ever. */
static void read_one(struct finder *f, enum conf_kind kind, const char *path, bool may_be_missing)
{
	struct buf text = BUF_INIT;
	struct stat st;

	if (stat(path, &st) < 0) {
		if (errno != ENOENT || !may_be_missing)
			mistake_errno(f, path, errno);
		return;
	}
	if (!S_ISREG(st.st_mode)) {
		mistake_file(f, path, "is not a regular file");
		return;
	}
	int rc = buf_read_file(&text, path, FILE_MAX);
	if (rc == EFBIG)
		mistake_file(f, path, "the text is too long (at most 4 MiB)");
	else if (rc)
		mistake_errno(f, path, rc);
	else
		add_text(f, kind, path, &text);
	buf_release(&text);
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);
	return n >= m && strcmp(s + n - m, end) == 0;
}

static int compare_paths(const void *pa, const void *pb)
{
	return strcmp(*(const char *const *)pa, *(const char *const *)pb);
}

/* Hidden files are editors' and package managers' business. */
static void read_folder(struct finder *f, enum conf_kind kind, const char *folder)
{
	char **paths = NULL;
	size_t n = 0, cap = 0;
	DIR *dir = opendir(folder);

	if (!dir) {
		if (errno != ENOENT)
			mistake_errno(f, folder, errno);
		return;
	}
	for (struct dirent *e; (e = readdir(dir));) {
		if (e->d_name[0] == '.')
			continue;
		char *path = arena_printf(f->arena, "%s/%s", folder, e->d_name);
		if (ends_with(path, ".yml"))
			mistake_file(f, path, "is not read (rename it to end in .yaml)");
		if (!ends_with(path, ".yaml"))
			continue;
		if (n == cap) {
			cap = cap ? cap * 2 : 16;
			paths = ferry_realloc(paths, cap, sizeof *paths);
		}
		paths[n++] = path;
	}
	closedir(dir);
	if (n)
		qsort(paths, n, sizeof *paths, compare_paths);
	for (size_t i = 0; i < n; i++)
		read_one(f, kind, paths[i], false);
	free(paths);
}

void conf_read_dir(struct arena *arena, const char *dir, struct conf_file **ret, size_t *ret_n,
		   struct conf_mistakes *mistakes)
{
	struct finder f = {.arena = arena, .mistakes = mistakes};
	struct stat st;

	*ret = NULL;
	*ret_n = 0;
	if (stat(dir, &st) < 0) {
		mistake_errno(&f, dir, errno);
		return;
	}
	if (!S_ISDIR(st.st_mode)) {
		mistake_file(&f, dir, "is not a folder");
		return;
	}
	read_one(&f, CONF_DAEMON, arena_printf(arena, "%s/ferry.yaml", dir), true);
	read_folder(&f, CONF_CONNECTIONS, arena_printf(arena, "%s/connections.d", dir));
	read_folder(&f, CONF_SYNCS, arena_printf(arena, "%s/syncs.d", dir));
	*ret = arena_alloc0(arena, f.n, sizeof **ret);
	if (f.n)
		memcpy(*ret, f.files, f.n * sizeof **ret);
	*ret_n = f.n;
	free(f.files);
}
