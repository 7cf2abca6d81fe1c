/* SPDX-License-Identifier: Apache-2.0 */
/* plug-fixture.c - compile connectors for a test. */
#include "plug-fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"

#ifndef TEST_CC
#define TEST_CC "cc"
#endif

static char folder[64];

static void shell(const char *command)
{
	if (system(command) != 0) {
		fprintf(stderr, "failed: %s\n", command);
		abort();
	}
}

const char *fixture_folder_make(void)
{
	snprintf(folder, sizeof folder, "/tmp/ferry-test-plug-XXXXXX");
	FERRY_ASSERT(mkdtemp(folder));
	return folder;
}

void fixture_folder_remove(void)
{
	char *command = ferry_asprintf("rm -rf %s", folder);
	shell(command);
	free(command);
}

const char *fixture_source_folder(void)
{
	const char *top = getenv("top_srcdir");
	return top ? top : ".";
}

void fixture_compile(const char *name, const char *flags, const char *source)
{
	const char *top = fixture_source_folder();
	char *path = ferry_asprintf("%s/%s.so", folder, name);
	char *command = ferry_asprintf("%s -std=gnu11 -Wall -Werror -shared -fPIC -I%s/include %s "
				       "-o %s %s%s%s",
				       TEST_CC, top, flags, path, source[0] == '/' ? "" : top,
				       source[0] == '/' ? "" : "/", source);

	shell(command);
	FERRY_ASSERT(chmod(path, 0755) == 0);
	free(command);
	free(path);
}

void fixture_build(const char *name, const char *defines)
{
	fixture_compile(name, defines, "tests/unit/fixtures/connector.c");
}
