/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connector.h - the stage interface: all a connector needs to know of ferry, and all ferry needs to
 * know of a connector.
 *
 * A connector is a shared object that exports one symbol, `ferry_connector`, a constant struct of the
 * type below. It resolves no symbol of the program that loads it: services arrive as a struct of
 * functions (struct ferry_host). It is loaded by a worker process that lives for one run, so a crash
 * or a leak costs that run and nothing else.
 *
 * Stages that may do I/O are given a handle (`void *handle`, made by open): validate_setup, extract,
 * lookup, apply. Stages that must not are given memory only (struct ferry_pure and borrowed values):
 * canonicalize, reconcile, decide. A preview is everything but apply - by signature.
 *
 * Conventions, unless a member says otherwise:
 *   - int functions return 0 on success and -1 on failure; on failure they have filled *err through
 *     host->fail, on success they leave it untouched.
 *   - `const T *` arguments are borrowed for the length of the call. Each side frees only what it
 *     allocated.
 *   - text is UTF-8 with an explicit length; it need not end in NUL unless it is a `const char *`.
 *   - times are microseconds since 1970-01-01T00:00:00Z; spans are milliseconds; sizes are bytes.
 *   - one handle is used by one thread at a time; several handles may be used at once by several
 *     threads, so a connector keeps its state in the handle and has no mutable globals.
 */
#ifndef FERRY_CONNECTOR_H
#define FERRY_CONNECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The interface's version. A loader refuses another major and a newer minor than its own. A minor
 * only ever appends members to structs; `size` tells how much of a struct is there, so neither side
 * reads beyond what the other one knew.
 */
#define FERRY_ABI_MAJOR 1
#define FERRY_ABI_MINOR 0

struct ferry_abi {
	uint32_t major;
	uint32_t minor;
	size_t size;			/* sizeof the struct this is the first member of */
};

/* ------------------------------------------------------------------ values */

enum ferry_type {
	FERRY_NULL = 0,
	FERRY_BOOL = 1,			/* i: 0 or 1 */
	FERRY_INT = 2,			/* i: 64-bit integer */
	FERRY_DECIMAL = 3,		/* s/len: exact decimal text, "-12.50"; never a binary fraction */
	FERRY_TEXT = 4,			/* s/len: UTF-8 */
	FERRY_BYTES = 5,		/* s/len: any bytes */
	FERRY_TIME = 6,			/* i: microseconds since the epoch, UTC */
	FERRY_JSON = 7,			/* s/len: one JSON value as text */
};

/* One typed value, 16 bytes. Text and bytes are borrowed from whoever made the value. */
struct ferry_value {
	union {
		int64_t i;
		const char *s;
	};
	uint32_t len;
	uint8_t type;			/* enum ferry_type */
	uint8_t reserved[3];		/* zero */
};

/* ------------------------------------------------------------------ errors */

/*
 * What went wrong, by kind. `ferryctl explain CODE` prints cause and remedy of each. A connector
 * uses those in the first block; the rest belong to the engine. Numbers never change.
 */
enum ferry_code {
	FERRY_OK = 0,
	FERRY_E_CONFIG = 1,		/* a setting is wrong or missing */
	FERRY_E_AUTH = 2,		/* credentials refused or expired: ends the run at once */
	FERRY_E_FORBIDDEN = 3,		/* credentials fine, permission missing: ends the run at once */
	FERRY_E_CONNECT = 4,		/* could not connect: nothing was sent (transient) */
	FERRY_E_NETWORK = 5,		/* connection broke: it may have been received (transient) */
	FERRY_E_TIMEOUT = 6,		/* no answer in time: it may have been received (transient) */
	FERRY_E_RATE_LIMIT = 7,		/* told to slow down: not processed (transient) */
	FERRY_E_UNAVAILABLE = 8,	/* the other side failed (5xx, busy, deadlock) (transient) */
	FERRY_E_PROTOCOL = 9,		/* an answer has not the promised shape */
	FERRY_E_REJECTED = 10,		/* apply: the batch was refused and nothing of it was written */
	FERRY_E_NOT_FOUND = 11,
	FERRY_E_DATA = 12,		/* the data itself is wrong */
	FERRY_E_SETUP = 13,		/* validate_setup: the other side is not set up as it must be */
	FERRY_E_CANCELLED = 14,
	FERRY_E_NOMEM = 15,
	FERRY_E_UNSUPPORTED = 16,
	FERRY_E_SYSTEM = 17,		/* a system call failed; `sys` holds errno */

