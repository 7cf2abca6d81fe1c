/* SPDX-License-Identifier: Apache-2.0 */
/* secret.h - what the rest of conf asks about texts that may be or hold secrets. Inside conf. */
#ifndef FERRY_CONF_SECRET_H
#define FERRY_CONF_SECRET_H

#include <stdbool.h>

/* What is wrong with the way references are written in a setting's text; NULL: nothing. */
const char *secret_problem(const char *text);
/* Whether a setting of that name holds a secret as far as its name tells: only connectors know. */
bool secret_by_name(const char *name);

#endif
