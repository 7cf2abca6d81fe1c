/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema.c - GET /schema/{kind}: the configuration's JSON Schema, with what the connectors that are there
 * say of their own settings. Which of them judges a source or destination follows from the family of the
 * connection that is named, so a schema holds for the configuration in force.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/call.h"
#include "conf/schema.h"

/* Who waits for a schema. */
struct wanted {
	struct supervisor *s;
	struct httpd_later *later;
	enum conf_kind kind;
};

/* A setting of a type, or a reference such as ${env:NAME} instead of it. */
static void put_value(struct buf *b, json_node *option)
{
	const char *type = json_get_text(option, "type", "text");
	json_node *choices = json_get(option, "choices");
	bool number = strcmp(type, "integer") == 0, flag = strcmp(type, "boolean") == 0;

	jw_text(b, "description", json_get_text(option, "help", ""));
	if (!number && !flag && !choices)
		return;
	jw_open(b, "anyOf", '[');
	jw_open(b, NULL, '{');
	if (choices) {
		size_t len;
		const char *text = json_dump(choices, &len);
		jw_raw(b, "enum", text, len);
	} else {
		jw_text(b, "type", type);
	}
	if (number && json_has(option, "min"))
		jw_int(b, "minimum", json_get_int(option, "min", 0));
	if (number && json_has(option, "max"))
		jw_int(b, "maximum", json_get_int(option, "max", 0));
	jw_close(b, '}');
	jw_open(b, NULL, '{');
	jw_text(b, "type", "string");
	jw_text(b, "pattern", "\\$\\{");
	jw_close(b, '}');
	jw_close(b, ']');
}

/* Has an earlier option (of the same list) the same name before the first dot? */
static bool named_before(json_node *list, size_t i, const char *name, size_t n)
{
	for (size_t k = 0; k < i; k++) {
		const char *other = json_get_text(json_at(list, k), "name", "");
		if (strncmp(other, name, n) == 0 && (!other[n] || other[n] == '.'))
			return true;
	}
	return false;
}

/* Settings with a dot in their name stand in a map, which is left open. */
static void put_options(struct buf *b, json_node *list, struct buf *names)
{
	char key[64];

	for (size_t i = 0; i < json_count(list); i++) {
		json_node *option = json_at(list, i);
		const char *name = json_get_text(option, "name", "");
		size_t n = strcspn(name, ".");
		snprintf(key, sizeof key, " %.*s ", (int)n, name);
		if (named_before(list, i, name, n) || strstr(buf_str(names), key))
			continue;
		buf_adds(names, key);
		snprintf(key, sizeof key, "%.*s", (int)n, name);
		jw_open(b, key, '{');
		if (!name[n])
			put_value(b, option);
		jw_close(b, '}');
	}
}

/* All options of that list of the family's connectors, of each name the first. */
static void put_family(struct buf *b, json_node *connectors, const char *family, const char *list)
{
	struct buf names = BUF_INIT;

	jw_open(b, "properties", '{');
	for (size_t i = 0; i < json_count(connectors); i++) {
		json_node *connector = json_at(connectors, i);
		if (strcmp(json_get_text(connector, "family", ""), family) == 0)
			put_options(b, json_get(connector, list), &names);
	}
	jw_close(b, '}');
	buf_release(&names);
}

static void put_is_one_of(struct buf *b, const char *key, const char *member, const struct buf *values)
{
	jw_open(b, key, '{');
	jw_open(b, "properties", '{');
	jw_open(b, member, '{');
	jw_open(b, "enum", '[');
	buf_adds(b, buf_str(values));
	jw_close(b, ']');
	jw_close(b, '}');
	jw_close(b, '}');
	jw_close(b, '}');
}

/* if: member is one of those; then: the family's settings. */
static void put_rule(struct buf *b, const char *member, const struct buf *values, json_node *connectors,
		     const char *family, const char *list)
{
	jw_open(b, NULL, '{');
	put_is_one_of(b, "if", member, values);
	jw_open(b, "then", '{');
	put_family(b, connectors, family, list);
	jw_close(b, '}');
	jw_close(b, '}');
}

