/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a request: its query, and which route it is for. Private to the plumbing.
 */
#ifndef STANDIN_REQUEST_H
#define STANDIN_REQUEST_H

#include "standin.h"

/* Splits and decodes `copy` in place into req->pairs, which then point into it. */
void request_split_query(struct standin_request *req, char *copy);

/* The first route that fits, or NULL; fills req->param. Literal routes must come first. */
const struct standin_route *request_find_route(const struct standin_peer *peer,
					       const char *prefix, struct standin_request *req);

#endif
