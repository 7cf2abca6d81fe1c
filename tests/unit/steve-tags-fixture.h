/* SPDX-License-Identifier: Apache-2.0 */
/*
 * steve-tags-fixture.h - what the tests of the connector for id tags share: the connector opened
 * against a scripted SteVe, and tags as that one answers them.
 */
#ifndef STEVE_TAGS_FIXTURE_H
#define STEVE_TAGS_FIXTURE_H

#include "scripted-host.h"

#define RECORD(...) (const struct ferry_value[]){__VA_ARGS__}
#define NAMES(...) (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)

/* A tag as SteVe answers it: all members, the interesting ones from the arguments. */
#define TAG(pk, id, parent, expiry, max, note) "{'ocppTagPk':" pk ",'idTag':'" id "','userPk':null," \
	"'parentOcppTagPk':null,'parentIdTag':" parent ",'inTransaction':false,'blocked':false,'expiryDate':" expiry \
	",'maxActiveTransactionCount':" max ",'activeTransactionCount':0,'note':" note "}"
#define PLAIN(pk, id) TAG(pk, id, "null", "null", "1", "null")

struct bench {
	struct scripted s;
	struct made_layout layout;
	void *handle;
	struct ferry_error err;
};

/* Open with these settings after scripted_init(); without names as a source. */
int open_with(struct bench *b, const struct ferry_setting *settings, size_t n_settings, enum ferry_mode mode,
	      const char *const *names, size_t n);
/* The usual SteVe with this script, opened; with or without the setting stamp_note. */
void begin(struct bench *b, const struct step *steps, enum ferry_mode mode, const char *const *names, size_t n);
void begin_stamp(struct bench *b, const struct step *steps, enum ferry_mode mode, bool stamp,
		 const char *const *names, size_t n);
/* The script was taken to its end; close. */
void end(struct bench *b);

struct ferry_action action(enum ferry_decision decision, const struct ferry_value *fields);

#endif
