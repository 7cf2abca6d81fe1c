/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lago.h - what the Lago connectors share: the connection, and what Lago means by its answers.
 * It knows no single resource.
 */
#ifndef FERRY_PLUGINS_LAGO_H
#define FERRY_PLUGINS_LAGO_H

#include "rest/rest.h"

#define LAGO_VERSION "1.0"		/* of these connectors */

extern const struct ferry_option lago_connection_options[];

/* Address and key from the settings, checked. Release with rest_close. */
int lago_open(struct rest_api *api, const struct ferry_open *open, struct ferry_error *err);

/* Pure: tell what is wrong with the connection's settings. */
void lago_check_connection(const struct ferry_open *open, struct ferry_check *check);

/* For `ferryctl test`: address, credentials, version, permissions. The same for every resource. */
int lago_test(const struct ferry_open *open, struct ferry_trial *trial, struct ferry_error *err);

/*
 * Sort an answer: 0 when it is a success. Else -1 with *err as rest_status does it, and
 *   - 404 with one of Lago's own codes: NOT_FOUND; any other 404: PROTOCOL (no Lago API there),
 *   - 422 lock_acquisition_failed: UNAVAILABLE.
 * refusal, when given, tells code, field and message of REJECTED and NOT_FOUND.
 */
int lago_check(const struct rest_api *api, const char *what, const struct ferry_http_response *res,
	       struct rest_refusal *refusal, struct ferry_error *err);

/*
 * Read `error_details` or a part of it: a text, a list, or an object of these, at any depth. The
 * first text found gives field and code; the message lists all. False when there is no text in it.
 */
bool lago_refusal_read(const struct rest_api *api, rest_node *details, struct rest_refusal *ret);
/* Whether the details name this code for this field. */
bool lago_refusal_has(rest_node *details, const char *field, const char *code);
/* The error_details of an answer, in a tree that is the caller's (*root); NULL: there are none. */
rest_node *lago_details(const struct ferry_http_response *res, rest_node **root);

/* Parse an answer {"name": ...} and give the member, which must be of that kind. */
int lago_unwrap(const struct rest_api *api, const char *what, const struct ferry_http_response *res,
		const char *name, enum rest_kind kind, rest_node **root, rest_node **ret,
		struct ferry_error *err);
/* The same in one pass, for an object of which only what stands at these paths is wanted. */
int lago_pick(const struct rest_api *api, const char *what, const struct ferry_http_response *res,
	      const char *name, const struct rest_tree *tree, struct rest_piece *found,
	      struct ferry_error *err);
/* PROTOCOL: the answer lacks the member that it is promised to have. */
int lago_misses(const struct rest_api *api, const char *what, const char *name,
		enum rest_kind kind, struct ferry_error *err);

#endif
