/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conf.h - from YAML files to a generation of definitions, or to the list of all their mistakes.
 *
 * Knows nothing of connectors: settings it has no keyword for are kept as text for the connector's
 * own option table. Never logs, never runs anything.
 */
#ifndef FERRY_CONF_CONF_H
#define FERRY_CONF_CONF_H

#include "base/buf.h"
#include "model/sync.h"

enum conf_kind { CONF_DAEMON, CONF_CONNECTIONS, CONF_SYNCS };

/* One file's text. ferry.yaml, connections.d/NAME.yaml, syncs.d/NAME.yaml. */
struct conf_file {
	enum conf_kind kind;
	const char *path;		/* as shown in messages */
	const char *text;
	size_t len;
};

struct conf_mistake {
	struct def_mark mark;		/* line 0: about the file as a whole */
	char *text;
};

struct conf_mistakes {
	struct conf_mistake *items;
	size_t n, cap;
};

#define CONF_MISTAKES_INIT {NULL, 0, 0}

/* mark's file is copied. At most 1,000 are kept. */
void conf_mistake(struct conf_mistakes *m, const struct def_mark *mark, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* By file, line, column; the same one twice goes. */
void conf_mistakes_sort(struct conf_mistakes *m);
/* "file:line:column: text\n" each */
void conf_mistakes_print(const struct conf_mistakes *m, struct buf *out);
void conf_mistakes_release(struct conf_mistakes *m);

/*
 * Read ferry.yaml, connections.d and syncs.d (files named *.yaml, in byte order) under dir into the
 * arena. A file that cannot be read is a mistake. A missing ferry.yaml is fine, a missing dir is not.
 */
void conf_read_dir(struct arena *arena, const char *dir, struct conf_file **ret, size_t *ret_n,
		   struct conf_mistakes *mistakes);

/*
 * Build a generation. NULL when there was any mistake. The files' texts are copied into it.
 * conf_free frees a generation.
 */
struct generation *conf_load(const struct conf_file *files, size_t n, struct conf_mistakes *mistakes);
void conf_free(struct generation *g);

/*
 * Replace ${credential:NAME}, ${file:PATH} and ${env:NAME} in a setting's text. A file's or
 * credential's one trailing newline goes. Credentials are looked for in $CREDENTIALS_DIRECTORY.
 * `$${` is a literal `${`.
 */
int conf_resolve(const char *text, struct buf *out, struct ferry_error *err);
/* Whether the text has such a reference. */
bool conf_has_reference(const char *text);

/* A reference without its value. */
struct conf_reference {
	struct buf name;		/* as it is written: "file:/run/key" */
	struct buf path;		/* of its file; empty: it has none */
	bool missing;			/* a variable that is not set; a credential, and no folder of them */
};
/* The first one in a text, and what follows it; NULL: there is none. ret's buffers are used again. */
const char *conf_next_reference(const char *text, struct conf_reference *ret);

/*
 * A deterministic text of everything in a segment that decides what a run does (source,
 * destination, key, map, rules, policies, the connections' addresses), for telling whether a plan
 * made earlier still fits. Comments, layout, secrets' values and rate limits are not in it.
 */
void conf_segment_text(const struct generation *g, const struct segment_def *seg, struct buf *out);

/* Spans and sizes as written in YAML ("15m", "1h30m" no; "500ms", "64MiB", "5%"). */
bool conf_parse_duration(const char *s, int64_t *ret_ms);
bool conf_parse_size(const char *s, int64_t *ret_bytes);
bool conf_parse_limit(const char *s, struct limit_def *ret);
bool conf_parse_int(const char *s, int64_t *ret);
bool conf_parse_bool(const char *s, bool *ret);
/* The candidate (ends with NULL) nearest to word if near enough for "did you mean", else NULL. */
const char *conf_nearest(const char *word, const char *const *candidates);

#endif
