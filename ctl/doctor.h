/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doctor.h - is all well with an installation? Facts are gathered (doctor-look.c from this machine,
 * doctor-ask.c from the daemon), then judged (doctor-judge.c, doctor-syncs.c), which needs nothing but them.
 */
#ifndef FERRY_CTL_DOCTOR_H
#define FERRY_CTL_DOCTOR_H

#include "base/arena.h"
#include "client.h"

struct ctl;

enum finding_level { FINDING_OK, FINDING_WARNING, FINDING_FAULT };

struct finding {
	const char *check;		/* "clock", "disk"; those of one check stand together */
	enum finding_level level;
	const char *what, *todo;	/* a line each; todo "" when nothing is to be done */
};

struct findings {
	struct finding *items;
	size_t n, cap;
	struct arena arena;
};

void findings_release(struct findings *f);
void finding_add(struct findings *f, const char *check, enum finding_level level, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* What is to be done about the last one. */
void finding_todo(struct findings *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
enum finding_level findings_worst(const struct findings *f);

/* A test of one connection. */
struct doctor_test {
	const char *connection;
	struct answer answer;
	struct ferry_error err;		/* it could not be made */
};

/* What could not be learnt is NULL, 0 or false. */
struct doctor_facts {
	/* this machine */
	int64_t now;
	const char *version;		/* ferryctl's */
	const char *socket;
	bool clock_known, clock_synchronised;
	bool has_unit;			/* systemd knows of ferryd.service */
	char unit[64];			/* "active (running)" */
	bool unit_failed;
	int64_t unit_restarts;
	bool group_known, group_exists;	/* the group that the daemon takes for admins */

	/* the daemon, when it answers */
	struct ferry_error unreachable;	/* code OK: it does */
	json_node *doctor, *healthz, *status, *connectors, *problems, *last_run, *backups;
	json_node **syncs;		/* pages of them */
	size_t n_syncs;
	struct doctor_test *tests;
	size_t n_tests;

	/* ferryd --check */
	bool checked;
	int check_status;
	struct buf check_text;
};

/* ---- gathering: a fact that cannot be had is no error */

struct doctor_case {
	struct doctor_facts facts;
	struct answer *answers;		/* where the nodes live */
	size_t n_answers;
	struct arena arena;
};

void doctor_look(struct doctor_facts *facts);
void doctor_ask(struct ctl *ctl, struct doctor_case *c);
/* All connections at once, a few at a time. */
void doctor_test_connections(struct ctl *ctl, struct doctor_case *c);
void doctor_case_release(struct doctor_case *c);

/* ---- judging */

void doctor_judge(const struct doctor_facts *facts, struct findings *f);
void doctor_judge_connections(const struct doctor_facts *facts, struct findings *f);
void doctor_judge_syncs(const struct doctor_facts *facts, struct findings *f);

#endif
