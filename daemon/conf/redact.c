/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redact.c - the values of secret settings, and texts without them. A setting is secret when its name
 * says so, and so is each value that a reference stands for. Of a URL or a connection string it is also
 * the part that is a password, or that leads to somewhere only its holder may go.
 */
#include "conf/redact.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf/conf.h"
#include "conf/secret.h"
#include "wire/json.h"

#define PATH_MIN 8
#define PART_MIN 16			/* of a path: by itself, wherever it stands */

struct redactor {
	size_t least;
	char **items;			/* the longest first */
	size_t n, cap;
};

static void add(struct redactor *r, const char *s, size_t len)
{
	if (len < r->least)
		return;
	for (size_t i = 0; i < r->n; i++)
		if (strlen(r->items[i]) == len && memcmp(r->items[i], s, len) == 0)
			return;
	if (r->n == r->cap) {
		r->cap = r->cap ? r->cap * 2 : 16;
		r->items = ferry_realloc(r->items, r->cap, sizeof *r->items);
	}
	r->items[r->n++] = ferry_strndup(s, len);
}

/* "scheme://user:password@host/path?query": the password, and, if asked for, what follows the host */
static void add_url_parts(struct redactor *r, const char *text, bool whole)
{
	const char *host = strstr(text, "://");

	if (!host)
		return;
	host += 3;
	size_t n = strcspn(host, "/?#");
	for (size_t at = n; at-- > 0;) {
		const char *colon = memchr(host, ':', at);
		if (host[at] == '@' && colon)
			add(r, colon + 1, (size_t)(host + at - colon - 1));
	}
	const char *path = host + n;
	if (!whole || strlen(path) < PATH_MIN)
		return;
	add(r, path, strlen(path));
	/* messages show a URL without its query */
	size_t len = strcspn(path, "?#");
	if (len >= PATH_MIN)
		add(r, path, len);
	for (size_t part; len; path += part, len -= part) {
		part = strcspn(path + 1, "/?#") + 1;
		if (part > PART_MIN)
			add(r, path + 1, part - 1);
	}
}

/* "host=a password=b", "PWD=b;..." */
static void add_pairs(struct redactor *r, const char *text)
{
	static const char *const names[] = {"password=", "pwd="};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		for (const char *s = text; (s = strcasestr(s, names[i])); s++) {
			const char *value = s + strlen(names[i]);
			char quote = *value == '\'' || *value == '"' || *value == '{' ? *value : 0;
			char ends[] = {quote == '{' ? '}' : quote, '\0'};
			add(r, value + !!quote, strcspn(value + !!quote, quote ? ends : " ;&\t"));
		}
}

/* As it stands in an address or a form, where any byte but letters, digits and `plain` is "%2E". */
static void add_encoded(struct redactor *r, const char *value, const char *plain)
{
	struct buf text = BUF_INIT;

	for (; *value; value++)
		if (isalnum((unsigned char)*value) || strchr(plain, *value))
			buf_addc(&text, *value);
		else
			buf_addf(&text, "%%%02X", (unsigned char)*value);
	add(r, buf_str(&text), text.len);
	if (text.s)
		explicit_bzero(text.s, text.len);
	buf_release(&text);
}

/* As it stands in JSON, without the quotes. */
static void add_escaped(struct redactor *r, const char *value)
{
	struct buf text = BUF_INIT;

	jw_text(&text, NULL, value);
	add(r, text.s + 1, text.len - 2);
	explicit_bzero(text.s, text.len);
	buf_release(&text);
}

/* A secret's value. The address in a URL is none: messages shall still say where something failed. */
static void add_secret(struct redactor *r, const char *value)
{
	if (!strstr(value, "://")) {
		add(r, value, strlen(value));
		add_encoded(r, value, "");
		add_encoded(r, value, "-._~");
		add_escaped(r, value);
	}
	add_url_parts(r, value, true);
}

