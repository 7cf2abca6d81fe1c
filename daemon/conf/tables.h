/* SPDX-License-Identifier: Apache-2.0 */
/* tables.h - what the files with keyword tables share. Inside conf. */
#ifndef FERRY_CONF_TABLES_H
#define FERRY_CONF_TABLES_H

#include "conf/checks.h"

#define KIB ((int64_t)1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)
#define SECOND ((int64_t)1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

/* `notify:`, of all syncs and of one. */
extern const struct keyword_object conf_notify_object;		/* struct notify_def */
extern const struct keyword_choice conf_notify_words[];

#endif
