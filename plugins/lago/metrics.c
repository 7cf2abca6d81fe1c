/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics.c - lago-billable_metrics: what is particular about writing billable metrics.
 *
 * POST creates, PUT changes. Once a plan charges by a metric, a PUT of anything but its name,
 * description and filters has no effect and is answered with success: the comparison of the answer
 * says so. Nothing is deleted: with a metric Lago would delete every charge that uses it.
 */
#include "lago/metrics.h"

#include <string.h>

static const char no_delete[] =
	"billable metrics are not deleted: Lago would delete every charge that uses one, in all "
	"plans";

static void check(const struct ferry_open *open, struct ferry_check *check)
{
	if (open->mode == FERRY_MODE_MIRROR)
		check->mistake(check, "mode", "%s", no_delete);
}

static bool read(struct lago *h, rest_node *metric, size_t i, struct ferry_value *ret, bool *good)
{
	if (strcmp(h->layout->names[i], "filters") != 0)
		return false;
	rest_node *list = metric_filters(rest_member(metric, "filters"));
	*good = list && rest_value(list, FERRY_JSON, &h->pool, ret);
	rest_free(list);
	return true;
}

static void put_body(struct lago *h, const struct ferry_action *action, unsigned how)
{
	rest_buf_reset(&h->body);
	rest_adds(&h->body, "{\"billable_metric\":{");
	rest_add_members(&h->body, &h->tree, action->fields, how);
	rest_adds(&h->body, "}}");
}

/* 1: there is one of that code already, 0: made, -1. */
static int create(struct lago *h, const struct ferry_action *action, struct ferry_outcome *outcome,
		  struct rest_refusal *refusal, struct ferry_error *err)
{
	static const char what[] = "POST /billable_metrics";
	struct ferry_http_response res;

	put_body(h, action, REST_LEAVE_NULL);
	outcome->ack = FERRY_ACK_UNKNOWN;
	if (rest_call(&h->api, "POST", "/billable_metrics", &h->body, &res, err))
		return -1;
	if (lago_check(&h->api, what, &res, refusal, err))
		return lago_code_taken(&res) && h->mode != FERRY_MODE_INSERT ? 1 : -1;
	return lago_written(h, what, &res, action, outcome, err);
}

/* 1: there is none of that code, 0: changed, -1. */
static int change(struct lago *h, const struct ferry_action *action, struct ferry_outcome *outcome,
		  struct rest_refusal *refusal, struct ferry_error *err)
{
	const char *what = lago_what(h, "PUT", true);
	const struct ferry_value *code = &action->fields[h->id_field];
	struct ferry_http_response res;

	put_body(h, action, 0);
	lago_path(h, code->s, code->len);
	outcome->ack = FERRY_ACK_UNKNOWN;
	if (rest_call(&h->api, "PUT", rest_str(&h->path), &h->body, &res, err))
		return -1;
	if (lago_check(&h->api, what, &res, refusal, err))
		return err->code == FERRY_E_NOT_FOUND && h->mode != FERRY_MODE_UPDATE ? 1 : -1;
	return lago_written(h, what, &res, action, outcome, err);
}

static int write(struct lago *h, const struct ferry_action *action, struct ferry_outcome *outcome,
		 struct rest_refusal *refusal, struct ferry_error *err)
{
	bool new = action->decision == FERRY_CREATE;

	if (action->decision == FERRY_DELETE || action->decision == FERRY_DISABLE) {
		rest_reject(outcome, "not_deleted", "", "%s", no_delete);
		return 0;
	}
	if (lago_moved(h, action, outcome))
		return 0;
	/* made or gone meanwhile: then it is the other one of the two */
	int rc = (new ? create : change)(h, action, outcome, refusal, err);
	if (rc > 0) {
		*err = (struct ferry_error){0};
		rc = (new ? change : create)(h, action, outcome, refusal, err);
	}
	return rc ? -1 : 0;
}

static const struct ferry_option source_options[] = {
	LAGO_SOURCE_OPTIONS,
	{0},
};

const struct lago_resource lago_resource = {
	.one = "billable_metric",
	.many = "billable_metrics",
	.identifier = "code",
	.columns = metric_columns,
	.check = check,
	.read = read,
	.write = write,
};

FERRY_EXPORT const struct ferry_connector ferry_connector = {
	.abi = FERRY_ABI(struct ferry_connector),
	.name = "lago-billable_metrics",
	.family = "lago",
	.resource = "billable_metrics",
	.summary = "billable metrics of Lago, read whole and written one by one",
	.version = LAGO_VERSION,
	.roles = FERRY_SOURCE | FERRY_DESTINATION,
	.modes = FERRY_MODE_UPSERT | FERRY_MODE_INSERT | FERRY_MODE_UPDATE,
	.caps = FERRY_CAP_IDEMPOTENT | FERRY_CAP_MATCH_NEW | FERRY_CAP_NAMED,
	.batch = LAGO_BATCH,
	.lookup_batch = 1,
	.list_page = LAGO_PAGE,
	.connection_options = lago_connection_options,
	.source_options = source_options,
	.fields = metric_fields,
	.check = lago_resource_check,
	.test = lago_test,
	.open = lago_resource_open,
	.close = lago_resource_close,
	.validate_setup = lago_resource_setup,
	.extract = lago_resource_extract,
	.canonicalize = metrics_canonicalize,
	.lookup = lago_resource_lookup,
	.list = lago_resource_list,
	.apply = lago_resource_apply,
};
