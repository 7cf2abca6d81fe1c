/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backup.h - a copy of a whole state folder while it is in use, and putting one back.
 *
 * What makes the copies fit each other. The journal is copied first, then plans, then snapshots. A
 * worker commits to its snapshot before it tells the supervisor, so whatever a journal says was done
 * (a ruling carried out, a run completed, a plan promoted) stands in every snapshot copied after it.
 * The other way round a link that a person made could be over for the journal and unknown to the
 * snapshot, and its record would be made a second time. What the snapshots have beyond the journal
 * does no harm: the runs it came from are found dead, as after a crash, rows in doubt are settled, and
 * the next run compares.
 *
 * What no order can give: rows delivered after the copy was made. So a snapshot that was put back is
 * marked, and until a run has gone through all of it, that segment believes nothing that it can look
 * up, sends again what may be sent again, and holds back what could be doubled; and no plan made
 * before can be promoted any more.
 *
 * A backup is a folder: manifest.json, journal/, snapshots/, plans/ as in the state folder, and config/.
 * The manifest is written last, when all else is on the disk: without it it is no backup.
 */
#ifndef FERRY_STORE_BACKUP_H
#define FERRY_STORE_BACKUP_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

/* A text to go along, config/NAME. */
struct backup_text {
	const char *name;
	const char *text;
	size_t len;
};

struct backup_request {
	const char *state_dir;
	const char *dir;		/* absolute; a folder that is new or empty */
	const char *version;		/* of ferry */
	int64_t generation;		/* of the configuration */
	const struct backup_text *texts;
	size_t n_texts;
	/* An environment is done: its path, its bytes, and how much of all that makes. May be NULL. */
	void (*tell)(void *ctx, const char *env, int64_t bytes, int64_t done, int64_t total);
	bool (*stopped)(void *ctx);	/* CANCELLED between two environments; may be NULL */
	void *ctx;
};

struct backup_file {
	const char *path;		/* below the backup's folder */
	const char *kind;		/* "journal", "snapshot", "plan", "config" */
	uint32_t version;		/* of an environment's format */
	int64_t bytes;
	uint64_t checksum;
};

struct backup_manifest {
	const char *ferry;
	int64_t made_at, generation;
	struct backup_file *files;
	size_t n;
	int64_t bytes;			/* of all files */
};

/* What is written on failure is taken away again. The manifest's texts are in the arena. */
int backup_make(const struct backup_request *r, struct arena *arena, struct backup_manifest *ret,
		struct ferry_error *err);

/* A manifest as text: DATA, or STORE_VERSION when a newer ferry wrote it. Paths are checked. */
int backup_parse(const char *text, size_t len, struct arena *arena, struct backup_manifest *ret,
		 struct ferry_error *err);
/* The one of a backup. NOT_FOUND: there is none, so it is no backup. */
int backup_read(const char *dir, struct arena *arena, struct backup_manifest *ret, struct ferry_error *err);
/* Every file is there, as long as it says, with that checksum, and of a format this ferry knows. */
int backup_check(const char *dir, const struct backup_manifest *m, struct ferry_error *err);
/* What tells one file's contents from another's. */
int backup_checksum(const char *path, int64_t *ret_bytes, uint64_t *ret, struct ferry_error *err);

/* ---- restore.c: into a state folder that nobody uses; the caller holds its lock */

/* Does the folder hold a state already? */
bool restore_occupied(const char *state_dir);
/*
 * Copy a checked backup beside what is there, mark its snapshots, and make it the one that counts: from
 * then on restore_finish puts it in place, now or at the daemon's next start. What was there is moved
 * to the folder of that state named in *ret_aside (to be freed).
 */
int restore_copy(const char *dir, const struct backup_manifest *m, const char *state_dir, char **ret_aside,
		 struct ferry_error *err);
/* Put in place what an earlier restore_copy left; 0 also when there is nothing. */
int restore_finish(const char *state_dir, struct ferry_error *err);

#endif
