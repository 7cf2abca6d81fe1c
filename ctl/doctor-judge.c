/* SPDX-License-Identifier: Apache-2.0 */
/* doctor-judge.c - from facts to findings: the machine, the daemon, its configuration and its folders. */
#include "doctor.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"

#define MIB ((int64_t)1024 * 1024)
#define SECOND ((int64_t)1000000)
#define DAY (86400 * SECOND)

/* ------------------------------------------------------------------------ findings */

void findings_release(struct findings *f)
{
	free(f->items);
	arena_release(&f->arena);
}

static char *keep(struct findings *f, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
static char *keep(struct findings *f, const char *fmt, va_list ap)
{
	char *text, *kept;

	int n = vasprintf(&text, fmt, ap);
	FERRY_ASSERT(n >= 0);
	kept = arena_strdup(&f->arena, text);
	free(text);
	return kept;
}

void finding_add(struct findings *f, const char *check, enum finding_level level, const char *fmt, ...)
{
	va_list ap;

	if (f->n == f->cap) {
		f->cap = f->cap ? 2 * f->cap : 32;
		f->items = ferry_realloc(f->items, f->cap, sizeof *f->items);
	}
	va_start(ap, fmt);
	f->items[f->n++] = (struct finding){check, level, keep(f, fmt, ap), ""};
	va_end(ap);
}

void finding_todo(struct findings *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	f->items[f->n - 1].todo = keep(f, fmt, ap);
	va_end(ap);
}

enum finding_level findings_worst(const struct findings *f)
{
	enum finding_level worst = FINDING_OK;

	for (size_t i = 0; i < f->n; i++)
		worst = f->items[i].level > worst ? f->items[i].level : worst;
	return worst;
}

/* ------------------------------------------------------------------- the programs */

static void judge_daemon(const struct doctor_facts *d, struct findings *f)
{
	const char *version = json_get_text(d->doctor, "version", NULL);

	if (d->unreachable.code != FERRY_OK) {
		finding_add(f, "daemon", FINDING_FAULT, "%s", d->unreachable.msg);
		finding_todo(f, "%s", ferry_error_hint(&d->unreachable));
		return;
	}
	if (json_get_bool(d->doctor, "replaced_on_disk", false)) {
		finding_add(f, "daemon", FINDING_WARNING, "ferryd was replaced on disk; what runs is %s",
			    version ? version : "an older one");
		finding_todo(f, "systemctl restart ferryd: running runs finish their batch first");
	} else if (version && strcmp(version, d->version) != 0) {
		finding_add(f, "daemon", FINDING_WARNING, "ferryd is %s, ferryctl is %s", version, d->version);
		finding_todo(f, "use both of one version: install the package again and restart ferryd");
	} else {
		finding_add(f, "daemon", FINDING_OK, "ferryd %s, pid %" PRId64 ", %s", version ? version : "?",
			    json_get_int(d->status, "pid", 0), json_get_text(d->doctor, "lmdb", "LMDB of unknown version"));
	}
}

static void judge_unit(const struct doctor_facts *d, struct findings *f)
{
	bool reached = d->unreachable.code == FERRY_OK;

	if (!d->has_unit)
		return;
	if (d->unit_failed) {
		finding_add(f, "unit", FINDING_FAULT, "ferryd.service is %s", d->unit);
		finding_todo(f, "journalctl -u ferryd -e tells why; then systemctl restart ferryd");
	} else if (strncmp(d->unit, "active", 6) != 0) {
		finding_add(f, "unit", reached ? FINDING_WARNING : FINDING_FAULT, "ferryd.service is %s%s", d->unit,
			    reached ? ", the daemon that answers is another one" : "");
		finding_todo(f, "systemctl enable --now ferryd");
	} else if (d->unit_restarts > 0) {
		finding_add(f, "unit", FINDING_WARNING, "ferryd.service is %s; systemd had to start it again %" PRId64
			    " time%s", d->unit, d->unit_restarts, d->unit_restarts == 1 ? "" : "s");
		finding_todo(f, "journalctl -u ferryd tells why; systemctl reset-failed ferryd forgets it");
	} else {
		finding_add(f, "unit", FINDING_OK, "ferryd.service is %s", d->unit);
	}
}

static void judge_role(const struct doctor_facts *d, struct findings *f)
{
	const char *group = json_get_text(d->doctor, "admin_group", NULL);
	bool admin = strcmp(json_get_text(d->doctor, "role", ""), "admin") == 0;

	if (!d->doctor)
		return;
	if (group && d->group_known && !d->group_exists) {
		finding_add(f, "access", FINDING_WARNING, "there is no group '%s': only root may change anything", group);
		finding_todo(f, "groupadd --system %s, or name another one with 'admin_group:' in ferry.yaml", group);
	} else if (!admin) {
		finding_add(f, "access", FINDING_WARNING, "you may look but not change anything, nor test connections");
		finding_todo(f, "run it as root, or as a member of the group '%s'", group ? group : "ferry-admin");
	} else {
		finding_add(f, "access", FINDING_OK, "you are an admin at %s", d->socket);
	}
}

/* -------------------------------------------------------------- the configuration */

/* The first line of what ferryd --check has said, and how many there are. */
static int first_line(const struct buf *text, struct buf *ret)
{
	const char *s = buf_str(text);
	int lines = 0;

	for (; *s; lines++) {
		size_t len = strcspn(s, "\n");
		if (!lines)
			buf_add(ret, s, len);
		s += len + (s[len] == '\n');
	}
	return lines;
}

static void judge_configuration(const struct doctor_facts *d, struct findings *f)
{
	json_node *refused = json_get(d->status, "reload_error"), *generation = json_get(d->status, "generation");
	struct buf line = BUF_INIT;
	int lines = first_line(&d->check_text, &line);
	struct buf stays = BUF_INIT;

	if (generation)
		buf_addf(&stays, "; generation %" PRId64 " stays in force", json_get_int(generation, "number", 0));
	if (d->checked && d->check_status != 0) {
		finding_add(f, "configuration", FINDING_FAULT, "%d mistake%s: %s%s", lines, lines == 1 ? "" : "s",
			    buf_str(&line), buf_str(&stays));
		finding_todo(f, d->status ? "correct it, then ferryctl reload; 'ferryctl check' lists all mistakes"
			     : "correct it, then systemctl start ferryd; 'ferryctl check' lists all mistakes");
	} else if (json_kind(refused) == JSON_OBJECT) {
		finding_add(f, "configuration", FINDING_WARNING, "the last reload was refused: %s%s",
			    json_get_text(refused, "message", "?"), buf_str(&stays));
		finding_todo(f, "ferryctl reload");
	} else if (d->checked) {
		finding_add(f, "configuration", FINDING_OK, "%s", buf_str(&line));
	} else if (generation) {
		finding_add(f, "configuration", FINDING_OK, "generation %" PRId64 " is in force; its files were not looked at",
			    json_get_int(generation, "number", 0));
	}
	buf_release(&line);
	buf_release(&stays);
}

/* What settings refer to: it must be there, for the daemon, and for nobody else. */
static void judge_reference(json_node *r, struct findings *f, size_t *good)
{
	const char *name = json_get_text(r, "reference", "?"), *connection = json_get_text(r, "connection", "?");
	json_node *file = json_get(r, "file");
	const char *path = json_get_text(file, "path", "?");
	unsigned long mode = strtoul(json_get_text(file, "mode", "0"), NULL, 8);
	bool credential = strncmp(name, "credential:", 11) == 0;

	if (json_get_bool(r, "missing", false) || (file && !json_get_bool(file, "exists", false))) {
		finding_add(f, "credentials", FINDING_FAULT, "connection '%s': ${%s} is not there", connection, name);
		if (credential)
			finding_todo(f, "systemctl edit ferryd: LoadCredential=%s:/path/to/it, then restart it", name + 11);
		else if (file)
			finding_todo(f, "put it at %s, readable by the daemon's user", path);
		else
			finding_todo(f, "set it in the daemon's environment, then restart the daemon");
	} else if (file && (!json_get_bool(file, "readable", false) || !json_get_bool(file, "regular", true))) {
		finding_add(f, "credentials", FINDING_FAULT, "connection '%s': the daemon cannot read %s", connection, path);
		finding_todo(f, "make it a file that the daemon's user may read: chgrp ferry %s; chmod 0640 %s", path, path);
	} else if (file && mode & 0007) {
		finding_add(f, "credentials", FINDING_WARNING, "connection '%s': everybody may read %s (mode %04lo)",
			    connection, path, mode);
		finding_todo(f, "chmod o= %s, and think of the secret as known", path);
	} else {
		++*good;
	}
}

static void judge_references(const struct doctor_facts *d, struct findings *f)
{
	json_node *list = json_get(d->doctor, "references");
	size_t good = 0;

	for (size_t i = 0; i < json_count(list); i++)
		judge_reference(json_at(list, i), f, &good);
	if (good && good == json_count(list))
		finding_add(f, "credentials", FINDING_OK, "%zu, each readable by the daemon and not by everybody", good);
}

/* -------------------------------------------------------------------- its folders */

static void judge_state(const struct doctor_facts *d, struct findings *f)
{
	json_node *state = json_get(d->doctor, "state"), *user = json_get(d->doctor, "user");
	const char *path = json_get_text(state, "path", "?"), *mode = json_get_text(state, "mode", "0");
	int64_t uid = json_get_int(user, "uid", -1);

	if (!state)
		return;
	if (!json_get_bool(state, "writable", false)) {
		finding_add(f, "state", FINDING_FAULT, "the daemon cannot write to %s", path);
		finding_todo(f, "chown -R %s %s", json_get_text(user, "name", "ferry"), path);
	} else if (json_get_int(state, "uid", uid) != uid) {
		finding_add(f, "state", FINDING_WARNING, "%s belongs to uid %" PRId64 ", not to the daemon's user", path,
			    json_get_int(state, "uid", -1));
		finding_todo(f, "chown -R %s %s", json_get_text(user, "name", "ferry"), path);
	} else if (strtoul(mode, NULL, 8) & 0077) {
		finding_add(f, "state", FINDING_WARNING, "others may look into %s (mode %s): it holds the records", path, mode);
		finding_todo(f, "chmod 0700 %s", path);
	} else {
		finding_add(f, "state", FINDING_OK, "%s belongs to the daemon alone", path);
	}
}

/* Its thresholds are those of /healthz where the daemon has an opinion. */
static void judge_disk(const struct doctor_facts *d, struct findings *f)
{
	json_node *disk = json_get(d->doctor, "disk"), *health = json_get(json_get(d->healthz, "checks"), "disk");
	int64_t left = json_get_int(disk, "free_bytes", -1), total = json_get_int(disk, "total_bytes", 0);
	int64_t journal = json_get_int(disk, "journal_bytes", 0);
	const char *state = json_get_text(health, "status", "ok");
	const char *path = json_get_text(json_get(d->doctor, "state"), "path", "?");

	if (left < 0)
		return;
	if (strcmp(state, "unhealthy") == 0 || left < 8 * MIB || json_get_int(disk, "free_files", INT64_MAX) < 100)
		finding_add(f, "disk", FINDING_FAULT, "%" PRId64 " MiB and %" PRId64 " files are left in %s", left / MIB,
			    json_get_int(disk, "free_files", 0), path);
	else if (strcmp(state, "ok") != 0 || left < 64 * MIB || left < total / 20 || left < journal)
		finding_add(f, "disk", FINDING_WARNING, "%" PRId64 " of %" PRId64 " MiB are left in %s", left / MIB,
			    total / MIB, path);
	else
		finding_add(f, "disk", FINDING_OK, "%" PRId64 " of %" PRId64 " MiB are left; the journal takes %" PRId64, left / MIB,
			    total / MIB, journal / MIB);
	if (f->items[f->n - 1].level != FINDING_OK)
		finding_todo(f, "free some space there, or shorten 'retention:' in ferry.yaml; nothing is lost by a full disk");
}

static void judge_limits(const struct doctor_facts *d, struct findings *f)
{
	json_node *limits = json_get(d->doctor, "limits");
	int64_t files = json_get_int(limits, "open_files", INT64_MAX), space = json_get_int(limits, "address_space", 0);

	if (!limits)
		return;
	if (space) {
		finding_add(f, "limits", FINDING_WARNING, "the daemon's address space is bounded to %" PRId64
			    " MiB: its store cannot grow beyond", space / MIB);
		finding_todo(f, "take LimitAS= or 'ulimit -v' away; memory is bounded by MemoryMax= and 'memory_limit:'");
	}
	if (files < 512) {
		finding_add(f, "limits", FINDING_WARNING, "the daemon may open only %" PRId64 " files", files);
		finding_todo(f, "raise LimitNOFILE= or 'ulimit -n' to 1024 at least");
	}
	if (!space && files >= 512)
		finding_add(f, "limits", FINDING_OK, "the store's maps may grow, enough files may be open");
}

/* A run later than now: the clock was set back, and schedules wait until that time comes again. */
static void judge_clock(const struct doctor_facts *d, struct findings *f)
{
	int64_t last = json_get_time(d->last_run, "completed_at");
	int64_t queued = json_get_time(d->last_run, "queued_at");

	last = queued > last ? queued : last;
	if (last > d->now + 5 * SECOND) {
		struct buf when = BUF_INIT;
		format_local(&when, last);
		finding_add(f, "clock", FINDING_FAULT, "the clock went backwards: the journal's last run is of %s",
			    buf_str(&when));
		finding_todo(f, "set the clock right: 'timedatectl' shows it");
		buf_release(&when);
	} else if (d->clock_known && !d->clock_synchronised) {
		finding_add(f, "clock", FINDING_WARNING, "nothing keeps the clock right");
		finding_todo(f, "timedatectl set-ntp true, or run chrony");
	} else if (d->clock_known) {
		finding_add(f, "clock", FINDING_OK, "synchronised");
	} else {
		finding_add(f, "clock", FINDING_OK, "not behind the journal's last run");
	}
}

static void judge_connectors(const struct doctor_facts *d, struct findings *f)
{
	size_t broken = 0;

	for (size_t i = 0; i < json_count(d->connectors); i++) {
		json_node *c = json_at(d->connectors, i), *error = json_get(c, "error");
		if (json_kind(error) != JSON_OBJECT)
			continue;
		broken++;
		finding_add(f, "connectors", FINDING_FAULT, "%s", json_get_text(error, "message", "?"));
		finding_todo(f, "build '%s' for this version, or take it out of %s", json_get_text(c, "name", "?"),
			     json_get_text(json_get(d->doctor, "plugins"), "path", "the plugin folder"));
	}
	if (d->connectors && !broken)
		finding_add(f, "connectors", FINDING_OK, "%zu, all of this version's interface", json_count(d->connectors));
}

/* What the daemon says of itself; disk, configuration and runs are looked at more closely elsewhere. */
static void judge_health(const struct doctor_facts *d, struct findings *f)
{
	static const char *const ours[] = {"journal", "scheduler", "notifications"};
	json_node *checks = json_get(d->healthz, "checks");

	for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
		json_node *check = json_get(checks, ours[i]);
		const char *status = json_get_text(check, "status", "ok");
		if (strcmp(status, "ok") == 0)
			continue;
		finding_add(f, ours[i], strcmp(status, "degraded") == 0 ? FINDING_WARNING : FINDING_FAULT, "%s",
			    json_get_text(check, "message", status));
		finding_todo(f, "journalctl -u ferryd -e has the daemon's own words");
	}
}

