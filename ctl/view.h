/* SPDX-License-Identifier: Apache-2.0 */
/* view.h - how a run is shown, whole (show) or in short (at the end of --wait). */
#ifndef FERRY_CTL_VIEW_H
#define FERRY_CTL_VIEW_H

#include "ctl.h"
#include "model/health.h"

/* "completed with 3 errors", in lists "completed, 3 errors"; "hung" instead of running */
void view_status_text(json_node *run, bool in_list, struct buf *out);
enum style view_status_style(json_node *run);
enum mark view_status_mark(json_node *run);
/* Whether the run will change no more. */
bool view_ended(json_node *run);
/* The exit status of a command that waited for the run. */
int view_exit(json_node *run);

/* Mark and style of a segment's or stage's status. */
enum mark view_part_mark(const char *status);
enum style view_part_style(const char *status);

/* "run 12  ev-charging  completed  manual  2.1 s" and when and whence below it */
void view_headline(struct ctl *ctl, json_node *run);
/* Row counts with bars; quiet: only those that are not zero. */
void view_rows(struct ctl *ctl, json_node *run, bool quiet);
void view_error(struct ctl *ctl, json_node *run);
/* What to do next. */
void view_next(struct ctl *ctl, json_node *run);

/* The blocks of 'show' about segments: statistics, stages, phases, reasons. */
void view_statistics(struct ctl *ctl, json_node *run);
void view_segments(struct ctl *ctl, json_node *run);
void view_phases(struct ctl *ctl, json_node *run);
void view_reasons(struct ctl *ctl, json_node *run);
void view_problems(struct ctl *ctl, json_node *run);

/* One decision of a plan; diff: a line for each value, unchanged fields left out. */
void view_plan_item(struct ctl *ctl, json_node *item, bool diff);
enum style view_decision_style(int decision);
/* Whether a guard has stopped the run: its plan is whole, and nothing of it was written. */
bool view_guarded(json_node *run);

/* A problem in full: record and candidates side by side, what happened, what can be done. */
void view_problem(struct ctl *ctl, json_node *problem);
/* The records that a run has kept. */
int view_records(struct ctl *ctl, int64_t run, struct ferry_error *err);

/* Of a sync's score. */
enum style view_band_style(enum health_band band);
/* A member that is a share of one: "99.8 %"; nothing when it is none. */
void view_share(json_node *node, const char *name, struct buf *out);
/* The totals of 24 h, 7 d and 30 d in an answer that has them. */
void view_totals(struct ctl *ctl, json_node *answer);

/* Follow the run until it ends; then its short form. The exit status, or -1 with *err. */
int wait_for_run(struct ctl *ctl, int64_t id, struct ferry_error *err);

#endif
