/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test-histories.c - nothing lost, nothing doubled, whatever dies: generated histories against the
 * whole pipeline.
 *
 * A history is a random source, a random destination (fixtures/history.c), a random segment, and some runs
 * between which rows are added, edited, put back and deleted, while processes are killed, answers lost,
 * batches refused, extracts broken. Each run is a process of its own. At the end come clean runs, and
 * then everything must be as the mode says (histories-check.c).
 *
 * test-histories SEED tells one history in words; HISTORIES=N runs N of them, from HISTORIES_FROM on. A
 * seed repeats but for time: what several lanes do at once, and where a kill from outside hits.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "histories.h"
#include "plug-fixture.h"

#ifdef __SANITIZE_ADDRESS__
enum { HISTORIES = 30 };
#else
enum { HISTORIES = 120 };
#endif

/* ---- chance */

static uint64_t draw(struct story *s)
{
	uint64_t z = s->random += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* What a run meets depends on its number alone, not on how the ones before it ended. */
static void next_chapter(struct story *s)
{
	s->random = s->seed * 1000 + (uint64_t)++s->chapter;
}

static int below(struct story *s, int n)
{
	return (int)(draw(s) % (uint64_t)n);
}

static bool one_in(struct story *s, int n)
{
	return below(s, n) == 0;
}

/* ---- the two sides */

static const struct history *sorted;

static int compare_keys(const void *pa, const void *pb)
{
	int a = *(const int *)pa, b = *(const int *)pb;
	int64_t x = sorted->keys[a].a, y = sorted->keys[b].a;

	if (sorted->key_kind != KEY_B && x != y)
		return x < y ? -1 : 1;
	return strcmp(sorted->keys[a].b, sorted->keys[b].b);
}

/* Keys with negative numbers, texts that are prefixes of each other, parts that repeat. */
static void make_keys(struct story *s)
{
	struct history *h = s->h;

	for (int i = 0; i < HISTORY_KEYS; i++) {
		h->keys[i].a = s->h->key_kind == KEY_BOTH ? i % 7 - 3 : (int64_t)i * i * 37 - 900;
		int len = snprintf(h->keys[i].b, sizeof h->keys[i].b, "%x", i * i * i);
		if (i % 5 == 0)
			snprintf(h->keys[i].b + len, sizeof h->keys[i].b - (size_t)len, " \xc3\xa4%d", i);
		h->order[i] = i;
	}
	sorted = h;
	qsort(h->order, HISTORY_KEYS, sizeof *h->order, compare_keys);
}

static int32_t new_value(struct story *s)
{
	static const int classes[] = {CLASS_SKIPPED, CLASS_FILTERED, CLASS_REJECTED, CLASS_REFUSED, CLASS_REFUSED};
	int32_t v = (int32_t)(++s->next_value * 10);

	if (one_in(s, 60))
		return HISTORY_NONE;
	return one_in(s, 6) ? v + classes[below(s, 5)] : v + CLASS_GOOD;
}

static void set_value(struct story *s, int key, int32_t value)
{
	s->h->source[key] = (struct history_source_row){.there = true, .value = value};
	if (s->n_past[key] < PAST_VALUES)
		s->past[key][s->n_past[key]++] = value;
}

static void edit_source(struct story *s)
{
	int n = one_in(s, 4) ? 0 : below(s, one_in(s, 3) ? HISTORY_KEYS : 12);

	for (; n; n--) {
		int key = below(s, HISTORY_KEYS);
		struct history_source_row *row = &s->h->source[key];
		int what = below(s, 10);
		if (row->there && what < 3)
			row->there = false;
		else if (s->n_past[key] && what < 6)
			/* back to what it was, maybe to what the destination was told of last */
			set_value(s, key, s->past[key][s->n_past[key] - 1 - below(s, s->n_past[key] < 3 ? s->n_past[key] : 3)]);
		else
			set_value(s, key, new_value(s));
	}
}

static void choose_mode(struct story *s)
{
	static const enum ferry_mode modes[] = {FERRY_MODE_UPSERT, FERRY_MODE_MIRROR, FERRY_MODE_MIRROR,
		FERRY_MODE_INSERT, FERRY_MODE_APPEND, FERRY_MODE_UPDATE};
	struct history *h = s->h;

	s->mode = modes[below(s, h->has_lookup ? 6 : 5)];
	h->append = s->mode == FERRY_MODE_APPEND;
	if ((s->mode == FERRY_MODE_UPSERT || s->mode == FERRY_MODE_MIRROR) && one_in(s, 3))
		s->missing = one_in(s, 3) ? "ignore" : "disable";
	if (h->has_lookup && one_in(s, 3))
		h->caps |= FERRY_CAP_MATCH_NEW;
}

static void seed_destination(struct story *s)
{
	struct history *h = s->h;

	/* who does not look is not told that something is there already */
	if (!(h->caps & FERRY_CAP_MATCH_NEW) && s->mode != FERRY_MODE_UPDATE && !s->match)
		return;
	for (int i = 0; i < HISTORY_KEYS; i++)
		if (one_in(s, 3)) {
			h->dest[i] = (union history_row){{.value = (int32_t)(++s->next_value * 10), .copies = 1, .seeded = 1}};
			h->foreign[i] = s->match && one_in(s, 2);
		}
}

/* Records that are there under other keys, and a rule that finds them by their mark. */
static void choose_match(struct story *s)
{
	s->quarantine = one_in(s, 2) ? 2 + below(s, 3) : one_in(s, 2) ? 0 : 10;
	if (!one_in(s, 3)) {
		s->h->has_list = one_in(s, 3);
		return;
	}
	s->match = one_in(s, 3) ? "strong" : "medium";
	s->takes_medium = one_in(s, 3);
	s->h->has_list = s->h->gives_ids = true;
}

static void begin_story(struct story *s)
{
	struct history *h = s->h;

	h->caps = FERRY_CAP_DELETE | FERRY_CAP_DISABLE;
	if (one_in(s, 2))
		h->caps |= FERRY_CAP_IDEMPOTENT;
	if (one_in(s, 2))
		h->caps |= FERRY_CAP_ORDERED;
	h->has_lookup = !one_in(s, 3);
	h->batch = (uint32_t)(one_in(s, 3) ? 1 + below(s, 3) : 1 + below(s, 50));
	h->refusal = (enum history_refusal)below(s, REFUSALS);
	if (one_in(s, 5))
		h->caps |= FERRY_CAP_WINDOWED;
	choose_mode(s);
	s->h->key_kind = below(s, KEY_KINDS);
	s->skips = one_in(s, 2);
	s->filters = one_in(s, 3);
	s->rejects = one_in(s, 2);
	s->hash_only = one_in(s, 3);
	s->changes_layout = one_in(s, 8);
	/* a delete that says neither what the record was nor its id says nothing */
	h->gives_ids = s->hash_only || s->changes_layout || one_in(s, 2);
	s->lanes = one_in(s, 4) ? 2 + below(s, 3) : 1;
	s->retries = below(s, 3);
	choose_match(s);
	make_keys(s);
	story_forms(s);
	seed_destination(s);
	for (int i = 0; i < HISTORY_KEYS; i++)
		if (!one_in(s, 3))
			set_value(s, i, new_value(s));
}

/* ---- what goes wrong */

static void clear_script(struct history *h)
{
	memset(h->events, 0, sizeof h->events);
	h->lookup_dies = h->lookup_fails = HISTORY_NONE;
	h->extract_dies = h->extract_fails = h->extract_ends = HISTORY_NONE;
	h->twice = HISTORY_NONE;
	h->may_repeat = false;
}

static void script(struct story *s, struct run *run)
{
	struct history *h = s->h;
	int n = below(s, HISTORY_EVENTS + 1);

	for (int i = 0; i < n; i++)
		h->events[i] = (struct history_event){(enum history_event_kind)(1 + below(s, EVENT_KINDS - 1)),
			below(s, one_in(s, 2) ? 3 : 12), (unsigned)draw(s) >> 8};
	if (one_in(s, 12))
		h->lookup_dies = below(s, 3);
	if (one_in(s, 12))
		h->lookup_fails = below(s, 3);
	if (one_in(s, 12))
		h->extract_dies = below(s, HISTORY_KEYS);
	if (one_in(s, 12))
		h->extract_fails = below(s, HISTORY_KEYS);
	if (one_in(s, 8))
		h->extract_ends = below(s, HISTORY_KEYS);
	if (one_in(s, 5))
		h->twice = below(s, HISTORY_KEYS);
	if (one_in(s, 5))
		run->dies_at_write = below(s, one_in(s, 2) ? 40 : 250);
	else if (one_in(s, 20))
		run->dies_after_us = 500 + below(s, 12000);
	run->may_die = true;
	/* with it a person says that what is in doubt may be sent again */
	if (one_in(s, 8) && (h->has_lookup || h->caps & FERRY_CAP_IDEMPOTENT))
		run->options.full = h->full = h->may_repeat = true;
	run->options.verify = one_in(s, 8);
	if (s->changes_layout && one_in(s, 3)) {
		s->other_layout = true;
		h->may_repeat = true;
	}
}

static void tell_script(const struct story *s, const struct run *run)
{
	static const char *const names[] = {"none", "kill before", "kill middle", "kill after", "unsent", "lost undone",
		"lost done", "partly", "refused", "ends", "left out", "cancel"};
	const struct history *h = s->h;

	if (!s->tells)
		return;
	printf("run %" PRId64 "%s%s%s", run->options.run, run->options.preview ? " preview" : "",
	       run->options.full ? " full" : "", run->options.verify ? " verify" : "");
	if (run->options.promote_run)
		printf(" promotes %" PRId64, run->options.promote_run);
	for (int i = 0; i < HISTORY_EVENTS; i++)
		if (h->events[i].kind != EVENT_NONE)
			printf(", call %d %s(%u)", h->events[i].call, names[h->events[i].kind], h->events[i].rows);
	printf(", lookup dies %d fails %d, extract dies %d fails %d ends %d, twice %d, dies at write %d%s\n",
	       h->lookup_dies, h->lookup_fails, h->extract_dies, h->extract_fails, h->extract_ends, h->twice,
	       run->dies_at_write, run->dies_after_us ? ", killed from outside" : "");
}

static struct run new_run(struct story *s, const char *plugins)
{
	clear_script(s->h);
	/* a changed map is sent once more to all */
	s->h->may_repeat = s->other_layout;
	s->h->full = false;
	s->h->shuffle = (unsigned)draw(s);
	struct run run = {
		.options = {.state_dir = s->state_dir, .plugins_dir = plugins, .run = ++s->next_run},
		.dies_at_write = KILL_NEVER,
	};
	story_problems(s, &run);
	return run;
}

/* ---- the person */

/* Who looks at the destination can tell what became of a row: it is there, or it is not. */
static enum word look(struct story *s, int key)
{
	struct history *h = s->h;

	if (!h->gives_ids || !h->source[key].there)
		return WORD_NONE;
	h->in_doubt[key] = false;
	h->unsure[key] = true;
	return h->dest[key].copies ? WORD_LINK : WORD_RETRY;
}

/* Some of what is open is answered; `all`: at least everything that was refused too often. */
static void speak(struct story *s, bool all)
{
	static const char *const names[] = {"", "link", "retry", "ignore"};

	for (int i = 0; i < HISTORY_KEYS; i++) {
		bool refused = strcmp(s->code[i], "QUARANTINED") == 0;
		if (!s->open[i] || !(one_in(s, 4) || (all && refused)))
			continue;
		if (refused)
			s->said[i] = WORD_RETRY;
		else if (strcmp(s->code[i], "IN_DOUBT") == 0)
			s->said[i] = look(s, i);
		else if (strcmp(s->code[i], "MEDIUM_MATCH_REQUIRES_REVIEW") == 0 && !one_in(s, 4))
			s->said[i] = WORD_LINK;
		else if (one_in(s, 3))
			s->said[i] = WORD_IGNORE;
		s->open[i] = s->said[i] == WORD_NONE;
		if (s->tells && s->said[i])
			printf("a person says of key %d: %s\n", i, names[s->said[i]]);
	}
}

/*
 * Time goes by at a source that gives recent rows only. A row may leave its window once it was given to a
 * run that came as far as sending; what becomes of it then is ferry's business.
 */
static void let_time_pass(struct story *s)
{
	for (int i = 0; i < HISTORY_KEYS; i++)
		if (s->h->extracted[i] && one_in(s, 2))
			s->h->source[i].old = true;
}

static bool any_run(struct story *s, struct run *run)
{
	tell_script(s, run);
	if (!run_process(s, run))
		return false;
	if (s->h->code == FERRY_E_CONSERVATION)
		story_fail(s, "run %" PRId64 ": %s", run->options.run, s->h->message);
	if (s->h->status == RUN_COMPLETED || s->h->status == RUN_PREVIEW_READY || s->reached_apply)
		check_counters(s, run->options.preview);
	if (s->reached_apply)
		let_time_pass(s);
	return true;
}

/* A run that must succeed. */
static void clean_run(struct story *s, const char *plugins)
{
	struct run run = new_run(s, plugins);

	run.options.preview = one_in(s, 4);
	if (!any_run(s, &run))
		story_fail(s, "a clean run was killed");
	if (run.options.preview && s->h->status == RUN_PREVIEW_READY) {
		int64_t plan = run.options.run;
		if (s->h->calls)
			story_fail(s, "a preview wrote to the destination");
		run = new_run(s, plugins);
		run.options.promote_run = plan;
		any_run(s, &run);
	}
	if (s->h->status != RUN_COMPLETED)
		story_fail(s, "a clean run ended as %s: %s", run_status_name((enum run_status)s->h->status), s->h->message);
}

/* A preview, maybe something between, and its promotion, which must be refused if that did anything. */
static void preview_and_promote(struct story *s, const char *plugins)
{
	struct history *h = s->h;
	struct run run = new_run(s, plugins);
	int64_t plan = run.options.run;
	bool stale = false;

	script(s, &run);
	run.options.preview = true;
	if (!any_run(s, &run) || h->status != RUN_PREVIEW_READY)
		return;
	if (h->calls)
		story_fail(s, "a preview wrote to the destination");
	bool repeats = h->may_repeat, full = h->full, layout = s->other_layout;
	if (one_in(s, 2))
		edit_source(s);
	if (one_in(s, 2)) {
		run = new_run(s, plugins);
		script(s, &run);
		any_run(s, &run);
		stale = h->effects || s->other_layout != layout;
		for (int i = 0; i < HISTORY_KEYS; i++)
			stale |= h->in_doubt[i] && h->sent[i];
		repeats |= h->may_repeat;
	}
	run = new_run(s, plugins);
	script(s, &run);
	stale |= s->other_layout != layout;
	h->may_repeat |= repeats;
	h->full = full;
	run.options.promote_run = plan;
	run.options.full = run.options.verify = false;
	bool ended = any_run(s, &run);
	if (stale && h->calls)
		story_fail(s, "run %" PRId64 " promoted a plan that was stale", run.options.run);
	if (stale && ended && h->status != RUN_CANCELLED && h->status != RUN_FAILED)
		story_fail(s, "the promotion of a stale plan ended as %s", run_status_name((enum run_status)h->status));
}

/* ---- all of it */

static void tell_story(struct story *s, const char *plugins)
{
	begin_story(s);
	if (s->tells) {
		struct buf b = BUF_INIT;
		story_sync(s, &b);
		printf("%s%s, %s, %s, %s, %s, batch %u, %d lanes, %d retries, refuses %s\n", b.s,
		       s->h->caps & FERRY_CAP_IDEMPOTENT ? "idempotent" : "not idempotent",
		       s->h->has_lookup ? s->h->caps & FERRY_CAP_MATCH_NEW ? "lookup, match new" : "lookup" : "no lookup",
		       s->h->caps & FERRY_CAP_ORDERED ? "ordered" : "unordered", s->h->gives_ids ? "ids" : "no ids",
		       s->h->caps & FERRY_CAP_WINDOWED ? "recent rows only" : "all rows",
		       s->h->batch, s->lanes, s->retries,
		       s->h->refusal == REFUSE_ROW ? "rows" : s->h->refusal == REFUSE_BATCH ? "batches" : "the rest");
		buf_release(&b);
	}
	for (int n = 3 + below(s, 6); n; n--) {
		next_chapter(s);
		speak(s, false);
		if (one_in(s, 4)) {
			preview_and_promote(s, plugins);
		} else {
			struct run run = new_run(s, plugins);
			script(s, &run);
			any_run(s, &run);
		}
		next_chapter(s);
		edit_source(s);
	}
	speak(s, true);
	clean_run(s, plugins);
	clean_run(s, plugins);
	check_end(s);
}

static void make_story(uint64_t seed, struct history *h, const char *folder, const char *plugins, bool tells)
{
	struct story *s = ferry_alloc0(1, sizeof *s);

	memset(h, 0, sizeof *h);
	s->seed = s->random = seed;
	next_chapter(s);
	s->h = h;
	s->tells = tells;
	snprintf(s->state_dir, sizeof s->state_dir, "%s/state", folder);
	tell_story(s, plugins);
	char *command = ferry_asprintf("rm -rf %s", s->state_dir);
	FERRY_ASSERT(system(command) == 0);
	free(command);
	free(s);
}

static struct history *map_history(const char *folder)
{
	char *path = ferry_asprintf("%s/history", folder);
	FILE *f = fopen(path, "w+");

	FERRY_ASSERT(f && ftruncate(fileno(f), sizeof(struct history)) == 0);
	void *p = mmap(NULL, sizeof(struct history), PROT_READ | PROT_WRITE, MAP_SHARED, fileno(f), 0);
	FERRY_ASSERT(p != MAP_FAILED);
	fclose(f);
	setenv("FERRY_HISTORY", path, 1);
	free(path);
	return p;
}

static uint64_t number_from(const char *name, uint64_t fallback)
{
	const char *text = getenv(name);
	return text && *text ? strtoull(text, NULL, 10) : fallback;
}

static char folder[64];
static pid_t self;

/* The processes of runs come here, too. */
static void clean_up(void)
{
	if (getpid() != self)
		return;
	char *command = ferry_asprintf("rm -rf %s", folder);
	FERRY_ASSERT(system(command) == 0);
	free(command);
	fixture_folder_remove();
}

int main(int argc, char **argv)
{
	/* in memory, where a commit costs no disk: what is killed is a process, not the machine */
	snprintf(folder, sizeof folder, "%s/ferry-histories-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	FERRY_ASSERT(mkdtemp(folder));
	const char *plugins = fixture_folder_make();
	self = getpid();
	atexit(clean_up);
	fixture_compile("history", "", "tests/unit/fixtures/history.c");
	struct history *h = map_history(folder);
	if (argc > 1) {
		make_story(strtoull(argv[1], NULL, 10), h, folder, plugins, true);
		printf("history %s: good\n", argv[1]);
	} else {
		uint64_t from = number_from("HISTORIES_FROM", 1), n = number_from("HISTORIES", HISTORIES);
		for (uint64_t i = 0; i < n; i++)
			make_story(from + i, h, folder, plugins, false);
		printf("%" PRIu64 " histories, from seed %" PRIu64 " on: nothing lost, nothing doubled\n", n, from);
	}
	munmap(h, sizeof *h);
	return 0;
}
