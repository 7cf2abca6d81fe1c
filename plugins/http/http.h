/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http.h - what the parts of the http connector know of each other: the connection, pointers into
 * answers, templates of requests, and the two roles. It knows no single service: all that is special
 * to one stands in its user's settings.
 */
#ifndef FERRY_PLUGINS_HTTP_H
#define FERRY_PLUGINS_HTTP_H

#include "rest/rest.h"

#define HTTP_BATCH 10000		/* records in one request at most */

/* --------------------------------------------------------- pointers (pointer.c) */

/* A JSON pointer (RFC 6901), "/data/0/id", taken apart. No steps: the whole answer. */
struct http_pointer {
	const char *text;		/* as written; borrowed */
	char **steps;
	size_t n;
};

/* NULL, or what is wrong with the text. Release in either case. */
const char *http_pointer_parse(const char *text, struct http_pointer *ret);
void http_pointer_release(struct http_pointer *p);
/* What it points to; *present tells null from absent. */
rest_node *http_pointer_get(const struct http_pointer *p, rest_node *root, bool *present);

/* The address of rel="next" in Link headers (link.c). */
bool http_link_next(const char *header, const char **ret, size_t *len);

/* ----------------------------------------------------- writing JSON (write.c) */

void http_put(struct rest_buf *b, const char *s, size_t len);
/* A value as JSON: numbers as they are, times as ISO 8601, bytes as base64. */
void http_put_value(struct rest_buf *b, const struct ferry_value *v);
/* The same for inside a JSON string: escaped, without quotes; NULL is nothing. */
void http_put_inside(struct rest_buf *b, const struct ferry_value *v);
/* As plain text, for a path. */
void http_put_plain(struct rest_buf *b, const struct ferry_value *v);
void http_put_string(struct rest_buf *b, const char *s, size_t len);
/* Whether a text is one JSON value (check.c). */
bool http_is_json(const char *s, size_t len);

/* All mapped fields as one JSON object, dots in names as nesting. */
struct http_record {
	struct http_step *steps;
	size_t n;
	bool omit_nulls;
};

void http_record_init(struct http_record *r, const struct ferry_layout *layout, bool omit_nulls);
void http_record_release(struct http_record *r);
void http_put_record(struct rest_buf *b, const struct http_record *r,
		     const struct ferry_value *fields);

/* ---------------------------------------------------- templates (template.c) */

/* What {{...}} may stand for, beside mapped fields. */
enum http_name {
	HTTP_LITERAL,
	HTTP_FIELD,			/* {{name}} or {{record.name}} */
	HTTP_RECORD, HTTP_RECORDS, HTTP_ID, HTTP_KEY, HTTP_OP,
	HTTP_PAGE, HTTP_OFFSET, HTTP_CURSOR, HTTP_SIZE,
};

#define HTTP_NAME(name) (1u << (name))
#define HTTP_ROW_NAMES (HTTP_NAME(HTTP_FIELD) | HTTP_NAME(HTTP_RECORD) | HTTP_NAME(HTTP_ID) | \
			HTTP_NAME(HTTP_KEY) | HTTP_NAME(HTTP_OP))
#define HTTP_PAGE_NAMES (HTTP_NAME(HTTP_PAGE) | HTTP_NAME(HTTP_OFFSET) | HTTP_NAME(HTTP_CURSOR) | \
			 HTTP_NAME(HTTP_SIZE))

struct http_part {
	enum http_name name;
	bool inside;			/* of a JSON string */
	size_t field;
	const char *text;		/* of a literal; borrowed from the setting */
	size_t len;
};

struct http_template {
	struct http_part *parts;
	size_t n;
	uint32_t names;			/* HTTP_NAME bits of what is used */
};

enum http_form { HTTP_FORM_PATH, HTTP_FORM_JSON, HTTP_FORM_LINES };

/*
 * Take a text apart. Only the names in `allowed` may be used; a body must be JSON once filled in.
 * False with a reason in why. Release in either case.
 */
bool http_template_parse(const char *text, enum http_form form, uint32_t allowed,
			 const struct ferry_layout *layout, struct http_template *ret, char *why,
			 size_t why_size);
void http_template_release(struct http_template *t);

/* What a template is filled with. */
struct http_fill {
	const struct http_record *record;
	const struct ferry_layout *layout;
	const struct ferry_action *action;
	const struct rest_buf *records;	/* the text for {{records}} */
	struct ferry_value page[4];	/* HTTP_PAGE, HTTP_OFFSET, ... */
};

/* NULL, or why this row cannot be put into it; *b is then as it was. */
const char *http_fill_body(struct rest_buf *b, const struct http_template *t,
			   const struct http_fill *fill);
const char *http_fill_path(struct rest_buf *b, const struct http_template *t,
			   const struct http_fill *fill);

/* ------------------------------------------------ before anything is asked (trial.c) */

/* Open a handle, without looking at the other side. */
int http_open(const struct ferry_open *open, void **ret_handle, struct ferry_error *err);
void http_close(void *handle);

void http_check_settings(const struct ferry_open *open, struct ferry_check *check);
int http_test(const struct ferry_open *open, struct ferry_trial *trial, struct ferry_error *err);

/* -------------------------------------------------- the connection (connection.c) */

enum http_auth { HTTP_AUTH_NONE, HTTP_AUTH_BEARER, HTTP_AUTH_BASIC, HTTP_AUTH_HEADER,
		 HTTP_AUTH_QUERY, HTTP_AUTH_OAUTH2 };