	FERRY_E_INTERNAL = 32,		/* a bug in ferry */
	FERRY_E_STORE = 33,
	FERRY_E_STORE_CORRUPT = 34,
	FERRY_E_DISK_FULL = 35,
	FERRY_E_STORE_VERSION = 36,
	FERRY_E_LOCKED = 37,
	FERRY_E_CONNECTOR = 38,		/* a connector could not be loaded */
	FERRY_E_WORKER_DIED = 39,
	FERRY_E_DAEMON_DIED = 40,
	FERRY_E_CONSERVATION = 41,	/* counters do not add up */
	FERRY_E_PLAN_STALE = 42,
	FERRY_E_STATE = 43,		/* not possible in the run's present state */
	FERRY_E_DENIED = 44,		/* the caller's role does not allow it */
	FERRY_E_BUSY = 45,
	FERRY_E_ORDER = 46,		/* a source that promised key order broke it */
	FERRY_E_USAGE = 47,
	FERRY_E_UNREACHABLE = 48,	/* ferryctl: no daemon at the socket */
	FERRY_E_ROW_ERRORS = 49,	/* a run completed with row errors */
	FERRY_E_GUARD = 50,
	FERRY_E_HUNG = 51,
	FERRY_E_MEMORY_LIMIT = 52,
	FERRY_E_SEGMENT = 53,		/* a required segment failed */
	FERRY_E_CODES			/* one more than the last */
};

/* Owned by the caller; filled through host->fail. msg and hint are single lines without secrets. */
struct ferry_error {
	int code;			/* enum ferry_code */
	int sys;			/* errno, or an HTTP status, or 0 */
	int64_t retry_after_ms;		/* with RATE_LIMIT or UNAVAILABLE: wait this long; 0 unknown */
	char msg[1024];
	char hint[256];
};

/* ------------------------------------------------------------ option tables */

enum ferry_option_type {
	FERRY_OPT_TEXT,			/* FERRY_TEXT */
	FERRY_OPT_INT,			/* FERRY_INT */
	FERRY_OPT_BOOL,			/* FERRY_BOOL */
	FERRY_OPT_DURATION,		/* FERRY_INT, milliseconds; written 30s, 15m, 2h, 30d */
	FERRY_OPT_SIZE,			/* FERRY_INT, bytes; written 64KiB, 10MiB */
	FERRY_OPT_CHOICE,		/* FERRY_TEXT, one of `choices` */
};

enum {
	FERRY_OPTION_REQUIRED = 1 << 0,
	FERRY_OPTION_SECRET = 1 << 1,	/* never shown; may be written ${credential:NAME} and so on */
	FERRY_OPTION_ADDRESS = 1 << 2,	/* says which system, or which table in it, is meant: with another
					 * value it is another destination, whose contents are not known */
};

/*
 * One setting under `connections:`, `source:` or `destination:`. Tables end with name == NULL. Dots in
 * a name stand for maps within maps ("auth.type" is `auth: {type: ...}`); a name that ends in ".*"
 * takes any name below that. Some names mean something to the engine, too: `batch`.
 */
struct ferry_option {
	const char *name;
	enum ferry_option_type type;
	uint32_t flags;
	const char *fallback;		/* the default as written in YAML; NULL: none */
	int64_t min, max;		/* for INT, DURATION, SIZE; both 0: any */
	const char *const *choices;	/* for CHOICE, ends with NULL */
	const char *help;		/* one line, for the manual and `ferryctl connectors NAME` */
};

/* A setting that has been given or has a default. */
struct ferry_setting {
	const char *name;
	struct ferry_value value;
};

/* ------------------------------------------------------------- field tables */

