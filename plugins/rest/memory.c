/* SPDX-License-Identifier: Apache-2.0 */
/* memory.c - allocation, growing text, pools and maps. Knows nothing of what they hold. */
#include "rest/rest.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A worker that ends with this status is recorded as out of memory. */
#define EXIT_NOMEM 77

void rest_out_of_memory(void)
{
	static const char text[] = "out of memory\n";

	if (write(STDERR_FILENO, text, sizeof text - 1) < 0) {
		/* nobody to tell; the status says it */
	}
	_exit(EXIT_NOMEM);
}

void *rest_alloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);
	if (!p)
		rest_out_of_memory();
	return p;
}

void *rest_resize(void *p, size_t n, size_t size)
{
	p = reallocarray(p, n ? n : 1, size ? size : 1);
	if (!p)
		rest_out_of_memory();
	return p;
}

char *rest_copy(const char *s, size_t len)
{
	char *p = rest_alloc(len + 1, 1);
	if (len)
		memcpy(p, s, len);
	return p;
}

/* -------------------------------------------------------------------- texts */

void rest_buf_release(struct rest_buf *b)
{
	free(b->s);
	*b = (struct rest_buf){0};
}

void rest_buf_reset(struct rest_buf *b)
{
	b->len = 0;
	if (b->s)
		b->s[0] = '\0';
}

void rest_buf_cut(struct rest_buf *b, size_t len)
{
	if (len < b->len) {
		b->len = len;
		b->s[len] = '\0';
	}
}

static void make_room(struct rest_buf *b, size_t n)
{
	if (b->cap - b->len > n)
		return;
	size_t cap = b->cap ? b->cap : 128;
	while (cap - b->len <= n)
		cap *= 2;
	b->s = rest_resize(b->s, cap, 1);
	b->cap = cap;
}

char *rest_room(struct rest_buf *b, size_t n)
{
	make_room(b, n);
	return b->s + b->len;
}

void rest_add(struct rest_buf *b, const void *p, size_t n)
{
	make_room(b, n);
	if (n)
		memcpy(b->s + b->len, p, n);
	b->len += n;
	b->s[b->len] = '\0';
}

void rest_adds(struct rest_buf *b, const char *s)
{
	rest_add(b, s, strlen(s));
}

void rest_addf(struct rest_buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	make_room(b, (size_t)n);
	va_start(ap, fmt);
	vsnprintf(b->s + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}

void rest_add_encoded(struct rest_buf *b, const char *s, size_t len)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];
		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		    c == '_' || c == '~' || c == '-') {
			rest_add(b, s + i, 1);
		} else {
			char code[3] = {'%', hex[c >> 4], hex[c & 15]};
			rest_add(b, code, 3);
		}
	}
}

const char *rest_str(const struct rest_buf *b)
{
	return b->s ? b->s : "";
}

/* -------------------------------------------------------------------- pools */

#define BLOCK 16384

struct rest_pool_block {
	struct rest_pool_block *next;
	size_t len, cap;
	_Alignas(16) char data[];
};

void *rest_pool_alloc(struct rest_pool *pool, size_t size)
{
	struct rest_pool_block *b = pool->head;

	size = (size + 15) & ~(size_t)15;
	if (!b || b->cap - b->len < size) {
		size_t cap = size > BLOCK ? size : BLOCK;
		b = rest_resize(NULL, 1, sizeof *b + cap);
		b->len = 0;
		b->cap = cap;
		b->next = pool->head;
		pool->head = b;
	}
	void *p = b->data + b->len;
	b->len += size;
	return p;
}

char *rest_pool_copy(struct rest_pool *pool, const char *s, size_t len)
{
	char *p = rest_pool_alloc(pool, len + 1);
	if (len)
		memcpy(p, s, len);
	p[len] = '\0';
	return p;
}

/* Keep the newest block: most calls need about as much as the one before. */
void rest_pool_reset(struct rest_pool *pool)
{
	struct rest_pool_block *keep = pool->head;

	if (!keep)
		return;
	pool->head = keep->next;
	rest_pool_release(pool);
	keep->next = NULL;
	keep->len = 0;
	pool->head = keep;
}

void rest_pool_release(struct rest_pool *pool)
{
	for (struct rest_pool_block *b = pool->head, *next; b; b = next) {
		next = b->next;
		free(b);
	}
	pool->head = NULL;
}

/* --------------------------------------------------------------------- maps */

struct rest_slot {
	const char *key;		/* NULL: free */
	size_t len, value;
	uint64_t hash;
};

/* FNV-1a, and a final mix so that the low bits depend on all of it. */
static uint64_t hash_bytes(const void *key, size_t len)
{
	const unsigned char *p = key;
	uint64_t h = 0xcbf29ce484222325;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3;
	h ^= h >> 32;
	h *= 0x9e3779b97f4a7c15;
	return h ^ h >> 29;
}

static struct rest_slot *find_slot(const struct rest_map *map, const void *key, size_t len,
				   uint64_t hash)
{
	size_t i = hash & (map->cap - 1);

	while (map->slots[i].key && !(map->slots[i].hash == hash && map->slots[i].len == len &&
				      !memcmp(map->slots[i].key, key, len)))
		i = (i + 1) & (map->cap - 1);
	return &map->slots[i];
}

static void grow_map(struct rest_map *map)
{
	struct rest_slot *old = map->slots;
	size_t old_cap = map->cap;

	map->cap = old_cap ? old_cap * 2 : 64;
	map->slots = rest_alloc(map->cap, sizeof *map->slots);
	for (size_t i = 0; i < old_cap; i++)
		if (old[i].key)
			*find_slot(map, old[i].key, old[i].len, old[i].hash) = old[i];
	free(old);
}

bool rest_map_add(struct rest_map *map, const void *key, size_t len, size_t value, size_t *ret)
{
	if (map->n >= map->cap / 2)
		grow_map(map);
	uint64_t hash = hash_bytes(key, len);
	struct rest_slot *slot = find_slot(map, key, len, hash);
	bool fresh = !slot->key;
	if (fresh) {
		*slot = (struct rest_slot){rest_pool_copy(&map->keys, key, len), len, value, hash};
		map->n++;
	}
	if (ret)
		*ret = slot->value;
	return fresh;
}

bool rest_map_find(const struct rest_map *map, const void *key, size_t len, size_t *ret)
{
	if (!map->n)
		return false;
	const struct rest_slot *slot = find_slot(map, key, len, hash_bytes(key, len));
	if (!slot->key)
		return false;
	if (ret)
		*ret = slot->value;
	return true;
}

void rest_map_release(struct rest_map *map)
{
	free(map->slots);
	rest_pool_release(&map->keys);
	*map = (struct rest_map){0};
}
