/* SPDX-License-Identifier: Apache-2.0 */
/* health.c - how well the daemon and its syncs are: /healthz, scores, totals, trends. */
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "api/call.h"
#include "base/clock.h"
#include "store/outbox.h"
#include "supervise/trends.h"

/* ------------------------------------------------------------------------ healthz */

enum state { STATE_OK, STATE_DEGRADED, STATE_UNHEALTHY };

/* A check says in `why` what it has found, also when all is well. */
struct check {
	const char *name;
	enum state (*fn)(struct call *c, const struct supervise_status *st, struct buf *why);
};

static enum state check_daemon(struct call *c, const struct supervise_status *st, struct buf *why)
{
	(void)c;
	buf_adds(why, st->stopping ? "it is stopping" : "it runs");
	return st->stopping ? STATE_UNHEALTHY : STATE_OK;
}

static enum state check_journal(struct call *c, const struct supervise_status *st, struct buf *why)
{
	(void)c;
	buf_adds(why, st->journal_error ? st->journal_error->msg : "it can be written");
	return st->journal_error ? STATE_UNHEALTHY : STATE_OK;
}

static enum state check_configuration(struct call *c, const struct supervise_status *st, struct buf *why)
{
	(void)c;
	if (st->reload_error)
		buf_addf(why, "the last reload failed, generation %lld stays in force: %s", (long long)st->generation,
			 st->reload_error);
	else
		buf_addf(why, "generation %lld is in force", (long long)st->generation);
	return st->reload_error ? STATE_DEGRADED : STATE_OK;
}

static enum state check_disk(struct call *c, const struct supervise_status *st, struct buf *why)
{
	enum { MIB = 1024 * 1024, FEW_MIB = 64, LEAST_MIB = 8 };
	const char *dir = supervise_paths(c->s)->state_dir;
	struct statvfs v;

	(void)st;
	if (statvfs(dir, &v) != 0) {
		buf_addf(why, "the space left in %s cannot be asked for: %m", dir);
		return STATE_DEGRADED;
	}
	uint64_t mib = (uint64_t)v.f_bavail * v.f_frsize / MIB;
	buf_addf(why, "%llu MiB are left in %s", (unsigned long long)mib, dir);
	if (mib < FEW_MIB)
		buf_addf(why, "; below %d no run can be relied on", mib < LEAST_MIB ? LEAST_MIB : FEW_MIB);
	return mib < LEAST_MIB ? STATE_UNHEALTHY : mib < FEW_MIB ? STATE_DEGRADED : STATE_OK;
}

static enum state check_runs(struct call *c, const struct supervise_status *st, struct buf *why)
{
	(void)c;
	if (st->hung)
		buf_addf(why, "%zu of %zu running runs give no sign of life", st->hung, st->running);
	else
		buf_addf(why, "%zu running, %zu queued", st->running, st->queued);
	return st->hung ? STATE_DEGRADED : STATE_OK;
}

/*
 * A scheduler that works has queued what is due, unless the journal keeps it from that. A clock that was
 * set makes syncs overdue for a minute; that alone is no reason to have the daemon restarted.
 */
static enum state check_scheduler(struct call *c, const struct supervise_status *st, struct buf *why)
{
	enum { SILENT_MS = 180000 };
	struct supervise_overdue overdue;

	supervise_overdue(c->s, &overdue);
	if (!overdue.syncs)
		buf_addf(why, "nothing of %zu sync%s is overdue", st->syncs, st->syncs == 1 ? "" : "s");
	else
		buf_addf(why, "%zu sync%s due for minutes and not started, '%s' for one; schedules were looked at %lld s ago",
			 overdue.syncs, overdue.syncs == 1 ? " is" : "s are", overdue.first,
			 (long long)(overdue.silent_ms / 1000));
	return !overdue.syncs ? STATE_OK : overdue.silent_ms > SILENT_MS ? STATE_UNHEALTHY : STATE_DEGRADED;
}

/* When the newest message that was given up was given up; 0: none, or long ago enough to be forgotten. */
static int64_t given_up_at(struct call *c, int64_t *ret_n)
{
	struct buf item = BUF_INIT;
	struct json_doc *doc = NULL;
	int64_t at = 0;

	*ret_n = 0;
	if (outbox_list(supervise_journal(c->s), OUTBOX_FAILED, 0, 1, &item, ret_n, NULL) == 0 && item.len &&
	    json_parse(item.s, item.len, "a notification", &doc, NULL) == 0) {
		const char *text = json_get_text(json_root(doc), "settled_at", "");
		if (!clock_parse(text, strlen(text), &at))
			at = 0;
	}
	json_free(doc);
	buf_release(&item);
	return at;
}

