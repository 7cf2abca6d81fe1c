/* SPDX-License-Identifier: Apache-2.0 */
/*
 * handle.c - open a connector for one role and one thread: settings with their secrets, the layout
 * of what it will be given, its host.
 */
#include "plug/check.h"

#include <stdlib.h>
#include <string.h>

#include "plug/plug-private.h"

/* What a handle's connector may look at until it is closed. */
struct handle {
	struct plug_handle public;
	struct arena arena;
	struct ferry_open open;
	struct ferry_layout layout;
	struct setting_list settings;
};

void plug_layout(const struct plug *plug, const struct segment_def *seg, struct arena *arena,
		 struct ferry_layout *ret)
{
	const char **names = arena_alloc0(arena, seg->n_map, sizeof *names);
	const struct ferry_field **fields = arena_alloc0(arena, seg->n_map, sizeof *fields);

	for (size_t i = 0; i < seg->n_map; i++) {
		names[i] = seg->map[i].field;
		fields[i] = check_find_field(plug->api->fields, names[i]);
	}
	*ret = (struct ferry_layout){.n = seg->n_map, .names = names, .fields = fields};
}

static const char *const *copy_keys(struct arena *arena, const char *const *keys)
{
	size_t n = 0;

	if (!keys)
		return NULL;
	while (keys[n])
		n++;
	const char **copy = arena_alloc0(arena, n + 1, sizeof *copy);
	for (size_t i = 0; i < n; i++)
		copy[i] = arena_strdup(arena, keys[i]);
	return copy;
}

/* What must never be seen in a message: settings the connector calls secret, and what refers to a secret. */
static void tell_secrets(const struct ferry_option *table, const struct def_options *given,
			 const struct setting_list *settings, const struct plug_watch *watch)
{
	for (size_t i = 0; i < settings->n; i++) {
		const struct ferry_setting *s = &settings->items[i];
		const struct ferry_option *row = option_find(table, s->name);
		const struct def_option *o = option_given(given, s->name);
		if (!row || !o || s->value.type != FERRY_TEXT)
			continue;
		if (row->flags & FERRY_OPTION_SECRET || strstr(o->text, "${credential:") || strstr(o->text, "${file:"))
			watch->secret(watch->ctx, s->value.s);
	}
}

static int fill_settings(struct handle *h, const struct ferry_connector *api,
			 const struct plug_open *open, struct ferry_error *err)
{
	struct buf missing = BUF_INIT;
	const struct ferry_option *own = open->role == FERRY_SOURCE ? api->source_options
		: open->role == FERRY_DESTINATION ? api->destination_options : NULL;
	int rc = option_settings(api->connection_options, &open->connection->options, &h->arena,
				 &h->settings, &missing, err);

	if (rc == 0 && own)
		rc = option_settings(own, &open->endpoint->options, &h->arena, &h->settings,
				     &missing, err);
	if (rc == 0 && missing.len)
		rc = ferry_fail(err, FERRY_E_CONFIG, "%s needs %s", api->name, buf_str(&missing));
	if (rc == 0 && open->watch.secret) {
		tell_secrets(api->connection_options, &open->connection->options, &h->settings, &open->watch);
		if (own)
			tell_secrets(own, &open->endpoint->options, &h->settings, &open->watch);
	}
	buf_release(&missing);
	return rc < 0 ? ferry_within(err, "connection '%s'", open->connection->name) : 0;
}

struct ferry_common plug_common(const struct connection_def *c)
{
	return (struct ferry_common){
		.connect_timeout_ms = c->connect_timeout_ms,
		.timeout_ms = c->timeout_ms,
		.tls_given = c->tls_ca || c->tls_cert || c->tls_verify >= 0,
		.tls_verify = c->tls_verify != 0,
		.tls_ca = c->tls_ca,
		.tls_cert = c->tls_cert,
		.tls_key = c->tls_key,
	};
}

