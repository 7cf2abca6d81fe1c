/* SPDX-License-Identifier: Apache-2.0 */
/*
 * steve.h - what the SteVe connectors share: the connection, and what SteVe means by its answers.
 * It knows no single resource.
 */
#ifndef FERRY_PLUGINS_STEVE_H
#define FERRY_PLUGINS_STEVE_H

#include "rest/rest.h"

#define STEVE_VERSION "1.0"		/* of these connectors */

extern const struct ferry_option steve_connection_options[];

/*
 * Address and credentials from the settings, checked. Release with rest_close. *legacy: a server
 * up to 3.7, which takes a key and wants date-times without a zone.
 */
int steve_open(struct rest_api *api, const struct ferry_open *open, bool *legacy,
	       struct ferry_error *err);

/*
 * Sort an answer: 0 when it is a success. Else -1 with *err as rest_status does it, and a 404 that
 * SteVe itself gives for a record is NOT_FOUND, any other PROTOCOL. refusal, when given, tells code
 * and message of REJECTED and NOT_FOUND.
 */
int steve_check(const struct rest_api *api, const char *what, const struct ferry_http_response *res,
		struct rest_refusal *refusal, struct ferry_error *err);

/* The cheapest request that proves address, credentials and API: look for a tag that is none. */
int steve_validate(struct rest_api *api, struct ferry_error *err);

#endif
