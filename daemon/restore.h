/* SPDX-License-Identifier: Apache-2.0 */
/* restore.h - ferryd --restore and --verify-store: looking at a state, and putting one back, offline. */
#ifndef FERRY_RESTORE_H
#define FERRY_RESTORE_H

#include <stdbool.h>

/* Exit status. What there was before is moved aside with force, else refused. */
int restore_run(const char *backup, const char *state_dir, bool force);
/* Exit status: 0 when every record can be read, 1 when one is damaged. */
int verify_store_run(const char *state_dir);

#endif
