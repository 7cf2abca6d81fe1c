/* SPDX-License-Identifier: Apache-2.0 */
/* journald.c - the log in the system's journal, by libsystemd. The only file that sees that interface. */
#include "wire/journald.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define SD_JOURNAL_SUPPRESS_LOCATION	/* of this file, which tells nobody anything */
#include <systemd/sd-journal.h>

#include "base/error.h"
#include "base/log.h"

/* Never changed: people have queries and alerts for them. contrib/ferryd.catalog explains them. */
static const char *const message_ids[] = {
	[LOG_EVENT_NONE] = NULL,
	[LOG_RUN_COMPLETED] = "582d0e2438c44959a89ccc85b766239c",
	[LOG_RUN_FAILED] = "8aff9d3f2ddd43219ad5334c8ef3f20f",
	[LOG_RELOAD_REFUSED] = "3b860be5c21d43128ddc8b7453303163",
	[LOG_STUCK] = "979edfe899f6496fb27af499e825d1e2",
};

struct entry {
	struct iovec fields[8];
	int n;
};

/* value NULL: no such field */
static void add(struct entry *e, const char *name, const char *value)
{
	if (!value)
		return;
	char *field = ferry_asprintf("%s=%s", name, value);
	e->fields[e->n++] = (struct iovec){field, strlen(field)};
}

static void send_entry(const struct log_about *about, enum ferry_level level, const char *text)
{
	struct entry e = {.n = 0};
	char run[24], priority[] = {(char)('0' + log_priority(level)), '\0'};

	snprintf(run, sizeof run, "%lld", (long long)about->run);
	add(&e, "MESSAGE", text);
	add(&e, "PRIORITY", priority);
	add(&e, "MESSAGE_ID", message_ids[about->event]);
	add(&e, "FERRY_SYNC", about->sync);
	add(&e, "FERRY_RUN", about->run ? run : NULL);
	add(&e, "FERRY_SEGMENT", about->segment);
	add(&e, "FERRY_STAGE", about->stage);
	add(&e, "FERRY_CODE", about->code);
	/* a journal that is not there must not keep the daemon from its work */
	if (sd_journal_sendv(e.fields, e.n) < 0)
		fprintf(stderr, "<%d>%s\n", log_priority(level), text);
	for (int i = 0; i < e.n; i++)
		free(e.fields[i].iov_base);
}

void journald_begin(void)
{
	if (log_is_journal())
		log_to(send_entry);
}
