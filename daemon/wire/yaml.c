/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml.c - libyaml's events to a tree. The only file that knows libyaml.
 *
 * Nothing here recurses: open lists and maps stand on a stack of fixed height, and children wait in
 * one vector until the list or map they belong to ends.
 */
#include "wire/yaml.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#define TEXT_MAX ((size_t)4 << 20)
#define LEVELS_MAX 64
#define NODES_MAX 200000

struct level {
	struct yaml_node *node;
	size_t first;			/* its first child in pending */
};

struct reader {
	struct arena *arena;
	struct level levels[LEVELS_MAX];
	int depth;
	struct yaml_node **pending;
	size_t n_pending, cap_pending;
	size_t n_nodes;
	struct yaml_node *root;
	bool documents;			/* the first one has begun */
	const char *text;
	size_t len;
	int line, column;		/* where it failed */
	struct ferry_error *err;
};

static bool is_inside_character(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

static int fail_at(struct reader *r, const yaml_mark_t *mark, const char *what)
{
	r->line = (int)mark->line + 1;
	r->column = (int)mark->column + 1;
	return ferry_fail(r->err, FERRY_E_CONFIG, "%s", what);
}

/* What is no text at all has an offset in bytes instead of a place. */
static void place_of_offset(struct reader *r, size_t offset)
{
	r->line = r->column = 1;
	for (size_t i = 0; i < offset && i < r->len; i++) {
		if (r->text[i] == '\n') {
			r->line++;
			r->column = 1;
		} else if (!is_inside_character(r->text[i])) {
			r->column++;
		}
	}
}

/* libyaml counts characters. */
static char character_at(const struct reader *r, size_t index)
{
	for (size_t i = 0; i < r->len; i++)
		if (!is_inside_character(r->text[i]) && index-- == 0)
			return r->text[i];
	return '\0';
}

static int fail_parse(struct reader *r, const yaml_parser_t *p)
{
	const char *problem = p->problem ? p->problem : "the text is no YAML";

	switch (p->error) {
	case YAML_MEMORY_ERROR:
		return ferry_fail(r->err, FERRY_E_NOMEM, "out of memory while reading YAML");
	case YAML_READER_ERROR:
		place_of_offset(r, p->problem_offset);
		return ferry_fail(r->err, FERRY_E_CONFIG, "%s (the text must be UTF-8)", problem);
	default:
		fail_at(r, &p->problem_mark, problem);
		if (character_at(r, p->problem_mark.index) == '\t')
			return ferry_fail(r->err, FERRY_E_CONFIG,
					  "%s: a tab (YAML is indented by spaces)", problem);
		if (p->context)
			return ferry_fail(r->err, FERRY_E_CONFIG, "%s (%s that began in line %zu)",
					  problem, p->context, p->context_mark.line + 1);
		return -1;
	}
}

static bool is_key_next(const struct reader *r)
{
	if (!r->depth)
		return false;
	const struct level *l = &r->levels[r->depth - 1];
	return l->node->kind == YAML_NODE_MAP && (r->n_pending - l->first) % 2 == 0;
}

static void append(struct reader *r, struct yaml_node *node)
{
	if (!r->depth) {
		r->root = node;
		return;
	}
	if (r->n_pending == r->cap_pending) {
		r->cap_pending = r->cap_pending ? r->cap_pending * 2 : 64;
		r->pending = ferry_realloc(r->pending, r->cap_pending, sizeof *r->pending);
	}
	r->pending[r->n_pending++] = node;
}

static struct yaml_node *node_new(struct reader *r, enum yaml_kind kind, const yaml_mark_t *mark)
{
	if (++r->n_nodes > NODES_MAX) {
		fail_at(r, mark, "too many values (at most 200,000 in a file)");
		return NULL;
	}
	struct yaml_node *node = arena_alloc0(r->arena, 1, sizeof *node);
	node->kind = kind;
	node->line = (int)mark->line + 1;
	node->column = (int)mark->column + 1;
	return node;
}

static int refuse_extras(struct reader *r, const yaml_event_t *ev, const yaml_char_t *anchor,
			 const yaml_char_t *tag)
{
	if (anchor)
		return fail_at(r, &ev->start_mark,
			       "anchors are not accepted (write the value out where it is used)");
	if (tag)
		return fail_at(r, &ev->start_mark,
			       "tags are not accepted (every setting has one type already)");
	return 0;
}

static int on_scalar(struct reader *r, const yaml_event_t *ev)
{
	const char *text = (const char *)ev->data.scalar.value;
	size_t len = ev->data.scalar.length;
	bool plain = ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

	if (refuse_extras(r, ev, ev->data.scalar.anchor, ev->data.scalar.tag) < 0)
		return -1;
	if (memchr(text, '\0', len))
		return fail_at(r, &ev->start_mark, "a text cannot hold a NUL character");
	if (plain && strcmp(text, "<<") == 0 && is_key_next(r))
		return fail_at(r, &ev->start_mark,
			       "merge keys are not accepted (write the values out)");
	struct yaml_node *node = node_new(r, YAML_NODE_SCALAR, &ev->start_mark);
	if (!node)
		return -1;
	node->text = arena_strndup(r->arena, text, len);
	node->len = len;
	node->plain = plain;
	append(r, node);
	return 0;
}

static int on_start(struct reader *r, const yaml_event_t *ev, enum yaml_kind kind,
		    const yaml_char_t *anchor, const yaml_char_t *tag)
{
	if (refuse_extras(r, ev, anchor, tag) < 0)
		return -1;
	if (is_key_next(r))
		return fail_at(r, &ev->start_mark,
			       "a key must be a single text, not a list or a map");
	if (r->depth == LEVELS_MAX)
		return fail_at(r, &ev->start_mark, "nested too deeply (at most 64 levels)");
	struct yaml_node *node = node_new(r, kind, &ev->start_mark);
	if (!node)
		return -1;
	append(r, node);
	r->levels[r->depth++] = (struct level){node, r->n_pending};
	return 0;
}

static void on_end(struct reader *r)
{
	struct level *l = &r->levels[--r->depth];
	struct yaml_node *node = l->node;
	struct yaml_node **children = r->pending + l->first;
	size_t n = r->n_pending - l->first;

	if (node->kind == YAML_NODE_LIST) {
		node->n = n;
		node->items = arena_alloc0(r->arena, n, sizeof *node->items);
		if (n)
			memcpy(node->items, children, n * sizeof *children);
	} else {
		node->n = n / 2;
		node->keys = arena_alloc0(r->arena, n / 2, sizeof *node->keys);
		node->items = arena_alloc0(r->arena, n / 2, sizeof *node->items);
		for (size_t i = 0; i < n / 2; i++) {
			node->keys[i] = children[2 * i];
			node->items[i] = children[2 * i + 1];
		}
	}
	r->n_pending = l->first;
}

static int on_event(struct reader *r, const yaml_event_t *ev)
{
	switch (ev->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (r->documents)
			return fail_at(r, &ev->start_mark,
				       "a second document is not accepted (use one file for each)");
		r->documents = true;
		return 0;
	case YAML_ALIAS_EVENT:
		return fail_at(r, &ev->start_mark,
			       "aliases are not accepted (write the value out, or quote a text "
			       "that begins with '*')");
	case YAML_SCALAR_EVENT:
		return on_scalar(r, ev);
	case YAML_SEQUENCE_START_EVENT:
		return on_start(r, ev, YAML_NODE_LIST, ev->data.sequence_start.anchor,
				ev->data.sequence_start.tag);
	case YAML_MAPPING_START_EVENT:
		return on_start(r, ev, YAML_NODE_MAP, ev->data.mapping_start.anchor,
				ev->data.mapping_start.tag);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		on_end(r);
		return 0;
	default:
		return 0;
	}
}

static int read_events(struct reader *r, yaml_parser_t *p)
{
	yaml_event_t ev;
	bool more = true;
	int rc = 0;

	while (more && rc == 0) {
		if (!yaml_parser_parse(p, &ev))
			return fail_parse(r, p);
		more = ev.type != YAML_STREAM_END_EVENT;
		rc = on_event(r, &ev);
		yaml_event_delete(&ev);
	}
	return rc;
}

static struct yaml_node *root_or_empty(struct reader *r)
{
	struct yaml_node *root = r->root;

	if (root && (root->kind != YAML_NODE_SCALAR || !root->plain || root->len))
		return root;
	root = arena_alloc0(r->arena, 1, sizeof *root);
	root->kind = YAML_NODE_MAP;
	root->line = root->column = 1;
	return root;
}

int yaml_read(struct arena *arena, const char *text, size_t len, struct yaml_node **ret,
	      int *ret_line, int *ret_column, struct ferry_error *err)
{
	/* libyaml would count a byte order mark as a column */
	size_t skip = len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	struct reader r = {
		.arena = arena, .text = text + skip, .len = len - skip, .err = err,
		.line = 1, .column = 1,
	};
	yaml_parser_t parser;
	int rc;

	if (len > TEXT_MAX) {
		rc = ferry_fail(err, FERRY_E_CONFIG, "the text is too long (at most 4 MiB)");
	} else if (!yaml_parser_initialize(&parser)) {
		rc = ferry_fail(err, FERRY_E_NOMEM, "out of memory while reading YAML");
	} else {
		yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
		yaml_parser_set_input_string(&parser, (const unsigned char *)r.text, r.len);
		rc = read_events(&r, &parser);
		yaml_parser_delete(&parser);
	}
	free(r.pending);
	if (rc == 0) {
		*ret = root_or_empty(&r);
		return 0;
	}
	*ret_line = r.line;
	*ret_column = r.column;
	return -1;
}
