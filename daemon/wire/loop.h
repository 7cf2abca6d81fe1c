/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop.h - the supervisor's event loop: file descriptors, timers, signals and children, by sd-event;
 * and word to systemd, by sd-daemon.
 */
#ifndef FERRY_WIRE_LOOP_H
#define FERRY_WIRE_LOOP_H

#include <sys/types.h>

#include "base/error.h"

struct loop;
struct loop_source;			/* freed by loop_drop, or with the loop */

enum { LOOP_IN = 1, LOOP_OUT = 2, LOOP_HUP = 4 };

/* Signals to be watched must be blocked in all threads; loop_signal does it for the caller's. */
int loop_new(struct loop **ret, struct ferry_error *err);
void loop_free(struct loop *loop);
int loop_run(struct loop *loop, struct ferry_error *err);	/* until loop_quit; 0 or -1 */
void loop_quit(struct loop *loop);

int loop_io(struct loop *loop, int fd, int events, void (*fn)(void *ctx, int fd, int events), void *ctx,
	    struct loop_source **ret, struct ferry_error *err);
void loop_io_events(struct loop_source *source, int events);
/* One shot, after ms on the monotonic clock; loop_timer_set arms it again (ms < 0: off). */
int loop_timer(struct loop *loop, int64_t ms, void (*fn)(void *ctx), void *ctx,
	       struct loop_source **ret, struct ferry_error *err);
void loop_timer_set(struct loop_source *source, int64_t ms);
int loop_signal(struct loop *loop, int signo, void (*fn)(void *ctx, int signo), void *ctx,
		struct ferry_error *err);
/* status as from waitpid */
int loop_child(struct loop *loop, pid_t pid, void (*fn)(void *ctx, pid_t pid, int status), void *ctx,
	       struct loop_source **ret, struct ferry_error *err);
void loop_drop(struct loop_source *source);	/* NULL is fine */

/* sd_notify; does nothing without systemd. E.g. "READY=1\nSTATUS=...". */
void loop_notify(const char *state);
/* A listening Unix socket that the service manager has opened for us and keeps; the caller's. -1: none. */
int loop_passed_socket(void);
/* Half the watchdog interval in ms, or 0 when none is asked for. */
int64_t loop_watchdog_ms(void);

#endif