enum {
	FERRY_FIELD_REQUIRED = 1 << 0,	/* a record without it (or with NULL) is invalid */
	FERRY_FIELD_IDENTIFIER = 1 << 1,/* the destination's own identity; must be mapped */
	FERRY_FIELD_VOLATILE = 1 << 2,	/* a difference here alone is no change */
	FERRY_FIELD_SENSITIVE = 1 << 3,	/* masked wherever records are shown */
	FERRY_FIELD_READONLY = 1 << 4,	/* comes from lookup and extract, cannot be written */
};

/*
 * One field a destination takes (or a source gives). A name ending in ".*" stands for any name with
 * that prefix. Dots in names mean nesting: "billing_configuration.document_locale".
 * Tables end with name == NULL.
 */
struct ferry_field {
	const char *name;
	enum ferry_type type;		/* values are converted to it; FERRY_NULL: any type */
	uint32_t flags;
	uint32_t max_len;		/* for text: characters; 0: any */
	const char *const *choices;	/* allowed texts, ends with NULL; NULL: any */
	const char *help;
};

/* The fields a segment maps, in the order their values stand in every record of that segment. */
struct ferry_layout {
	size_t n;
	const char *const *names;
	const struct ferry_field *const *fields; /* entry of the field table, NULL where dynamic */
};

/* ------------------------------------------------------------ host services */

#define FERRY_TIME_TEXT 40		/* bytes, the NUL included */

enum ferry_level { FERRY_LOG_DEBUG, FERRY_LOG_INFO, FERRY_LOG_WARN, FERRY_LOG_ERROR };

enum {
	FERRY_HTTP_RETRY = 1 << 0,	/* harmless to repeat: the host repeats it after a transient
					 * failure (408, 429, 5xx, network), as `retries:` says */
};

struct ferry_http_request {
	const char *method;		/* "GET", "POST", ... */
	const char *url;		/* absolute; the caller has encoded it */
	const char *const *headers;	/* "Name: value", ends with NULL; may be NULL */
	const char *user, *password;	/* HTTP Basic when user is not NULL */
	const char *body;		/* NULL: none */
	size_t body_len;
	uint32_t flags;
	size_t max_response;		/* bytes; 0: 256 MiB. A longer answer fails with PROTOCOL */
	/*
	 * The body of a 2xx answer, piece by piece as it comes, instead of in the response: for answers
	 * too large to keep. Pieces end anywhere. The connection's `timeout` then counts from one piece
	 * to the next, and the exchange is repeated only while no piece has been given. -1 with *err
	 * filled ends it, and http fails with that error. NULL: the body is kept.
	 */
	int (*piece)(void *ctx, const char *data, size_t len, struct ferry_error *err);
	void *piece_ctx;
};

/* Valid until the next http call on the same host, or until close. body ends in a NUL beyond len. */
struct ferry_http_response {
	int status;
	const char *body;
	size_t body_len;
	const char *content_type;	/* "" when absent */
	int64_t retry_after_ms;		/* from Retry-After or X-RateLimit-Reset; 0 when absent */
	const char *link;		/* Link headers (RFC 8288), commas between; "" when absent */
};

/*
 * What the host does for a connector. One per handle; valid from open until close returns, and to
 * be used only by the thread that is inside a call on that handle.
 */
struct ferry_host {
	struct ferry_abi abi;
	void *ctx;

	/* Fill *err and return -1, so that a failure reads `return host->fail(err, CODE, "...")`. */
	int (*fail)(struct ferry_error *err, enum ferry_code code, const char *fmt, ...)
		__attribute__((format(printf, 3, 4)));

	/* A line for the segment's log. No secrets, no personal data. */
	void (*log)(const struct ferry_host *host, enum ferry_level level, const char *fmt, ...)
		__attribute__((format(printf, 3, 4)));

	/*
	 * One HTTP exchange with the connection's timeouts, TLS settings and rate limit. Returns 0 for
	 * any HTTP answer, whatever its status; -1 when there was none: CONNECT means that nothing was
	 * sent, NETWORK and TIMEOUT that it may have been received, CANCELLED that the run is ending and
	 * nothing was sent (a write that is under way gets some seconds for its answer first).
	 */
	int (*http)(const struct ferry_host *host, const struct ferry_http_request *req,
		    struct ferry_http_response *res, struct ferry_error *err);

