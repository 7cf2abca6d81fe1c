/* SPDX-License-Identifier: Apache-2.0 */
/* job.c - the line a worker is given at first. */
#include "supervise/job.h"

#include <string.h>

#include "wire/json.h"

static void put_list(struct buf *out, const char *key, const char *json)
{
	const char *s = json ? json : "[]";
	jw_raw(out, key, s, strlen(s));
}

void job_json(const struct job *job, const struct supervise_paths *paths,
	      const struct generation *gen, struct buf *out)
{
	jw_open(out, NULL, '{');
	jw_text(out, "type", "job");
	jw_text(out, "action", job->action);
	jw_int(out, "run", job->run);
	jw_text(out, "sync", job->sync);
	jw_text(out, "connection", job->connection);
	jw_bool(out, "preview", job->preview);
	jw_bool(out, "verify", job->verify);
	jw_bool(out, "full", job->full);
	jw_int(out, "promote_run", job->promote_run);
	jw_bool(out, "override_guard", job->override_guard);
	jw_bool(out, "extract_only", job->extract_only);
	jw_int(out, "limit", job->limit);
	jw_text(out, "state", paths->state_dir);
	jw_text(out, "plugins", paths->plugin_dir);
	jw_int(out, "memory_limit", job->memory_limit);
	jw_int(out, "row_errors_max", gen->daemon.row_errors_max);
	jw_int(out, "problems_max", gen->daemon.problems_max);
	if (job->dir) {
		jw_text(out, "dir", job->dir);
		jw_text(out, "version", job->version);
		jw_int(out, "generation", job->generation);
	}
	put_list(out, "messages", job->messages_json);
	put_list(out, "open", job->open_json);
	put_list(out, "rulings", job->rulings_json);
	jw_open(out, "files", '[');
	for (size_t i = 0; i < gen->n_files; i++) {
		jw_open(out, NULL, '{');
		jw_int(out, "kind", gen->files[i].kind);
		jw_text(out, "path", gen->files[i].path);
		jw_textn(out, "text", gen->files[i].text, gen->files[i].len);
		jw_close(out, '}');
	}
	jw_close(out, ']');
	jw_close(out, '}');
}
