/* SPDX-License-Identifier: Apache-2.0 */
/* job.c - the line a worker is given at first. */
#include "supervise/job.h"

#include "wire/json.h"

void job_json(const struct job *job, const struct supervise_paths *paths,
	      const struct generation *gen, struct buf *out)
{
	jw_open(out, NULL, '{');
	jw_text(out, "type", "job");
	jw_text(out, "action", job->action);
	jw_int(out, "run", job->run);
	jw_text(out, "sync", job->sync);
	jw_bool(out, "preview", job->preview);
	jw_bool(out, "verify", job->verify);
	jw_bool(out, "full", job->full);
	jw_int(out, "promote_run", job->promote_run);
	jw_text(out, "state", paths->state_dir);
	jw_text(out, "plugins", paths->plugin_dir);
	jw_int(out, "memory_limit", job->memory_limit);
	jw_int(out, "row_errors_max", gen->daemon.row_errors_max);
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
