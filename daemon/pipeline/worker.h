/* SPDX-License-Identifier: Apache-2.0 */
/* worker.h - one job from its line to its "done" line. */
#ifndef FERRY_PIPELINE_WORKER_H
#define FERRY_PIPELINE_WORKER_H

/* Serve the one job that comes over fd. The process's exit status: 0 when "done" was said. */
int worker_serve(int fd);

#endif
