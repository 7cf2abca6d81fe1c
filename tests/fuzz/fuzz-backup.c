/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz-backup.c - any bytes as the manifest of a backup: what is taken leads nowhere else. */
#include <string.h>

#include "store/backup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = ARENA_INIT;
	struct ferry_error err = {0};
	struct backup_manifest m;

	if (backup_parse((const char *)data, size, &arena, &m, &err) == 0) {
		FERRY_ASSERT(m.n > 0);
		for (size_t i = 0; i < m.n; i++) {
			const char *path = m.files[i].path;
			FERRY_ASSERT(path[0] != '/' && path[0] != '.' && !strstr(path, "/.") && m.files[i].bytes >= 0);
		}
	} else {
		FERRY_ASSERT(err.code != FERRY_OK && err.msg[0]);
	}
	arena_release(&arena);
	return 0;
}