/* Who waits to be told of failures should know when telling is what fails. */
static enum state check_notifications(struct call *c, const struct supervise_status *st, struct buf *why)
{
	enum { LATE_MINUTES = 10, FORGET_HOURS = 24 };
	struct outbox_entry late[1];
	int64_t now = clock_now(), next, n_failed, at = given_up_at(c, &n_failed);
	size_t n = 0;

	(void)st;
	if (outbox_due(supervise_journal(c->s), now - LATE_MINUTES * (int64_t)60000000, 1, late, &n, &next, NULL) == 0 && n) {
		buf_addf(why, "messages wait for more than %d minutes", LATE_MINUTES);
		return STATE_DEGRADED;
	}
	if (at && now - at < FORGET_HOURS * ROLLUP_HOUR) {
		buf_addf(why, "%lld message%s could not be delivered; see /api/v1/notifications", (long long)n_failed,
			 n_failed == 1 ? "" : "s");
		return STATE_DEGRADED;
	}
	buf_adds(why, "none is late, none was given up within a day");
	return STATE_OK;
}

/* What the janitor could not do grows the state by and by. */
static enum state check_retention(struct call *c, const struct supervise_status *st, struct buf *why)
{
	const struct supervise_retention *r = supervise_retention(c->s);
	enum state state = STATE_OK;

	(void)st;
	for (int k = 0; k < KEPT_KINDS; k++)
		if (r->of[k].err.code != FERRY_OK) {
			buf_addf(why, "%s%s: %s", why->len ? "; " : "", supervise_kept_name((enum supervise_kept)k), r->of[k].err.msg);
			state = STATE_DEGRADED;
		}
	if (state == STATE_OK)
		buf_adds(why, r->ended_at ? "what is past its time is gone" : "the first look is still to come");
	return state;
}

static const struct check checks[] = {
	{"daemon", check_daemon}, {"journal", check_journal}, {"disk", check_disk},
	{"configuration", check_configuration}, {"scheduler", check_scheduler}, {"runs", check_runs},
	{"notifications", check_notifications}, {"retention", check_retention},
};

int handle_healthz(struct call *c, struct ferry_error *err)
{
	static const char *const names[] = {"ok", "degraded", "unhealthy"};
	struct buf list = BUF_INIT, why = BUF_INIT, *b = &c->reply->body;
	struct supervise_status st;
	enum state worst = STATE_OK;

	(void)err;
	supervise_status(c->s, &st);
	for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
		enum state state = checks[i].fn(c, &st, &why);
		worst = state > worst ? state : worst;
		jw_open(&list, checks[i].name, '{');
		jw_text(&list, "status", names[state]);
		jw_text(&list, "message", buf_str(&why));
		jw_close(&list, '}');
		buf_reset(&why);
	}
	c->reply->status = worst == STATE_UNHEALTHY ? 503 : 200;
	jw_open(b, NULL, '{');
	jw_text(b, "status", names[worst]);
	jw_open(b, "checks", '{');
	buf_add(b, buf_str(&list), list.len);
	jw_close(b, '}');
	jw_close(b, '}');
	buf_release(&list);
	buf_release(&why);
	return 0;
}

/* ------------------------------------------------------------------------- scores */

static int put_health(struct call *c, const struct supervise_sync *sync, struct buf *b, struct ferry_error *err)
{
	struct health h;

	if (supervise_health(c->s, sync, &h, err) < 0)
		return -1;
	jw_open(b, NULL, '{');
	jw_text(b, "sync_id", sync->def->name);
	if (h.score < 0)
		jw_null(b, "score");
	else
		jw_int(b, "score", h.score);
	jw_text(b, "band", health_band_name(h.band));
	jw_text(b, "why", h.why);
	jw_bool(b, "paused", sync->paused_by != NULL);
	jw_open(b, "parts", '{');
	for (int i = 0; i < HEALTH_PARTS; i++) {
		jw_open(b, health_part_name((enum health_part)i), '{');
		jw_int(b, "points", h.parts[i].points);
		jw_int(b, "of", health_part_most((enum health_part)i));
		jw_text(b, "why", h.parts[i].why);
		jw_close(b, '}');
	}
	jw_close(b, '}');
	jw_close(b, '}');
	return 0;
}

/* sync NULL: of all. */
static int put_totals(struct call *c, const char *sync, struct buf *b, struct ferry_error *err)
{
	static const char *const names[SPANS] = {"24h", "7d", "30d"};
	struct supervise_totals totals;

	if (supervise_totals(c->s, sync, &totals, err) < 0)
		return -1;
	jw_open(b, "totals", '{');
	for (int i = 0; i < SPANS; i++) {
		jw_open(b, names[i], '{');
		jw_time(b, "since", totals.of[i].since);
		rollup_json(&totals.of[i].sum, b);
		jw_close(b, '}');
	}
	jw_close(b, '}');
	jw_bool(b, "counting_older_runs", totals.partial);
	return 0;
}

