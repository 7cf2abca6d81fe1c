/* SPDX-License-Identifier: Apache-2.0 */
/* cmd-schema.c - schema: the JSON Schema of a configuration file, for editors. */
#include "ctl.h"
#include "program.h"

#include <errno.h>
#include <string.h>

/* From the daemon, which knows its connectors' settings; else from ferryd, which knows its own keywords. */
int cmd_schema(struct ctl *ctl, struct ferry_error *err)
{
	const char *kind = ctl->args.n_words ? ctl->args.word[0] : "syncs";
	char *argv[] = {NULL, "--schema", (char *)(uintptr_t)kind, NULL};
	struct answer answer = ANSWER_INIT;
	struct buf path = BUF_INIT;

	buf_adds(&path, "/schema");
	path_name(&path, kind);
	int rc = ctl_get(ctl, &path, &answer, err);
	if (rc == 0)
		ctl_json(ctl, &answer);
	answer_release(&answer);
	if (rc == 0 || err->code != FERRY_E_UNREACHABLE)
		return rc;
	ferryd_exec(argv);
	return ferry_fail_errno(err, errno, "cannot run ferryd");
}