	/* Wait for the connection's rate limit; for connectors that do their own I/O. */
	int (*wait_turn)(const struct ferry_host *host, struct ferry_error *err);

	/* True when the run is ending: return soon, with CANCELLED if the work is not done. */
	bool (*cancelled)(const struct ferry_host *host);

	/* Now, in microseconds since the epoch. */
	int64_t (*now)(const struct ferry_host *host);

	/*
	 * Times as text. format writes "2026-01-31T10:00:00Z", with 3 or 6 digits of a fraction where
	 * needed, and returns its length. parse takes ISO 8601 and SQL date-times of the years 0001 to
	 * 9999, a date alone included; without a zone they are UTC. False when it is none.
	 */
	size_t (*format_time)(int64_t us, char out[FERRY_TIME_TEXT]);
	bool (*parse_time)(const char *s, size_t len, int64_t *ret_us);
};

/* --------------------------------------------------------------------- open */

enum ferry_role { FERRY_SOURCE = 1 << 0, FERRY_DESTINATION = 1 << 1 };

enum ferry_mode {
	FERRY_MODE_UPSERT = 1 << 0,
	FERRY_MODE_INSERT = 1 << 1,
	FERRY_MODE_UPDATE = 1 << 2,
	FERRY_MODE_MIRROR = 1 << 3,
	FERRY_MODE_APPEND = 1 << 4,
};

/*
 * What every connection may have in its YAML, for connectors that do their own I/O; host->http heeds
 * it by itself. Paths are NULL when not given.
 */
struct ferry_common {
	int64_t connect_timeout_ms;
	int64_t timeout_ms;		/* for one request or statement */
	bool tls_given;			/* there is a `tls:` at all */
	bool tls_verify;		/* check the server's certificate and name; true by default */
	const char *tls_ca;		/* file with the CA certificates to trust */
	const char *tls_cert, *tls_key;	/* files with the client's own certificate and its key */
};

/* Everything here lives until close has returned. */
struct ferry_open {
	const struct ferry_host *host;
	enum ferry_role role;
	const char *connection;		/* its name, for messages */
	const struct ferry_setting *settings; /* of the connection, then of source or destination */
	size_t n_settings;
	const struct ferry_layout *layout; /* destination: the mapped fields; source: NULL */
	enum ferry_mode mode;		/* destination only */
	const char *const *keys;	/* destination fields (or source columns) that are the key, when
					 * plain names; ends with NULL; NULL when the key is an expression */
	struct ferry_common common;
};

/* The value of a setting, or NULL when it was not given and has no default. */
static inline const struct ferry_value *ferry_setting(const struct ferry_open *open, const char *name)
{
	for (size_t i = 0; i < open->n_settings; i++) {
		const char *a = open->settings[i].name, *b = name;
		while (*a && *a == *b)
			a++, b++;
		if (*a == *b)
			return &open->settings[i].value;
	}
	return NULL;
}

/* The same for texts, which settings end in NUL for that. */
static inline const char *ferry_setting_text(const struct ferry_open *open, const char *name)
{
	const struct ferry_value *v = ferry_setting(open, name);
	return v && v->type == FERRY_TEXT ? v->s : NULL;
}

static inline int64_t ferry_setting_int(const struct ferry_open *open, const char *name, int64_t none)
{
	const struct ferry_value *v = ferry_setting(open, name);
	return v && (v->type == FERRY_INT || v->type == FERRY_BOOL) ? v->i : none;
}

/* ------------------------------------------------------------------ extract */

struct ferry_column {
	const char *name;
	enum ferry_type type;		/* FERRY_NULL: differs by row */
};

/*
 * Keys the engine asks a windowed source (FERRY_CAP_WINDOWED) to deliver even if they lie outside
 * the window: rows that were skipped or failed in earlier runs. Gives the text of one key after the
 * other; false at the end.
 */
struct ferry_revisit {
	void *ctx;
	bool (*next)(struct ferry_revisit *revisit, const char **key, size_t *len);
};

