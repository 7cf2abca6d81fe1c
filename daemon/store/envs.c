/* SPDX-License-Identifier: Apache-2.0 */
/* envs.c - which environments there are, and a look at all that stands in them. */
#include "store/envs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/journal_private.h"
#include "store/plan_private.h"
#include "store/snapshot_private.h"

uint32_t envs_version(const char *kind)
{
	return strcmp(kind, "journal") == 0 ? JOURNAL_VERSION
		: strcmp(kind, "snapshot") == 0 ? SNAPSHOT_VERSION
		: strcmp(kind, "plan") == 0 ? PLAN_VERSION : 0;
}

/* ----------------------------------------------------------------------- names */

/* One part of a path: it leads neither up nor anywhere hidden. */
static bool is_name(const char *s, size_t len)
{
	return len && s[0] != '.' && !memchr(s, '/', len);
}

bool envs_is_one(const char *env)
{
	if (strcmp(env, "journal") == 0)
		return true;
	if (strncmp(env, "plans/", 6) == 0)
		return env[6] && !env[6 + strspn(env + 6, "0123456789")];
	if (strncmp(env, "snapshots/", 10) != 0)
		return false;
	const char *sync = env + 10, *slash = strchr(sync, '/');
	return slash && is_name(sync, (size_t)(slash - sync)) && is_name(slash + 1, strlen(slash + 1));
}

/* ---------------------------------------------------------------------- walking */

struct walk {
	const char *state_dir;
	int (*fn)(void *ctx, const char *env, struct ferry_error *err);
	void *ctx;
};

static int visible(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

/* Everything `depth` folders below `rel` that has an environment's file. */
static int walk_below(const struct walk *w, const char *rel, int depth, struct ferry_error *err)
{
	char *path = ferry_asprintf("%s/%s%s", w->state_dir, rel, depth ? "" : "/data.mdb");
	struct dirent **list = NULL;
	struct stat st;
	int rc = 0;

	if (!depth) {
		rc = stat(path, &st) == 0 && st.st_size && envs_is_one(rel) ? w->fn(w->ctx, rel, err) : 0;
		free(path);
		return rc;
	}
	int n = scandir(path, &list, visible, versionsort);
	if (n < 0 && errno != ENOENT && errno != ENOTDIR)
		rc = ferry_fail_errno(err, errno, "%s", path);
	for (int i = 0; i < n; i++) {
		char *below = ferry_asprintf("%s/%s", rel, list[i]->d_name);
		if (rc == 0)
			rc = walk_below(w, below, depth - 1, err);
		free(below);
		free(list[i]);
	}
	free(list);
	free(path);
	return rc;
}

int envs_each(const char *state_dir, int (*fn)(void *ctx, const char *env, struct ferry_error *err), void *ctx,
	      struct ferry_error *err)
{
	struct walk w = {state_dir, fn, ctx};

	int rc = walk_below(&w, "journal", 0, err);
	if (rc == 0)
		rc = walk_below(&w, "plans", 1, err);
	return rc ? rc : walk_below(&w, "snapshots", 2, err);
}

/* --------------------------------------------------------------------- verifying */

struct verifying {
	const char *state_dir;
	bool alone;
	void (*tell)(void *ctx, const char *env, const char *what);
	void *ctx;
	struct envs_verdict *verdict;
};

static void on_damaged(void *ctx, const char *table, const char *key)
{
	FILE *out = ctx;

	if (key)
		fprintf(out, "table %s: the record with key 0x%s is damaged\n", table, key);
	else
		fprintf(out, "table %s: it is not whole\n", table);
}

/* In the process that may die of what it finds. A line for each damage, and at last the number of records. */
static void check_one(const char *path, bool alone, FILE *out)
{
	struct ferry_error err = {0};
	struct kv_env *env = NULL;
	int64_t records = 0;
	uint32_t version;

	if (kv_open_any(path, alone, &env, &err) == 0) {
		const char *kind = kv_kind(env, &version);
		if (!envs_version(kind) || version > envs_version(kind))
			fprintf(out, "it is a store of kind '%s', version %u, which this ferry does not know\n", kind,
				(unsigned)version);
		else if (kv_check(env, on_damaged, out, &records, &err) < 0)
			fprintf(out, "%s\n", err.msg);
	} else {
		fprintf(out, "%s\n", err.msg);
	}
	kv_close(env);
	fprintf(out, "=%lld\n", (long long)records);
	fflush(out);
}

static void take_lines(struct verifying *v, const char *env, FILE *in, bool *ret_whole)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	while ((n = getline(&line, &cap, in)) > 0) {
		line[n - (line[n - 1] == '\n')] = '\0';
		if (line[0] == '=') {
			v->verdict->records += strtoll(line + 1, NULL, 10);
			*ret_whole = true;
			continue;
		}
		v->verdict->damaged++;
		v->tell(v->ctx, env, line);
	}
	free(line);
}

/* Who dies of damaged pages has said enough by that. */
static void end_quietly(void)
{
	static const int signals[] = {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV};
	struct rlimit none = {0, 0};

	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
		signal(signals[i], SIG_DFL);
	setrlimit(RLIMIT_CORE, &none);
	/* LMDB's own last words */
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (fd >= 0)
		dup2(fd, STDERR_FILENO);
}

static int verify_one(void *ctx, const char *env, struct ferry_error *err)
{
	struct verifying *v = ctx;
	char *path = ferry_asprintf("%s/%s", v->state_dir, env);
	int fds[2], status = 0;
	bool whole = false;

	if (pipe(fds) < 0) {
		free(path);
		return ferry_fail_errno(err, errno, "pipe");
	}
	pid_t pid = fork();
	if (pid == 0) {
		end_quietly();
		close(fds[0]);
		check_one(path, v->alone, fdopen(fds[1], "w"));
		_exit(0);
	}
	close(fds[1]);
	if (pid > 0) {
		FILE *in = fdopen(fds[0], "r");
		take_lines(v, env, in, &whole);
		fclose(in);
		waitpid(pid, &status, 0);
	} else {
		close(fds[0]);
	}
	free(path);
	if (pid < 0)
		return ferry_fail_errno(err, errno, "fork");
	v->verdict->environments++;
	if (!whole) {
		v->verdict->damaged++;
		v->tell(v->ctx, env, "its pages are damaged: reading it ends the process that does");
	}
	return 0;
}

int envs_verify(const char *state_dir, bool alone, void (*tell)(void *ctx, const char *env, const char *what),
		void *ctx, struct envs_verdict *ret, struct ferry_error *err)
{
	struct verifying v = {state_dir, alone, tell, ctx, ret};

	*ret = (struct envs_verdict){0};
	return envs_each(state_dir, verify_one, &v, err);
}
