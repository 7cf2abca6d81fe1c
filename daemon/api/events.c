/* SPDX-License-Identifier: Apache-2.0 */
/* events.c - GET /events: who follows what happens, and from where on. */
#include "api/events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/call.h"
#include "base/clock.h"

#define CLIENTS_MAX 64
#define BEAT_MS 15000
#define IDLE_BEATS 20			/* nobody has followed for so long: nothing is kept any more */
#define STUCK_BEATS 3			/* who takes nothing for so long is let go */
#define CHUNK 4096
#define PACE_US 1000000			/* between two events of a kind of which the last one tells all */

struct client {
	struct events *events;
	struct client *next;
	struct httpd_stream *stream;
	uint32_t types;
	int64_t run;			/* 0: all */
	char *sync;			/* NULL: all */
	int64_t at;			/* the event to be sent next */
	int64_t lost;			/* that it wanted and that went before it could be sent */
	struct buf out;			/* being sent, from `sent` on */
	size_t sent;
	bool beat;			/* has had nothing for a while */
	bool waits;			/* has had all there is */
	int stuck;			/* beats in which it has taken nothing */
};

/* Of a run: what may be told only once a second. */
struct paced {
	struct paced *next;
	int64_t run, told_at;
	enum event_type type;
	struct buf json;		/* to be told; empty: nothing */
	char *sync;
};

struct events {
	struct supervisor *s;
	struct supervise_watcher watcher;
	struct ring ring;
	struct client *clients;
	size_t n_clients;
	struct paced *paced;
	struct loop_source *beat, *pace;
	int idle;			/* beats without any client */
	bool on;
};

/* ------------------------------------------------------------------- clients */

static bool wants(const struct client *c, const struct event *e)
{
	return c->types & UINT32_C(1) << e->type && (!c->run || c->run == e->run) &&
		(!c->sync || strcmp(c->sync, event_sync(e)) == 0);
}

static void on_lost(void *ctx, const struct event *e)
{
	struct events *ev = ctx;

	for (struct client *c = ev->clients; c; c = c->next) {
		if (c->at != e->seq)
			continue;
		c->lost += wants(c, e);
		c->at++;
	}
}

/* An event that is only this client's, up to its own members. */
static void open_own(struct buf *b, const char *type)
{
	buf_addf(b, "event: %s\ndata: {", type);
	jw_time(b, "at", clock_now());
}

/* What comes next for it, about a chunk of it. */
static void fill(struct client *c)
{
	const struct ring *r = &c->events->ring;

	buf_reset(&c->out);
	c->sent = 0;
	if (c->lost) {
		open_own(&c->out, "dropped");
		jw_int(&c->out, "count", c->lost);
		buf_adds(&c->out, "}\n\n");
		c->lost = 0;
	}
	while (c->at < r->next && c->out.len < CHUNK) {
		const struct event *e = ring_at(r, c->at++);
		if (wants(c, e))
			buf_add(&c->out, e->text, e->len);
	}
	if (!c->out.len && c->beat)
		buf_adds(&c->out, ":\n\n");
	c->beat = false;
}

static ssize_t on_more(void *ctx, char *to, size_t max)
{
	struct client *c = ctx;

	c->stuck = 0;
	if (c->sent == c->out.len)
		fill(c);
	size_t n = c->out.len - c->sent < max ? c->out.len - c->sent : max;
	memcpy(to, buf_str(&c->out) + c->sent, n);
	c->sent += n;
	c->waits = n == 0;
	return (ssize_t)n;
}

static void wake(struct client *c)
{
	if (!c->waits)
		return;
	c->waits = false;
	httpd_stream_wake(c->stream);
}

static void on_gone(void *ctx)
{
	struct client *c = ctx;
	struct events *ev = c->events;
	struct client **at = &ev->clients;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	ev->n_clients--;
	buf_release(&c->out);
	free(c->sync);
	free(c);
}

/* -------------------------------------------------------------------- events */

static void add(struct events *ev, enum event_type type, int64_t run, const char *sync, const struct buf *json)
{
	ring_add(&ev->ring, type, run, sync ? sync : "", json);
	const struct event *e = ring_at(&ev->ring, ev->ring.next - 1);
	for (struct client *c = ev->clients; c; c = c->next)
		if (wants(c, e))
			wake(c);
}

static void tell_paced(struct events *ev, struct paced *p, int64_t now)
{
	add(ev, p->type, p->run, p->sync, &p->json);
	buf_reset(&p->json);
	p->told_at = now;
}

static struct paced *find_paced(struct events *ev, int64_t run, enum event_type type)
{
	for (struct paced *p = ev->paced; p; p = p->next)
		if (p->run == run && p->type == type)
			return p;
	return NULL;
}

/* At once when there was none for a while, else when its time has come. */
static void pace(struct events *ev, enum event_type type, const struct supervise_event *e, struct buf *json)
{
	struct paced *p = find_paced(ev, e->run->id, type);
	int64_t now = clock_mono();

	if (!p) {
		p = ferry_alloc0(1, sizeof *p);
		*p = (struct paced){.next = ev->paced, .run = e->run->id, .type = type,
				    .told_at = now - PACE_US, .sync = ferry_strdup(e->sync)};
		ev->paced = p;
	}
	buf_release(&p->json);
	p->json = *json;
	*json = (struct buf)BUF_INIT;
	if (now - p->told_at >= PACE_US)
		tell_paced(ev, p, now);
	else
		loop_timer_set(ev->pace, PACE_US / 1000);
}

static void on_pace(void *ctx)
{
	struct events *ev = ctx;
	int64_t now = clock_mono();
	bool more = false;

	for (struct paced *p = ev->paced; p; p = p->next) {
		if (!p->json.len)
			continue;
		if (now - p->told_at >= PACE_US)
			tell_paced(ev, p, now);
		else
			more = true;
	}
	if (more)
		loop_timer_set(ev->pace, PACE_US / 4000);
}

