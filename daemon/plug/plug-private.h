/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plug-private.h - what the files of plug/ share with each other and with their unit tests.
 */
#ifndef FERRY_PLUG_PLUG_PRIVATE_H
#define FERRY_PLUG_PLUG_PRIVATE_H

#include "plug/plug.h"
#include "plug/ratelimit.h"

/* ---- options.c: option tables and what is written for them */

/* The row of that name; NULL when the table (which may be NULL) has none. */
const struct ferry_option *option_find(const struct ferry_option *table, const char *name);
const struct def_option *option_given(const struct def_options *given, const char *name);

/*
 * Turn text into the value the row promises. Texts are copied into the arena and end in NUL. False
 * with a reason in `why`, which shows the text unless the option is a secret.
 */
bool option_parse(const struct ferry_option *row, const char *text, struct arena *arena,
		  struct ferry_value *ret, char *why, size_t why_size);

/* Whether a connector's own table makes sense: kinds, choices, defaults. */
int option_table_check(const struct ferry_option *table, const char *which,
		       struct ferry_error *err);

/*
 * Settings as a connector's open wants them: given ones resolved and converted, then defaults.
 * Appended to *list; names of required ones that are missing are added to `missing`.
 */
struct setting_list {
	struct ferry_setting *items;
	size_t n, cap;
};
int option_settings(const struct ferry_option *table, const struct def_options *given,
		    struct arena *arena, struct setting_list *list, struct buf *missing,
		    struct ferry_error *err);

/* The same without reading secrets: what is right (references as NULL), then defaults. */
void option_known(const struct ferry_option *table, const struct def_options *given,
		  struct arena *arena, struct setting_list *list);

/* ---- handle.c, own.c */

struct ferry_common plug_common(const struct connection_def *connection);
/* "lago-customers" is of family "lago", going by its name. */
bool plug_is_of_family(const char *name, const char *family);

/* ---- host.c: what a handle's connector may ask for */

struct plug_host;
int plug_host_new(const struct plug *plug, const struct plug_open *open, struct plug_host **ret,
		  struct ferry_error *err);
void plug_host_free(struct plug_host *host);
const struct ferry_host *plug_host_api(const struct plug_host *host);

/* ---- backoff.c */

/* The wait before a repeat, in milliseconds, jitter included; see plug_backoff. */
int64_t backoff_ms(const struct connection_def *connection, int attempt, int64_t retry_after_ms);
/* Wait, looking at the watch ten times a second. CANCELLED when the run is ending. */
int watch_sleep(const struct plug_watch *watch, int64_t ms, struct ferry_error *err);

/* ---- ratelimit.c */

/* Microseconds until the end of the present hold, 0 when there is none. */
int64_t ratelimit_held(struct ratelimit *r);

#endif