/* Whoever makes copies by other means has none in the audit, and is not told of it. */
static void judge_backup(const struct doctor_facts *d, struct findings *f)
{
	struct buf when = BUF_INIT;
	int64_t last = 0;

	for (size_t i = 0; i < json_count(d->backups) && !last; i++)
		if (strcmp(json_get_text(json_at(d->backups, i), "result", ""), "completed") == 0)
			last = json_get_time(json_at(d->backups, i), "at");
	if (!last)
		return;
	bool old = d->now - last > 8 * DAY;
	format_moment(&when, last, d->now);
	finding_add(f, "backup", old ? FINDING_WARNING : FINDING_OK, "the last one was made %s", buf_str(&when));
	if (old)
		finding_todo(f, "ferryctl backup DIR, and have it done every day by a timer");
	buf_release(&when);
}

void doctor_judge(const struct doctor_facts *d, struct findings *f)
{
	judge_daemon(d, f);
	judge_unit(d, f);
	judge_role(d, f);
	judge_configuration(d, f);
	judge_references(d, f);
	judge_connectors(d, f);
	doctor_judge_connections(d, f);
	judge_state(d, f);
	judge_disk(d, f);
	judge_limits(d, f);
	judge_clock(d, f);
	judge_backup(d, f);
	judge_health(d, f);
	doctor_judge_syncs(d, f);
}