struct ferry_extract {
	/*
	 * Plain column names that make the key, ends with NULL; NULL when the key is an expression.
	 * When given, and want_order is set, a connector with FERRY_CAP_ORDERED delivers rows ordered
	 * by them, each column ascending, NULL first, text by its bytes (COLLATE "C" / BINARY),
	 * numbers by value, times by instant.
	 */
	const char *const *key_columns;
	bool want_order;
	int64_t limit;			/* at most this many rows; 0: all */
	struct ferry_revisit *revisit;	/* NULL when there is none */
};

/*
 * Where rows go. columns is called once, before the first rows; rows as often as there are batches
 * (some hundred rows each is right); both return -1 with *err filled when extract must stop and
 * return -1 with that same error. Returning 0 from extract says that the source was read to its end.
 */
struct ferry_sink {
	void *ctx;
	int (*columns)(struct ferry_sink *sink, const struct ferry_column *columns, size_t n,
		       bool ordered, struct ferry_error *err);
	/* values: n_rows rows of as many values as there are columns, one row after the other */
	int (*rows)(struct ferry_sink *sink, const struct ferry_value *values, size_t n_rows,
		    struct ferry_error *err);
	/* One page (request, fetch) was read; kind is a constant word: "cursor", "page", "window" */
	void (*page)(struct ferry_sink *sink, const char *kind, size_t bytes);
	/* The source was cut short: absent rows are not gone rows. */
	void (*truncated)(struct ferry_sink *sink, const char *reason);
};

/* ------------------------------------------------------------ lookup, apply */

enum ferry_decision {
	FERRY_CREATE,
	FERRY_UPDATE,
	FERRY_DELETE,
	FERRY_DISABLE,
	FERRY_SKIP,
	FERRY_CONFLICT,
	FERRY_DECISIONS			/* their number */
};

enum ferry_tier { FERRY_TIER_NONE, FERRY_TIER_STRONG, FERRY_TIER_MEDIUM, FERRY_TIER_AMBIGUOUS };

/* A record on its way to the destination. fields has layout->n values; for DELETE it may be NULL. */
struct ferry_action {
	enum ferry_decision decision;
	const char *key;		/* the source key as text, for messages */
	size_t key_len;
	const char *dest_id;		/* destination id, "" when not known */
	const struct ferry_value *fields;
	const struct ferry_value *before; /* what the destination held, NULL when not known */
};

enum ferry_ack {
	FERRY_ACK_UNKNOWN = 0,		/* sent, and no answer tells what became of it: in doubt */
	FERRY_ACK_DONE,			/* the destination has it, durably */
	FERRY_ACK_DUPLICATE,		/* the destination had it already: counts as done */
	FERRY_ACK_REJECTED,		/* refused for a reason of its own: code, field, message */
	FERRY_ACK_UNSENT,		/* certainly not processed; may be sent again as it is */
};

/* What became of one action. Zeroed by the engine before apply, so the state at first is UNKNOWN. */
struct ferry_outcome {
	enum ferry_ack ack;
	char dest_id[128];		/* DONE: the destination's id, where there is one */
	char code[64];			/* REJECTED: the destination's word, "value_already_exist" */
	char field[64];			/* REJECTED: which field, "" when unknown */
	char message[400];		/* REJECTED: why; DONE: what to warn of, "" for nothing */
};

enum ferry_presence { FERRY_ABSENT, FERRY_FOUND, FERRY_SEVERAL };

/* What the destination holds for one record. Memory of the handle, valid until its next call. */
struct ferry_found {
	enum ferry_presence presence;
	const char *dest_id;		/* "" when there is none */
	const struct ferry_value *fields; /* layout->n values; NULL when they cannot be read */
};

/*
 * Where a destination's own records go, some hundred at a time. Their memory is borrowed for the
 * call. found returns -1 with *err filled when list must stop and return -1 with that same error.
 */
struct ferry_listing {
	void *ctx;
	int (*found)(struct ferry_listing *listing, const struct ferry_found *found, size_t n,
		     struct ferry_error *err);
	/* Not all were given: what was not seen may be there all the same. */
	void (*truncated)(struct ferry_listing *listing, const char *reason);
};

