/* SPDX-License-Identifier: Apache-2.0 */
/* http-head.c - see the header. No library is asked but libc's for addresses. */
#include "wire/http-head.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

/* 1 to 65535, no sign, no leading zero; -1 */
static int read_port(const char *s)
{
	size_t n = strspn(s, "0123456789");
	int port = 0;

	if (!n || n > 5 || s[n] || *s == '0')
		return -1;
	for (; *s; s++)
		port = port * 10 + (*s - '0');
	return port <= 65535 ? port : -1;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Labels of letters, digits and hyphens between dots; a last part of digits only would be an address. */
static bool is_name(const char *s, size_t len)
{
	size_t label = 0;
	bool digits = true;

	for (size_t i = 0; i < len; i++) {
		if (s[i] == '.') {
			if (!label || s[i - 1] == '-')
				return false;
			label = 0;
			digits = true;
		} else if (is_letter(s[i]) || is_digit(s[i]) || (s[i] == '-' && label)) {
			digits = digits && is_digit(s[i]);
			if (++label > 63)
				return false;
		} else {
			return false;
		}
	}
	return label && s[len - 1] != '-' && !digits;
}

static bool take_v6(const char *s, size_t len, struct head_host *ret)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr a;

	if (len >= sizeof text)
		return false;
	memcpy(text, s, len);
	text[len] = '\0';
	return inet_pton(AF_INET6, text, &a) == 1 && inet_ntop(AF_INET6, &a, ret->name, sizeof ret->name);
}

static bool take_name(const char *s, size_t len, struct head_host *ret)
{
	struct in_addr a;

	if (!len || len >= sizeof ret->name)
		return false;
	for (size_t i = 0; i < len; i++)
		ret->name[i] = is_letter(s[i]) ? (char)(s[i] | 0x20) : s[i];
	ret->name[len] = '\0';
	/* only four plain numbers are an address: 127.1, 0x7f.0.0.1 and the like are neither */
	return inet_pton(AF_INET, ret->name, &a) == 1 || is_name(ret->name, len);
}

bool head_host(const char *text, struct head_host *ret)
{
	const char *end;
	bool ok;

	*ret = (struct head_host){.port = 0};
	if (*text == '[') {
		end = strchr(text, ']');
		ok = end && take_v6(text + 1, (size_t)(end - text - 1), ret);
		end = end ? end + 1 : text;
	} else {
		end = text + strcspn(text, ":");
		ok = take_name(text, (size_t)(end - text), ret);
	}
	if (!ok || !*end)
		return ok;
	ret->port = *end == ':' ? read_port(end + 1) : -1;
	return ret->port > 0;
}

bool head_host_same(const struct head_host *a, const struct head_host *b)
{
	return a->port == b->port && strcmp(a->name, b->name) == 0;
}

bool head_address(const char *text, struct head_address *ret)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&ret->sockaddr;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&ret->sockaddr;
	struct head_host host;

	*ret = (struct head_address){.port = 0};
	if (!head_host(text, &host) || !host.port)
		return false;
	ret->port = host.port;
	if (inet_pton(AF_INET, host.name, &v4->sin_addr) == 1) {
		uint32_t a = ntohl(v4->sin_addr.s_addr);
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)host.port);
		ret->len = sizeof *v4;
		ret->loopback = a >> 24 == 127;
		ret->any = a == 0;
		return true;
	}
	if (inet_pton(AF_INET6, host.name, &v6->sin6_addr) != 1)
		return false;
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons((uint16_t)host.port);
	ret->len = sizeof *v6;
	ret->loopback = IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
	ret->any = IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr);
	return true;
}

bool head_origin(const char *text, struct head_origin *ret)
{
	static const struct {
		const char *prefix;
		int port;
	} schemes[] = {{"http://", 80}, {"https://", 443}};

	for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
		size_t n = strlen(schemes[i].prefix);
		if (strncmp(text, schemes[i].prefix, n) != 0)
			continue;
		ret->scheme_port = schemes[i].port;
		if (!head_host(text + n, &ret->host))
			return false;
		if (ret->host.port == ret->scheme_port)
			ret->host.port = 0;
		return true;
	}
	return false;
}

const char *head_bearer(const char *authorization)
{
	static const char scheme[] = "Bearer ";

	if (strncasecmp(authorization, scheme, sizeof scheme - 1) != 0)
		return NULL;
	const char *token = authorization + sizeof scheme - 1;
	token += strspn(token, " ");
	return *token && !strpbrk(token, " \t,") ? token : NULL;
}

bool head_is_json(const char *content_type)
{
	static const char type[] = "application/json", charset[] = "charset=";

	if (strncasecmp(content_type, type, sizeof type - 1) != 0)
		return false;
	const char *s = content_type + sizeof type - 1;
	s += strspn(s, " \t");
	if (!*s)
		return true;
	if (*s++ != ';')
		return false;
	s += strspn(s, " \t");
	if (strncasecmp(s, charset, sizeof charset - 1) != 0)
		return false;
	s += sizeof charset - 1;
	return strcasecmp(s, "utf-8") == 0 || strcasecmp(s, "\"utf-8\"") == 0;
}

static int hex(char c)
{
	return is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int head_coded(const char *s)
{
	int high = *s == '%' ? hex(s[1]) : -1, low = high < 0 ? -1 : hex(s[2]);
	return low < 0 ? -1 : high << 4 | low;
}

/* A part of the path up to the next slash; its length, 0 when it is not plain. */
static size_t plain_part(const char *s)
{
	size_t n = strcspn(s, "/?");

	if ((n == 1 && s[0] == '.') || (n == 2 && s[0] == '.' && s[1] == '.'))
		return 0;
	for (size_t i = 0; i < n; i++) {
		int c = (unsigned char)s[i];
		if (c == '%') {
			c = head_coded(s + i);
			if (c < 0 || c == '/' || c == '.' || c == '%')
				return 0;
			i += 2;
		}
		if (c < 0x20 || c == 0x7f || c == '\\' || c == '#')
			return 0;
	}
	return n;
}

bool head_path_plain(const char *target)
{
	if (*target != '/')
		return false;
	while (*target == '/') {
		size_t n = plain_part(target + 1);
		/* an end in a slash is plain, and leads nowhere */
		if (!n && target[1] && target[1] != '?')
			return false;
		target += n + 1;
	}
	return *target == '\0' || *target == '?';
}
