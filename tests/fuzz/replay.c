/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay.c - runs a fuzz target over files, where libFuzzer is not built in: those named on the
 * command line, or else every file of the seeds' folder.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path)
{
	struct buf input = BUF_INIT;
	int rc = buf_read_file(&input, path, 64 << 20);

	if (rc)
		fprintf(stderr, "%s: %s\n", path, strerror(rc));
	else
		LLVMFuzzerTestOneInput((const uint8_t *)buf_str(&input), input.len);
	buf_release(&input);
	return rc ? -1 : 0;
}

static int replay_seeds(void)
{
	const char *top = getenv("top_srcdir");
	struct buf path = BUF_INIT;
	int done = 0, rc = 0;

	buf_addf(&path, "%s/%s", top ? top : ".", SEEDS);
	size_t len = path.len;
	DIR *dir = opendir(path.s);
	for (struct dirent *e; dir && (e = readdir(dir));) {
		if (e->d_name[0] == '.')
			continue;
		path.len = len;
		buf_addf(&path, "/%s", e->d_name);
		rc |= replay(path.s);
		done++;
	}
	if (dir)
		closedir(dir);
	if (!done)
		fprintf(stderr, "%s: no seeds\n", path.s);
	buf_release(&path);
	return done ? rc : -1;
}

int main(int argc, char **argv)
{
	int rc = argc > 1 ? 0 : replay_seeds();

	for (int i = 1; i < argc; i++)
		rc |= replay(argv[i]);
	return rc ? 1 : 0;
}
