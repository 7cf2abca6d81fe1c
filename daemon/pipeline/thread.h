/* SPDX-License-Identifier: Apache-2.0 */
/*
 * thread.h - threads of a worker. Their stacks count as data of the process, which memory_limit
 * bounds; eight megabytes each, as the C library gives, would be most of it.
 */
#ifndef FERRY_PIPELINE_THREAD_H
#define FERRY_PIPELINE_THREAD_H

#include <pthread.h>

/* The sanitizers put more on it. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { THREAD_STACK = 8 << 20 };
#else
enum { THREAD_STACK = 1 << 20 };
#endif

/* 0, or an errno. */
static inline int thread_create(pthread_t *ret, void *(*fn)(void *), void *arg)
{
	pthread_attr_t attr;
	int rc = pthread_attr_init(&attr);

	if (rc)
		return rc;
	rc = pthread_attr_setstacksize(&attr, THREAD_STACK);
	if (!rc)
		rc = pthread_create(ret, &attr, fn, arg);
	pthread_attr_destroy(&attr);
	return rc;
}

#endif
