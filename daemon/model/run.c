/* SPDX-License-Identifier: Apache-2.0 */
/* run.c - names of states, stages and counters; the law that counters must obey. */
#include "model/run.h"

#include <string.h>

static const char *const statuses[] = {"queued", "running", "preview_ready", "completed", "failed", "cancelled"};
static const char *const triggers[] = {"schedule", "manual", "api", "retry", "promote", "startup"};
static const char *const stages[] = {"validate_setup", "extract", "canonicalize", "reconcile", "decide", "apply", "finalize"};

static int find(const char *const *names, int n, const char *name)
{
	for (int i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

const char *run_status_name(enum run_status s)
{
	return statuses[s];
}

int run_status_from_name(const char *name)
{
	return find(statuses, RUN_STATUSES, name);
}

const char *run_trigger_name(enum run_trigger t)
{
	return triggers[t];
}

int run_trigger_from_name(const char *name)
{
	return find(triggers, RUN_TRIGGERS, name);
}

const char *stage_name(enum stage s)
{
	return stages[s];
}

int stage_from_name(const char *name)
{
	return find(stages, STAGES, name);
}

bool run_may_become(enum run_status from, enum run_status to)
{
	if (from == RUN_QUEUED)
		return to == RUN_RUNNING || to == RUN_CANCELLED || to == RUN_FAILED;
	return from == RUN_RUNNING && to != RUN_QUEUED && to != RUN_RUNNING;
}

#define COUNTER(member) {#member, offsetof(struct counters, member)}

const struct counter_name counter_names[] = {
	COUNTER(extracted), COUNTER(missing), COUNTER(created), COUNTER(updated), COUNTER(deleted),
	COUNTER(disabled), COUNTER(unchanged), COUNTER(skipped), COUNTER(failed), COUNTER(conflicts),
	COUNTER(invalid), COUNTER(planned), COUNTER(acknowledged), COUNTER(undone), COUNTER(requests),
	COUNTER(retries), {NULL, 0},
};

static int64_t *at(const struct counters *c, const struct counter_name *n)
{
	return (int64_t *)(uintptr_t)((const char *)c + n->offset);
}

void counters_json(const struct counters *c, const char *key, struct buf *out)
{
	jw_open(out, key, '{');
	for (const struct counter_name *n = counter_names; n->name; n++)
		jw_int(out, n->name, *at(c, n));
	jw_close(out, '}');
}

void counters_read(json_node *node, struct counters *c)
{
	for (const struct counter_name *n = counter_names; n->name; n++)
		*at(c, n) = json_get_int(node, n->name, *at(c, n));
}

void counters_add(struct counters *sum, const struct counters *c)
{
	for (const struct counter_name *n = counter_names; n->name; n++)
		*at(sum, n) += *at(c, n);
}

int counters_check(const struct counters *c, bool preview, struct ferry_error *err)
{
	int64_t in = c->extracted + c->missing;
	int64_t out = c->created + c->updated + c->deleted + c->disabled + c->unchanged + c->skipped +
		c->failed + c->conflicts + c->invalid + (preview ? 0 : c->undone);

	if (in != out)
		return ferry_fail(err, FERRY_E_CONSERVATION,
			"extracted %lld + missing %lld is not created %lld + updated %lld + deleted %lld + disabled %lld"
			" + unchanged %lld + skipped %lld + failed %lld + conflicts %lld + invalid %lld + undone %lld",
			(long long)c->extracted, (long long)c->missing, (long long)c->created,
			(long long)c->updated, (long long)c->deleted, (long long)c->disabled,
			(long long)c->unchanged, (long long)c->skipped, (long long)c->failed,
			(long long)c->conflicts, (long long)c->invalid, (long long)c->undone);
	if (!preview && c->planned != c->acknowledged + c->failed + c->undone)
		return ferry_fail(err, FERRY_E_CONSERVATION,
			"planned %lld is not acknowledged %lld + failed %lld + undone %lld",
			(long long)c->planned, (long long)c->acknowledged, (long long)c->failed, (long long)c->undone);
	return 0;
}

void error_json(const struct ferry_error *err, const char *key, struct buf *out)
{
	if (err->code == FERRY_OK)
		return;
	jw_open(out, key, '{');
	jw_text(out, "code", ferry_code_info(err->code)->name);
	jw_text(out, "message", err->msg);
	jw_text(out, "hint", ferry_error_hint(err));
	/* the message reads "place: place: cause"; from the outermost to the innermost, five at most */
	jw_open(out, "causes", '[');
	const char *p = err->msg;
	for (int i = 0; i < 5 && *p; i++) {
		const char *colon = i < 4 ? strstr(p, ": ") : NULL;
		jw_textn(out, NULL, p, colon ? (size_t)(colon - p) : strlen(p));
		if (!colon)
			break;
		p = colon + 2;
	}
	jw_close(out, ']');
	jw_close(out, '}');
}
