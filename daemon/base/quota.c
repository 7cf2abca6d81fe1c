/* SPDX-License-Identifier: Apache-2.0 */
/* quota.c - see the header. */
#include "base/quota.h"

#define MINUTE_US INT64_C(60000000)

static struct quota_slot *slot_of(struct quota *q, const char *name)
{
	uint32_t h = UINT32_C(2166136261);	/* FNV-1a */

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * UINT32_C(16777619);
	return &q->slots[h % QUOTA_SLOTS];
}

bool quota_take(struct quota *q, const char *name, int64_t max, int64_t now, int64_t *ret_refused)
{
	struct quota_slot *slot = slot_of(q, name);

	if (ret_refused)
		*ret_refused = 0;
	if (!slot->n || now - slot->since >= MINUTE_US) {
		if (ret_refused)
			*ret_refused = slot->refused;
		*slot = (struct quota_slot){.since = now};
	}
	if (slot->n >= max) {
		slot->refused++;
		return false;
	}
	slot->n++;
	return true;
}
