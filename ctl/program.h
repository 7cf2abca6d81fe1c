/* SPDX-License-Identifier: Apache-2.0 */
/* program.h - other programs: becoming ferryd, and reading what a program says. */
#ifndef FERRY_CTL_PROGRAM_H
#define FERRY_CTL_PROGRAM_H

#include "base/buf.h"

/* Become ferryd: beside us, in the build tree, where it was installed, in PATH. Returns when there is none. */
void ferryd_exec(char **argv);

/* A program whose output is to be read; fd -1: it could not be started. */
struct program {
	int fd, pid;
};
/* argv[0] NULL: ferryd */
void program_start(struct program *p, const char *const *argv);
/* What it says on both of its outputs, until it has ended, and at most so long; its exit status, or -1. */
int program_read(struct program *p, int timeout_ms, struct buf *out);

#endif
