/* SPDX-License-Identifier: Apache-2.0 */
/* conf-fixture.h - loading configuration from texts, for the tests of conf. */
#ifndef TEST_CONF_FIXTURE_H
#define TEST_CONF_FIXTURE_H

#include "conf/conf.h"

#define CONNECTIONS \
	"connections:\n" \
	"  db: {family: sqlite, path: /tmp/x.db}\n" \
	"  lago: {family: lago, url: https://lago, api_key: \"${env:KEY}\"}\n"

#define SYNC_HEAD \
	"sync: customers\n" \
	"source: {connection: db, query: SELECT 1}\n" \
	"destination: {connection: lago, resource: customers}\n"

#define SYNC SYNC_HEAD "key: id\nmap: {external_id: id, name: company}\n"

/* Load c.yaml, s.yaml, t.yaml, ferry.yaml, each unless NULL; mistakes as sorted text into out. */
struct generation *conf_load_texts(const char *connections, const char *sync, const char *sync2,
				   const char *daemon, struct buf *out);
/* The same for texts without mistakes; fails the test when there are some. */
struct generation *conf_load_ok(const char *connections, const char *sync, const char *daemon);

#endif
