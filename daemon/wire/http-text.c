/* SPDX-License-Identifier: Apache-2.0 */
/* http-text.c - URLs and header lines as texts: checked, found, shown, encoded. No libcurl. */
#include "wire/http-text.h"

#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "wire/http.h"

bool http_header_value(const char *line, size_t len, const char *name, char *value, size_t size)
{
	size_t n = strlen(name);

	if (len <= n || line[n] != ':' || strncasecmp(line, name, n) != 0)
		return false;
	const char *s = line + n + 1, *end = line + len;
	while (s < end && (*s == ' ' || *s == '\t'))
		s++;
	while (end > s && strchr(" \t\r\n", end[-1]))
		end--;
	if ((size_t)(end - s) >= size)
		return false;
	memcpy(value, s, (size_t)(end - s));
	value[end - s] = '\0';
	return true;
}

void http_url_show(const char *url, struct buf *out)
{
	const char *host = strstr(url, "://");

	if (!host)
		return;
	host += 3;
	buf_add(out, url, (size_t)(host - url));
	size_t authority = strcspn(host, "/?#");
	for (size_t i = authority; i > 0; i--)
		if (host[i - 1] == '@') {
			host += i;
			authority -= i;
			break;
		}
	buf_add(out, host, authority + strcspn(host + authority, "?#"));
}

static bool has_control(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return true;
	return false;
}

int http_check_request(const struct ferry_http_request *req, struct ferry_error *err)
{
	if (!req->url || has_control(req->url) ||
	    (strncasecmp(req->url, "http://", 7) != 0 && strncasecmp(req->url, "https://", 8) != 0))
		return ferry_fail(err, FERRY_E_CONFIG,
				  "the URL does not begin with http:// or https://");
	if (!req->method || !*req->method ||
	    strspn(req->method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != strlen(req->method))
		return ferry_fail(err, FERRY_E_CONFIG, "'%s' is no HTTP method",
				  req->method ? req->method : "");
	for (const char *const *h = req->headers; h && *h; h++)
		if (has_control(*h))
			return ferry_fail(err, FERRY_E_CONFIG,
					  "header '%.*s' has a control character in it",
					  (int)strcspn(*h, ":"), *h);
	return 0;
}

bool http_has_header(const struct ferry_http_request *req, const char *name)
{
	size_t n = strlen(name);

	for (const char *const *h = req->headers; h && *h; h++)
		if (strncasecmp(*h, name, n) == 0 && (*h)[n] == ':')
			return true;
	return false;
}

void http_encode(struct buf *out, const char *s, size_t len)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < len; i++) {
		unsigned char ch = (unsigned char)s[i];
		bool plain = (ch >= 'A' && ch <= 'Z') || (ch >= 'a' && ch <= 'z') ||
			(ch >= '0' && ch <= '9') || ch == '_' || ch == '~' || ch == '-';
		if (plain) {
			buf_addc(out, (char)ch);
		} else {
			char code[3] = {'%', hex[ch >> 4], hex[ch & 15]};
			buf_add(out, code, sizeof code);
		}
	}
}