/* Whatever is not among those is left open. */
static void put_others(struct buf *b, const char *member, const struct buf *values)
{
	jw_open(b, NULL, '{');
	jw_open(b, "if", '{');
	put_is_one_of(b, "not", member, values);
	jw_close(b, '}');
	jw_open(b, "then", '{');
	jw_bool(b, "additionalProperties", true);
	jw_close(b, '}');
	jw_close(b, '}');
}

/* Each family once, at the first of its connectors. */
static bool first_of_family(json_node *connectors, size_t i)
{
	const char *family = json_get_text(json_at(connectors, i), "family", "");

	for (size_t k = 0; k < i; k++)
		if (strcmp(json_get_text(json_at(connectors, k), "family", ""), family) == 0)
			return false;
	return true;
}

/* What names the family: itself, or the connections that are of it. */
static void put_names(struct buf *b, const struct generation *g, const char *family, bool itself)
{
	if (itself)
		jw_text(b, NULL, family);
	for (size_t i = 0; i < g->n_connections && !itself; i++)
		if (strcmp(g->connections[i].family, family) == 0)
			jw_text(b, NULL, g->connections[i].name);
}

static void put_rules(struct buf *b, const struct generation *g, json_node *connectors, const char *list)
{
	bool itself = strcmp(list, "connection_options") == 0;
	const char *member = itself ? "family" : "connection";
	struct buf all = BUF_INIT;

	for (size_t i = 0; i < json_count(connectors); i++) {
		struct buf names = BUF_INIT;
		const char *family = json_get_text(json_at(connectors, i), "family", "");
		if (!first_of_family(connectors, i))
			continue;
		put_names(&names, g, family, itself);
		put_names(&all, g, family, itself);
		if (names.len)
			put_rule(b, member, &names, connectors, family, list);
		buf_release(&names);
	}
	put_others(b, member, &all);
	buf_release(&all);
}

static void make(const struct wanted *w, json_node *connectors, struct buf *out)
{
	static const char *const objects[] = {"connection", "source", "destination"};
	const struct generation *g = supervise_generation(w->s);
	struct conf_schema_rules rules[4] = {{0}};
	struct buf text[3] = {BUF_INIT, BUF_INIT, BUF_INIT};

	for (int i = 0; i < 3; i++) {
		char list[32];
		snprintf(list, sizeof list, "%s_options", objects[i]);
		put_rules(&text[i], g, connectors, list);
		rules[i] = (struct conf_schema_rules){objects[i], text[i].s};
	}
	conf_schema(w->kind, rules, out);
	for (int i = 0; i < 3; i++)
		buf_release(&text[i]);
}

static void on_connectors(void *ctx, int rc, const struct buf *json, const struct ferry_error *why)
{
	struct wanted *w = ctx;
	struct httpd_reply reply = {.status = 200};
	struct buf list = BUF_INIT;
	struct json_doc *doc = NULL;

	if (rc == 0) {
		jw_open(&list, NULL, '[');
		buf_add(&list, buf_str(json), json->len);
		jw_close(&list, ']');
	}
	if (rc < 0)
		reply_error(&reply, ferry_code_info(why->code)->http, why, NULL);
	else if (json_parse(list.s, list.len, "connectors", &doc, NULL) == 0)
		make(w, json_root(doc), &reply.body);
	else
		conf_schema(w->kind, NULL, &reply.body);
	json_free(doc);
	buf_release(&list);
	httpd_answer(w->later, &reply);
	free(w);
}

int handle_schema(struct call *c, struct ferry_error *err)
{
	int kind = conf_kind_from_name(c->arg);

	if (kind < 0)
		return ferry_fail(err, FERRY_E_NOT_FOUND, "there is no kind of file '%s': ferry, connections or syncs",
				  c->arg);
	struct wanted *w = ferry_alloc(sizeof *w);
	*w = (struct wanted){c->s, httpd_later(c->req), (enum conf_kind)kind};
	supervise_connectors(c->s, on_connectors, w);
	return 0;
}
