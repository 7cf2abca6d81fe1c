/* SPDX-License-Identifier: Apache-2.0 */
/*
 * send.c - the least that sending requests by libcurl can cost: threads that take one prepared body
 * after the other and do nothing but send it and wait for the answer.
 *
 *   send URL BODIES THREADS [HEADER...]
 *
 * BODIES is a file with one body a line. Prints "requests seconds"; any answer but a 2xx ends it.
 */
#include <curl/curl.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX 64

struct job {
	const char *url, *program;
	struct curl_slist *headers;
	const char **lines;		/* where each begins; one more than there are */
	size_t n_lines;
	atomic_size_t next;
	atomic_bool failed;
};

static size_t drop(char *data, size_t size, size_t n, void *ctx)
{
	(void)data, (void)ctx;
	return size * n;
}

static bool send_one(struct job *j, CURL *easy, size_t i)
{
	long status = 0;

	curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)(j->lines[i + 1] - j->lines[i] - 1));
	curl_easy_setopt(easy, CURLOPT_POSTFIELDS, j->lines[i]);
	CURLcode rc = curl_easy_perform(easy);
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	if (rc == CURLE_OK && status / 100 == 2)
		return true;
	fprintf(stderr, "%s: body %zu: %s, status %ld\n", j->program, i + 1, curl_easy_strerror(rc), status);
	return false;
}

static void *work(void *ctx)
{
	struct job *j = ctx;
	CURL *easy = curl_easy_init();
	size_t i;

	if (!easy)
		abort();
	curl_easy_setopt(easy, CURLOPT_URL, j->url);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, j->headers);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	while (!j->failed && (i = j->next++) < j->n_lines)
		if (!send_one(j, easy, i))
			j->failed = true;
	curl_easy_cleanup(easy);
	return NULL;
}

/* The lines of a file; the memory stays mapped. */
static bool read_lines(struct job *j, const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) < 0 || !st.st_size)
		return false;
	const char *text = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	close(fd);
	if (text == MAP_FAILED)
		return false;
	const char *end = text + st.st_size;
	for (const char *p = text; p && p < end; p = memchr(p, '\n', (size_t)(end - p)), p = p ? p + 1 : NULL)
		j->n_lines++;
	j->lines = calloc(j->n_lines + 1, sizeof *j->lines);
	if (!j->lines)
		abort();
	const char *p = text;
	for (size_t i = 0; i < j->n_lines; i++) {
		j->lines[i] = p;
		const char *stop = memchr(p, '\n', (size_t)(end - p));
		p = stop ? stop + 1 : end + 1;
	}
	j->lines[j->n_lines] = p;
	return true;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void send_all(struct job *j, long n_threads)
{
	pthread_t threads[THREADS_MAX];

	for (long i = 0; i < n_threads; i++)
		if (pthread_create(&threads[i], NULL, work, j) != 0)
			abort();
	for (long i = 0; i < n_threads; i++)
		pthread_join(threads[i], NULL);
}

int main(int argc, char **argv)
{
	struct job j = {.program = argv[0]};
	long n_threads = argc > 3 ? strtol(argv[3], NULL, 10) : 0;

	if (n_threads < 1 || n_threads > THREADS_MAX) {
		fprintf(stderr, "Usage: %s URL BODIES THREADS [HEADER...]\n", argv[0]);
		return 3;
	}
	if (!read_lines(&j, argv[2])) {
		perror(argv[2]);
		return 1;
	}
	j.url = argv[1];
	curl_global_init(CURL_GLOBAL_DEFAULT);
	for (int i = 4; i < argc; i++)
		j.headers = curl_slist_append(j.headers, argv[i]);
	double start = now();
	send_all(&j, n_threads);
	printf("%zu %.3f\n", j.n_lines, now() - start);
	curl_slist_free_all(j.headers);
	free(j.lines);
	curl_global_cleanup();
	return j.failed ? 1 : 0;
}
