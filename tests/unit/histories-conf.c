/* SPDX-License-Identifier: Apache-2.0 */
/* histories-conf.c - the definitions of a generated history's runs. */
#include "histories.h"

void story_sync(const struct story *s, struct buf *b)
{
	static const char *const keys[] = {"a", "b", "[a, b]"};

	buf_addf(b, "sync: story\nsource: {connection: from}\ndestination: {connection: to}\n"
		 "key: %s\nmode: %s\nmap: %s\nguards: {max_deletes: 100%%}\nsnapshot: %s\n",
		 keys[s->h->key_kind], mode_name(s->mode),
		 s->other_layout ? s->match ? "{v: v, m: m, b: b, a: a}" : "{v: v, b: b, a: a}"
		 : s->match ? "{a: a, b: b, m: m, v: v}" : "{a: a, b: b, v: v}", s->hash_only ? "hash" : "full");
	if (s->missing || s->takes_medium)
		buf_addf(b, "policy: {%s%s%s%s}\n", s->missing ? "missing: " : "", s->missing ? s->missing : "",
			 s->missing && s->takes_medium ? ", " : "", s->takes_medium ? "medium: update" : "");
	if (s->match)
		buf_addf(b, "match:\n  - {tier: %s, on: m}\n", s->match);
	if (s->skips)
		buf_addf(b, "skip:\n  - {when: v %% 10 = %d, reason: NOT_YET}\n", CLASS_SKIPPED);
	if (s->rejects)
		buf_addf(b, "reject:\n  - {when: v %% 10 = %d, message: it is wrong, field: v}\n", CLASS_REJECTED);
	if (s->filters)
		buf_addf(b, "where: v IS NULL OR v %% 10 <> %d\n", CLASS_FILTERED);
}

struct generation *story_load(const struct story *s)
{
	struct buf connections = BUF_INIT, sync = BUF_INIT, settings = BUF_INIT;
	struct conf_mistakes m = CONF_MISTAKES_INIT;

	buf_addf(&connections, "connections:\n  from: {family: history}\n  to:\n    family: history\n    retries: %d\n"
		 "    retry_base: 1ms\n    rate_limit: {lanes: %d}\n", s->retries, s->lanes);
	story_sync(s, &sync);
	buf_addf(&settings, "quarantine_after: %d\n", s->quarantine);
	struct conf_file files[] = {
		{CONF_DAEMON, "ferry.yaml", settings.s, settings.len},
		{CONF_CONNECTIONS, "connections.yaml", connections.s, connections.len},
		{CONF_SYNCS, "story.yaml", sync.s, sync.len},
	};
	struct generation *g = conf_load(files, 3, &m);
	if (!g)
		story_fail(s, "the configuration: %s", m.items[0].text);
	conf_mistakes_release(&m);
	buf_release(&connections);
	buf_release(&sync);
	buf_release(&settings);
	return g;
}