struct http_connection {
	struct rest_api api;		/* host, peer, base; its url is the one under way */
	const struct ferry_open *open;
	enum http_auth auth;
	char *authorization;		/* header line, or NULL */
	const char *parameter, *token;	/* HTTP_AUTH_QUERY */
	char **headers;			/* lines, the user's own */
	size_t n_headers;
	char *peer;			/* "host:port", for messages */
	size_t origin;			/* length of "https://host:port" in base */
	/* OAuth2 (oauth.c) */
	const char *token_url, *client_id, *client_secret, *scope, *audience;
	bool in_body;
	int64_t expires;		/* when another token is to be fetched; microseconds */
	char *access_token;
};

extern const struct ferry_option http_connection_options[];

int http_connection_open(struct http_connection *c, const struct ferry_open *open,
			 struct ferry_error *err);
void http_connection_release(struct http_connection *c);

struct http_request {
	const char *method;
	const char *url;		/* encoded; a path, or all of it when it begins with the origin */
	const char *type;		/* of the body */
	const struct rest_buf *body;	/* NULL: none */
	const char *header;		/* one more line, or NULL */
	bool repeatable;		/* harmless to repeat */
};

/* One exchange, with a fresh token when there is need for one. */
int http_send(struct http_connection *c, const struct http_request *req,
	      struct ferry_http_response *res, struct ferry_error *err);
/* Fetch an access token unless there is a good one (oauth.c). */
int http_oauth_ready(struct http_connection *c, struct ferry_error *err);
/* A full address of the same origin? */
bool http_same_origin(const struct http_connection *c, const char *url, size_t len);
/* Fit for a message: one line, without any secret of the connection. */
void http_excerpt(const struct http_connection *c, const char *s, size_t len, char *out,
		  size_t size);
/* The peer's own words about a refusal, from a body of any shape. */
void http_words(const struct http_connection *c, const struct ferry_http_response *res, char *out,
		size_t size);
/* As rest_status, with the peer's words; a 404, 405 or 415 of a fixed address is PROTOCOL. */
int http_status(const struct http_connection *c, const char *what,
		const struct ferry_http_response *res, bool fixed_address, struct ferry_error *err);
/* The answer as JSON, or PROTOCOL. */
int http_parse(const struct http_connection *c, const char *what,
	       const struct ferry_http_response *res, rest_node **ret, struct ferry_error *err);
/* An id as text: a string that is not empty, or a whole number. */
bool http_id_text(rest_node *node, const char **ret, size_t *len);
int http_check(struct http_connection *c, struct ferry_error *err);

/* A setting of that kind, or CONFIG naming it. A missing one leaves *ret empty and *given false. */
int http_take_pointer(const struct ferry_open *open, const char *name, struct http_pointer *ret,
		      bool *given, struct ferry_error *err);
/* "409, 410": whether the list in that setting has the status. */
bool http_listed(const char *list, int status);
int http_check_list(const struct ferry_open *open, const char *name, struct ferry_error *err);

/* ------------------------------------------------------------------- the roles */

#define HTTP_TEXT(n, words) {.name = n, .type = FERRY_OPT_TEXT, .help = words}
#define HTTP_INT(n, low, words) \
	{.name = n, .type = FERRY_OPT_INT, .min = low, .max = INT32_MAX, .help = words}

/* A source has them, and the list of a destination. */
extern const char *const http_pagination_types[];	/* pages.c */
#define HTTP_PAGINATION_OPTIONS(prefix) \
	{.name = prefix "pagination.type", .type = FERRY_OPT_CHOICE, .fallback = "none", \
	 .choices = http_pagination_types, .help = "how the next page is asked for"}, \
	HTTP_TEXT(prefix "pagination.parameter", \
		  "query parameter for page, offset or cursor; left out, so named"), \
	HTTP_INT(prefix "pagination.start", 0, "the first page (1) or offset (0)"), \
	HTTP_TEXT(prefix "pagination.size_parameter", "query parameter for the size of a page"), \
	HTTP_INT(prefix "pagination.size", 1, "records a page is asked to have"), \
	HTTP_TEXT(prefix "pagination.next", \
		  "pointer to the next cursor or address; nothing there: the end"), \
	HTTP_TEXT(prefix "pagination.total", "pointer to the number of all records"), \
	HTTP_TEXT(prefix "pagination.more", "pointer to true while there are more pages"), \
	HTTP_TEXT(prefix "pagination.last", "pointer to true on the last page"), \
	HTTP_INT(prefix "pagination.max_pages", 0, \
		 "stop there; what was read then counts as cut short")

struct http_source;
struct http_destination;

struct http_handle {
	struct http_connection connection;
	struct http_source *source;
	struct http_destination *destination;
};

extern const struct ferry_option http_source_options[];		/* source.c */
/* Settings whose names begin with prefix are taken without it, and no others. */
int http_source_open(struct http_connection *c, const struct ferry_open *open, const char *prefix,
		     struct http_source **ret, struct ferry_error *err);
void http_source_close(struct http_source *s);
int http_extract(void *handle, const struct ferry_extract *want, struct ferry_sink *sink,
		 struct ferry_error *err);

extern const struct ferry_option http_destination_options[];	/* destination.c */
int http_destination_open(struct http_handle *h, const struct ferry_open *open,
			  struct ferry_error *err);
uint32_t http_destination_capabilities(const struct http_destination *d);
void http_destination_close(struct http_destination *d);
int http_apply(void *handle, const struct ferry_action *actions, size_t n,
	       struct ferry_outcome *outcomes, struct ferry_error *err);
int http_lookup(void *handle, const struct ferry_action *actions, size_t n,
		struct ferry_found *found, struct ferry_error *err);
int http_list(void *handle, struct ferry_listing *listing, struct ferry_error *err);

#endif
