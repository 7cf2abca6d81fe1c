/* SPDX-License-Identifier: Apache-2.0 */
/* lookup.c - reading what the destination holds for a record. */
#include "http/destination.h"
#include "http/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ opening */

static int take_fields(struct http_destination *d, const struct ferry_open *open,
		       struct ferry_error *err)
{
	static const char prefix[] = "lookup.fields.";
	struct http_reading *r = &d->lookup;

	r->fields = rest_alloc(d->layout->n, sizeof *r->fields);
	r->has_field = rest_alloc(d->layout->n, sizeof *r->has_field);
	for (size_t i = 0; i < open->n_settings; i++) {
		const struct ferry_setting *s = &open->settings[i];
		if (strncmp(s->name, prefix, sizeof prefix - 1))
			continue;
		int field = rest_field(d->layout, s->name + sizeof prefix - 1);
		if (field < 0)
			return open->host->fail(err, FERRY_E_CONFIG,
						"lookup.fields: '%.64s' is no mapped field",
						s->name + sizeof prefix - 1);
		r->has_field[field] = true;
		if (http_take_pointer(open, s->name, &r->fields[field], NULL, err))
			return -1;
	}
	return 0;
}

static int take_list(struct http_handle *h, const struct ferry_open *open, struct ferry_error *err)
{
	struct http_destination *d = h->destination;

	if (!ferry_setting_text(open, "list.path"))
		return 0;
	if (!d->lookup.has_id)
		return open->host->fail(err, FERRY_E_CONFIG,
					"lookup.id: it is missing, which tells the id of the records "
					"that 'list' gives");
	if (http_source_open(&h->connection, open, "list.", &d->list, err))
		return rest_hint(err, "it is about the destination's 'list'");
	return 0;
}

int http_reading_open(struct http_handle *h, const struct ferry_open *open,
		      struct ferry_error *err)
{
	struct http_destination *d = h->destination;
	struct http_reading *r = &d->lookup;
	const char *path = ferry_setting_text(open, "lookup.path");
	bool has_record;
	char why[400];

	r->given = path;
	r->absent = ferry_setting_text(open, "lookup.absent");
	if (http_check_list(open, "lookup.absent", err) || take_fields(d, open, err) ||
	    http_take_pointer(open, "lookup.record", &r->record, &has_record, err) ||
	    http_take_pointer(open, "lookup.records", &r->records, &r->has_records, err) ||
	    http_take_pointer(open, "lookup.id", &r->id, &r->has_id, err))
		return -1;
	if (has_record && r->has_records)
		return open->host->fail(err, FERRY_E_CONFIG,
					"lookup: give 'record' or 'records', not both");
	if (take_list(h, open, err))
		return -1;
	if (!path)
		return 0;
	if (!http_template_parse(path, HTTP_FORM_PATH, HTTP_ROW_NAMES & ~HTTP_NAME(HTTP_RECORD),
				 d->layout, &r->path, why, sizeof why))
		return open->host->fail(err, FERRY_E_CONFIG, "lookup.path: %s", why);
	r->finds_new = !(r->path.names & HTTP_NAME(HTTP_ID));
	r->look_up_new = r->finds_new && ferry_setting_int(open, "lookup.new", 1);
	if (!(r->path.names & HTTP_ROW_NAMES))
		return open->host->fail(err, FERRY_E_CONFIG,
					"lookup.path: it names no record; use {{id}}, {{key}} or a "
					"mapped field");
	return 0;
}

void http_reading_release(struct http_destination *d)
{
	struct http_reading *r = &d->lookup;

	for (size_t i = 0; r->fields && i < d->layout->n; i++)
		http_pointer_release(&r->fields[i]);
	free(r->fields);
	free(r->has_field);
	http_template_release(&r->path);
	http_pointer_release(&r->record);
	http_pointer_release(&r->records);
	http_pointer_release(&r->id);
}

/* ------------------------------------------------------------------ reading */

/* Times come as text; everything else is of the type it is there. */
static bool read_value(struct http_destination *d, rest_node *node, const struct ferry_value *ours,
		       struct ferry_value *ret)
{
	if (ours && ours->type == FERRY_TIME && rest_value(node, FERRY_TIME, &d->pool, ret))
		return true;
	return rest_value(node, FERRY_NULL, &d->pool, ret);
}

static int read_record(struct http_handle *h, const struct ferry_action *action, rest_node *record,
		       struct ferry_found *found, struct ferry_error *err)
{
	struct http_destination *d = h->destination;
	const struct http_reading *r = &d->lookup;
	const struct ferry_host *host = h->connection.api.host;
	struct ferry_value *values = rest_pool_alloc(&d->pool, d->layout->n * sizeof *values);
	const char *id;
	size_t len;

