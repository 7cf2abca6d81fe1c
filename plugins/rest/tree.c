/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tree.c - dotted paths as a tree of names, and writing values at such paths as a JSON object,
 * straight into a buffer.
 */
#include "rest/rest.h"

#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------------- tree */

static size_t add_node(struct rest_tree *t, size_t parent, const char *name, size_t len)
{
	size_t k, *link;

	for (k = t->nodes[parent].child; k; k = t->nodes[k].next)
		if (t->nodes[k].len == len && !memcmp(t->nodes[k].name, name, len))
			return k;
	if (t->n_nodes == t->cap) {
		t->cap *= 2;
		t->nodes = rest_resize(t->nodes, t->cap, sizeof *t->nodes);
	}
	k = t->n_nodes++;
	t->nodes[k] = (struct rest_tree_node){.name = rest_copy(name, len), .len = len, .index = -1};
	rest_add_string(&t->nodes[k].lead, name, len);
	rest_adds(&t->nodes[k].lead, ":");
	for (link = &t->nodes[parent].child; *link; link = &t->nodes[*link].next)
		;
	*link = k;
	return k;
}

void rest_tree_add(struct rest_tree *t, const char *path, size_t index)
{
	const char *dot;
	size_t node = 0;

	if (!t->nodes) {
		t->cap = 16;
		t->nodes = rest_alloc(t->cap, sizeof *t->nodes);
		t->nodes[t->n_nodes++].index = -1;
	}
	for (; (dot = strchr(path, '.')); path = dot + 1)
		node = add_node(t, node, path, (size_t)(dot - path));
	node = add_node(t, node, path, strlen(path));
	t->nodes[node].index = (int)index;
	if (t->n <= index)
		t->n = index + 1;
}

void rest_tree_release(struct rest_tree *t)
{
	for (size_t i = 0; i < t->n_nodes; i++) {
		free(t->nodes[i].name);
		rest_buf_release(&t->nodes[i].lead);
	}
	free(t->nodes);
	*t = (struct rest_tree){0};
}

/* ------------------------------------------------------------------- writing */

#define ESCAPE 6			/* bytes of the longest escape */
#define CHUNK 512			/* bytes of a text that room is made for at once */

/* An escape for what may not stand in a string; its length. */
static size_t escape(unsigned char c, char *out)
{
	static const char hex[] = "0123456789abcdef", from[] = "\b\n\r\t\f\"\\", to[] = "bnrtf\"\\";
	const char *known = c ? strchr(from, c) : NULL;
	char code[ESCAPE] = {'\\', known ? to[known - from] : 'u', '0', '0', hex[c >> 4], hex[c & 15]};

	memcpy(out, code, sizeof code);
	return known ? 2 : sizeof code;
}

void rest_add_string(struct rest_buf *b, const char *s, size_t len)
{
	rest_add(b, "\"", 1);
	while (len) {
		size_t n = len < CHUNK ? len : CHUNK;
		char *start = rest_room(b, n * ESCAPE + 1), *p = start;
		for (size_t i = 0; i < n; i++) {
			unsigned char c = (unsigned char)s[i];
			if (c >= 0x20 && c != '"' && c != '\\')
				*p++ = (char)c;
			else
				p += escape(c, p);
		}
		b->len += (size_t)(p - start);
		s += n;
		len -= n;
	}
	rest_add(b, "\"", 1);
}

static void add_int(struct rest_buf *b, int64_t i)
{
	char text[24], *p = text + sizeof text;
	uint64_t rest = i < 0 ? -(uint64_t)i : (uint64_t)i;

	do
		*--p = (char)('0' + rest % 10);
	while (rest /= 10);
	if (i < 0)
		*--p = '-';
	rest_add(b, p, (size_t)(text + sizeof text - p));
}

/* JSON goes as it is; what only claims to be some goes as the text that it is. */
static void add_json(struct rest_buf *b, const char *s, size_t len)
{
	struct rest_scan scan;
	struct rest_piece all;

	rest_scan_begin(&scan, s, len);
	if (rest_scan_value(&scan, &all) && rest_scan_end(&scan))
		rest_add(b, s, len);
	else
		rest_add_string(b, s, len);
}

void rest_add_value(struct rest_buf *b, const struct ferry_value *v)
{
	char time[REST_TIME];

	switch ((enum ferry_type)v->type) {
	case FERRY_NULL:
		rest_add(b, "null", 4);
		return;
	case FERRY_BOOL:
		rest_adds(b, v->i ? "true" : "false");
		return;
	case FERRY_INT:
		add_int(b, v->i);
		return;
	case FERRY_DECIMAL:
		rest_add(b, v->s, v->len);
		return;
	case FERRY_TIME:
		rest_add_string(b, time, rest_time_format(v->i, -1, true, time));
		return;
	case FERRY_JSON:
		add_json(b, v->s, v->len);
		return;
	case FERRY_TEXT:
	case FERRY_BYTES:
		break;
	}
	rest_add_string(b, v->s, v->len);
}

static bool add_members(struct rest_buf *b, const struct rest_tree *t, size_t node,
			const struct ferry_value *values, unsigned how)
{
	bool any = false;

	for (size_t k = t->nodes[node].child; k; k = t->nodes[k].next) {
		const struct rest_tree_node *n = &t->nodes[k];
		size_t before = b->len;
		struct ferry_value v = {.type = FERRY_NULL};
		if (n->index >= 0)
			v = values[n->index];
		if (n->index >= 0 && v.type == FERRY_NULL && (how & REST_LEAVE_NULL))
			continue;
		if (v.type == FERRY_DECIMAL && (how & REST_DECIMAL_TEXT))
			v.type = FERRY_TEXT;
		if (any)
			rest_add(b, ",", 1);
		rest_add(b, n->lead.s, n->lead.len);
		if (n->index >= 0) {
			rest_add_value(b, &v);
		} else {
			rest_add(b, "{", 1);
			if (!add_members(b, t, k, values, how)) {
				rest_buf_cut(b, before);
				continue;
			}
			rest_add(b, "}", 1);
		}
		any = true;
	}
	return any;
}

bool rest_add_members(struct rest_buf *b, const struct rest_tree *t,
		      const struct ferry_value *values, unsigned how)
{
	return t->nodes && add_members(b, t, 0, values, how);
}
