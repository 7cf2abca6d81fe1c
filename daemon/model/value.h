/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value.h - typed values: making, comparing, converting, showing, and the two byte forms: the
 * canonical form of a record (what is hashed and stored) and the key form (whose byte order is the
 * source's order).
 */
#ifndef FERRY_MODEL_VALUE_H
#define FERRY_MODEL_VALUE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

static inline struct ferry_value value_null(void) { return (struct ferry_value){.type = FERRY_NULL}; }
static inline struct ferry_value value_int(int64_t i) { return (struct ferry_value){.i = i, .type = FERRY_INT}; }
static inline struct ferry_value value_bool(bool b) { return (struct ferry_value){.i = b, .type = FERRY_BOOL}; }
static inline struct ferry_value value_time(int64_t us) { return (struct ferry_value){.i = us, .type = FERRY_TIME}; }
static inline struct ferry_value value_textn(const char *s, size_t n)
{
	return (struct ferry_value){.s = s, .len = (uint32_t)n, .type = FERRY_TEXT};
}
struct ferry_value value_text(const char *s);
static inline bool value_has_bytes(const struct ferry_value *v)
{
	return 1u << v->type & (1u << FERRY_DECIMAL | 1u << FERRY_TEXT | 1u << FERRY_BYTES | 1u << FERRY_JSON);
}

const char *type_name(enum ferry_type t);	/* "integer", "text", ... */

bool value_equal(const struct ferry_value *a, const struct ferry_value *b);

/* For people and messages: NULL as "NULL", bytes as hex. Cut with an ellipsis beyond max bytes. */
void value_show(const struct ferry_value *v, size_t max, struct buf *out);
/* As a JSON member (json.h's key rules): numbers as numbers, JSON as it is, bytes as hex text. */
void value_json(const struct ferry_value *v, const char *key, struct buf *out);

/*
 * Convert to `type` (FERRY_NULL: any) without loss; NULL stays NULL. Texts that read as the wanted
 * number, time or boolean are converted; a decimal with a zero fraction becomes an integer; nothing
 * is rounded or cut. Memory from the arena. False with a reason in `why` when it cannot be.
 */
bool value_convert(struct ferry_value *v, enum ferry_type type, struct arena *arena, char *why, size_t why_size);

/* "-12.50" -> "-12.5", "1e3" -> "1000"; false when it is no number, or longer than 400 digits. */
bool decimal_normal(const char *s, size_t len, struct buf *out);

/* Record form: n values, self-delimiting. True when all their texts are ASCII. */
bool record_encode(const struct ferry_value *values, size_t n, struct buf *out);
/* Values borrow from the bytes. Returns the count, or -1 when the bytes are no record or more than max. */
int record_decode(const void *bytes, size_t len, struct ferry_value *values, size_t max);

/*
 * Key form: appended to out. NULL sorts before numbers (and booleans), numbers before times, times
 * before texts, texts before bytes; integers and decimals by value together; text by its bytes. The
 * form of several parts sorts by the first, then the second, and so on.
 */
int key_encode(const struct ferry_value *parts, size_t n, struct buf *out, struct ferry_error *err);
/* A key form for people: its n parts joined by "/", bytes as hex. */
void key_form_show(const void *form, size_t len, size_t n_parts, struct buf *out);

/* As SQL's WHERE: NULL and zero are false; a text counts by the number it starts with, so "" is false. */
bool value_true(const struct ferry_value *v);

#endif
