/* SPDX-License-Identifier: Apache-2.0 */
/* http-text.h - what http.c needs of URLs and header lines as texts. */
#ifndef FERRY_WIRE_HTTP_TEXT_H
#define FERRY_WIRE_HTTP_TEXT_H

#include "base/error.h"

struct buf;

/* The value of a header line when it has that name, without blanks and line end; else false. */
bool http_header_value(const char *line, size_t len, const char *name, char *value, size_t size);
/* For messages: scheme, host and path; neither user and password nor the query. */
void http_url_show(const char *url, struct buf *out);
/* CONFIG when it cannot be sent as it is. */
int http_check_request(const struct ferry_http_request *req, struct ferry_error *err);
bool http_has_header(const struct ferry_http_request *req, const char *name);

#endif
