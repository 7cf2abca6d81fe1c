/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trial.c - what can be told before a run: of the settings alone, since opening asks nobody anything,
 * and of the connection by one request.
 */
#include "http/http.h"

#include <stdlib.h>
#include <string.h>

/* What a reference to a secret will be is not known; any text will do where one is wanted. */
static struct ferry_setting *filled(const struct ferry_open *open)
{
	struct ferry_setting *copy = rest_alloc(open->n_settings + 1, sizeof *copy);

	for (size_t i = 0; i < open->n_settings; i++) {
		bool unknown = open->settings[i].value.type == FERRY_NULL;
		bool address = strcmp(open->settings[i].name, "url") == 0;
		const char *text = address ? "https://unknown.invalid" : "unknown";
		copy[i] = open->settings[i];
		if (unknown)
			copy[i].value = (struct ferry_value){.s = text, .len = (uint32_t)strlen(text), .type = FERRY_TEXT};
	}
	return copy;
}

/* Whether what is wrong may be so only because a reference is not known. */
static bool any_unknown(const struct ferry_open *open)
{
	for (size_t i = 0; i < open->n_settings; i++)
		if (open->settings[i].value.type == FERRY_NULL && strcmp(open->settings[i].name, "url") != 0 &&
		    strncmp(open->settings[i].name, "auth.", 5) != 0 && strncmp(open->settings[i].name, "headers.", 8) != 0)
			return true;
	return false;
}

/* The setting a message begins with the name of: "lookup.path: ...". */
static const char *about(const struct ferry_open *open, const char *message)
{
	for (size_t i = 0; i < open->n_settings; i++) {
		size_t n = strlen(open->settings[i].name);
		if (strncmp(message, open->settings[i].name, n) == 0 && message[n] == ':')
			return open->settings[i].name;
	}
	return NULL;
}

void http_check_settings(const struct ferry_open *open, struct ferry_check *check)
{
	struct ferry_error why = {0};
	struct ferry_open known = *open;
	void *handle;

	if (any_unknown(open))
		return;
	struct ferry_setting *settings = filled(open);
	known.settings = settings;
	if (http_open(&known, &handle, &why) == 0)
		http_close(handle);
	else
		check->mistake(check, about(open, why.msg), "%s", why.msg);
	free(settings);
}

/* --------------------------------------------------------------------- test */

/* Nothing says which path may be asked: whatever answers is there. */
static int look(struct http_connection *c, struct ferry_trial *trial, struct ferry_error *err)
{
	struct http_request req = {.method = "GET", .repeatable = true, .url = ""};
	struct ferry_http_response res;

	if (http_send(c, &req, &res, err))
		return -1;
	trial->found(trial, "%s answers with status %d", c->peer, res.status);
	trial->step(trial, "credentials");
	if (c->auth == HTTP_AUTH_OAUTH2)
		trial->found(trial, "a token was given");
	if (res.status == 401)
		return http_status(c, "GET", &res, true, err);
	if (c->auth != HTTP_AUTH_NONE)
		trial->warn(trial, "whether they are accepted is not known: give a path as 'check' that wants them");
	return 0;
}

static int ask(struct http_connection *c, struct ferry_trial *trial, struct ferry_error *err)
{
	if (http_check(c, err)) {
		/* who says no has answered */
		if (err->code == FERRY_E_AUTH || err->code == FERRY_E_FORBIDDEN)
			trial->step(trial, "credentials");
		return -1;
	}
	trial->found(trial, "%s answers %s with success", c->peer, ferry_setting_text(c->open, "check"));
	trial->step(trial, "credentials");
	trial->found(trial, c->auth == HTTP_AUTH_NONE ? "none are configured" : "accepted");
	return 0;
}

int http_test(const struct ferry_open *open, struct ferry_trial *trial, struct ferry_error *err)
{
	struct http_connection c = {0};
	int rc = http_connection_open(&c, open, err);

	if (!rc) {
		trial->step(trial, "address");
		rc = ferry_setting_text(open, "check") ? ask(&c, trial, err) : look(&c, trial, err);
	}
	http_connection_release(&c);
	return rc;
}
