/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rest.h - what the connectors of JSON-over-HTTP services share: memory, times, an address with
 * credentials, requests, reading JSON answers into values and writing values into JSON bodies.
 *
 * It must not know any one service, and nothing of the program that loads the connector beyond
 * <ferry/connector.h>. Nothing here is global; everything belongs to the handle that made it.
 */
#ifndef FERRY_PLUGINS_REST_H
#define FERRY_PLUGINS_REST_H

#include <ferry/connector.h>

/* ------------------------------------------------------------------- memory */

/* These never give NULL: they end the worker when memory is out, as its own allocators do. */
void *rest_alloc(size_t n, size_t size);	/* zeroed */
void *rest_resize(void *p, size_t n, size_t size);
char *rest_copy(const char *s, size_t len);	/* ends in NUL */
void rest_out_of_memory(void) __attribute__((noreturn));

/* Growing text; ends in a NUL beyond len once something was added. {0} is an empty one. */
struct rest_buf {
	char *s;
	size_t len, cap;
};

void rest_buf_release(struct rest_buf *b);
void rest_buf_reset(struct rest_buf *b);
void rest_buf_cut(struct rest_buf *b, size_t len); /* back to that length */
void rest_add(struct rest_buf *b, const void *p, size_t n);
/* Where n more bytes and a NUL can be put; the caller moves len. */
char *rest_room(struct rest_buf *b, size_t n);
void rest_adds(struct rest_buf *b, const char *s);
void rest_addf(struct rest_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Percent-encoded outside [A-Za-z0-9_~-]: a dot too, since Rails ends a path parameter at one. */
void rest_add_encoded(struct rest_buf *b, const char *s, size_t len);
const char *rest_str(const struct rest_buf *b);	/* "" when empty */

/* Memory freed all at once: what a handle answers until its next call. */
struct rest_pool_block;
struct rest_pool {
	struct rest_pool_block *head;
};

void *rest_pool_alloc(struct rest_pool *pool, size_t size); /* 16-byte aligned, not zeroed */
char *rest_pool_copy(struct rest_pool *pool, const char *s, size_t len); /* ends in NUL */
void rest_pool_reset(struct rest_pool *pool);
void rest_pool_release(struct rest_pool *pool);

/* Byte strings to numbers. {0} is an empty one; keys are copied. */
struct rest_map {
	struct rest_slot *slots;
	size_t n, cap;
	struct rest_pool keys;
};

/* True when the key is new. *ret, when given, is the value that now stands there. */
bool rest_map_add(struct rest_map *map, const void *key, size_t len, size_t value, size_t *ret);
bool rest_map_find(const struct rest_map *map, const void *key, size_t len, size_t *ret);
void rest_map_release(struct rest_map *map);

/* -------------------------------------------------------------------- texts */

bool rest_equal_nocase(const char *a, size_t a_len, const char *b, size_t b_len); /* ASCII */
void rest_lower(char *s, size_t len);
/* Copy into a fixed field: cut at a whole character, control characters become spaces. */
void rest_fit(char *out, size_t size, const char *s, size_t len);
/* "", "+12", "-7": optional sign and digits, within 64 bits. */
bool rest_read_int(const char *s, size_t len, int64_t *ret);
/* Digits with at most one dot among them, and a sign. */
bool rest_decimal_text(const char *s, size_t len);

#define REST_TIME 40
/* "2026-01-31T10:00:00.000Z", its Z only with zone; 0, 3 or 6 digits of fraction, -1: as needed. */
size_t rest_time_format(int64_t us, int digits, bool zone, char out[REST_TIME]);
/* ISO 8601 and SQL date-times; no zone means UTC. */
bool rest_time_parse(const char *s, size_t len, int64_t *ret_us);

/* --------------------------------------------------------------- the peer */

/* Who is talked to, and how. Filled by a connector's open; lives in its handle. */
struct rest_api {
	const struct ferry_host *host;
	const char *peer;		/* "Lago", for messages */
	char *base;			/* "https://host/api/v1" */
	char *header;			/* a header line with the credentials, or NULL */
	const char *user, *password;	/* HTTP Basic, or NULL */
	const char *secret;		/* what no message may repeat, or NULL */
	struct rest_buf url;
};

/* Read the setting `url`, check its shape, and make base of it. CONFIG when it will not do. */
int rest_open_url(struct rest_api *api, const struct ferry_open *open, struct ferry_error *err);
/* A credential that can stand in a header: printable ASCII without blanks, not empty. */
int rest_check_secret(const struct rest_api *api, const char *name, const char *text,
		      struct ferry_error *err);
void rest_close(struct rest_api *api);

/* One exchange. path begins with "/" and is encoded; body may be NULL. */
int rest_call(struct rest_api *api, const char *method, const char *path,
	      const struct rest_buf *body, struct ferry_http_response *res,
	      struct ferry_error *err);
/* A GET, repeated by the host after a transient failure. */
int rest_get(struct rest_api *api, const char *path, struct ferry_http_response *res,
	     struct ferry_error *err);

/* The same, the body of a success given away in pieces; then it is repeated only before the first one. */
int rest_get_pieces(struct rest_api *api, const char *path,
		    int (*piece)(void *ctx, const char *data, size_t len, struct ferry_error *err),
		    void *ctx, struct ferry_http_response *res, struct ferry_error *err);

/* One GET of a path beside the API, straight under the connection's url; not repeated. */
int rest_get_beside(struct rest_api *api, const char *path, struct ferry_http_response *res,
		    struct ferry_error *err);

/* The start of an answer, fit for a message: one line, valid UTF-8, without the secret. */
void rest_excerpt(const struct rest_api *api, const char *s, size_t len, char *out, size_t size);
int rest_hint(struct ferry_error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * What every service means by its status. Fills *err and returns -1 unless it is a success: 401
 * AUTH, 403 FORBIDDEN, 429 RATE_LIMIT, 408 and 5xx UNAVAILABLE, 3xx PROTOCOL, any other REJECTED,
 * with the status in err->sys. `detail` is the peer's own words, or "".
 */
int rest_status(const struct rest_api *api, const char *what, const struct ferry_http_response *res,
		const char *detail, struct ferry_error *err);

/* Whether a failure proves that the peer did not process the request. */
bool rest_unprocessed(const struct ferry_error *err);

/* Why a row was refused. */
struct rest_refusal {
	char code[64], field[64], message[400];
};

/*
 * Row i of a loop of single requests failed with *err. REJECTED and NOT_FOUND are the row's own:
 * its outcome is set and the loop goes on (0). Anything else ends the call (-1): row i is UNSENT
 * when the answer proves that it was not processed, else it stays what the loop made it (UNSENT
 * until the write goes out, UNKNOWN from then on), and the rows behind it are UNSENT.
 */
int rest_row_failed(struct ferry_outcome *outcomes, size_t n, size_t i,
		    const struct rest_refusal *refusal, const struct ferry_error *err);
void rest_reject(struct ferry_outcome *outcome, const char *code, const char *field,
		 const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* The id as dest_id, or "" when it does not fit: a cut one would be another record's. */
void rest_dest_id(struct ferry_outcome *outcome, const char *id, size_t len);

/* --------------------------------------------------------------------- JSON */

/* Borrowed from its root; NULL (JSON null) is allowed everywhere. */
typedef struct json_object rest_node;

enum rest_kind {
	REST_NULL, REST_BOOL, REST_INT, REST_NUMBER, REST_STRING, REST_ARRAY, REST_OBJECT
};

/* Parse a whole text: strict, UTF-8 checked. PROTOCOL with an excerpt when it is not JSON. */
int rest_parse(const struct rest_api *api, const char *what, const char *text, size_t len,
	       rest_node **ret, struct ferry_error *err);
/* Say that a text is not JSON: why, and at which byte. */
int rest_not_json(const struct rest_api *api, const char *what, const char *text, size_t len,
		  size_t at, const char *why, struct ferry_error *err);
/* The same without a message; false when it is not JSON. */
bool rest_try_parse(const char *text, size_t len, rest_node **ret);
/* What is wrong with such a text, and at which byte. */
const char *rest_flaw(const char *text, size_t len, size_t *at);
void rest_free(rest_node *root);

enum rest_kind rest_kind(rest_node *node);
bool rest_has(rest_node *node, const char *name);	/* present, maybe null */
rest_node *rest_member(rest_node *node, const char *name);
/* By dotted path ("shipping_address.city"); *present, when given, tells null from absent. */
rest_node *rest_path(rest_node *node, const char *path, bool *present);
size_t rest_count(rest_node *node);
rest_node *rest_at(rest_node *node, size_t i);
const char *rest_text(rest_node *node, size_t *len);	/* NULL unless a string; len may be NULL */
bool rest_int(rest_node *node, int64_t *ret);
/* Walk an object's members; *iter starts as NULL. False at the end. */
bool rest_next(rest_node *node, void **iter, const char **name, rest_node **value);
/* As JSON text, numbers as they were written. Valid until the node is freed or dumped again. */
const char *rest_dump(rest_node *node, size_t *len);

/*
 * Read a node as a value of that type (FERRY_NULL: its own). null becomes NULL. Borrows from the
 * node unless there is a pool to copy into. False when the node does not read as that type.
 */
bool rest_value(rest_node *node, enum ferry_type type, struct rest_pool *pool,
		struct ferry_value *ret);

/* Columns of a source, or fields of a table, and where they stand in the JSON object. */
struct rest_column {
	const char *name;
	const char *path;		/* dotted; "" is the object itself */
	enum ferry_type type;
	bool required;			/* absent or null breaks the promise */
};

/* Read an object into n values; PROTOCOL naming the member that is not what was promised. */
int rest_row(const struct rest_api *api, const char *what, const struct rest_column *columns,
	     size_t n, rest_node *node, struct rest_pool *pool, struct ferry_value *ret,
	     struct ferry_error *err);
struct rest_piece;
struct rest_tree;
/* The same for an object that was read without a tree: found are the columns' paths in their order. */
int rest_row_pieces(const struct rest_api *api, const char *what, const struct rest_column *columns,
		    size_t n, const struct rest_piece *object, const struct rest_piece *found,
		    struct rest_pool *pool, struct ferry_value *ret, struct ferry_error *err);
/* Add those paths to a tree. */
void rest_columns_tree(struct rest_tree *tree, const struct rest_column *columns, size_t n);
/* Tell a sink the columns. */
int rest_columns(struct ferry_sink *sink, const struct rest_column *columns, size_t n,
		 struct ferry_error *err);

/* Building. The nodes given become part of the object. */
rest_node *rest_object(void);
rest_node *rest_array(void);
rest_node *rest_string(const char *s, size_t len);
void rest_put(rest_node *object, const char *name, rest_node *value);
void rest_append(rest_node *array, rest_node *value);
/* Put a value at a dotted path, making the objects on the way. Times become ISO 8601 text. */
void rest_put_value(rest_node *object, const char *path, const struct ferry_value *value);
/* A reference of one's own to a node of another tree. */
rest_node *rest_share(rest_node *node);
void rest_body(struct rest_buf *out, rest_node *root);

/* A JSON array of strings in byte order without repeats; NULL when the text is no such array. */
rest_node *rest_sorted_strings(const char *json, size_t len);
rest_node *rest_sort_strings(rest_node *array);	/* takes the array */

/* -------------------------------------------------------- JSON without a tree */

/* Dotted paths as a tree of names; nodes[0] is the root. {0} is an empty one. */
struct rest_tree_node {
	char *name;
	size_t len;
	struct rest_buf lead;		/* the name as a member's begin: "name": */
	int index;			/* what the path that ends here stands for; -1: none does */
	size_t child, next;		/* nodes; 0: none */
};
struct rest_tree {
	struct rest_tree_node *nodes;
	size_t n_nodes, cap;
	size_t n;			/* one more than the greatest index */
};

void rest_tree_add(struct rest_tree *tree, const char *path, size_t index);
void rest_tree_release(struct rest_tree *tree);

/* A value as it is written in a JSON text, of which it is borrowed. */
struct rest_piece {
	const char *s;			/* a string is without its quotes; NULL: absent */
	size_t len;
	enum rest_kind kind;
	bool escaped;			/* a string with backslashes in it */
};

/* Whether it is that string. */
bool rest_piece_is(const struct rest_piece *piece, const char *s, size_t len);
/* A string's text: the piece's own, or made in room; NULL unless it is a string. */
const char *rest_piece_text(const struct rest_piece *piece, struct rest_buf *room, size_t *len);
/* As rest_value, but for numbers as they are written; not for JSON and FERRY_NULL. */
bool rest_piece_value(const struct rest_piece *piece, enum ferry_type type, struct rest_buf *room,
		      struct ferry_value *ret);

/*
 * Reads a text once, step by step, and checks all of it. After the first thing that is wrong every
 * step fails, so asking at the end is enough: rest_scan_end.
 */
struct rest_scan {
	const char *text, *p, *end;
	const char *why;		/* what is wrong, at p; NULL: nothing */
	unsigned depth;
	bool fresh;			/* an array or object was entered, nothing of it read */
};

void rest_scan_begin(struct rest_scan *s, const char *text, size_t len);
/* Step into the object or array that stands here. False, and nothing read, for any other value. */
bool rest_scan_enter(struct rest_scan *s, enum rest_kind kind);
/* To the next member or element, whose value must be read then. False behind the last one. */
bool rest_scan_member(struct rest_scan *s, struct rest_piece *name);
bool rest_scan_element(struct rest_scan *s);
/* Read the value that stands here, whatever it is. */
bool rest_scan_value(struct rest_scan *s, struct rest_piece *ret);
/* The same, and find what stands at the paths of a tree that is not empty: found[index], of n. */
bool rest_scan_pick(struct rest_scan *s, const struct rest_tree *tree, struct rest_piece *found);
/* True when all was well and nothing follows. */
bool rest_scan_end(struct rest_scan *s);
/* PROTOCOL, as rest_parse says it. */
int rest_scan_fail(const struct rest_api *api, const char *what, const struct rest_scan *s,
		   struct ferry_error *err);

/* Writing, at the end of a buffer. Decimals go as they are; times become ISO 8601 text. */
void rest_add_string(struct rest_buf *b, const char *s, size_t len);
void rest_add_value(struct rest_buf *b, const struct ferry_value *value);
enum {
	REST_LEAVE_NULL = 1 << 0,	/* leave out what is NULL */
	REST_DECIMAL_TEXT = 1 << 1,	/* decimals as text */
};
/* Members without the braces around: the tree's paths with values[index]. False: there are none. */
bool rest_add_members(struct rest_buf *b, const struct rest_tree *tree,
		      const struct ferry_value *values, unsigned how);

/* The mapped fields cannot be one object: "a" and "a.b". CONFIG. */
int rest_check_layout(const struct ferry_host *host, const struct ferry_layout *layout,
		      struct ferry_error *err);
/* Index of a field, or -1. */
int rest_field(const struct ferry_layout *layout, const char *name);

#endif
