/* SPDX-License-Identifier: Apache-2.0 */
/* care.c - retention and backup: what goes and what would go, and a copy of all there is. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "api/call.h"

/* ------------------------------------------------------------------- retention */

#define LEFT_MAX 1000

/* What a segment that is no longer configured has left: nothing takes it away by itself. */
static void put_left(struct buf *b, const char *state_dir, const char *sync, const char *segment)
{
	char *path = ferry_asprintf("%s/snapshots/%s/%s/data.mdb", state_dir, sync, segment);
	struct stat st;

	if (stat(path, &st) == 0) {
		jw_open(b, NULL, '{');
		jw_text(b, "sync", sync);
		jw_text(b, "segment", segment);
		jw_int(b, "bytes", (int64_t)st.st_blocks * 512);
		jw_close(b, '}');
	}
	free(path);
}

static bool configured(const struct generation *g, const char *sync, const char *segment)
{
	const struct sync_def *def = generation_sync(g, sync);

	for (size_t i = 0; def && i < def->n_segments; i++)
		if (strcmp(def->segments[i].name, segment) == 0)
			return true;
	return false;
}

static int visible(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static void put_left_of(struct buf *b, struct call *c, const char *root, const char *sync, int *left)
{
	char *path = ferry_asprintf("%s/%s", root, sync);
	struct dirent **segments;
	int n = scandir(path, &segments, visible, alphasort);

	for (int i = 0; i < n; i++) {
		if (*left > 0 && !configured(supervise_generation(c->s), sync, segments[i]->d_name)) {
			put_left(b, supervise_paths(c->s)->state_dir, sync, segments[i]->d_name);
			--*left;
		}
		free(segments[i]);
	}
	if (n >= 0)
		free(segments);
	free(path);
}

/* Told with a look only; whoever reads it decides. */
static void put_snapshots(struct buf *b, struct call *c)
{
	char *root = ferry_asprintf("%s/snapshots", supervise_paths(c->s)->state_dir);
	struct dirent **syncs;
	int left = LEFT_MAX, n = scandir(root, &syncs, visible, alphasort);

	jw_open(b, "unused_snapshots", '[');
	for (int i = 0; i < n; i++) {
		put_left_of(b, c, root, syncs[i]->d_name, &left);
		free(syncs[i]);
	}
	if (n >= 0)
		free(syncs);
	jw_close(b, ']');
	free(root);
}

/* Who waits for a passage, and what was found beforehand. */
struct waiting {
	struct httpd_later *later;
	struct buf snapshots;
};

static void put_passage(struct buf *b, const struct supervise_retention *r)
{
	jw_bool(b, "dry_run", r->dry_run);
	jw_time(b, "at", r->began_at);
	jw_open(b, "kinds", '[');
	for (int k = 0; k < KEPT_KINDS; k++) {
		jw_open(b, NULL, '{');
		jw_text(b, "kind", supervise_kept_name((enum supervise_kept)k));
		jw_int(b, "items", r->of[k].items);
		if (k == KEPT_PLANS)
			jw_int(b, "bytes", r->of[k].bytes);
		else
			jw_null(b, "bytes");
		if (r->of[k].err.code != FERRY_OK)
			error_json(&r->of[k].err, "error", b);
		else
			jw_null(b, "error");
		jw_close(b, '}');
	}
	jw_close(b, ']');
}

static void on_retained(void *ctx, const struct supervise_retention *r, const struct ferry_error *err)
{
	struct waiting *w = ctx;
	struct httpd_reply reply = {.status = 200};
	struct buf *b = &reply.body;

	if (err) {
		reply_error(&reply, ferry_code_info(err->code)->http, err, NULL);
	} else {
		jw_open(b, NULL, '{');
		put_passage(b, r);
		buf_addc(b, ',');
		buf_add(b, w->snapshots.s, w->snapshots.len);
		jw_close(b, '}');
	}
	httpd_answer(w->later, &reply);
	buf_release(&w->snapshots);
	free(w);
}

static int retain(struct call *c, bool dry_run, struct ferry_error *err)
{
	struct waiting *w = ferry_alloc0(1, sizeof *w);

	if (supervise_retain(c->s, dry_run, &c->actor, on_retained, w, err) < 0) {
		free(w);
		return -1;
	}
	put_snapshots(&w->snapshots, c);
	w->later = httpd_later(c->req);
	return 0;
}

int handle_retention(struct call *c, struct ferry_error *err)
{
	return retain(c, true, err);
}

int handle_retention_now(struct call *c, struct ferry_error *err)
{
	bool dry_run = false;
	const struct member members[] = {{"dry_run", MEMBER_FLAG, &dry_run}, {0}};
	struct json_doc *doc;

	if (call_body(c, members, &doc, err) < 0)
		return -1;
	json_free(doc);
	return retain(c, dry_run, err);
}

/* ----------------------------------------------------------------------- backup */

struct copying {
	struct httpd_later *later;
	char *dir;
};

static void on_backup(void *ctx, const struct supervise_backup *made)
{
	struct copying *w = ctx;
	struct httpd_reply reply = {.status = 200};
	struct buf *b = &reply.body;

	if (made->rc < 0) {
		reply_error(&reply, ferry_code_info(made->err->code)->http, made->err, NULL);
	} else {
		jw_open(b, NULL, '{');
		jw_text(b, "dir", w->dir);
		jw_int(b, "files", made->files);
		jw_int(b, "bytes", made->bytes);
		jw_time(b, "made_at", made->made_at);
		jw_close(b, '}');
	}
	httpd_answer(w->later, &reply);
	free(w->dir);
	free(w);
}

/* To a folder of this machine: not for those who come from another one. */
int handle_backup(struct call *c, struct ferry_error *err)
{
	const char *dir = NULL;
	const struct member members[] = {{"dir", MEMBER_TEXT, &dir}, {0}};
	struct json_doc *doc;

	if (c->req->peer)
		return ferry_fail(err, FERRY_E_DENIED, "a backup is made over the daemon's own socket only");
	if (call_body(c, members, &doc, err) < 0)
		return -1;
	struct copying *w = ferry_alloc0(1, sizeof *w);
	int rc = dir ? 0 : ferry_fail(err, FERRY_E_USAGE, "'dir' is missing: the folder to write to");
	if (rc == 0) {
		w->dir = ferry_strdup(dir);
		rc = supervise_backup(c->s, dir, c->api->version, &c->actor, on_backup, w, err);
	}
	json_free(doc);
	if (rc == 0) {
		w->later = httpd_later(c->req);
		return 0;
	}
	free(w->dir);
	free(w);
	return -1;
}
