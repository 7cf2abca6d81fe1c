/* SPDX-License-Identifier: Apache-2.0 */
/* keywords.c - connection strings: KEYWORD=value;KEYWORD={value};... Pure. */
#include "odbc/odbc.h"

#include <string.h>

/* One pair; *at moves behind it. False at the end, and when there is no pair. */
static bool next_pair(const char **at, const char **keyword, size_t *keyword_len,
		      const char **value, size_t *len)
{
	const char *p = *at + strspn(*at, "; \t\r\n");
	size_t n = strcspn(p, "=;");

	if (p[n] != '=')
		return false;
	*keyword = p;
	for (*keyword_len = n; *keyword_len && strchr(" \t", p[*keyword_len - 1]); --*keyword_len)
		;
	p += n + 1;
	p += strspn(p, " \t");
	*value = p;
	if (*p == '{') {
		/* a brace in braces is doubled */
		for (p++; *p && (*p != '}' || p[1] == '}'); p++)
			p += *p == '}';
		*len = (size_t)(p - ++*value);
		p += *p == '}';
	} else {
		*len = strcspn(p, ";");
	}
	*at = p + strcspn(p, ";");
	return *keyword_len > 0;
}

bool keywords_have(const char *connection, const char *keyword, const char **value, size_t *len)
{
	const char *k, *v;
	size_t k_len, v_len;

	while (connection && next_pair(&connection, &k, &k_len, &v, &v_len)) {
		if (k_len != strlen(keyword) || strncasecmp(k, keyword, k_len) != 0)
			continue;
		if (value)
			*value = v, *len = v_len;
		return true;
	}
	return false;
}

bool keywords_valid(const char *connection)
{
	const char *k, *v;
	size_t k_len, v_len;
	bool any = false;

	while (next_pair(&connection, &k, &k_len, &v, &v_len))
		any = true;
	return any && !connection[strspn(connection, "; \t\r\n")];
}

const char *keywords_secret(const char *connection)
{
	static const char *const secrets[] = {
		"PWD",
		"PASSWORD",
		"PASS",
		"TOKEN",
		"AUTH_ACCESSTOKEN",
		"AUTH_CLIENT_SECRET",
		"CLIENTSECRET",
		"SECRET",
		"REFRESHTOKEN",
		"AUTH_REFRESHTOKEN",
		"ACCESSTOKEN",
		"PRIV_KEY_FILE_PWD",
		"PRIVATEKEYPASSWORD",
		"SSLKEYPASSWORD",
		"KEYPASSWORD",
		"PROXYPWD",
		"PASSCODE",
		NULL,
	};

	for (size_t i = 0; secrets[i]; i++)
		if (keywords_have(connection, secrets[i], NULL, NULL))
			return secrets[i];
	return NULL;
}

void keywords_add(struct text *connection, const char *keyword, const char *value)
{
	size_t len = strlen(value);
	bool braces = !len || strpbrk(value, "[]{}(),;?*=!@") || *value == ' ' || value[len - 1] == ' ';

	if (connection->len && connection->s[connection->len - 1] != ';')
		text_add(connection, ";", 1);
	text_addf(connection, "%s=", keyword);
	if (!braces) {
		text_add(connection, value, strlen(value));
		return;
	}
	text_add(connection, "{", 1);
	for (; *value; value++)
		text_add(connection, *value == '}' ? "}}" : value, *value == '}' ? 2 : 1);
	text_add(connection, "}", 1);
}

void keywords_mask(char *text, const char *secret, size_t len)
{
	/* shorter ones are words of any text */
	for (char *at = text; len > 2 && (at = memmem(at, strlen(at), secret, len)); at += 3) {
		memmove(at + 3, at + len, strlen(at + len) + 1);
		memcpy(at, "***", 3);
	}
}

void keywords_mask_all(char *text, const char *secrets)
{
	const char *k, *v;
	size_t k_len, v_len;

	while (next_pair(&secrets, &k, &k_len, &v, &v_len))
		keywords_mask(text, v, v_len);
}
