/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notifications.c - what the keyword tables cannot say of notifications: targets, events, and which of
 * both are in force for a sync.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/address.h"
#include "conf/checks.h"
#include "conf/secret.h"

#define HOUR_MS ((int64_t)3600 * 1000)

/* ---------------------------------------------------------------------- targets */

/* What is wrong with an address of mail; NULL: nothing. It stands in a header as it is. */
static bool is_mail_address(const char *s)
{
	const char *at = strchr(s, '@');

	if (!at || at == s || !at[1] || *s == '-' || strchr(at + 1, '@') || strlen(s) > 254)
		return false;
	for (; *s; s++)
		if (*s <= ' ' || *s >= 0x7f || strchr("<>()[],;:\"\\", *s))
			return false;
	return true;
}

static void check_mail_address(struct keyword_reader *r, const struct yaml_node *at, const char *address)
{
	if (address && !is_mail_address(address))
		keyword_mistake(r, at, "'%s' is no mail address (name@host, without a display name)", SHOWN(address));
}

/* Host names, as far as they can be told from slips of ranges. */
static bool is_host(const char *s)
{
	size_t n = strlen(s);

	if (!n || n > 253 || strspn(s, "0123456789./:") == n)
		return false;
	return strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._") == n;
}

static void check_allowed(struct keyword_reader *r, const struct yaml_node *node, const struct target_def *t)
{
	struct address_range range;

	for (size_t i = 0; i < t->n_allow; i++)
		if (t->allow[i] && !address_range_parse(t->allow[i], &range) && !is_host(t->allow[i]))
			keyword_mistake(r, keyword_item(keyword_find(node, "allow_addresses"), i),
					"'%s' is neither a host, nor an address, nor a range such as 10.0.0.0/8 or fd00::/8 "
					"(its bits beyond the length must be zero)", SHOWN(t->allow[i]));
}

/* A URL with a reference in it is looked at when it is used. */
static void check_url(struct keyword_reader *r, const struct yaml_node *node, const char *key, const char *url,
		      const struct target_def *t)
{
	const struct yaml_node *at = keyword_find(node, key);

	if (!url || conf_has_reference(url))
		return;
	bool plain = strncasecmp(url, "http://", 7) == 0;
	if (!plain && strncasecmp(url, "https://", 8) != 0)
		keyword_mistake(r, at, "'%s' must be a URL that begins with https://", key);
	else if (plain && !t->n_allow)
		keyword_mistake(r, at, "'%s' is not encrypted (https://; http:// only to what 'allow_addresses' names)",
				key);
}

static void check_secret(struct keyword_reader *r, const struct yaml_node *node, const char *key, const char *value)
{
	const char *problem = value ? secret_problem(value) : NULL;

	if (problem)
		keyword_mistake(r, keyword_find(node, key), "'%s': %s", key, problem);
}

/* A key that belongs to one kind of target only. */
static void only_of(struct keyword_reader *r, const struct yaml_node *node, const char *key, bool fits,
		    const char *kind)
{
	const struct yaml_node *at = keyword_find(node, key);

	if (at && !fits)
		keyword_mistake(r, at, "'%s' has no meaning here (it goes with %s)", key, kind);
}

static void find_target_kind(struct keyword_reader *r, const struct yaml_node *node, struct target_def *t)
{
	static const char *const kinds[] = {"slack", "webhook", "email"};
	int n = 0;

	for (int i = 0; i < 3; i++)
		if (keyword_find(node, kinds[i]) && n++ == 0)
			t->kind = (enum target_kind)i;
	if (n != 1)
		conf_mistake(r->mistakes, &t->mark, "a notification target needs one of slack, webhook and email%s",
			     n ? ", not several" : "");
}

void conf_check_target(struct keyword_reader *r, const struct yaml_node *node, void *base)
{
	struct target_def *t = base;

	find_target_kind(r, node, t);
	bool webhook = t->kind == TARGET_WEBHOOK, mail = t->kind == TARGET_EMAIL;
	only_of(r, node, "secret", webhook, "webhook");
	only_of(r, node, "previous_secret", webhook, "webhook");
	only_of(r, node, "from", mail, "email");
	only_of(r, node, "sendmail", mail, "email");
	only_of(r, node, "allow_addresses", !mail, "slack and webhook");
	only_of(r, node, "ca", !mail, "slack and webhook");
	if (webhook && !t->secret)
		conf_mistake(r->mistakes, &t->mark, "'secret' is missing (what the webhook's messages are signed with)");
	if (mail && !t->from)
		conf_mistake(r->mistakes, &t->mark, "'from' is missing (the sender's address)");
	if (mail && t->sendmail && t->sendmail[0] != '/')
		keyword_mistake(r, keyword_find(node, "sendmail"), "'sendmail' must be a whole path");
	check_secret(r, node, "slack", t->slack);
	check_secret(r, node, "webhook", t->webhook);
	check_secret(r, node, "secret", t->secret);
	check_secret(r, node, "previous_secret", t->previous_secret);
	check_url(r, node, "slack", t->slack, t);
	check_url(r, node, "webhook", t->webhook, t);
	check_allowed(r, node, t);
	for (size_t i = 0; i < t->n_email; i++)
		check_mail_address(r, keyword_item(keyword_find(node, "email"), i), t->email[i]);
	if (mail)
		check_mail_address(r, keyword_find(node, "from"), t->from);
}

/* ----------------------------------------------------------------------- events */

