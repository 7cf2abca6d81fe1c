/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run.h - runs, their states and counters, and the names of what worker and supervisor say to each
 * other.
 *
 * Worker and supervisor talk in JSON, one object a line, over a socketpair (the worker's file
 * descriptor 3). Times are microseconds since the epoch ("at"), spans milliseconds.
 *
 * Supervisor to worker:
 *   {"type":"job","action":"run|promote|check|connectors|test|notify","run":12,"sync":"customers",
 *    "preview":false,"verify":false,"full":false,"promote_run":11,"state":"/var/lib/ferry",
 *    "override_guard":false,"extract_only":false,"limit":0,"problems_max":10000,
 *    "plugins":"/usr/lib/ferry","memory_limit":268435456,"row_errors_max":10000,
 *    "open":[{"segment":"s","forms":["1081c0..."]}],
 *    "rulings":[{"segment":"s","form":"1081c0...","action":"link|create|ignore|retry","dest_id":"..."}],
 *    "files":[{"kind":0,"path":"/etc/ferry/syncs.d/a.yaml","text":"..."}]}
 *     open: the keys (key form, as hex) that have an open problem; rulings: what persons have said
 *     of keys, as far as it is in force.
 *   of notify also "messages":[{"id":7,"message":{...}}], see message.h
 *   {"type":"cancel"}
 * Worker to supervisor:
 *   {"type":"beat"}                                   at least every 5 s while it makes progress
 *   {"type":"log","segment":"s","stage":"extract","level":"info","message":"...","at":...}
 *   {"type":"segment","segment":"s","status":"running","at":...}     and at its end:
 *   {"type":"segment","segment":"s","status":"success|warning|error|skipped","reason":"...",
 *    "at":...,"counters":{...},"decisions":{"create":3,...},"reasons":{"NEW_IN_SOURCE":3,...},
 *    "statistics":{"title":"...","counts":{"activated":3,...}},"error":{...}}
 *   {"type":"stage","segment":"s","stage":"extract","status":"running","attempt":1,"at":...}
 *   {"type":"stage","segment":"s","stage":"extract","status":"completed|failed|skipped","at":...,
 *    "ms":12,"metrics":{...},"summary":"...","error":{...}}
 *   {"type":"progress","segment":"s","stage":"apply","counters":{...},"planned":N,"done":N}
 *   {"type":"row_error","segment":"s","stage":"apply","key":"42","code":"REJECTED","field":"email",
 *    "message":"...","raw":"..."}                     stored ones only; the total is counters.failed + invalid
 *   {"type":"problem","segment":"s","form":"1081c0...","key":"42","group":"ambiguous_match",
 *    "code":"AMBIGUOUS_MATCH","severity":"error|warning","message":"...","field":"email",
 *    "fields":{"email":"a@b.c",...},"candidates":[{"dest_id":"...","fields":{...}}],
 *    "request":"...","answer":"..."}                  at most problems_max of a segment; group, key, code,
 *                                                     severity and message are always there. One a key and run
 *   {"type":"clear","segment":"s","form":"...","reason":"VALID|DELIVERED|GONE"}  of a key in `open`: its problem is over
 *   {"type":"ruled","segment":"s","form":"..."}       a ruling was carried out and need not be given again
 *   {"type":"mistake","file":"...","line":3,"column":5,"text":"..."}  action check
 *   {"type":"connector","data":{...}}                 action connectors, one each
 *   {"type":"done","status":"completed|preview_ready|failed|cancelled","at":...,
 *    "phases":{"query":ms,"change_detection":ms,"destination_writes":ms,"finalization":ms},
 *    "row_errors":N,"error":{...}}
 * where error is {"code":"AUTH","message":"...","hint":"...","causes":["..."]} and counters has the
 * members of struct counters.
 */
#ifndef FERRY_MODEL_RUN_H
#define FERRY_MODEL_RUN_H

#include "base/buf.h"
#include "base/error.h"
#include "wire/json.h"

enum run_status { RUN_QUEUED, RUN_RUNNING, RUN_PREVIEW_READY, RUN_COMPLETED, RUN_FAILED, RUN_CANCELLED, RUN_STATUSES };
enum run_trigger { TRIGGER_SCHEDULE, TRIGGER_MANUAL, TRIGGER_API, TRIGGER_RETRY, TRIGGER_PROMOTE, TRIGGER_STARTUP, RUN_TRIGGERS };
enum stage { STAGE_VALIDATE_SETUP, STAGE_EXTRACT, STAGE_CANONICALIZE, STAGE_RECONCILE, STAGE_DECIDE, STAGE_APPLY, STAGE_FINALIZE, STAGES };

const char *run_status_name(enum run_status s);
int run_status_from_name(const char *name);	/* -1: none */
const char *run_trigger_name(enum run_trigger t);
int run_trigger_from_name(const char *name);
const char *stage_name(enum stage s);
int stage_from_name(const char *name);

/* queued -> running -> preview_ready | completed | failed | cancelled; queued -> cancelled; queued -> failed */
bool run_may_become(enum run_status from, enum run_status to);

/*
 * What became of the records. Conservation, asserted at the end of every run:
 *   extracted + missing = created + updated + deleted + disabled + unchanged + skipped + failed
 *                         + conflicts + invalid + undone
 * where missing are snapshot keys the source no longer has (they end as deleted, disabled or
 * skipped), undone are actions a cancel or a failure left, and planned = acknowledged + failed +
 * undone. In a preview created, updated, deleted and disabled count what would be done.
 */
struct counters {
	int64_t extracted, missing;
	int64_t created, updated, deleted, disabled, unchanged, skipped, failed, conflicts, invalid;
	int64_t planned, acknowledged, undone;
	int64_t requests, retries;	/* apply calls, and how many of them were repeats */
};

/* Walk the counters by name, for JSON both ways. */
struct counter_name {
	const char *name;
	size_t offset;
};
extern const struct counter_name counter_names[];	/* ends with name == NULL */

void counters_json(const struct counters *c, const char *key, struct buf *out);
/* Take what is there; members that are absent stay as they are. */
void counters_read(json_node *node, struct counters *c);
void counters_add(struct counters *sum, const struct counters *c);
/* 0, or -1 with the two sides in the message (CONSERVATION). */
int counters_check(const struct counters *c, bool preview, struct ferry_error *err);

/* error as a JSON member; does nothing when err->code is OK. */
void error_json(const struct ferry_error *err, const char *key, struct buf *out);

#endif
