/* SPDX-License-Identifier: Apache-2.0 */
/* restore.c - ferryd --restore and --verify-store. */
#include "restore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/backup.h"
#include "store/envs.h"
#include "supervise/supervise.h"

static int report(const struct ferry_error *err)
{
	log_error(err);
	return ferry_code_info(err->code)->exit;
}

static void tell_damage(void *ctx, const char *env, const char *what)
{
	fprintf(stderr, "%s/%s: %s\n", (const char *)ctx, env, what);
}

int verify_store_run(const char *state_dir)
{
	struct ferry_error err = {0};
	struct envs_verdict v;

	if (envs_verify(state_dir, false, tell_damage, (char *)(uintptr_t)state_dir, &v, &err) < 0)
		return report(&err);
	printf("%lld environments, %lld records, %lld damaged\n", (long long)v.environments, (long long)v.records,
	       (long long)v.damaged);
	return v.damaged ? 1 : 0;
}

/* Whole, of formats we know, and each record as it was written. */
static int look_at(const char *backup, struct arena *arena, struct backup_manifest *m, struct ferry_error *err)
{
	struct envs_verdict v;

	if (backup_read(backup, arena, m, err) < 0 || backup_check(backup, m, err) < 0 ||
	    envs_verify(backup, true, tell_damage, (char *)(uintptr_t)backup, &v, err) < 0)
		return -1;
	if (!v.damaged)
		return 0;
	ferry_fail(err, FERRY_E_STORE_CORRUPT, "%s: %lld records are damaged: they were when the backup was made", backup,
		   (long long)v.damaged);
	return ferry_hint(err, "Take an older backup.");
}

/* From now on no daemon can use it. */
static int take_place(const char *state_dir, bool force, int *lock, struct ferry_error *err)
{
	if (state_lock(state_dir, lock, err) < 0)
		return -1;
	if (!restore_occupied(state_dir) || force)
		return 0;
	ferry_fail(err, FERRY_E_STATE, "%s holds a state already", state_dir);
	return ferry_hint(err, "With --force it is moved aside, to a folder within it, and nothing is deleted.");
}

static int put_back(const char *backup, const char *state_dir, const struct backup_manifest *m, struct ferry_error *err)
{
	bool occupied = restore_occupied(state_dir);
	char *aside = NULL, made[CLOCK_TEXT];

	/* one that was broken off while it was put in place comes first */
	if (restore_finish(state_dir, err) < 0 || restore_copy(backup, m, state_dir, &aside, err) < 0)
		return -1;
	int rc = restore_finish(state_dir, err);
	if (rc == 0) {
		clock_format(m->made_at, made);
		printf("%s is as it was at %s\n", state_dir, made);
		if (occupied)
			printf("what was there is now in %s/%s\n", state_dir, aside);
		printf("the configuration of that time is in %s/config\n", backup);
	}
	free(aside);
	return rc;
}

int restore_run(const char *backup, const char *state_dir, bool force)
{
	struct arena arena = ARENA_INIT;
	struct backup_manifest m;
	struct ferry_error err = {0};
	int lock = -1, status = 0;

	if (take_place(state_dir, force, &lock, &err) < 0 || look_at(backup, &arena, &m, &err) < 0 ||
	    put_back(backup, state_dir, &m, &err) < 0)
		status = report(&err);
	if (lock >= 0)
		close(lock);
	arena_release(&arena);
	return status;
}
