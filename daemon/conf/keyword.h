/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyword.h - the configuration's keywords as tables, and the engine that reads YAML by them.
 *
 * One table per object. It drives the parser, the defaults, the limits and the messages; the
 * manual's tables are checked against it. Inside conf, and for whoever shows what may be written.
 */
#ifndef FERRY_CONF_KEYWORD_H
#define FERRY_CONF_KEYWORD_H

#include "conf/conf.h"
#include "wire/yaml.h"

/* More of them help nobody. */
#define CONF_MISTAKES_MAX 1000

enum keyword_type {
	/* single values, and what they are in the struct; texts first */
	KEYWORD_TEXT,			/* const char *, not empty */
	KEYWORD_NAME,			/* const char *: as connections and syncs are named */
	KEYWORD_CONNECTION,		/* const char *: name of a connection, which must exist */
	KEYWORD_REASON,			/* const char *: CAPITALS_AND_UNDERSCORES */
	KEYWORD_EXPR,			/* const char *: an SQL expression */
	KEYWORD_INT,			/* int */
	KEYWORD_LONG,			/* int64_t */
	KEYWORD_RATE,			/* double, written with at most three decimals */
	KEYWORD_DURATION,		/* int64_t, milliseconds */
	KEYWORD_SIZE,			/* int64_t, bytes */
	KEYWORD_BOOL,			/* bool */
	KEYWORD_TRISTATE,		/* int: 1, 0, -1 not said */
	KEYWORD_CHOICE,			/* an enum: the choice's value */
	KEYWORD_LIMIT,			/* struct limit_def */
	/* several; one value may stand without a list */
	KEYWORD_EXPRS,			/* const char ** and a count */
	KEYWORD_TEXTS,
	KEYWORD_NAMES,
	KEYWORD_FIELDS,			/* names of mapped fields */
	KEYWORD_REASONS,
	/* of several parts */
	KEYWORD_MAPPING,		/* struct map_def * and a count: field -> expression */
	KEYWORD_OBJECT,			/* the struct itself; choices are words instead of a map */
	/* a list of maps: struct * and a count. With choices a word may stand instead of a map: its value
	 * is the struct's first member, an int; and one entry may stand without a list */
	KEYWORD_OBJECTS,
	KEYWORD_NAMED,			/* a map of name: map; the same, first member the name */
	KEYWORD_TYPES
};

enum {
	KEYWORD_REQUIRED = 1 << 0,	/* must be given */
	KEYWORD_SECRET = 1 << 1,	/* its value is never shown */
	KEYWORD_IDENTIFIERS = 1 << 2,	/* KEYWORD_NAMED: names are used in SQL */
	KEYWORD_ALWAYS = 1 << 3,	/* may stand beside the object's `alone` */
};

struct keyword_choice {
	const char *name;
	int value;
};

struct keyword_object;

struct keyword {
	const char *name;
	enum keyword_type type;
	unsigned flags;
	const char *fallback;		/* the default as written in YAML; NULL: zero, or none */
	int64_t min, max;		/* both 0: any. Of several: how many entries */
	const struct keyword_choice *choices; /* ends with name == NULL */
	const struct keyword_object *object; /* what the parts are made of */
	size_t offset;			/* where it goes in the object's struct */
	size_t count;			/* of several: where their number goes */
	size_t mark;			/* where the value's place goes; 0: nowhere */
	const char *help;		/* one line for the manual */
};

struct keyword_reader;

struct keyword_object {
	const char *name;		/* "connection" */
	const struct keyword *keywords;	/* ends with name == NULL */
	size_t size;			/* of its struct */
	size_t mark;			/* where the object's own place goes; 0: nowhere */
	size_t options;			/* where unknown keys go; 0: they are mistakes */
	/* A key that makes an object of another kind: no others but KEYWORD_ALWAYS stand beside it,
	 * and none of those is required. NULL: there is none. */
	const char *alone;
	/* Another object whose keys stand in the same map and which is read after this one. */
	const struct keyword_object *part;
	const char *one_of;		/* just one of these keys must be given; for the JSON Schema */
	bool is_part;			/* unknown keys are told by the object this is a part of */
	/* What no table can say. Called after reading; base may hold NULLs where mistakes were. */
	void (*check)(struct keyword_reader *r, const struct yaml_node *node, void *base);
};