void conf_check_event(struct keyword_reader *r, const struct yaml_node *node, void *base)
{
	struct notify_on_def *on = base;

	if (node->n != 1)
		keyword_mistake(r, node, "an event is one word, or a map of one key (error_rate, consecutive_failures)");
	on->event = keyword_find(node, "error_rate") ? NOTIFY_ERROR_RATE : NOTIFY_CONSECUTIVE_FAILURES;
}

void conf_notify_word(const struct yaml_node *node, struct notify_def *notify)
{
	const struct yaml_node *value = keyword_find(node, "notify");

	notify->none = value && value->kind == YAML_NODE_SCALAR && strcmp(value->text, "none") == 0;
}

void conf_check_daemon(struct keyword_reader *r, const struct yaml_node *node, void *base)
{
	struct daemon_def *d = base;
	const struct yaml_node *at = keyword_find(node, "console_url");

	conf_notify_word(node, &d->notify);
	if (d->console_url && strncasecmp(d->console_url, "http://", 7) != 0 &&
	    strncasecmp(d->console_url, "https://", 8) != 0)
		keyword_mistake(r, at, "'console_url' must begin with http:// or https://");
}

/* A word whose number is missing, and events that come again. */
static void check_on(struct keyword_reader *r, const struct yaml_node *node, const struct notify_def *n)
{
	static const char *const names[] = {[NOTIFY_ERROR_RATE] = "{error_rate: 1%}",
		[NOTIFY_CONSECUTIVE_FAILURES] = "{consecutive_failures: 3}"};
	const struct yaml_node *list = keyword_find(node, "on");

	for (size_t i = 0; i < n->n_on; i++) {
		const struct yaml_node *at = keyword_item(list, i);
		bool number = n->on[i].event == NOTIFY_ERROR_RATE || n->on[i].event == NOTIFY_CONSECUTIVE_FAILURES;
		if (number && at->kind == YAML_NODE_SCALAR)
			keyword_mistake(r, at, "'%s' needs its limit: %s", at->text, names[n->on[i].event]);
		for (size_t j = 0; j < i; j++)
			if (n->on[j].event == n->on[i].event) {
				keyword_mistake(r, at, "this event is there already (in line %d)", n->on[j].mark.line);
				break;
			}
	}
}

void conf_check_notify(struct keyword_reader *r, const struct yaml_node *node, void *base)
{
	struct notify_def *n = base;

	n->given = true;
	check_on(r, node, n);
	n->to_marks = arena_alloc0(r->arena, n->n_to + 1, sizeof *n->to_marks);
	for (size_t i = 0; i < n->n_to; i++)
		n->to_marks[i] = keyword_mark(r, keyword_item(keyword_find(node, "to"), i));
}

/* ------------------------------------------------------------- what is in force */

static void mistake_target(const struct generation *g, const char *name, const struct def_mark *mark,
			   struct conf_mistakes *mistakes)
{
	const char *names[51] = {NULL};

	for (size_t i = 0; i < g->daemon.n_targets; i++)
		names[i] = g->daemon.targets[i].name;
	const char *near = conf_nearest(name, names);
	if (near)
		conf_mistake(mistakes, mark, "unknown target '%s' (did you mean '%s'?)", SHOWN(name), near);
	else
		conf_mistake(mistakes, mark, "unknown target '%s' (none of that name under 'notifications' in ferry.yaml)",
			     SHOWN(name));
}

static void check_to(const struct generation *g, const struct notify_def *n, struct conf_mistakes *mistakes)
{
	for (size_t i = 0; i < n->n_to; i++)
		if (n->to[i] && !generation_target(g, n->to[i]))
			mistake_target(g, n->to[i], &n->to_marks[i], mistakes);
	if (n->given && !n->n_to && !g->daemon.n_targets)
		conf_mistake(mistakes, &n->mark, "'notify' has nobody to tell: ferry.yaml has no 'notifications'");
}

/* Those named by `to`, or all of them. */
static void find_targets(struct generation *g, struct notify_def *n)
{
	size_t all = g->daemon.n_targets;

	n->targets = arena_alloc0(&g->arena, n->n_to ? n->n_to : all + 1, sizeof *n->targets);
	for (size_t i = 0; i < (n->n_to ? n->n_to : all); i++) {
		const struct target_def *t = n->n_to ? n->to[i] ? generation_target(g, n->to[i]) : NULL
			: &g->daemon.targets[i];
		if (t)
			n->targets[n->n_targets++] = t;
	}
}

static void resolve(struct generation *g, struct notify_def *n)
{
	static struct notify_on_def failed = {.event = NOTIFY_FAILED};
	const struct notify_def *base = &g->daemon.notify;

	if (n->none || (!n->given && base->none))
		return;
	if (!n->n_on) {
		n->on = base->n_on ? base->on : &failed;
		n->n_on = base->n_on ? base->n_on : 1;
	}
	if (!n->n_to) {
		n->to = base->to;
		n->to_marks = base->to_marks;
		n->n_to = base->n_to;
	}
	if (!n->repeat_after_ms)
		n->repeat_after_ms = base->repeat_after_ms ? base->repeat_after_ms : HOUR_MS;
	if (g->daemon.n_targets)
		find_targets(g, n);
}

void conf_resolve_notify(struct generation *g, bool targets_unread, struct conf_mistakes *mistakes)
{
	if (!targets_unread)
		check_to(g, &g->daemon.notify, mistakes);
	for (size_t i = 0; i < g->n_syncs; i++) {
		if (!targets_unread)
			check_to(g, &g->syncs[i].notify, mistakes);
		resolve(g, &g->syncs[i].notify);
	}
}
