/* SPDX-License-Identifier: Apache-2.0 */
/* customers-fixture.h - a handle of the connector that is linked in before a scripted Lago. */
#ifndef CUSTOMERS_FIXTURE_H
#define CUSTOMERS_FIXTURE_H

#include "scripted-host.h"

#define KEY "5f2e-key"
#define OK(body) 200, body
#define CUSTOMER(id, more) "{'customer':{'lago_id':'u1','external_id':'" id "'" more "}}"
#define NAMES(...) \
	(const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)
#define SETTINGS(...) \
	(const struct ferry_setting[]){__VA_ARGS__}, sizeof((const struct ferry_setting[]){__VA_ARGS__}) / sizeof(struct ferry_setting)
#define RECORD(...) (const struct ferry_value[]){__VA_ARGS__}

struct bench {
	struct scripted s;
	struct made_layout layout;
	void *handle;
	struct ferry_error err;
	struct pure_memory memory;
};

/* Open the connector: a destination when n names are mapped, else a source. */
int open_with(struct bench *b, const char *url, const char *key, const char *const *names, size_t n,
	      enum ferry_mode mode);
/* The same at https://lago.test with KEY; must succeed. */
void begin(struct bench *b, const struct step *steps, enum ferry_mode mode, const char *const *names,
	   size_t n);
/* The same with settings of source or destination. */
void begin_with(struct bench *b, const struct step *steps, enum ferry_mode mode, const char *const *names,
		size_t n, const struct ferry_setting *settings, size_t n_settings);
/* Open with these settings alone; the opening, for `check`, is left in *ret. */
struct ferry_open opening(struct bench *b, enum ferry_role role, enum ferry_mode mode, const char *const *names,
			  size_t n, const struct ferry_setting *settings, size_t n_settings);
/* What `check` finds wrong, "about: text" one a line; valid until the next call. */
const char *checked(const struct ferry_open *open);
/* All steps taken; close. */
void end(struct bench *b);
/* Apply one action; the outcome is zeroed before. */
int apply_one(struct bench *b, const struct ferry_action *a, struct ferry_outcome *out);
/* Canonicalize in memory of the bench; false when it is an issue. */
bool canonical(struct bench *b, struct ferry_value *fields, struct ferry_issue *issue);
struct ferry_action action(enum ferry_decision decision, const struct ferry_value *fields);

#endif
