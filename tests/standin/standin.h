/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every stand-in shares: an HTTP server on the loopback, a log of the requests, exact
 * counts, faults on demand and the control routes under /_standin/. A stand-in for one peer
 * is a table of routes and a state; it knows nothing of threads, sockets or faults.
 *
 * Every function a peer provides is called with the server's lock held: a peer needs none of
 * its own. Memory that runs out ends the process: this is test equipment.
 */
#ifndef STANDIN_H
#define STANDIN_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_object;
struct standin;

/* -- text: a growing string ------------------------------------- */

struct text {
	char *data; /* ends in NUL once anything was added; NULL while empty */
	size_t len;
	size_t size;
};

void text_add(struct text *t, const char *data, size_t len);
void text_puts(struct text *t, const char *s);
void text_printf(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Adds `s` as a JSON string, or null when `s` is NULL. */
void text_json(struct text *t, const char *s);
/* Adds an ISO 8601 UTC time as a JSON string, with milliseconds if asked. */
void text_json_time(struct text *t, int64_t ms, bool with_ms);
/* Adds a comma unless the text ends in an opening bracket. */
void text_comma(struct text *t);
void text_release(struct text *t);

/* -- small helpers ------------------------------------- */

void *standin_alloc(size_t size); /* zeroed */
void *standin_grow(void *array, size_t *cap, size_t need, size_t item);
char *standin_strdup(const char *s); /* NULL stays NULL */

int64_t standin_now_ms(void);
void standin_format_time(int64_t ms, bool with_ms, char out[32]);
/*
 * Parses an ISO 8601 date-time. Without a zone it is UTC, or refused if `need_zone`; a date
 * alone is taken if `date_ok`.
 */
bool standin_parse_time(const char *s, bool need_zone, bool date_ok, int64_t *ret_ms);
/* Parses a plain decimal into billionths; further digits are dropped. */
bool standin_parse_decimal(const char *s, __int128 *ret_nano);
/* Prints billionths with three decimals, rounded half away from zero. */
void standin_format_decimal(__int128 nano, char out[64]);
/* Undoes %XX (and '+' if `plus`) in place. */
void standin_unescape(char *s, bool plus);

/* JSON members by name; NULL or the fallback when missing or of another type. */
struct json_object *json_member(struct json_object *o, const char *key);
const char *json_member_text(struct json_object *o, const char *key);
int64_t json_member_int(struct json_object *o, const char *key, int64_t fallback);
/* How many of something to generate: 0 if missing, at most ten million. */
int64_t json_member_count(struct json_object *o, const char *key);
bool json_member_present(struct json_object *o, const char *key); /* true for a null as well */
/* The JSON text of `o`, numbers as they were received. Valid until `o` changes. */
const char *json_text(struct json_object *o);
/* Parses a constant known to be good. */
struct json_object *json_constant(const char *s);
/* Parses strictly; NULL for anything malformed, a trailing rest included. */
struct json_object *json_strict(const char *s, size_t len);

/* -- requests and replies ------------------------------------- */

struct standin_pair {
	const char *name;
	const char *value;
};

struct standin_request {
	struct standin *server;
	const char *method;
	const char *path;  /* as sent, not decoded, without the query */
	const char *query; /* as sent; "" if none */
	const char *route; /* "METHOD /template", or NULL when nothing matched */
	char *param;       /* the first path parameter, decoded, or NULL */
	char *param2;      /* the second */
	const char *host, *authorization, *content_type; /* headers; "" if absent */
	const char *key; /* the header that the peer's key_header names; "" if absent */
	const char *body;
	size_t body_len;
	struct json_object *json; /* the body; NULL if absent, malformed or not sent as JSON */
	struct standin_pair *pairs; /* the query, decoded, in order */
	size_t n_pairs;
	const char *fault; /* the kind of the fault that struck, or NULL */
};

/* The first value of a query parameter, or NULL. */
const char *standin_query(const struct standin_request *req, const char *name);
/* Has the query a parameter of this name with this value? */
bool standin_query_has(const struct standin_request *req, const char *name, const char *value);

enum { STANDIN_HEADERS = 8 };

struct standin_reply {
	unsigned status;
	const char *type;  /* content type, JSON by default */
	struct text body;
	size_t rows;       /* rows the request carried; set by the handler of a batch */
	uint64_t written;  /* rows stored or changed */
	struct {
		const char *name; /* NULL ends */
		char value[64];
	} header[STANDIN_HEADERS];
};

void standin_add_header(struct standin_reply *reply, const char *name, const char *value);

/* -- a peer ------------------------------------- */

enum {
	/*
	 * Rails' trap: a dot not percent-encoded ends the last parameter, the rest is a format; in
	 * an earlier one it matches nothing.
	 */
	STANDIN_CUT_DOT = 1,
};

struct standin_route {
	const char *label; /* "METHOD /template"; up to two {parameters} stand for one segment */
	void (*handle)(void *state, struct standin_request *req, struct standin_reply *reply);
	unsigned flags;
};

struct standin_peer {
	const char *name;
	const char *usage; /* the peer's own options, one a line */
	const struct standin_route *routes;
	size_t n_routes;
	/* Bodies are not parsed: a request's `json` stays NULL. */
	bool raw_bodies;
	/* Takes one own option; false if it is unknown or its value is bad. */
	bool (*option)(void *state, const char *name, const char *value);
	/* What all routes' paths begin with, before the template; "" if nothing. */
	const char *(*prefix)(void *state);
	/* A header whose value is to be in a request's `key`. May be NULL. */
	const char *(*key_header)(void *state);
	/* False if the request may not pass: the reply is then the refusal. */
	bool (*authorize)(void *state, struct standin_request *req, struct standin_reply *reply);
	void (*unauthorized)(void *state, struct standin_request *req, struct standin_reply *reply);
	/* Nothing matched; called after `authorize`. */
	void (*not_found)(void *state, struct standin_request *req, struct standin_reply *reply);
	/* Merges initial state; false with a reason if it makes no sense. */
	bool (*seed)(void *state, struct json_object *in, char *why, size_t why_size);
	/* Writes all state (`part` NULL), or a summary of one part (false: unknown). */
	bool (*dump)(void *state, const char *part, struct text *out);
	void (*reset)(void *state);
	/* Adds members to what `counts` answers; NULL: they are zero again. May be NULL. */
	void (*counts)(void *state, struct text *out);
	/* Own control routes, `path` being what follows /_standin; false: not known. */
	bool (*control)(void *state, const char *path, struct standin_request *req,
			struct standin_reply *reply);
};

/*
 * Asks whether a reject_value fault wants this object refused. Returns the field and sets
 * the code to answer with, or NULL. A hit counts as the fault's.
 */
const char *standin_reject(struct standin_request *req, struct json_object *o,
			   const char **ret_code);

/* Runs the stand-in until SIGTERM or SIGINT; returns the exit status. Frees no state. */
int standin_main(int argc, char **argv, const struct standin_peer *peer, void *state);

#endif