/* Each reference to a secret by itself, and the whole when the setting is one. */
static void add_setting(struct redactor *r, const char *text, bool secret)
{
	struct buf value = BUF_INIT;

	for (const char *s = text, *end; (s = strstr(s, "${")) && (end = strchr(s, '}')); s = end + 1) {
		char *reference = ferry_strndup(s, (size_t)(end + 1 - s));
		buf_reset(&value);
		if ((secret || strncmp(s, "${env:", 6) != 0) && conf_resolve(reference, &value, NULL) == 0)
			add_secret(r, buf_str(&value));
		free(reference);
	}
	buf_reset(&value);
	if (conf_resolve(text, &value, NULL) == 0) {
		if (secret)
			add_secret(r, buf_str(&value));
		add_url_parts(r, buf_str(&value), false);
		add_pairs(r, buf_str(&value));
	}
	if (value.s)
		explicit_bzero(value.s, value.cap);
	buf_release(&value);
}

static int longest_first(const void *a, const void *b)
{
	size_t na = strlen(*(char *const *)a), nb = strlen(*(char *const *)b);

	return (na < nb) - (na > nb);
}

struct redactor *redact_empty(size_t least)
{
	struct redactor *r = ferry_alloc0(1, sizeof *r);

	r->least = least;
	return r;
}

void redact_add(struct redactor *r, const char *value)
{
	add_secret(r, value);
	add_pairs(r, value);
	if (r->n)
		qsort(r->items, r->n, sizeof *r->items, longest_first);
}

struct redactor *redact_new(const struct generation *g)
{
	struct redactor *r = redact_empty(REDACT_SECRET);

	for (size_t i = 0; i < g->n_connections; i++)
		for (size_t k = 0; k < g->connections[i].options.n; k++) {
			const struct def_option *o = &g->connections[i].options.items[k];
			if (o->is_scalar)
				add_setting(r, o->text, secret_by_name(o->name));
		}
	for (size_t i = 0; i < g->daemon.n_targets; i++) {
		const struct target_def *t = &g->daemon.targets[i];
		const char *const texts[] = {t->slack, t->webhook, t->secret, t->previous_secret};
		for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++)
			if (texts[k])
				add_setting(r, texts[k], true);
	}
	if (r->n)
		qsort(r->items, r->n, sizeof *r->items, longest_first);
	return r;
}

void redact_free(struct redactor *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n; i++) {
		explicit_bzero(r->items[i], strlen(r->items[i]));
		free(r->items[i]);
	}
	free(r->items);
	free(r);
}

static size_t secret_at(const struct redactor *r, const char *s)
{
	for (size_t i = 0; i < r->n; i++)
		if (strncmp(s, r->items[i], strlen(r->items[i])) == 0)
			return strlen(r->items[i]);
	return 0;
}

/* "Basic authentication" is English. */
static bool is_word(const char *s, size_t len)
{
	for (size_t i = 1; i < len; i++)
		if (!islower((unsigned char)s[i]) && !strchr(".-", s[i]))
			return false;
	return true;
}

/* "Bearer TOKEN", "Basic dXNlcjpwYXNz": credentials whoever made them; *ret_scheme: what stands in front. */
static size_t credentials_at(const char *s, size_t *ret_scheme)
{
	static const char *const schemes[] = {"Bearer ", "Basic "};
	static const char token68[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=";

	for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
		size_t n = strlen(schemes[i]);
		size_t len = strncasecmp(s, schemes[i], n) == 0 ? strspn(s + n, token68) : 0;
		if (len < 8 || is_word(s + n, len))
			continue;
		*ret_scheme = n;
		return len;
	}
	return 0;
}

void redact_text(const struct redactor *r, const char *text, struct buf *out)
{
	size_t scheme;

	while (*text) {
		size_t credentials = credentials_at(text, &scheme);
		if (credentials) {
			buf_add(out, text, scheme);
			buf_adds(out, "********");
			text += scheme + credentials;
			continue;
		}
		size_t n = secret_at(r, text);
		if (n)
			buf_adds(out, "********");
		else
			buf_addc(out, *text);
		text += n ? n : 1;
	}
}
