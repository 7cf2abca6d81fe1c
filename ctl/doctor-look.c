/* SPDX-License-Identifier: Apache-2.0 */
/* doctor-look.c - facts of this machine, for the doctor: the clock and systemd. */
#include "doctor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>
#include <unistd.h>

#include "base/clock.h"
#include "program.h"

/* ----------------------------------------------------------------------- systemd */

/* The value of a line "NAME=value"; "" when there is none. To be freed. */
static char *property(const char *text, const char *name)
{
	size_t len = strlen(name);

	for (const char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
		if (strncmp(line, name, len) == 0 && line[len] == '=')
			return ferry_strndup(line + len + 1, strcspn(line + len + 1, "\n"));
	return ferry_strdup("");
}

static void look_at_unit(struct doctor_facts *facts)
{
	static const char *const argv[] = {"systemctl", "show", "ferryd.service", "--property",
		"LoadState,ActiveState,SubState,NRestarts", NULL};
	struct program p;
	struct buf text = BUF_INIT;

	if (access("/run/systemd/system", F_OK) != 0)
		return;
	program_start(&p, argv);
	if (program_read(&p, 1000, &text) == 0) {
		char *load = property(buf_str(&text), "LoadState"), *active = property(buf_str(&text), "ActiveState"),
		     *sub = property(buf_str(&text), "SubState"), *restarts = property(buf_str(&text), "NRestarts");
		facts->has_unit = strcmp(load, "loaded") == 0;
		facts->unit_failed = strcmp(active, "failed") == 0;
		facts->unit_restarts = strtoll(restarts, NULL, 10);
		snprintf(facts->unit, sizeof facts->unit, "%.20s (%.20s)", active, sub);
		free(load);
		free(active);
		free(sub);
		free(restarts);
	}
	buf_release(&text);
}

void doctor_look(struct doctor_facts *facts)
{
	struct timex t = {.modes = 0};
	int state = adjtimex(&t);

	facts->now = clock_now();
	/* a container need not be told */
	facts->clock_known = state >= 0;
	facts->clock_synchronised = state >= 0 && state != TIME_ERROR && !(t.status & STA_UNSYNC);
	look_at_unit(facts);
}
