/* SPDX-License-Identifier: Apache-2.0 */
/* customers-fixture.h - a lago-customers handle before a scripted Lago. */
#ifndef CUSTOMERS_FIXTURE_H
#define CUSTOMERS_FIXTURE_H

#include "scripted-host.h"

#define KEY "5f2e-key"
#define OK(body) 200, body
#define CUSTOMER(id, more) "{'customer':{'lago_id':'u1','external_id':'" id "'" more "}}"
#define NAMES(...) \
	(const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)
#define RECORD(...) (const struct ferry_value[]){__VA_ARGS__}

struct bench {
	struct scripted s;
	struct made_layout layout;
	void *handle;
	struct ferry_error err;
};

/* Open the connector: a destination when n names are mapped, else a source. */
int open_with(struct bench *b, const char *url, const char *key, const char *const *names, size_t n,
	      enum ferry_mode mode);
/* The same at https://lago.test with KEY; must succeed. */
void begin(struct bench *b, const struct step *steps, enum ferry_mode mode, const char *const *names,
	   size_t n);
/* All steps taken; close. */
void end(struct bench *b);
struct ferry_action action(enum ferry_decision decision, const struct ferry_value *fields);

#endif
