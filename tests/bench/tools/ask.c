/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask.c - how long the daemon takes to answer: one client that asks for the same paths again and again.
 *
 *   ask SOCKET TIMES PATH...
 *
 * Prints "median p99 most PATH" for each path, in milliseconds. Any answer but a 2xx ends it.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

static size_t drop(char *data, size_t size, size_t n, void *ctx)
{
	(void)data, (void)ctx;
	return size * n;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* The milliseconds one answer takes; below 0: there was none. */
static double ask(CURL *easy, const char *path)
{
	long status = 0;
	double took = 0;
	char url[512];

	snprintf(url, sizeof url, "http://localhost%s", path);
	curl_easy_setopt(easy, CURLOPT_URL, url);
	CURLcode rc = curl_easy_perform(easy);
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(easy, CURLINFO_TOTAL_TIME, &took);
	if (rc == CURLE_OK && status / 100 == 2)
		return took * 1000;
	fprintf(stderr, "ask: %s: %s, status %ld\n", path, curl_easy_strerror(rc), status);
	return -1;
}

int main(int argc, char **argv)
{
	CURL *easy = curl_easy_init();
	int times = argc > 3 ? (int)strtol(argv[2], NULL, 10) : 0;

	if (!easy || times < 1) {
		fprintf(stderr, "usage: ask SOCKET TIMES PATH...\n");
		return 2;
	}
	double *took = calloc((size_t)times, sizeof *took);
	if (!took)
		abort();
	curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, argv[1]);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
	for (int p = 3; p < argc; p++) {
		for (int i = 0; i < times; i++)
			if ((took[i] = ask(easy, argv[p])) < 0)
				return 1;
		qsort(took, (size_t)times, sizeof *took, by_value);
		printf("%.3f %.3f %.3f %s\n", took[times / 2], took[times * 99 / 100], took[times - 1], argv[p]);
	}
	free(took);
	curl_easy_cleanup(easy);
	return 0;
}
