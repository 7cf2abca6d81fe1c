/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http-head.h - what the head of a request says, read strictly: addresses, Host, Origin, Authorization,
 * Content-Type and the path. Texts from anybody; nothing is guessed, what is odd is refused.
 */
#ifndef FERRY_WIRE_HTTP_HEAD_H
#define FERRY_WIRE_HTTP_HEAD_H

#include <stdbool.h>
#include <sys/socket.h>

#define HEAD_HOST_MAX 254		/* a name of 253 letters, as DNS has them */

/* "127.0.0.1:8270", "[::1]:8270": no names, since looking them up could wait. */
struct head_address {
	struct sockaddr_storage sockaddr;
	socklen_t len;
	int port;
	bool loopback, any;		/* any: 0.0.0.0 or [::] */
};
bool head_address(const char *text, struct head_address *ret);

/* "ferry.example.com:8443", "10.0.0.1", "[::1]:8270" */
struct head_host {
	char name[HEAD_HOST_MAX];	/* small letters; an address as it is usually written, without brackets */
	int port;			/* 0: not said */
};
bool head_host(const char *text, struct head_host *ret);
bool head_host_same(const struct head_host *a, const struct head_host *b);

/* "https://ferry.example.com"; port 0 when it is the scheme's own. "null" is none. */
struct head_origin {
	struct head_host host;
	int scheme_port;		/* 80 or 443 */
};
bool head_origin(const char *text, struct head_origin *ret);

/* The token of "Bearer TOKEN"; NULL when it is anything else. */
const char *head_bearer(const char *authorization);
/* application/json, maybe with charset=utf-8 */
bool head_is_json(const char *content_type);
/*
 * A target as it stands in the request line, query included: it begins with one slash, and its path has
 * no empty, "." or ".." part, no backslash, no control character, and no slash, dot, backslash or NUL
 * hidden behind a percent sign; each percent sign stands before two hexadecimal digits.
 */
bool head_path_plain(const char *target);
/* The byte that "%41" stands for, at s; -1 when it is none. */
int head_coded(const char *s);

#endif
