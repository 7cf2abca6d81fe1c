/* SPDX-License-Identifier: Apache-2.0 */
/*
 * events.h - the parts of lago-events: the handle, fields and their own form (events-fields.c),
 * what is read (events-read.c) and what is sent (events.c).
 */
#ifndef FERRY_PLUGINS_LAGO_EVENTS_H
#define FERRY_PLUGINS_LAGO_EVENTS_H

#include "lago/lago.h"

#define PROPERTIES "properties."

struct events {
	struct rest_api api;
	const struct ferry_layout *layout;
	int id_field, subscription_field; /* where they stand in the layout */
	size_t max_batch;
	const char *metric;		/* NULL: no metric is checked */
	const char *aggregation, *field_name; /* NULL: any */
	struct rest_tree fields;	/* of an event that is sent */
	struct rest_tree id;		/* of one that comes back: its transaction_id alone */
	struct rest_pool pool;		/* what lookup gave */
	struct rest_buf path, body;
};

extern const struct ferry_field event_fields[];
int events_canonicalize(const struct ferry_pure *pure, struct ferry_value *fields,
			struct ferry_issue *issue);
/* An instant as Unix seconds: an integer, or a decimal in text when it has a fraction. */
struct ferry_value event_seconds(int64_t us, char text[32]);

int events_validate_setup(void *handle, struct ferry_error *err);
int events_lookup(void *handle, const struct ferry_action *actions, size_t n,
		  struct ferry_found *found, struct ferry_error *err);

#endif
