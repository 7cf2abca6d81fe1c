/* SPDX-License-Identifier: Apache-2.0 */
/* problems_private.h - what the two files of problems share. Not for others. */
#ifndef FERRY_STORE_PROBLEMS_PRIVATE_H
#define FERRY_STORE_PROBLEMS_PRIVATE_H

#include "store/problems.h"
#include "wire/json.h"

/* What problem_json wrote. */
int problem_read(const char *json, size_t len, struct problem *ret, struct ferry_error *err);

#endif
