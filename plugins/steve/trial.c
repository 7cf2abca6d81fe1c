/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trial.c - does the connection to SteVe work? SteVe tells its version nowhere; it shows in what it
 * understands. Nothing here writes.
 */
#include "steve/steve.h"

#include <string.h>

/* Whether the server knows the route of one session, which 3.12 brought. */
static int knows_one_session(struct rest_api *api, bool *ret, struct ferry_error *err)
{
	struct ferry_http_response res;

	if (rest_get(api, "/transactions/0", &res, err))
		return -1;
	*ret = (res.status == 404 && strstr(res.body, "There is no transaction")) ||
	       res.status == 200;
	return 0;
}

static int test_version(struct rest_api *api, bool legacy, struct ferry_trial *trial,
			struct ferry_error *err)
{
	bool new = false;

	trial->step(trial, "version");
	if (legacy) {
		trial->found(trial, "SteVe up to 3.7: it takes a key, and date-times without zone");
		return 0;
	}
	if (knows_one_session(api, &new, err))
		return -1;
	if (new)
		trial->found(trial, "SteVe 3.12 or later");
	else
		trial->found(trial, "SteVe 3.8 to 3.11; up to 3.10 it takes one transactionPk at a time");
	return 0;
}

static int ignore(void *ctx, const struct rest_piece *element, const struct rest_piece *found,
		  struct ferry_error *err)
{
	(void)ctx, (void)element, (void)found, (void)err;
	return 0;
}

/* Sessions of a second long ago: there are none, but it must be allowed to ask. */
static int test_sessions(struct rest_api *api, bool legacy, struct ferry_error *err)
{
	struct rest_tree tree = {0};
	struct rest_list list = {.what = "GET /transactions", .tree = &tree, .element = ignore};

	rest_tree_add(&tree, "id", 0);
	int rc = steve_list(api, legacy ? "/transactions?type=ALL&periodType=FROM_TO"
					  "&from=2000-01-01T00%3A00%3A00%2E000"
					  "&to=2000-01-01T00%3A00%3A01%2E000"
					: "/transactions?type=ALL&periodType=FROM_TO"
					  "&from=2000-01-01T00%3A00%3A00%2E000Z"
					  "&to=2000-01-01T00%3A00%3A01%2E000Z",
			    &list, NULL, err);
	rest_tree_release(&tree);
	return rc;
}

static int test_all(struct rest_api *api, bool legacy, struct ferry_trial *trial,
		    struct ferry_error *err)
{
	trial->step(trial, "address");
	/* one request shows both: a refusal of the credentials in SteVe's words is SteVe's */
	int rc = steve_validate(api, err);
	bool refused = rc && (err->code == FERRY_E_AUTH || err->code == FERRY_E_FORBIDDEN);
	if (rc && !refused)
		return -1;
	trial->found(trial, "an API answers at %s", api->base);
	trial->step(trial, "credentials");
	if (refused)
		return -1;
	trial->found(trial, legacy ? "the key is taken" : "user and API password are taken");
	if (test_version(api, legacy, trial, err))
		return -1;
	trial->step(trial, "permissions");
	if (test_sessions(api, legacy, err))
		return -1;
	trial->found(trial, "id tags and charging sessions can be read; SteVe lets whom it lets in also "
			    "write");
	return 0;
}

int steve_test(const struct ferry_open *open, struct ferry_trial *trial, struct ferry_error *err)
{
	struct rest_api api = {0};
	bool legacy;
	int rc = steve_open(&api, open, &legacy, err) || test_all(&api, legacy, trial, err) ? -1 : 0;

	rest_close(&api);
	return rc;
}