static void fill_open(struct handle *h, const struct plug_open *open)
{
	if (open->layout)
		h->layout = *open->layout;
	h->open = (struct ferry_open){
		.host = plug_host_api(h->public.host),
		.role = open->role,
		.connection = arena_strdup(&h->arena, open->connection->name),
		.settings = h->settings.items,
		.n_settings = h->settings.n,
		.layout = open->layout ? &h->layout : NULL,
		.mode = open->mode,
		.keys = copy_keys(&h->arena, open->keys),
		.common = plug_common(open->connection),
	};
}

static uint32_t capabilities(const struct ferry_connector *api, void *handle)
{
	if (api->capabilities)
		return api->capabilities(handle);
	return api->caps | (api->lookup ? FERRY_CAP_LOOKUP : 0) | (api->list ? FERRY_CAP_LIST : 0);
}

/* The setting `batch`, where a connector has one, only ever lowers what it takes. */
static uint32_t batch_size(const struct ferry_open *open, const struct ferry_connector *api)
{
	uint32_t most = api->batch ? api->batch : 1;
	int64_t wanted = ferry_setting_int(open, "batch", most);

	return wanted < 1 ? 1 : wanted < most ? (uint32_t)wanted : most;
}

static void handle_free(struct handle *h)
{
	plug_host_free(h->public.host);
	/* the settings hold secrets */
	for (size_t i = 0; i < h->settings.n; i++) {
		struct ferry_value *v = &h->settings.items[i].value;
		if (v->type == FERRY_TEXT)
			explicit_bzero((void *)(uintptr_t)v->s, v->len);
	}
	arena_release(&h->arena);
	free(h);
}

/* All but the connector's own part. */
static int handle_make(const struct plug *plug, const struct plug_open *open, struct handle **ret,
		       struct ferry_error *err)
{
	struct handle *h = ferry_alloc0(1, sizeof *h);

	h->public.api = plug->api;
	if (fill_settings(h, plug->api, open, err) < 0 ||
	    plug_host_new(plug, open, &h->public.host, err) < 0) {
		handle_free(h);
		return -1;
	}
	fill_open(h, open);
	*ret = h;
	return 0;
}

/* The connector has failed, and *why should say how. */
static int failed(const struct plug *plug, const struct plug_open *open, const char *doing,
		  struct ferry_error *why, struct ferry_error *err)
{
	if (why->code == FERRY_OK)
		ferry_fail(why, FERRY_E_CONNECTOR, "%s could not be %s and did not say why",
			   plug->api->name, doing);
	ferry_within(why, "connection '%s'", open->connection->name);
	if (err)
		*err = *why;
	return -1;
}

int plug_handle_open(const struct plug *plug, const struct plug_open *open,
		     struct plug_handle **ret, struct ferry_error *err)
{
	struct ferry_error why = {0};
	struct handle *h;

	if (handle_make(plug, open, &h, err) < 0)
		return -1;
	if (plug->api->open(&h->open, &h->public.handle, &why) < 0) {
		handle_free(h);
		return failed(plug, open, "opened", &why, err);
	}
	h->public.caps = capabilities(plug->api, h->public.handle);
	h->public.batch = batch_size(&h->open, plug->api);
	*ret = &h->public;
	return 0;
}

int plug_handle_test(const struct plug *plug, const struct plug_open *open,
		     struct ferry_trial *trial, struct ferry_error *err)
{
	struct ferry_error why = {0};
	struct handle *h;

	trial->step(trial, "settings");
	if (handle_make(plug, open, &h, err) < 0)
		return -1;
	int rc = plug->api->test(&h->open, trial, &why);
	handle_free(h);
	return rc < 0 ? failed(plug, open, "tested", &why, err) : 0;
}

void plug_handle_close(struct plug_handle *handle)
{
	if (!handle)
		return;
	handle->api->close(handle->handle);
	handle_free((struct handle *)handle);
}
