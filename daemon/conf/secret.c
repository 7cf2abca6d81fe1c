/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secret.c - references to secrets in settings, and the values they stand for. Messages name the
 * reference, never the value, and never the rest of the setting: it may be part of a secret too.
 */
#include "conf/secret.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/conf.h"

#define FILE_MAX ((size_t)64 * 1024)

enum kind { KIND_CREDENTIAL, KIND_FILE, KIND_ENV, KINDS };

static const char *const prefixes[KINDS] = {"credential:", "file:", "env:"};

struct reference {
	enum kind kind;
	char name[PATH_MAX];
	const char *end;		/* what follows it in the text */
};

/* s begins with "${". NULL, or what is wrong. */
static const char *parse(const char *s, struct reference *ret)
{
	const char *close = strchr(s, '}');

	s += 2;
	if (!close)
		return "a reference '${' has no closing brace (a literal '${' is written '$${')";
	for (int k = 0; k < KINDS; k++) {
		size_t skip = strlen(prefixes[k]), len = (size_t)(close - s) - skip;
		if (strncmp(s, prefixes[k], skip) != 0)
			continue;
		if (!len || len >= sizeof ret->name)
			return "a reference names nothing (${credential:NAME}, ${file:/PATH} or "
			       "${env:NAME})";
		ret->kind = k;
		memcpy(ret->name, s + skip, len);
		ret->name[len] = '\0';
		ret->end = close + 1;
		if (k == KIND_FILE && ret->name[0] != '/')
			return "a reference to a file needs its whole path (${file:/PATH})";
		if (k == KIND_CREDENTIAL && (strchr(ret->name, '/') || ret->name[0] == '.'))
			return "a credential's name cannot hold '/' or begin with a dot";
		return NULL;
	}
	return "unknown reference '${...}' (${credential:NAME}, ${file:/PATH} or ${env:NAME}; a "
	       "literal '${' is written '$${')";
}

/* The next reference, or NULL. With out: what stands before it is added, escapes replaced. */
static const char *next_reference(const char *s, struct buf *out)
{
	for (; *s; s++) {
		bool escape = strncmp(s, "$${", 3) == 0;
		if (!escape && strncmp(s, "${", 2) == 0)
			return s;
		if (out)
			buf_adds(out, escape ? "${" : (char[]){*s, '\0'});
		if (escape)
			s += 2;
	}
	return NULL;
}

const char *secret_problem(const char *text)
{
	struct reference ref;

	while ((text = next_reference(text, NULL))) {
		const char *problem = parse(text, &ref);
		if (problem)
			return problem;
		text = ref.end;
	}
	return NULL;
}

bool conf_has_reference(const char *text)
{
	return next_reference(text, NULL);
}

/* Of a folder that is loaded as a whole (LoadCredential=ferry:FOLDER) systemd calls each file ferry_FILE. */
static void add_credential_path(const char *dir, const char *name, struct buf *out)
{
	size_t before = out->len;

	buf_addf(out, "%s/ferry_%s", dir, name);
	if (access(out->s + before, F_OK) == 0)
		return;
	out->len = before;
	buf_addf(out, "%s/%s", dir, name);
}

const char *conf_next_reference(const char *text, struct conf_reference *ret)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	struct reference ref;

	text = next_reference(text, NULL);
	if (!text || parse(text, &ref))
		return NULL;
	buf_reset(&ret->name);
	buf_reset(&ret->path);
	buf_addf(&ret->name, "%s%s", prefixes[ref.kind], ref.name);
	if (ref.kind == KIND_FILE)
		buf_adds(&ret->path, ref.name);
	else if (ref.kind == KIND_CREDENTIAL && dir)
		add_credential_path(dir, ref.name, &ret->path);
	ret->missing = ref.kind == KIND_ENV ? !getenv(ref.name) : !ret->path.len;
	return ref.end;
}

bool secret_by_name(const char *name)
{
	static const char *const words[] = {
		"password", "passwd", "passphrase", "secret", "token", "api_key", "apikey",
		"private_key", "credential",
		"authorization", "api-key",
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcasestr(name, words[i]))
			return true;
	return false;
}

/* A regular file: reading anything else might wait for ever. */
static int check_file(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno;
	return S_ISREG(st.st_mode) ? 0 : S_ISDIR(st.st_mode) ? EISDIR : ENOTSUP;
}

static int add_file(const char *what, const char *name, const char *path, struct buf *out,
		    struct ferry_error *err)
{
	struct buf text = BUF_INIT;
	int rc = check_file(path);

	if (!rc)
		rc = buf_read_file(&text, path, FILE_MAX);
	if (rc == EFBIG)
		ferry_fail(err, FERRY_E_CONFIG, "%s '%s' is too large (at most 64 KiB)", what,
			   name);
	else if (rc)
		ferry_fail(err, FERRY_E_CONFIG, "%s '%s' cannot be read: %s", what, name,
			   strerrordesc_np(rc));
	else if (text.len && memchr(text.s, '\0', text.len))
		rc = ferry_fail(err, FERRY_E_CONFIG, "%s '%s' is no text: it holds a NUL byte",
				what, name);
	else
		buf_add(out, text.s, text.len - (text.len && text.s[text.len - 1] == '\n'));
	if (text.s)
		explicit_bzero(text.s, text.cap);
	buf_release(&text);
	return rc ? -1 : 0;
}

static int add_credential(const char *name, struct buf *out, struct ferry_error *err)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	struct buf path = BUF_INIT;

	if (!dir)
		return ferry_fail(err, FERRY_E_CONFIG,
				  "credential '%s' is missing: CREDENTIALS_DIRECTORY is not set "
				  "(systemd sets it for services with LoadCredential=)",
				  name);
	add_credential_path(dir, name, &path);
	int rc = add_file("credential", name, path.s, out, err);
	buf_release(&path);
	return rc;
}

static int add_value(const struct reference *ref, struct buf *out, struct ferry_error *err)
{
	const char *value;

	switch (ref->kind) {
	case KIND_CREDENTIAL:
		return add_credential(ref->name, out, err);
	case KIND_FILE:
		return add_file("file", ref->name, ref->name, out, err);
	default:
		value = getenv(ref->name);
		if (!value)
			return ferry_fail(err, FERRY_E_CONFIG,
					  "environment variable '%s' is not set", ref->name);
		buf_adds(out, value);
		return 0;
	}
}

int conf_resolve(const char *text, struct buf *out, struct ferry_error *err)
{
	struct reference ref;
	size_t before = out->len;
	int rc = 0;

	buf_add(out, "", 0);
	while (rc == 0 && (text = next_reference(text, out))) {
		const char *problem = parse(text, &ref);
		rc = problem ? ferry_fail(err, FERRY_E_CONFIG, "%s", problem)
			     : add_value(&ref, out, err);
		text = ref.end;
	}
	if (rc < 0) {
		explicit_bzero(out->s + before, out->len - before);
		out->len = before;
	}
	return rc;
}
