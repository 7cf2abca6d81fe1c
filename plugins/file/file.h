/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file.h - what the files of the file connector share. Private to this folder.
 *
 * A file is read as records of fields, which are spans of the text as it is written; what they mean
 * is decided later. So a file can be rewritten with all that did not change left byte for byte.
 */
#ifndef FERRY_PLUGINS_FILE_H
#define FERRY_PLUGINS_FILE_H

#include <ferry/connector.h>
#include <sys/stat.h>

#include "rest/rest.h"

/* ------------------------------------------------------------- folder.c: files and names */

#define NAME_LONGEST 200		/* bytes of a file's name; files beside it have longer ones */

struct folder {
	const struct ferry_host *host;
	const char *path;
	int fd;				/* -1 until opened */
	int64_t lock_ms;
};

int folder_open(struct folder *f, const struct ferry_open *open, struct ferry_error *err);
void folder_close(struct folder *f);
/* NULL, or why this can be no file's name. pattern: `*`, `?` and `[` are allowed. */
const char *folder_name_flaw(const char *name, bool pattern);
/* Open a file for reading: a regular one inside of the folder. *ret is -1 if there is none. */
int folder_read(const struct folder *f, const char *name, int *ret, struct stat *st,
		struct ferry_error *err);
/* The names a pattern fits, in byte order; at least one. */
int folder_match(const struct folder *f, const char *pattern, char ***ret, size_t *n,
		 struct ferry_error *err);
void folder_names_free(char **names, size_t n);
/* What is there by that name, symbolic links not followed. *there: whether anything is. */
int folder_stat(const struct folder *f, const char *name, bool *there, struct stat *st,
		struct ferry_error *err);
/* Make what was made, renamed or removed in the folder durable. */
int folder_sync(const struct folder *f, struct ferry_error *err);
/* A system call failed on a file: the code that errno stands for. */
int folder_fail(const struct folder *f, const char *name, const char *doing, int errnum,
		struct ferry_error *err);
int folder_write_all(const struct folder *f, int fd, const char *name, const void *p, size_t len,
		     struct ferry_error *err);
/* ".NAME.ferry-journal" and the like. */
#define SIDE_NAME (NAME_LONGEST + 32)
void side_name(const char *name, const char *what, char out[SIDE_NAME]);

/* ------------------------------------------------------------- dialect.c: settings of a format */

enum form { FORM_CSV, FORM_JSONL };

struct dialect {
	enum form form;
	char delimiter, quote;		/* quote: '\0' when there is none */
	bool header, crlf;
	char null[64];			/* unquoted, it stands for NULL */
	size_t null_len;
	bool special[256];		/* what ends a plain field of CSV */
};

/* Where what is wrong with settings is told; every mistake once. */
struct teller {
	void *ctx;
	void (*tell)(struct teller *t, const char *about, const char *fmt, ...)
		__attribute__((format(printf, 3, 4)));
};

/* A teller that keeps the first mistake, as CONFIG. */
struct keeper {
	struct teller teller;
	const struct ferry_host *host;
	const char *role;
	struct ferry_error *err;
	bool any;
};
struct keeper keeper_of(const struct ferry_open *open, struct ferry_error *err);

struct dialect dialect_read(const struct ferry_open *open, struct teller *t);
/* "a, b" into names; NULL when the text is NULL. Ends with NULL. */
char **names_split(const char *text, size_t *n);
void names_free(char **names);
int names_find(char *const *names, size_t n, const char *name, size_t len);

/* ------------------------------------------------------------- csv.c, jsonl.c, format.c */

struct field {
	const char *s;			/* as it is written, with its quotes */
	size_t len;
	struct rest_piece name;		/* JSONL: of the member */
	enum rest_kind kind;		/* JSONL */
	bool quoted, escaped;
};

struct record {
	const char *s;
	size_t len, body;		/* with and without the end of its line */
	struct field *fields;
	size_t n, cap;
};

enum parsed { PARSED, PARSE_MORE, PARSE_WRONG };

/* What is wrong, and where. */
struct flaw {
	const char *why, *at;
};

/*
 * The record at p. PARSE_MORE: it does not end before `end`, and eof is not set. A blank line is a
 * record with body 0.
 */
enum parsed csv_parse(const struct dialect *d, const char *p, const char *end, bool eof,
		      struct record *r, struct flaw *flaw);
enum parsed jsonl_parse(const char *p, const char *end, bool eof, struct record *r,
			struct flaw *flaw);
enum parsed record_parse(const struct dialect *d, const char *p, const char *end, bool eof,
			 struct record *r, struct flaw *flaw);
struct field *record_add_field(struct record *r);
void record_release(struct record *r);

/* Where the text is no UTF-8 (or holds a NUL); NULL when it is in order. */
const char *utf8_flaw(const char *s, size_t len, bool nul_is_flaw);

/* A field's text: its own, or made in room. False when it is NULL. */
bool field_text(const struct dialect *d, const struct field *f, struct rest_buf *room,
		const char **s, size_t *len);
/* A field's value: `type` as asked for, FERRY_NULL for its own. NULL, or why it is none. */
const char *field_value(const struct dialect *d, const struct field *f, enum ferry_type type,
			struct rest_pool *pool, struct rest_buf *room, struct ferry_value *ret);

enum put { PUT_OK, PUT_NUL, PUT_NOT_UTF8, PUT_NOT_JSON, PUT_UNQUOTED };

/* A value as a field is written. */
enum put field_put(const struct dialect *d, const struct ferry_value *v, struct rest_buf *room,
		   struct rest_buf *out);
