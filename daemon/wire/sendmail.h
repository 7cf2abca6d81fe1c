/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sendmail.h - handing a mail to the machine's sendmail program. Waits for it: for workers only.
 */
#ifndef FERRY_WIRE_SENDMAIL_H
#define FERRY_WIRE_SENDMAIL_H

#include "base/error.h"

struct sendmail {
	const char *program;		/* whole path; called with -t -i, in an environment of its own */
	const char *mail;		/* headers, an empty line, the body */
	size_t len;
	int64_t timeout_ms;
	/* Asked a few times a second; true ends it with CANCELLED. May be NULL. */
	bool (*cancelled)(void *ctx);
	void *ctx;
};

/*
 * 0: the program has taken it. CONFIG when there is no such program, TIMEOUT, CANCELLED, or UNAVAILABLE with
 * what it said, when it refused.
 */
int sendmail_send(const struct sendmail *s, struct ferry_error *err);

#endif
