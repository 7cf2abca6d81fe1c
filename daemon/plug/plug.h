/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plug.h - loading connectors and giving them what they ask of their host. Worker side only: the
 * supervisor never loads one.
 */
#ifndef FERRY_PLUG_PLUG_H
#define FERRY_PLUG_PLUG_H

#include "conf/conf.h"

/* A loaded connector. */
struct plug {
	const struct ferry_connector *api;
	char *path;
	void *dl;
};

/*
 * Load DIR/NAME.so. Refused with CONNECTOR and a reason: a file that is missing, writable by group
 * or others, or in a folder that is; no `ferry_connector` symbol; another major or a newer minor; a
 * size smaller than major.0's; a name that is not the file's; no role.
 */
int plug_load(const char *dir, const char *name, struct plug **ret, struct ferry_error *err);
void plug_unload(struct plug *plug);

/* The connector's file name for a family and resource: "lago-customers", "sqlite". */
void plug_name(const char *family, const char *resource, struct buf *out);

/* Names of all *.so in dir, sorted, in the arena. */
int plug_list(const char *dir, struct arena *arena, char ***ret, size_t *ret_n, struct ferry_error *err);

/* Everything a connector declares, as one JSON object ("ferryctl connectors NAME"). */
void plug_json(const struct plug *plug, struct buf *out);

/*
 * Check an endpoint against its connector: role, options (unknown with "did you mean", type, range,
 * choice, required ones missing), and for a destination: mode, mapped fields exist and are writable,
 * required fields and an identifier are mapped. References to secrets are taken as given, not read.
 * connection may be NULL when unknown (reported elsewhere). Adds to mistakes.
 */
void plug_check(const struct plug *plug, enum ferry_role role, const struct connection_def *connection,
		const struct endpoint_def *endpoint, const struct segment_def *seg,
		struct conf_mistakes *mistakes);

/*
 * Check every segment and lookup of a generation against the connectors in `dir`. A connector that
 * cannot be loaded is a mistake at its endpoint.
 */
void plug_check_generation(const char *dir, const struct generation *g, struct conf_mistakes *mistakes);

/* Where a handle's log lines go, and whether its run is ending. Called on the handle's thread. */
struct plug_watch {
	void *ctx;
	void (*log)(void *ctx, enum ferry_level level, const char *text);
	bool (*cancelled)(void *ctx);
	/* A secret that one of the settings is or holds, before the connector gets it. May be NULL. */
	void (*secret)(void *ctx, const char *value);
};

/* A layout and the memory it stands in: names from the map, fields from the connector's table. */
void plug_layout(const struct plug *plug, const struct segment_def *seg, struct arena *arena,
		 struct ferry_layout *ret);

/* An open handle with its host. */
struct plug_handle {
	const struct ferry_connector *api;
	void *handle;
	uint32_t caps;			/* what it can do; its settings may have decided */
	uint32_t batch;			/* actions in one call of apply, at least 1 */
	struct plug_host *host;
};

struct plug_open {
	enum ferry_role role;
	const struct connection_def *connection;
	const struct endpoint_def *endpoint;
	const struct ferry_layout *layout; /* destination; NULL for a source */
	enum ferry_mode mode;
	const char *const *keys;	/* ends with NULL; NULL when the key is an expression */
	const char *state_dir;		/* where the connection's shared rate limit lives; NULL: own */
	struct plug_watch watch;
};

/* Resolve secrets, convert options, make the host, call the connector's open. */
int plug_handle_open(const struct plug *plug, const struct plug_open *open, struct plug_handle **ret,
		     struct ferry_error *err);
void plug_handle_close(struct plug_handle *h);

/*
 * Have the connector test the connection; it must have `test`. open->role is 0, its endpoint, layout
 * and keys are not there. The first step told is "settings".
 */
int plug_handle_test(const struct plug *plug, const struct plug_open *open,
		     struct ferry_trial *trial, struct ferry_error *err);

/*
 * Load the connector that speaks for a connection's family: the first one, by name, that can test.
 * NOT_FOUND when there is none of that family, UNSUPPORTED when none of them can.
 */
int plug_load_tester(const char *dir, const char *family, struct plug **ret, struct ferry_error *err);

/*
 * Wait before attempt number `attempt` (1 is the first repeat): base * 4^(attempt-1), at most 60 s,
 * with +-25 % jitter, or `retry_after_ms` when that is longer. Returns CANCELLED early.
 */
int plug_backoff(const struct connection_def *connection, int attempt, int64_t retry_after_ms,
		 const struct plug_watch *watch, struct ferry_error *err);

#endif