enum put csv_put_text(const struct dialect *d, const char *s, size_t len, struct rest_buf *out);
/* The name of a column as it is written in a header or before a member's value. */
enum put name_put(const struct dialect *d, const char *name, struct rest_buf *out);
/* A record of written fields; names are written ones, too. */
void record_put(const struct dialect *d, const struct field *names, const struct field *fields,
		size_t n, struct rest_buf *out);

/* ------------------------------------------------------------- convert.c */

/* NULL, or why the text is no value of that type. Memory is the text's own or the pool's. */
const char *value_from_text(enum ferry_type type, const char *s, size_t len,
			    struct rest_pool *pool, struct ferry_value *ret);
/* A value as plain text, its own or made in room; not for NULL. */
void value_text(const struct ferry_value *v, struct rest_buf *room, const char **s, size_t *len);
/* "1e3" as "1000". NULL when it is no number, or one of more than 400 digits. */
const char *decimal_plain(const char *s, size_t len, struct rest_pool *pool, size_t *ret_len);
bool is_json(const char *s, size_t len);
/* "int" and so on; -1 when it is none. */
int type_named(const char *name);

/* ------------------------------------------------------------- reader.c */

/* A file's records, one after the other, in memory for the longest of them. */
struct reader {
	const struct folder *folder;
	const struct dialect *dialect;
	const char *name;
	size_t max_row, chunk;
	int fd;
	bool eof;
	struct stat before;
	char *buf;
	size_t at, len, cap;
	int64_t offset;			/* in the file, of buf[0] */
	int64_t line;			/* of the record given last; the first one is 1 */
	int64_t next_line;
	size_t columns;			/* 1: a blank line is a record of one empty field */
	bool strict_end;		/* a last line without its end is refused */
	struct record record;
};

enum { READ_END = 0, READ_RECORD = 1, READ_FILL = 2 };

#define ROW_LONGEST (64 * 1024 * 1024)

void reader_init(struct reader *r, const struct folder *folder, const struct dialect *dialect,
		 const char *name, size_t max_row);
/* Open and step over a byte order mark. *there tells whether there is such a file. */
int reader_open(struct reader *r, bool *there, struct ferry_error *err);
/* Go on at a place in the file. */
void reader_seek(struct reader *r, int64_t offset);
/*
 * The next record, in r->record. READ_FILL: there is no more in memory; reader_fill gets it and
 * puts an end to all records given so far. -1: failed.
 */
int reader_step(struct reader *r, struct ferry_error *err);
int reader_fill(struct reader *r, struct ferry_error *err);
/* Both in one: each record puts an end to the one before. */
int reader_next(struct reader *r, struct ferry_error *err);
/* Where in the file the present record begins. */
int64_t reader_offset(const struct reader *r);
/* After the end: has the file stayed as it was? */
bool reader_was_changed(const struct reader *r);
int reader_unchanged(const struct reader *r, struct ferry_error *err);
/* "dir/name:LINE: ..." with DATA. */
int reader_fail_at(const struct reader *r, int64_t line, struct ferry_error *err, const char *fmt,
		   ...) __attribute__((format(printf, 4, 5)));
void reader_close(struct reader *r);

/* ------------------------------------------------------------- columns.c */

/* The columns of a file, and their names as they are written. */
struct columns {
	size_t n;
	char **names;			/* ends with NULL */
};

/* From a header's record; false with a reason for names that are empty or there twice. */
const char *columns_read(const struct dialect *d, const struct record *r, struct columns *ret);
const char *columns_copy(char *const *names, size_t n, struct columns *ret);
void columns_free(struct columns *c);

/* ------------------------------------------------------------- index.c: keys to places */

uint64_t key_hash(const void *key, size_t len);

/* Hashes to numbers; several may have the same hash. {0} is empty. */
struct index {
	uint32_t *hashes;
	uint64_t *places;		/* one more than the number; 0: free */
	size_t n, cap;
};

void index_add(struct index *ix, uint64_t hash, uint64_t number);
/* The numbers with that hash, one after the other; *step starts as 0. False at the end. */
bool index_find(const struct index *ix, uint64_t hash, size_t *step, uint64_t *ret);
void index_release(struct index *ix);

/* ------------------------------------------------------------- source.c */

int source_open(const struct ferry_open *open, void **ret, struct ferry_error *err);
void source_close(void *handle);
uint32_t source_capabilities(void *handle);
int source_validate(void *handle, struct ferry_error *err);
int source_extract(void *handle, const struct ferry_extract *want, struct ferry_sink *sink,
		   struct ferry_error *err);
void source_check(const struct ferry_open *open, struct teller *t);

/* ------------------------------------------------------------- destination: see destination.h */

int destination_open(const struct ferry_open *open, void **ret, struct ferry_error *err);
void destination_close(void *handle);
int destination_validate(void *handle, struct ferry_error *err);
int destination_apply(void *handle, const struct ferry_action *actions, size_t n,
		      struct ferry_outcome *outcomes, struct ferry_error *err);
int destination_lookup(void *handle, const struct ferry_action *actions, size_t n,
		       struct ferry_found *found, struct ferry_error *err);
int destination_list(void *handle, struct ferry_listing *listing, struct ferry_error *err);
void destination_check(const struct ferry_open *open, struct teller *t);

/* ------------------------------------------------------------- what both handles begin with */

struct handle {
	enum ferry_role role;
	struct folder folder;
};

#endif