/* A connection named somewhere, to be looked up when all files have been read. */
struct keyword_reference {
	const char *name;
	struct def_mark mark;
};

struct keyword_reader {
	struct arena *arena;		/* for what goes into the struct */
	const char *file;
	struct conf_mistakes *mistakes;
	struct keyword_reference *references;
	size_t n_references, cap_references;
};

/* Fill the struct with the defaults; mark is where the object would have stood. */
void keyword_defaults(const struct keyword_object *o, const struct def_mark *mark, void *base);
/* Defaults, then what the map says. */
void keyword_read(struct keyword_reader *r, const struct keyword_object *o,
		  const struct yaml_node *node, const struct def_mark *mark, void *base);
/* Take keys that are given twice out of the whole tree, each a mistake at the second. */
void keyword_drop_duplicates(struct keyword_reader *r, struct yaml_node *node);

struct def_mark keyword_mark(const struct keyword_reader *r, const struct yaml_node *node);
/* A map's value for a key; NULL when it is not there or node is no map. */
const struct yaml_node *keyword_find(const struct yaml_node *node, const char *name);
/* One of several values, which may stand alone without a list. */
const struct yaml_node *keyword_item(const struct yaml_node *value, size_t i);
/* A mistake at a node. */
void keyword_mistake(struct keyword_reader *r, const struct yaml_node *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* "unknown THING 'word' (did you mean ...?)", else with `otherwise` in the brackets. */
void keyword_unknown(struct keyword_reader *r, const struct yaml_node *at, const char *thing,
		     const char *const *candidates, const char *otherwise);

/* "duration"; "a whole number with a unit: ...", or ""; "1s to 1h", the choices, or nothing. */
const char *keyword_type_name(enum keyword_type type);
const char *keyword_type_form(enum keyword_type type);
void keyword_limits(const struct keyword *k, struct buf *out);

/* One value, used by the engine. False: it was a mistake, and has been told. */
bool keyword_scalar(struct keyword_reader *r, const struct keyword *k, const struct yaml_node *node,
		    void *base);
void keyword_scalar_default(const struct keyword *k, void *base);
/* No value where one must be ("key:", "~", "null"). */
bool keyword_is_null(const struct yaml_node *node);
/* Names as connections, syncs and segments have; names for use in SQL; names of fields. */
bool keyword_valid_name(const char *s);
bool keyword_valid_identifier(const char *s);
bool keyword_valid_field(const char *s);

/* A text of the user's for a message: cut, without control characters. */
struct shown {
	char s[64];
};
const char *keyword_shown(const char *text, struct shown *out);
#define SHOWN(text) keyword_shown((text), &(struct shown){{0}})

/* ---- the tables (tables.c, tables-daemon.c) */

extern const struct keyword_object conf_daemon_object;		/* struct daemon_def */
extern const struct keyword_object conf_connections_object;	/* struct conf_connections */
extern const struct keyword_object conf_connection_object;	/* struct connection_def */
extern const struct keyword_object conf_sync_object;		/* struct sync_def */
/* retention.c: struct retention_def, of the daemon and of a sync */
extern const struct keyword_object conf_retention_object, conf_sync_retention_object;
extern const struct keyword_object conf_segment_object;		/* struct segment_def */
/* A sync's only segment: all of a segment's keys but its name, beside those of the sync. */
extern const struct keyword_object conf_leg_object;

/* One file of connections.d. */
struct conf_connections {
	struct connection_def *items;
	size_t n;
};

#endif