int handle_health_syncs(struct call *c, struct ferry_error *err)
{
	struct buf items = BUF_INIT, *b = &c->reply->body;
	struct supervise_status status;
	struct supervise_sync sync;
	struct page page;

	if (call_page(c, &page, err) < 0)
		return -1;
	int rc = 0;
	for (int64_t i = page.skip; rc == 0 && i < page.skip + page.per_page; i++) {
		if (!supervise_sync_at(c->s, (size_t)i, &sync))
			break;
		rc = put_health(c, &sync, &items, err);
	}
	supervise_status(c->s, &status);
	if (rc == 0) {
		reply_list(c, &items, &page, (int64_t)status.syncs);
		/* one member more, behind those of every list */
		b->s[--b->len] = '\0';
		rc = put_totals(c, NULL, b, err);
		jw_close(b, '}');
	}
	buf_release(&items);
	return rc;
}

int handle_sync_health(struct call *c, struct ferry_error *err)
{
	struct supervise_sync sync;

	if (!supervise_sync_named(c->s, c->arg, &sync))
		return ferry_fail(err, FERRY_E_NOT_FOUND, "there is no sync '%s'", c->arg);
	return put_health(c, &sync, &c->reply->body, err);
}

/* ------------------------------------------------------------------------- trends */

static void put_value(struct buf *b, const char *key, enum trend_metric m, int64_t value)
{
	if (m == TREND_ERROR_RATE)
		rate_json(key, value, b);
	else if (m == TREND_DURATION)
		seconds_json(key, value, b);
	else if (value < 0)
		jw_null(b, key);
	else
		jw_int(b, key, value);
}

static void put_day(struct buf *b, const char *key, int64_t day)
{
	struct buf text = BUF_INIT;

	trend_day_text(day, &text);
	jw_text(b, key, text.s);
	buf_release(&text);
}

static void put_finding(struct buf *b, const struct trend_finding *f, int64_t day)
{
	struct buf text = BUF_INIT;

	jw_open(b, NULL, '{');
	jw_text(b, "metric", trend_metric_name(f->metric));
	jw_text(b, "kind", f->spike ? "spike" : "drop");
	put_day(b, "day", day);
	put_value(b, "value", f->metric, f->value);
	put_value(b, "usual", f->metric, f->usual);
	trend_value_text(f->metric, f->value, &text);
	buf_adds(&text, "; usual is ");
	trend_value_text(f->metric, f->usual, &text);
	jw_text(b, "message", text.s);
	jw_close(b, '}');
	buf_release(&text);
}

/* days: TREND_DAYS */
static void put_trends(struct buf *b, const struct rollup *days, int64_t today)
{
	struct trends t;

	trends_find(days, &t);
	jw_open(b, "trends", '{');
	for (int m = 0; m < TREND_METRICS; m++) {
		jw_open(b, trend_metric_name((enum trend_metric)m), '{');
		jw_text(b, "direction", trend_way_name(t.of[m].way));
		put_value(b, "recent", (enum trend_metric)m, t.of[m].recent);
		put_value(b, "before", (enum trend_metric)m, t.of[m].before);
		jw_close(b, '}');
	}
	jw_close(b, '}');
	jw_open(b, "findings", '[');
	for (size_t i = 0; i < t.n_findings; i++)
		put_finding(b, &t.findings[i], today - (TREND_DAYS - 1) + (int64_t)t.findings[i].day);
	jw_close(b, ']');
}

int handle_trends(struct call *c, struct ferry_error *err)
{
	enum { DAYS = 30, DAYS_MOST = 366 };
	struct buf *b = &c->reply->body;
	int64_t n, today;

	if (call_int(c, "days", DAYS, &n, err) < 0 || call_known_sync(c, c->arg, err) < 0)
		return -1;
	if (n < 1 || n > DAYS_MOST)
		return ferry_fail(err, FERRY_E_USAGE, "'days' must be from 1 to %d", DAYS_MOST);
	size_t all = n > TREND_DAYS ? (size_t)n : TREND_DAYS;
	struct rollup *days = ferry_alloc0(all, sizeof *days);
	int rc = supervise_days(c->s, c->arg, all, days, &today, err);
	if (rc == 0) {
		jw_open(b, NULL, '{');
		jw_text(b, "sync_id", c->arg);
		jw_open(b, "days", '[');
		for (size_t i = all - (size_t)n; i < all; i++) {
			jw_open(b, NULL, '{');
			put_day(b, "day", today - (int64_t)(all - 1 - i));
			rollup_json(&days[i], b);
			jw_close(b, '}');
		}
		jw_close(b, ']');
		rc = put_totals(c, c->arg, b, err);
		put_trends(b, days + all - TREND_DAYS, today);
		jw_close(b, '}');
	}
	free(days);
	return rc;
}