	if (rest_kind(record) != REST_OBJECT)
		return host->fail(err, FERRY_E_PROTOCOL, "lookup: %s's answer has no record at '%s'",
				  h->connection.api.peer,
				  r->has_records ? r->records.text : r->record.text ? r->record.text : "");
	for (size_t i = 0; i < d->layout->n; i++) {
		rest_node *node = r->has_field[i] ? http_pointer_get(&r->fields[i], record, NULL)
						  : rest_path(record, d->layout->names[i], NULL);
		read_value(d, node, action->fields ? &action->fields[i] : NULL, &values[i]);
	}
	*found = (struct ferry_found){FERRY_FOUND, action->dest_id ? action->dest_id : "", values};
	if (r->has_id) {
		if (!http_id_text(http_pointer_get(&r->id, record, NULL), &id, &len))
			return host->fail(err, FERRY_E_PROTOCOL,
					  "lookup: %s's answer has no id at '%s'",
					  h->connection.api.peer, r->id.text);
		found->dest_id = rest_pool_copy(&d->pool, id, len);
	} else if (!*found->dest_id) {
		found->dest_id = rest_pool_copy(&d->pool, action->key, action->key_len);
	}
	return 0;
}

static int read_answer(struct http_handle *h, const struct ferry_action *action, rest_node *root,
		       struct ferry_found *found, struct ferry_error *err)
{
	const struct http_reading *r = &h->destination->lookup;

	if (!r->has_records)
		return read_record(h, action, http_pointer_get(&r->record, root, NULL), found, err);
	rest_node *list = http_pointer_get(&r->records, root, NULL);
	if (rest_kind(list) != REST_ARRAY)
		return h->connection.api.host->fail(err, FERRY_E_PROTOCOL,
						    "lookup: %s's answer has no list at '%s'",
						    h->connection.api.peer, r->records.text);
	if (rest_count(list) > 1)
		found->presence = FERRY_SEVERAL;
	return rest_count(list) == 1 ? read_record(h, action, rest_at(list, 0), found, err) : 0;
}

static int ask(struct http_handle *h, const struct ferry_action *action, struct ferry_found *found,
	       struct ferry_error *err)
{
	struct http_destination *d = h->destination;
	struct http_request req = {.method = "GET", .repeatable = true,
				   .url = rest_str(&d->path)};
	struct ferry_http_response res;
	rest_node *root;

	if (http_send(&h->connection, &req, &res, err))
		return -1;
	if (http_listed(d->lookup.absent, res.status))
		return 0;
	if (http_status(&h->connection, "lookup", &res, false, err) ||
	    http_parse(&h->connection, "lookup", &res, &root, err))
		return -1;
	int rc = read_answer(h, action, root, found, err);
	rest_free(root);
	return rc;
}

int http_lookup(void *handle, const struct ferry_action *actions, size_t n,
		struct ferry_found *found, struct ferry_error *err)
{
	struct http_handle *h = handle;
	struct http_destination *d = h->destination;
	const struct ferry_host *host = h->connection.api.host;

	rest_pool_reset(&d->pool);
	for (size_t i = 0; i < n; i++) {
		struct http_fill fill = {.record = &d->record, .layout = d->layout,
					 .action = &actions[i]};
		found[i] = (struct ferry_found){.presence = FERRY_ABSENT, .dest_id = ""};
		if (host->cancelled(host))
			return host->fail(err, FERRY_E_CANCELLED, "the run is ending");
		rest_buf_reset(&d->path);
		const char *why = http_fill_path(&d->path, &d->lookup.path, &fill);
		/* whose id is not known cannot be asked for: a new record is new then, but of a write
		 * that is in doubt nothing is known */
		if (why && actions[i].decision != FERRY_UPDATE)
			found[i].presence = FERRY_SEVERAL;
		else if (!why && ask(h, &actions[i], &found[i], err))
			return -1;
	}
	return 0;
}

/* --------------------------------------------------------------------- list */

#define FOUND 200			/* given at once */

struct reading {
	struct http_taker taker;
	struct http_handle *h;
	struct ferry_listing *listing;
};

static int give_found(struct reading *r, rest_node *list, size_t from, size_t n, uint64_t *hash,
		      struct ferry_error *err)
{
	static const struct ferry_action nobody = {.key = "", .dest_id = ""};
	struct http_destination *d = r->h->destination;
	struct ferry_found found[FOUND];

	rest_pool_reset(&d->pool);
	for (size_t i = 0; i < n; i++) {
		if (read_record(r->h, &nobody, rest_at(list, from + i), &found[i], err))
			return -1;
		for (size_t f = 0; f < d->layout->n; f++)
			*hash = http_fold(*hash, &found[i].fields[f]);
	}
	return r->listing->found(r->listing, found, n, err);
}

static int take_page(struct http_taker *taker, rest_node *list, uint64_t *hash,
		     struct ferry_error *err)
{
	struct reading *r = taker->ctx;
	size_t all = rest_count(list), n;

	for (size_t done = 0; done < all; done += n) {
		n = all - done < FOUND ? all - done : FOUND;
		if (give_found(r, list, done, n, hash, err))
			return -1;
	}
	r->h->destination->list->rows += (int64_t)all;
	return 0;
}

static void ignore_page(struct http_taker *taker, const char *kind, size_t bytes)
{
	(void)taker;
	(void)kind;
	(void)bytes;
}

static void tell_truncated(struct http_taker *taker, const char *reason)
{
	struct reading *r = taker->ctx;
	r->listing->truncated(r->listing, reason);
}

int http_list(void *handle, struct ferry_listing *listing, struct ferry_error *err)
{
	struct http_handle *h = handle;
	struct reading r = {{&r, 0, take_page, ignore_page, tell_truncated}, h, listing};

	return http_read_pages(h->destination->list, &r.taker, err);
}