/* Those of a run (0: of all) go; what was held back is told first. */
static void drop_paced(struct events *ev, int64_t run)
{
	for (struct paced **at = &ev->paced, *p; (p = *at);) {
		if (run && p->run != run) {
			at = &p->next;
			continue;
		}
		if (run && p->json.len)
			tell_paced(ev, p, 0);
		*at = p->next;
		buf_release(&p->json);
		free(p->sync);
		free(p);
	}
}

static void on_news(void *ctx, const struct supervise_event *e)
{
	struct events *ev = ctx;
	struct buf json = BUF_INIT;
	int64_t run = e->run ? e->run->id : 0;

	enum event_type type = event_json(ev->s, e, &json);
	if (type == EVENT_RUN_ENDED)
		drop_paced(ev, run);
	if (type == EVENT_RUN_PROGRESS || type == EVENT_RUN_ROW_ERRORS)
		pace(ev, type, e, &json);
	else
		add(ev, type, run, e->sync, &json);
	buf_release(&json);
}

/* ---------------------------------------------------------------- on and off */

static void turn_off(struct events *ev)
{
	if (!ev->on)
		return;
	supervise_unwatch(ev->s, &ev->watcher);
	drop_paced(ev, 0);
	ring_release(&ev->ring);
	ev->on = false;
}

/* What nobody was there to hear of has no number; an id from before does not fit what follows. */
static void turn_on(struct events *ev)
{
	ev->idle = 0;
	if (ev->on)
		return;
	ev->ring.first = ++ev->ring.next;
	supervise_watch(ev->s, &ev->watcher);
	loop_timer_set(ev->beat, BEAT_MS);
	ev->on = true;
}

static void on_beat(void *ctx)
{
	struct events *ev = ctx;

	for (struct client *c = ev->clients; c; c = c->next) {
		c->beat = true;
		if (c->waits)
			wake(c);
		else if (++c->stuck == STUCK_BEATS)
			httpd_stream_cut(c->stream);
	}
	if (!ev->n_clients && ++ev->idle >= IDLE_BEATS)
		turn_off(ev);
	else
		loop_timer_set(ev->beat, BEAT_MS);
}

static int make(struct api *api, struct ferry_error *err)
{
	struct events *ev = ferry_alloc0(1, sizeof *ev);
	struct supervise_status status;
	struct loop *loop = supervise_loop(api->s);

	supervise_status(api->s, &status);
	ev->s = api->s;
	ev->watcher = (struct supervise_watcher){.fn = on_news, .ctx = ev};
	ring_init(&ev->ring, status.started_at);
	ev->ring.lost = on_lost;
	ev->ring.ctx = ev;
	api->events = ev;
	return loop_timer(loop, -1, on_beat, ev, &ev->beat, err) < 0 ? -1
		: loop_timer(loop, -1, on_pace, ev, &ev->pace, err);
}

void events_free(struct events *ev)
{
	if (!ev)
		return;
	turn_off(ev);
	loop_drop(ev->beat);
	loop_drop(ev->pace);
	free(ev);
}

size_t events_clients(const struct events *ev)
{
	return ev ? ev->n_clients : 0;
}

/* -------------------------------------------------------------------- the call */

static int get_wishes(struct call *c, struct client *wish, struct ferry_error *err)
{
	const char *types = httpd_query(c->req, "types"), *sync = httpd_query(c->req, "sync");

	*wish = (struct client){.types = UINT32_MAX};
	if (call_int(c, "run", 0, &wish->run, err) < 0 || (types && event_types(types, &wish->types, err) < 0) ||
	    (sync && call_known_sync(c, sync, err) < 0))
		return -1;
	wish->sync = sync ? ferry_strdup(sync) : NULL;
	return 0;
}

/* From where on; and what it is told first, so that it can come back from there. */
static void greet(struct client *c, const char *last_id)
{
	const struct ring *r = &c->events->ring;
	int64_t after = last_id ? ring_after(r, last_id) : r->next - 1;
	bool reset = after < 0;

	if (reset)
		after = r->next - 1;
	c->at = after + 1;
	buf_addf(&c->out, "retry: 2000\nid: %s-%lld\n", r->life, (long long)after);
	if (reset) {
		open_own(&c->out, "reset");
		jw_text(&c->out, "reason", "events in between are gone");
		buf_adds(&c->out, "}\n");
	}
	buf_addc(&c->out, '\n');
}

int handle_events(struct call *c, struct ferry_error *err)
{
	struct client wish;

	if (!c->api->events && make(c->api, err) < 0)
		return -1;
	struct events *ev = c->api->events;
	if (ev->n_clients == CLIENTS_MAX) {
		ferry_fail(err, FERRY_E_UNAVAILABLE, "%d clients follow events already", CLIENTS_MAX);
		ferry_hint(err, "Try again when one of them has gone.");
		reply_error(c->reply, 503, err, NULL);
		return 0;
	}
	if (get_wishes(c, &wish, err) < 0)
		return -1;
	turn_on(ev);
	struct client *client = ferry_alloc(sizeof *client);
	*client = wish;
	client->events = ev;
	client->next = ev->clients;
	ev->clients = client;
	ev->n_clients++;
	greet(client, httpd_header(c->req, "Last-Event-ID"));
	client->stream = httpd_stream(c->req, &(struct httpd_source){on_more, on_gone, client});
	c->reply->content_type = "text/event-stream";
	c->reply->header = "X-Accel-Buffering";	/* a proxy in front shall pass on what comes */
	snprintf(c->reply->header_value, sizeof c->reply->header_value, "no");
	return 0;
}
