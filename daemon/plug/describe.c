/* SPDX-License-Identifier: Apache-2.0 */
/* describe.c - what a connector says of itself, as JSON: for `ferryctl connectors`. */
#include "plug/plug-private.h"

#include <stdio.h>

#include "model/value.h"
#include "wire/json.h"

struct word {
	uint32_t bit;
	const char *name;
};

static const struct word role_words[] = {
	{FERRY_SOURCE, "source"}, {FERRY_DESTINATION, "destination"}, {0, NULL},
};

static const struct word mode_words[] = {
	{FERRY_MODE_UPSERT, "upsert"}, {FERRY_MODE_INSERT, "insert"}, {FERRY_MODE_UPDATE, "update"},
	{FERRY_MODE_MIRROR, "mirror"}, {FERRY_MODE_APPEND, "append"}, {0, NULL},
};

static const struct word cap_words[] = {
	{FERRY_CAP_ORDERED, "ordered"}, {FERRY_CAP_IDEMPOTENT, "idempotent"},
	{FERRY_CAP_MATCH_NEW, "match_new"}, {FERRY_CAP_WINDOWED, "windowed"},
	{FERRY_CAP_DISABLE, "disable"}, {FERRY_CAP_DELETE, "delete"},
	{FERRY_CAP_LOCAL, "local"}, {0, NULL},
};

static const struct word field_words[] = {
	{FERRY_FIELD_REQUIRED, "required"}, {FERRY_FIELD_IDENTIFIER, "identifier"},
	{FERRY_FIELD_VOLATILE, "volatile"}, {FERRY_FIELD_SENSITIVE, "sensitive"},
	{FERRY_FIELD_READONLY, "readonly"}, {0, NULL},
};

static void put_words(struct buf *out, const char *key, uint32_t bits, const struct word *words)
{
	jw_open(out, key, '[');
	for (; words->name; words++)
		if (bits & words->bit)
			jw_text(out, NULL, words->name);
	jw_close(out, ']');
}

static void put_choices(struct buf *out, const char *const *choices)
{
	if (!choices)
		return;
	jw_open(out, "choices", '[');
	for (; *choices; choices++)
		jw_text(out, NULL, *choices);
	jw_close(out, ']');
}

static const char *option_type_name(enum ferry_option_type type)
{
	switch (type) {
	case FERRY_OPT_TEXT: return "text";
	case FERRY_OPT_INT: return "integer";
	case FERRY_OPT_BOOL: return "boolean";
	case FERRY_OPT_DURATION: return "duration";
	case FERRY_OPT_SIZE: return "size";
	case FERRY_OPT_CHOICE: return "choice";
	}
	return "unknown";
}

static void put_options(struct buf *out, const char *key, const struct ferry_option *row)
{
	jw_open(out, key, '[');
	for (; row && row->name; row++) {
		jw_open(out, NULL, '{');
		jw_text(out, "name", row->name);
		jw_text(out, "type", option_type_name(row->type));
		jw_bool(out, "required", row->flags & FERRY_OPTION_REQUIRED);
		jw_bool(out, "secret", row->flags & FERRY_OPTION_SECRET);
		jw_text(out, "default", row->fallback);
		if (row->min || row->max) {
			jw_int(out, "min", row->min);
			if (row->max >= row->min)
				jw_int(out, "max", row->max);
		}
		put_choices(out, row->choices);
		jw_text(out, "help", row->help);
		jw_close(out, '}');
	}
	jw_close(out, ']');
}

static void put_fields(struct buf *out, const struct ferry_field *f)
{
	if (!f) {
		jw_null(out, "fields");
		return;
	}
	jw_open(out, "fields", '[');
	for (; f->name; f++) {
		jw_open(out, NULL, '{');
		jw_text(out, "name", f->name);
		jw_text(out, "type", f->type == FERRY_NULL ? "any" : type_name(f->type));
		put_words(out, "flags", f->flags, field_words);
		if (f->max_len)
			jw_int(out, "max_length", f->max_len);
		put_choices(out, f->choices);
		jw_text(out, "help", f->help);
		jw_close(out, '}');
	}
	jw_close(out, ']');
}

/* Which stages are the connector's own; the others are the engine's. */
static void put_stages(struct buf *out, const struct ferry_connector *api)
{
	const struct {
		bool own;
		const char *name;
	} stages[] = {
		{api->validate_setup, "validate_setup"}, {api->extract, "extract"},
		{api->canonicalize, "canonicalize"}, {api->lookup, "lookup"}, {api->list, "list"},
		{api->reconcile, "reconcile"}, {api->decide, "decide"}, {api->apply, "apply"}, {api->check, "check"}, {api->test, "test"},
	};

	jw_open(out, "stages", '[');
	for (size_t i = 0; i < sizeof stages / sizeof *stages; i++)
		if (stages[i].own)
			jw_text(out, NULL, stages[i].name);
	jw_close(out, ']');
}

void plug_json(const struct plug *plug, struct buf *out)
{
	const struct ferry_connector *api = plug->api;
	char abi[32];

	snprintf(abi, sizeof abi, "%u.%u", api->abi.major, api->abi.minor);
	jw_open(out, NULL, '{');
	jw_text(out, "name", api->name);
	jw_text(out, "family", api->family);
	jw_text(out, "resource", api->resource);
	jw_text(out, "summary", api->summary);
	jw_text(out, "version", api->version);
	jw_text(out, "interface", abi);
	jw_text(out, "path", plug->path);
	put_words(out, "roles", api->roles, role_words);
	put_words(out, "modes", api->modes, mode_words);
	put_words(out, "capabilities", api->caps, cap_words);
	if (api->roles & FERRY_DESTINATION)
		jw_int(out, "batch", api->batch ? api->batch : 1);
	if (api->lookup)
		jw_int(out, "lookup_batch", api->lookup_batch ? api->lookup_batch : 1);
	if (api->list && api->list_page)
		jw_int(out, "list_page", api->list_page);
	put_options(out, "connection_options", api->connection_options);
	put_options(out, "source_options", api->source_options);
	put_options(out, "destination_options", api->destination_options);
	put_fields(out, api->fields);
	put_stages(out, api);
	jw_close(out, '}');
}
