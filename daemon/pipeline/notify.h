/* SPDX-License-Identifier: Apache-2.0 */
/* notify.h - a worker's job "notify": send messages to their targets, and report how each went. */
#ifndef FERRY_PIPELINE_NOTIFY_H
#define FERRY_PIPELINE_NOTIFY_H

#include "model/sync.h"
#include "pipeline/report.h"

/*
 * messages: [{"id":7,"message":{...}}]. Each is reported at once, as an item {"id", "ok", "status", "ms",
 * "retry_after_ms", "error"}; or, not tried since its target has just failed, {"id", "deferred": true}.
 */
void notify_send(struct report *r, const struct generation *g, json_node *messages);

#endif
