/* SPDX-License-Identifier: Apache-2.0 */
/* watch.c - telling those who watch what happens. Costs next to nothing while nobody does. */
#include "supervise/supervisor.h"

void supervise_watch(struct supervisor *s, struct supervise_watcher *w)
{
	w->next = s->watchers;
	s->watchers = w;
}

void supervise_unwatch(struct supervisor *s, struct supervise_watcher *w)
{
	struct supervise_watcher **at = &s->watchers;

	while (*at && *at != w)
		at = &(*at)->next;
	if (*at)
		*at = w->next;
}

void watch_tell(struct supervisor *s, struct supervise_event *event)
{
	if (!s->watchers)
		return;
	event->at = supervise_now(s);
	for (struct supervise_watcher *w = s->watchers, *next; w; w = next) {
		next = w->next;
		w->fn(w->ctx, event);
	}
}

void watch_run(struct live *l, enum supervise_news news)
{
	watch_tell(l->s, &(struct supervise_event){.news = news, .run = &l->doc, .sync = l->doc.sync});
}

void watch_sync(struct supervisor *s, const struct sync_state *st, const char *what)
{
	watch_tell(s, &(struct supervise_event){.news = NEWS_SYNC, .sync = st->name, .text = what});
}

void watch_next_run(struct supervisor *s, struct sync_state *st)
{
	if (st->due.at == st->told_next)
		return;
	st->told_next = st->due.at;
	watch_sync(s, st, "next_run");
}

void watch_problem(struct supervisor *s, const struct problem *p, const char *what)
{
	watch_tell(s, &(struct supervise_event){
		.news = NEWS_PROBLEM, .sync = p->sync, .problem = p, .text = what,
		.number = p->status == PROBLEM_OPEN,
	});
}
