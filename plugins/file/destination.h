/* SPDX-License-Identifier: Apache-2.0 */
/*
 * destination.h - how a file is written.
 *
 * What apply is given goes into a journal beside the file, batch by batch, each on the disk before
 * it is acknowledged. The journal is merged with the file in one pass into a new file that takes the
 * old one's place: when the handle is closed, when the journal gets long, or by whoever comes next if
 * a run has died before that. Readers see the old file or the new one, never a half.
 */
#ifndef FERRY_PLUGINS_FILE_DESTINATION_H
#define FERRY_PLUGINS_FILE_DESTINATION_H

#include "file/file.h"

/* ------------------------------------------------------------- shape.c */

/* What a journal is about: the format, the fields that are written, which of them are the key. */
struct shape {
	struct dialect dialect;
	size_t n, n_key;
	char **names;			/* n, then disabled_at when there is one, then NULL */
	size_t *key;			/* places in names */
	bool disables;			/* names[n] is the column for the time of disabling */
	uint32_t file_mode;		/* of a new file */
};

void shape_put(const struct shape *s, struct rest_buf *out);
/* False when the bytes are none. */
bool shape_get(const char *p, size_t len, struct shape *ret);
void shape_free(struct shape *s);
static inline size_t shape_width(const struct shape *s)
{
	return s->n + s->disables;
}

/* Numbers and texts with a length, in the byte order of this machine. */
void bytes_put_number(struct rest_buf *out, uint32_t n);
void bytes_put(struct rest_buf *out, const char *s, size_t len);
/* What is left to be read; p becomes NULL when it ended too early. */
struct bytes {
	const char *p, *end;
};
uint32_t bytes_number(struct bytes *b);
const char *bytes_text(struct bytes *b, size_t *len);

/* ------------------------------------------------------------- content.c: the file as it is */

struct content {
	const struct shape *shape;
	struct reader reader;
	bool there;			/* false: no file, or an empty one */
	bool bom;
	struct rest_buf header;		/* CSV: its line as it is */
	struct columns columns;		/* CSV */
	int *places;			/* CSV: in the file, by place in the shape's names */
	const struct field **at;	/* the present record's, by place in the names; NULL: absent */
	struct rest_buf key, room;
	int64_t records, told_ms;	/* read so far; when that was told last, -1: no more */
};

/* Open the file and read its header; it must have all the names. */
int content_open(struct content *c, const struct folder *folder, const struct shape *shape,
		 const char *name, struct ferry_error *err);
/* READ_END, READ_RECORD with c->at filled, or -1. */
int content_next(struct content *c, struct ferry_error *err);
/* The present record's key into c->key; false when a part of it is NULL or absent. */
bool content_key(struct content *c);
/* Whether the record has the time of disabling. */
bool content_is_disabled(struct content *c);
void content_close(struct content *c);
int64_t now_ms(void);			/* that only grows */

/* ------------------------------------------------------------- key.c */

/* A key as bytes, all parts with their lengths. False when a part is NULL. */
bool key_from_values(const struct shape *s, const struct ferry_value *fields, struct rest_buf *room,
		     struct rest_buf *out);
/* From a destination id, and to one: "" when it does not fit or could not be taken apart again. */
bool key_from_id(const struct shape *s, const char *id, struct rest_buf *out);
#define ID_SIZE 128
void key_id(const struct shape *s, const struct rest_buf *key, char out[ID_SIZE]);

/* ------------------------------------------------------------- journal.c */

enum frame { FRAME_SHAPE = 1, FRAME_BATCH = 2, FRAME_MERGED = 3 };

struct frame_head {
	uint32_t magic, kind;
	uint64_t len, sum;		/* of the bytes behind it */
};

struct journal {
	const struct folder *folder;
	const char *name;		/* the file's */
	char file[SIDE_NAME], fresh[SIDE_NAME];
	int fd;				/* -1: not open */
	int64_t end;			/* of what is whole in it */
	int64_t ops;
	int64_t reserved;		/* for the new file */
	struct rest_buf shape;		/* as in its first frame; empty when there is none */
	uint64_t merged_dev, merged_ino;/* what it has been merged into; 0: nothing yet */
};

