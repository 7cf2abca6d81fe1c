/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tags.h - the parts of steve-tags: the handle, fields and their own form (tags-fields.c), what is
 * read (tags-read.c) and what is written (tags.c).
 */
#ifndef FERRY_PLUGINS_STEVE_TAGS_H
#define FERRY_PLUGINS_STEVE_TAGS_H

#include "steve/steve.h"

/* A tag as SteVe holds it; values are NULL where it holds none. */
struct tag {
	int64_t pk;
	struct ferry_value id, parent, expiry, max, note;
};

enum tag_part { TAG_ID, TAG_PARENT, TAG_EXPIRY, TAG_MAX, TAG_NOTE, TAG_PARTS };

struct tags {
	struct rest_api api;
	const struct ferry_layout *layout; /* NULL: source */
	enum ferry_mode mode;
	bool legacy;			/* up to 3.7: date-times without a zone */
	bool stamp;			/* keep "last synced" in the note */
	bool told_case;			/* that SteVe writes a tag in other letters was reported */
	int part[TAG_PARTS]; /* where each writable field stands in the layout; -1: not mapped */
	struct rest_tree columns;	/* paths of tag_columns */
	struct rest_map known;		/* idTags seen there, in small letters */
	int failures;			/* writes in a row that SteVe failed on */
	struct rest_pool pool;		/* what lookup and list gave, or the tag that is being written */
	struct rest_buf path, body;
};

enum tag_column {
	COL_PK, COL_ID, COL_PARENT, COL_PARENT_PK, COL_USER, COL_IN_TRANSACTION, COL_BLOCKED,
	COL_EXPIRY, COL_MAX, COL_ACTIVE, COL_NOTE, TAG_COLUMNS
};

extern const struct ferry_field tag_fields[];
extern const struct rest_column tag_columns[];
/* What canonicalize says of such an id; NULL when it is good. */
const char *tag_id_mistake(const char *s, size_t len);
int tags_canonicalize(const struct ferry_pure *pure, struct ferry_value *fields,
		      struct ferry_issue *issue);

/* The note without ferry's line. */
struct ferry_value tag_note_plain(const struct ferry_value *note, struct rest_pool *pool);
/* The note with ferry's line as its last. */
struct ferry_value tag_note_stamped(const struct ferry_value *note, int64_t now,
				    struct rest_pool *pool);

/* Which tag an action is about; false when only the destination id is known. */
bool tag_of(const struct tags *h, const struct ferry_action *action, struct ferry_value *id);
/* The tag of that id: 1 and *ret (memory of h->pool), 0: there is none, -1. */
int tag_fetch(struct tags *h, const struct ferry_value *id, struct tag *ret,
	      struct ferry_error *err);
/* The same by SteVe's own number, given as text. */
int tag_fetch_pk(struct tags *h, const char *pk, struct tag *ret, struct ferry_error *err);
/* Read an answer that is one tag; memory of h->pool. */
int tag_read(struct tags *h, const char *what, const struct ferry_http_response *res,
	     struct tag *ret, struct ferry_error *err);

int tags_extract(void *handle, const struct ferry_extract *want, struct ferry_sink *sink,
		 struct ferry_error *err);
int tags_lookup(void *handle, const struct ferry_action *actions, size_t n,
		struct ferry_found *found, struct ferry_error *err);
int tags_list(void *handle, struct ferry_listing *listing, struct ferry_error *err);

#endif
