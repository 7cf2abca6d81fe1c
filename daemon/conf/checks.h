/* SPDX-License-Identifier: Apache-2.0 */
/* checks.h - rules between keywords, called by the engine after an object was read. Inside conf. */
#ifndef FERRY_CONF_CHECKS_H
#define FERRY_CONF_CHECKS_H

#include "conf/keyword.h"

void conf_check_listen(struct keyword_reader *r, const struct yaml_node *node, void *base);
void conf_check_connection(struct keyword_reader *r, const struct yaml_node *node, void *base);
void conf_check_lookup(struct keyword_reader *r, const struct yaml_node *node, void *base);
void conf_check_statistic(struct keyword_reader *r, const struct yaml_node *node, void *base);
void conf_check_check(struct keyword_reader *r, const struct yaml_node *node, void *base);
void conf_check_segment(struct keyword_reader *r, const struct yaml_node *node, void *base);
void conf_check_schedule(struct keyword_reader *r, const struct yaml_node *node, void *base);
/* Also reads the one segment of a sync that has no `segments:`. */
void conf_check_sync(struct keyword_reader *r, const struct yaml_node *node, void *base);
/* notifications.c */
void conf_check_target(struct keyword_reader *r, const struct yaml_node *node, void *base);
void conf_check_event(struct keyword_reader *r, const struct yaml_node *node, void *base);
void conf_check_notify(struct keyword_reader *r, const struct yaml_node *node, void *base);
/* Whether the object's `notify:` is the word none. */
void conf_notify_word(const struct yaml_node *node, struct notify_def *notify);
void conf_check_daemon(struct keyword_reader *r, const struct yaml_node *node, void *base);
/* What each sync is to tell, and to which targets. targets_unread: nobody can tell which there are. */
void conf_resolve_notify(struct generation *g, bool targets_unread, struct conf_mistakes *mistakes);
/* What only all syncs together tell: those that follow each other, look-backs that are too short. */
void conf_check_schedules(const struct generation *g, struct conf_mistakes *mistakes);

#endif
