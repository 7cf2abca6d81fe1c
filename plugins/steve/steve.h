/* SPDX-License-Identifier: Apache-2.0 */
/*
 * steve.h - what the SteVe connectors share: the connection, and what SteVe means by its answers.
 * It knows no single resource.
 */
#ifndef FERRY_PLUGINS_STEVE_H
#define FERRY_PLUGINS_STEVE_H

#include "rest/stream.h"

#define STEVE_VERSION "1.1"		/* of these connectors */

extern const struct ferry_option steve_connection_options[];

/*
 * Address and credentials from the settings, checked. Release with rest_close. *legacy: a server
 * up to 3.7, which takes a key and wants date-times without a zone.
 */
int steve_open(struct rest_api *api, const struct ferry_open *open, bool *legacy,
	       struct ferry_error *err);
/* What steve_open would refuse, as far as the settings are there. */
void steve_check_connection(const struct ferry_open *open, struct ferry_check *check);

/*
 * Sort an answer: 0 when it is a success. Else -1 with *err as rest_status does it, and a 404 that
 * SteVe itself gives for a record is NOT_FOUND, any other PROTOCOL. refusal, when given, tells code
 * and message of REJECTED and NOT_FOUND, and of a 500 in SteVe's own words (else its code is "").
 */
int steve_check(const struct rest_api *api, const char *what, const struct ferry_http_response *res,
		struct rest_refusal *refusal, struct ferry_error *err);

/*
 * Read a list to its end, of which `list` has what, tree, element and ctx. An answer that breaks
 * off in the middle is asked for again, twice at most, from its begin: element may be given again
 * what it was given before. *bytes, when given, is how much came.
 */
int steve_list(struct rest_api *api, const char *path, const struct rest_list *list,
	       uint64_t *bytes, struct ferry_error *err);

/* The cheapest request that proves address, credentials and API: look for a tag that is none. */
int steve_validate(struct rest_api *api, struct ferry_error *err);

/* The hook of the whole family: address, credentials, version, permissions. */
int steve_test(const struct ferry_open *open, struct ferry_trial *trial, struct ferry_error *err);

#endif