void journal_init(struct journal *j, const struct folder *folder, const char *name);
void journal_release(struct journal *j);
int journal_exists(const struct journal *j, bool *ret, struct ferry_error *err);
/* Lock it (making it when there is none) and see what is in it. */
int journal_lock(struct journal *j, struct ferry_error *err);
void journal_unlock(struct journal *j);
/* Append a frame; on the disk when it returns 0. After a failure nothing of it is there. */
int journal_append(struct journal *j, enum frame kind, const struct rest_buf *payload,
		   struct ferry_error *err);
/* Room for the file that a merge will make with so many bytes more. */
int journal_reserve(struct journal *j, size_t more, struct ferry_error *err);
/* All of it is in the file: remove it, and what was reserved. Unlocks. */
int journal_drop(struct journal *j, struct ferry_error *err);

enum op {
	OP_UPSERT = 1,			/* fields: of the row, or of a new one */
	OP_INSERT,			/* fields: of a new row, or of one that was disabled */
	OP_UPDATE,			/* fields: of the row; nothing when there is none */
	OP_DELETE,
	OP_DISABLE,			/* the time, unless it has one */
};

/* ------------------------------------------------------------- changes.c: what a journal says */

struct change {
	uint64_t pos : 63, done : 1;	/* in the journal, of its kind */
	uint32_t next, last;		/* more of the same key; last is right in the first */
};
#define NO_CHANGE UINT32_MAX

struct changes {
	const char *map;		/* the journal, size bytes */
	size_t size;
	struct shape shape;
	struct change *list;
	size_t n, cap;
	struct index index;		/* keys to their first change */
};

/* Read c->map, whose frames are whole, and the shape. False when it is none of this version. */
bool changes_read(struct changes *c, const struct rest_buf *shape);
/* The first change of a key; NO_CHANGE when there is none. */
uint32_t changes_find(const struct changes *c, const struct rest_buf *key);
/* What is said of a change, and where its fields begin. */
struct bytes changes_at(const struct changes *c, uint32_t i, enum op *op);
void changes_free(struct changes *c);

/* ------------------------------------------------------------- row.c: one row, as it becomes */

struct row {
	const struct content *content;
	bool exists, changed, disabled;
	struct field *names, *fields;	/* as they are written; names for JSON lines only */
	size_t n, cap;
	struct rest_buf text;		/* the shape's names as they are written */
	struct field *own_names;	/* in there */
};

/* For rows of this file; CSV that is not there yet gets the columns of the shape. */
void row_init(struct row *row, struct content *content);
/* The present record of the content, or none. */
void row_take(struct row *row, struct content *content);
void row_none(struct row *row);
/* All changes of one key, in the order in which they came. */
void row_change(struct row *row, struct changes *changes, uint32_t first);
void row_release(struct row *row);

/* ------------------------------------------------------------- merge.c */

/* Merge a locked journal into its file, and drop it. Unlocks, in any case. */
int merge(struct journal *j, struct ferry_error *err);
/* Merge what an earlier run may have left. */
int merge_pending(struct journal *j, struct ferry_error *err);

/* ------------------------------------------------------------- destination.c */

struct destination {
	struct handle base;
	const struct ferry_open *open;
	const struct ferry_layout *layout;
	const char *name;
	struct shape shape;
	struct rest_buf shape_bytes;
	struct journal journal;
	bool wrote;			/* something that is to be merged when the handle closes */
	struct rest_buf key, room, row, batch;

	/* the file as it was looked at last */
	bool looked;
	struct content content;
	struct stat seen;
	struct index index;		/* hashes of keys to offsets */
	struct rest_pool pool;		/* what lookup gave */
};

/* Look at the file as it is now, merged; its keys are in the index afterwards. */
int destination_look(struct destination *d, struct ferry_error *err);
/*
 * How many rows have the key in `key`: 0, 1 or 2 for several; -1 failed. The first one is the
 * content's present record afterwards. Rows that are disabled do not count unless asked for.
 */
int destination_find(struct destination *d, const struct rest_buf *key, bool disabled_too,
		     struct ferry_error *err);

#endif