/* ------------------------------------------------------------- pure stages */

/* Memory for a pure stage: alloc never returns NULL and is freed by the engine after the batch. */
struct ferry_pure {
	void *ctx;
	void *(*alloc)(const struct ferry_pure *pure, size_t size);
	const struct ferry_layout *layout;
};

/* Why a record is invalid. */
struct ferry_issue {
	const char *field;		/* name of the field; NULL when it is the record as a whole */
	char message[256];
};

struct ferry_case {
	enum ferry_mode mode;
	enum ferry_tier tier;
	const struct ferry_value *fields;	/* the record now */
	const struct ferry_value *before;	/* the record as last acknowledged, or NULL */
};

/* -------------------------------------------------------------- check, test */

/* Where a check says what is wrong. */
struct ferry_check {
	void *ctx;
	/*
	 * about: the setting or mapped field at whose place in the file it is shown; NULL: the source or
	 * destination as a whole. One line: what is wrong, and what is allowed.
	 */
	void (*mistake)(struct ferry_check *check, const char *about, const char *fmt, ...)
		__attribute__((format(printf, 3, 4)));
};

/* Where a test of a connection says how it goes. */
struct ferry_trial {
	void *ctx;
	/*
	 * What is looked at from now on: "address", "credentials", "version", "permissions". The step
	 * before it has gone well; when test fails, the last one is what failed.
	 */
	void (*step)(struct ferry_trial *trial, const char *name);
	/* What the present step has shown, one line: "PostgreSQL 15.5". */
	void (*found)(struct ferry_trial *trial, const char *fmt, ...)
		__attribute__((format(printf, 2, 3)));
	/* The present step went well but for this. */
	void (*warn)(struct ferry_trial *trial, const char *fmt, ...)
		__attribute__((format(printf, 2, 3)));
};

/* ------------------------------------------------------------ the connector */

enum {
	FERRY_CAP_ORDERED = 1 << 0,	/* extract can deliver in key order */
	FERRY_CAP_IDEMPOTENT = 1 << 1,	/* apply may repeat an action without doubling its effect */
	FERRY_CAP_MATCH_NEW = 1 << 2,	/* new keys may exist over there: look them up before deciding */
	FERRY_CAP_WINDOWED = 1 << 3,	/* extract gives recent rows, not all; honours revisit */
	FERRY_CAP_DISABLE = 1 << 4,	/* apply understands FERRY_DISABLE */
	FERRY_CAP_DELETE = 1 << 5,	/* apply understands FERRY_DELETE */
	FERRY_CAP_LOCAL = 1 << 6,	/* does no network I/O: the run's rate limit does not apply */
	FERRY_CAP_LOOKUP = 1 << 7,	/* only from capabilities(): this handle can look up */
	FERRY_CAP_LIST = 1 << 8,	/* only from capabilities(): this handle can list */
	FERRY_CAP_NAMED = 1 << 9,	/* dest_id is the text of the identifier field: a record that was
					 * linked with one of another name keeps the name it has there */
};

struct ferry_connector {
	struct ferry_abi abi;		/* FERRY_ABI below fills it */

	const char *name;		/* "lago-customers"; the file is NAME.so */
	const char *family;		/* "lago": what a connection's `family:` says */
	const char *resource;		/* "customers", or NULL when the family has only one connector */
	const char *summary;		/* one line */
	const char *version;		/* the connector's own version */
	uint32_t roles;			/* FERRY_SOURCE | FERRY_DESTINATION */
	uint32_t modes;			/* modes it takes as a destination */
	uint32_t caps;
	uint32_t batch;			/* apply: at most this many actions in one call; 0: 1. A destination
					 * option `batch` (INT), where there is one, lowers it */
	uint32_t lookup_batch;		/* records that one request of lookup covers; 0: 1 */
	uint32_t list_page;		/* records that one request of list gives; 0: all */
	const struct ferry_option *connection_options;
	const struct ferry_option *source_options;
	const struct ferry_option *destination_options;
	const struct ferry_field *fields; /* NULL: any field (tables) */

