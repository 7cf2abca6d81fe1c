/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ferry-worker.c - the process of one run. Started by ferryd with a socket as file descriptor 3; of
 * no use by itself.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/log.h"
#include "pipeline/worker.h"

enum { SOCKET_FD = 3 };

int main(void)
{
	log_init("ferry-worker", FERRY_LOG_INFO);
	if (fcntl(SOCKET_FD, F_GETFD) < 0) {
		fprintf(stderr, "ferry-worker is started by ferryd, for one run\n");
		return 3;
	}
	fcntl(SOCKET_FD, F_SETFD, FD_CLOEXEC);
	/* nobody would hear of what a worker without its supervisor does */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	return worker_serve(SOCKET_FD);
}
