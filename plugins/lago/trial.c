/* SPDX-License-Identifier: Apache-2.0 */
/* trial.c - does a connection to Lago work, and what may its key read? For every resource alike. */
#include "lago/lago.h"

#include <stdio.h>

/* What ferry reads or writes; a key may be kept from single ones. */
static const char *const resources[] = {"customers", "billable_metrics", "plans", "subscriptions",
					"wallets", "invoices", "events"};
#define RESOURCES (sizeof resources / sizeof *resources)

/* Before 1.39.0 a refused batch of events was stored in part, and the stored part never billed. */
static void judge_version(struct ferry_trial *trial, const char *version)
{
	int major, minor;

	if (sscanf(version + (*version == 'v'), "%d.%d", &major, &minor) == 2 &&
	    (major < 1 || (major == 1 && minor < 39)))
		trial->warn(trial, "Lago before 1.39.0 stores parts of refused batches of events "
				   "without billing them: upgrade it, or set max_batch: 1");
}

/* /health needs no key. A proxy may hide it, so that what it says, or not, decides nothing. */
static int try_address(struct rest_api *api, struct ferry_trial *trial, char version[64],
		       struct ferry_error *err)
{
	struct ferry_http_response res;
	rest_node *root = NULL;
	size_t len;

	trial->step(trial, "address");
	if (rest_get_beside(api, "/health", &res, err))
		return -1;
	*version = '\0';
	if (res.status == 200 && rest_try_parse(res.body, res.body_len, &root)) {
		const char *s = rest_text(rest_member(root, "version"), &len);
		if (s)
			rest_excerpt(api, s, len, version, 64);
		rest_free(root);
	}
	if (res.status >= 500)
		trial->warn(trial, "GET /health answers %d: Lago is not well", res.status);
	trial->found(trial, "%s answers", api->base);
	return 0;
}

static int read_one(struct rest_api *api, const char *many, struct ferry_http_response *res,
		    struct ferry_error *err)
{
	char path[64], what[64];

	snprintf(path, sizeof path, "/%s?page=1&per_page=1", many);
	snprintf(what, sizeof what, "GET /%s", many);
	return rest_get(api, path, res, err) || lago_check(api, what, res, NULL, err) ? -1 : 0;
}

static int try_permissions(struct rest_api *api, struct ferry_trial *trial,
			   struct ferry_error *err)
{
	struct rest_buf good = {0}, bad = {0};
	int rc = 0;

	trial->step(trial, "permissions");
	for (size_t i = 0; i < RESOURCES && !rc; i++) {
		struct ferry_http_response res;
		struct ferry_error failed = {0};
		bool denied = read_one(api, resources[i], &res, &failed);
		rc = denied && failed.code != FERRY_E_FORBIDDEN ? -1 : 0;
		if (rc)
			*err = failed;
		struct rest_buf *list = denied ? &bad : &good;
		rest_addf(list, "%s%s", list->len ? ", " : "", resources[i]);
	}
	if (!rc) {
		trial->found(trial, "may read %s", good.len ? rest_str(&good) : "nothing");
		if (bad.len)
			trial->warn(trial, "may not read %s (403)", rest_str(&bad));
	}
	rest_buf_release(&good);
	rest_buf_release(&bad);
	return rc;
}

static int try_all(struct rest_api *api, struct ferry_trial *trial, struct ferry_error *err)
{
	struct ferry_http_response res;
	char version[64];

	if (try_address(api, trial, version, err))
		return -1;
	trial->step(trial, "credentials");
	if (read_one(api, resources[0], &res, err) && err->code != FERRY_E_FORBIDDEN)
		return -1;
	*err = (struct ferry_error){0};
	trial->found(trial, "the API key is accepted");
	trial->step(trial, "version");
	if (*version) {
		trial->found(trial, "Lago %s", version);
		judge_version(trial, version);
	} else {
		trial->found(trial, "the server does not tell");
	}
	return try_permissions(api, trial, err);
}

int lago_test(const struct ferry_open *open, struct ferry_trial *trial, struct ferry_error *err)
{
	struct rest_api api = {0};
	int rc = lago_open(&api, open, err);

	if (!rc)
		rc = try_all(&api, trial, err);
	rest_close(&api);
	return rc;
}
