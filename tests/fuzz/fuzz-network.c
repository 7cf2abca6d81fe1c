/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz-network.c - any text as an address, a Host, an Origin, an Authorization, a Content-Type and a path. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "wire/http-head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was understood says the same when it is written again. */
static void check_host(const char *text)
{
	struct head_host host, again;
	char written[HEAD_HOST_MAX + 16];

	if (!head_host(text, &host))
		return;
	bool v6 = strchr(host.name, ':') != NULL;
	FERRY_ASSERT(host.name[0] && host.port >= 0 && host.port <= 65535);
	FERRY_ASSERT(!strpbrk(host.name, "/@\\ \t\r\n%?#*[]ABCDEFGHIJKLMNOPQRSTUVWXYZ"));
	snprintf(written, sizeof written, v6 ? "[%s]" : "%s", host.name);
	if (host.port)
		snprintf(written + strlen(written), 8, ":%d", host.port);
	FERRY_ASSERT(head_host(written, &again) && head_host_same(&host, &again));
}

static void check_address(const char *text)
{
	struct head_address address;

	if (!head_address(text, &address))
		return;
	FERRY_ASSERT(address.port > 0 && address.len <= sizeof address.sockaddr);
	FERRY_ASSERT(!(address.loopback && address.any));
}

static void check_path(const char *text)
{
	if (!head_path_plain(text))
		return;
	size_t n = strcspn(text, "?");
	FERRY_ASSERT(text[0] == '/');
	for (size_t i = 0; i < n; i++) {
		int c = text[i] == '%' ? head_coded(text + i) : (unsigned char)text[i];
		FERRY_ASSERT(c >= 0x20 && c != 0x7f && c != '\\');
		FERRY_ASSERT(text[i] != '%' || (c != '/' && c != '.'));
		FERRY_ASSERT(text[i] != '/' || text[i + 1] != '/');
	}
	const char *dots = strstr(text, "/..");
	FERRY_ASSERT(!dots || dots >= text + n || (dots[3] && dots[3] != '/' && dots[3] != '?'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = ferry_strndup((const char *)data, size);
	struct head_origin origin;

	check_host(text);
	check_address(text);
	check_path(text);
	if (head_origin(text, &origin))
		FERRY_ASSERT(strncmp(text, "http", 4) == 0 && origin.host.port != origin.scheme_port);
	const char *token = head_bearer(text);
	FERRY_ASSERT(!token || (*token && !strchr(token, ' ')));
	FERRY_ASSERT(!head_is_json(text) || strlen(text) < 16 || strchr(text, ';') || text[16] == ' ' ||
		     text[16] == '\t' || !text[16]);
	free(text);
	return 0;
}