	/*
	 * Pure, for `ferryd --check`: tell all that is wrong with a source or destination beyond what
	 * the tables say, from its settings, layout, mode and keys: what open or validate_setup would
	 * refuse without looking at the other side. A setting whose value is a reference, such as
	 * ${env:NAME}, is there with the type NULL: what it will be is not known. Of the host only
	 * fail, now, format_time and parse_time may be used. May be NULL.
	 */
	void (*check)(const struct ferry_open *open, struct ferry_check *check);

	/*
	 * For `ferryctl test`: does the connection work, whatever is to be read or written through it?
	 * open has the connection's settings, role 0 and no layout. Takes at most some seconds. The
	 * first connector of a family that has it speaks for the family. May be NULL.
	 */
	int (*test)(const struct ferry_open *open, struct ferry_trial *trial, struct ferry_error *err);

	/* Make a handle. Connecting may wait until first use. Called once per lane and role. */
	int (*open)(const struct ferry_open *open, void **ret_handle, struct ferry_error *err);
	void (*close)(void *handle);	/* handle may be NULL */
	/*
	 * Asked once, after open: the FERRY_CAP_* of this handle, where its settings decide. NULL:
	 * those of the connector, and lookup and list work when they are there.
	 */
	uint32_t (*capabilities)(void *handle);

	/* Before anything is read: is the other side there, reachable and set up as it must be? */
	int (*validate_setup)(void *handle, struct ferry_error *err);

	/* Source: stream all rows into sink. */
	int (*extract)(void *handle, const struct ferry_extract *want, struct ferry_sink *sink,
		       struct ferry_error *err);

	/*
	 * Pure; after mapping, type conversion and required fields: put the values into the
	 * destination's own form. Return 0, or -1 with *issue filled when the record is invalid.
	 */
	int (*canonicalize)(const struct ferry_pure *pure, struct ferry_value *fields,
			    struct ferry_issue *issue);

	/*
	 * Destination: read what is there for each of n records (their action's key fields or dest_id
	 * say which). Used to match new keys, to settle rows in doubt after a crash, and to verify.
	 */
	int (*lookup)(void *handle, const struct ferry_action *actions, size_t n,
		      struct ferry_found *found, struct ferry_error *err);

	/*
	 * Destination: give all records that are there, each once, in any order, as lookup gives single
	 * ones. Used to match records that have no counterpart yet by rules of the user's own, and
	 * instead of lookup where that takes fewer requests.
	 */
	int (*list)(void *handle, struct ferry_listing *listing, struct ferry_error *err);

	/* Pure; how surely is `theirs` our record? NULL: found by its identifier is strong. */
	enum ferry_tier (*reconcile)(const struct ferry_pure *pure, const struct ferry_value *ours,
				     const struct ferry_found *theirs);

	/*
	 * Pure; may turn the engine's decision into a skip or conflict, giving a reason code (a
	 * constant in capitals). NULL: the engine's decision stands.
	 */
	void (*decide)(const struct ferry_pure *pure, const struct ferry_case *rec,
		       enum ferry_decision *decision, const char **reason);

	/*
	 * Destination: carry out n actions of the same decision. Set an outcome for each one.
	 * Return 0 when every outcome is set. Return -1 when the call as a whole failed: outcomes set
	 * so far count; for the rest, REJECTED means that none of them was written and the engine
	 * narrows the batch down; AUTH and FORBIDDEN end the run; a transient code is tried again
	 * (those still UNKNOWN only with FERRY_CAP_IDEMPOTENT).
	 */
	int (*apply)(void *handle, const struct ferry_action *actions, size_t n,
		     struct ferry_outcome *outcomes, struct ferry_error *err);
};

#define FERRY_ABI(type) { FERRY_ABI_MAJOR, FERRY_ABI_MINOR, sizeof(type) }

#define FERRY_EXPORT __attribute__((visibility("default")))

/* The one symbol a connector exports. */
extern FERRY_EXPORT const struct ferry_connector ferry_connector;

#ifdef __cplusplus
}
#endif
#endif
