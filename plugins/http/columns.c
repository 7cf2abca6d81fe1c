/* SPDX-License-Identifier: Apache-2.0 */
/*
 * columns.c - which columns a source has, and a record as a row of them.
 *
 * Columns that are not declared are the members of the objects on the first page. A member that comes
 * up later is left out with a warning: nothing of a mapping can depend on it, or the first page would
 * have failed already.
 */
#include "http/source.h"

#include <stdlib.h>
#include <string.h>

static struct http_column *add_column(struct http_source *s, const char *name, size_t len)
{
	s->columns = rest_resize(s->columns, s->n_columns + 1, sizeof *s->columns);
	struct http_column *c = &s->columns[s->n_columns++];
	*c = (struct http_column){.name = rest_copy(name, len)};
	return c;
}

/* A column for the member of that name. */
static void add_member(struct http_source *s, const char *name, size_t len)
{
	struct http_column *c = add_column(s, name, len);
	struct rest_buf pointer = {0};

	rest_adds(&pointer, "/");
	for (size_t i = 0; i < len; i++) {
		if (name[i] == '~' || name[i] == '/')
			rest_adds(&pointer, name[i] == '~' ? "~0" : "~1");
		else
			rest_add(&pointer, name + i, 1);
	}
	c->text = pointer.s;
	http_pointer_parse(c->text, &c->pointer);
}

/* "id, name": the members of these names. */
static void take_list(struct http_source *s, const char *list)
{
	while (list && *(list += strspn(list, ", \t\n"))) {
		size_t len = strcspn(list, ",\n"), end = len;
		while (end && (list[end - 1] == ' ' || list[end - 1] == '\t'))
			end--;
		add_member(s, list, end);
		list += len;
	}
}

int http_columns_open(struct http_source *s, struct ferry_error *err)
{
	static const char prefix[] = "columns.";
	const struct ferry_open *open = &s->open;

	take_list(s, ferry_setting_text(open, "columns"));
	for (size_t i = 0; i < open->n_settings; i++) {
		const char *name = open->settings[i].name;
		if (strncmp(name, prefix, sizeof prefix - 1))
			continue;
		struct http_column *c = add_column(s, name + sizeof prefix - 1,
						   strlen(name) - (sizeof prefix - 1));
		if (http_take_pointer(open, name, &c->pointer, NULL, err))
			return -1;
	}
	for (size_t i = 0; i < s->n_columns; i++)
		if (!rest_map_add(&s->known, s->columns[i].name, strlen(s->columns[i].name), i, NULL))
			return open->host->fail(err, FERRY_E_CONFIG,
						"columns: '%.64s' is there twice",
						s->columns[i].name);
	s->declared = s->n_columns;
	return 0;
}

void http_columns_release(struct http_source *s)
{
	for (size_t i = 0; i < s->n_columns; i++) {
		http_pointer_release(&s->columns[i].pointer);
		free(s->columns[i].name);
		free(s->columns[i].text);
	}
	free(s->columns);
	rest_map_release(&s->known);
}

static int no_object(struct http_handle *h, struct ferry_error *err)
{
	return h->connection.api.host->fail(err, FERRY_E_PROTOCOL,
					    "GET: %s gives a record that is no object; declare "
					    "'columns' if that is right", h->connection.api.peer);
}

static int discover(struct http_handle *h, rest_node *list, struct ferry_error *err)
{
	struct http_source *s = h->source;
	const struct ferry_host *host = h->connection.api.host;

	for (size_t i = 0; i < rest_count(list); i++) {
		void *iter = NULL;
		const char *name;
		rest_node *value;
		if (rest_kind(rest_at(list, i)) != REST_OBJECT)
			return no_object(h, err);
		while (rest_next(rest_at(list, i), &iter, &name, &value))
			if (*name && rest_map_add(&s->known, name, strlen(name), s->n_columns, NULL))
				add_member(s, name, strlen(name));
	}
	if (s->n_columns)
		return 0;
	host->fail(err, FERRY_E_DATA, "%s gives no records, and so does not tell which columns they "
				      "have", h->connection.api.peer);
	return rest_hint(err, "declare the source's 'columns'");
}

int http_columns_begin(struct http_handle *h, rest_node *list, struct ferry_sink *sink,
		       struct ferry_error *err)
{
	struct http_source *s = h->source;

	if (!s->declared && discover(h, list, err))
		return -1;
	struct ferry_column *columns = rest_alloc(s->n_columns, sizeof *columns);
	for (size_t i = 0; i < s->n_columns; i++)
		columns[i] = (struct ferry_column){s->columns[i].name, FERRY_NULL};
	int rc = sink->columns(sink, columns, s->n_columns, false, err);
	free(columns);
	return rc;
}

static void warn_of_new(struct http_handle *h, rest_node *record)
{
	struct http_source *s = h->source;
	const struct ferry_host *host = h->connection.api.host;
	void *iter = NULL;
	const char *name;
	rest_node *value;

	while (!s->warned && rest_next(record, &iter, &name, &value)) {
		if (!*name || rest_map_find(&s->known, name, strlen(name), NULL))
			continue;
		host->log(host, FERRY_LOG_WARN,
			  "'%.64s' is in no record of the first page and is left out: declare the "
			  "source's 'columns'", name);
		s->warned = true;
	}
}

int http_columns_read(struct http_handle *h, rest_node *record, struct ferry_value *ret,
		      struct ferry_error *err)
{
	struct http_source *s = h->source;

	if (!s->declared && rest_kind(record) != REST_OBJECT)
		return no_object(h, err);
	if (!s->declared && s->pages > 1)
		warn_of_new(h, record);
	for (size_t i = 0; i < s->n_columns; i++)
		rest_value(http_pointer_get(&s->columns[i].pointer, record, NULL), FERRY_NULL,
			   &s->pool, &ret[i]);
	return 0;
}
