/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http.c - the http connector: any JSON API, told by its user's settings what to ask and where in the
 * answers to look.
 */
#include "http/http.h"

#include <stdlib.h>

void http_close(void *handle)
{
	struct http_handle *h = handle;

	if (!h)
		return;
	http_source_close(h->source);
	http_destination_close(h->destination);
	http_connection_release(&h->connection);
	free(h);
}

int http_open(const struct ferry_open *open, void **ret_handle, struct ferry_error *err)
{
	struct http_handle *h = rest_alloc(1, sizeof *h);
	int rc = http_connection_open(&h->connection, open, err);

	if (!rc)
		rc = open->role == FERRY_SOURCE
			? http_source_open(&h->connection, open, "", &h->source, err)
			: http_destination_open(h, open, err);
	if (rc)
		http_close(h);
	else
		*ret_handle = h;
	return rc;
}

static uint32_t capabilities(void *handle)
{
	struct http_handle *h = handle;
	return h->destination ? http_destination_capabilities(h->destination) : 0;
}

static int validate_setup(void *handle, struct ferry_error *err)
{
	struct http_handle *h = handle;
	return http_check(&h->connection, err);
}

FERRY_EXPORT const struct ferry_connector ferry_connector = {
	.abi = FERRY_ABI(struct ferry_connector),
	.name = "http",
	.family = "http",
	.summary = "any JSON API: requests by template, answers by pointer",
	.version = "1.0",
	.roles = FERRY_SOURCE | FERRY_DESTINATION,
	.modes = FERRY_MODE_UPSERT | FERRY_MODE_INSERT | FERRY_MODE_UPDATE | FERRY_MODE_MIRROR |
		FERRY_MODE_APPEND,
	/* what an API may be able to do; capabilities() tells what this one can */
	.caps = FERRY_CAP_IDEMPOTENT | FERRY_CAP_MATCH_NEW | FERRY_CAP_DISABLE | FERRY_CAP_DELETE,
	.batch = HTTP_BATCH,
	.list_page = 50,		/* about what pages have where nothing is said */
	.connection_options = http_connection_options,
	.source_options = http_source_options,
	.destination_options = http_destination_options,
	.check = http_check_settings,
	.test = http_test,
	.open = http_open,
	.close = http_close,
	.capabilities = capabilities,
	.validate_setup = validate_setup,
	.extract = http_extract,
	.lookup = http_lookup,
	.list = http_list,
	.apply = http_apply,
};
