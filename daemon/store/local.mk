# SPDX-License-Identifier: Apache-2.0
# Floor 3: what is kept on disk.
noinst_LTLIBRARIES += daemon/libstore.la
daemon_libstore_la_SOURCES = \
	daemon/store/journal.c daemon/store/journal.h daemon/store/journal_private.h \
	daemon/store/journal_read.c daemon/store/problem_json.c daemon/store/problems.c \
	daemon/store/problems.h daemon/store/problems_private.h \
	daemon/store/backup.c daemon/store/backup.h \
	daemon/store/envs.c daemon/store/envs.h \
	daemon/store/restore.c \
	daemon/store/retention.c daemon/store/retention.h \
	daemon/store/runs_index.c daemon/store/runs_index.h \
	daemon/store/rollups.c daemon/store/rollups.h \
	daemon/store/tokens.c daemon/store/tokens.h daemon/store/audit.c \
	daemon/store/outbox.c daemon/store/outbox.h \
	daemon/store/pack.c daemon/store/pack.h daemon/store/plan_extra.c daemon/store/plan_match.c \
	daemon/store/plan_private.h daemon/store/plan_read.c daemon/store/plan_store.c daemon/store/plan_store.h \
	daemon/store/snapshot.c daemon/store/snapshot.h daemon/store/snapshot_private.h \
	daemon/store/snapshot_read.c
daemon_libstore_la_LIBADD = daemon/libmodel.la daemon/libwire-kv.la daemon/libwire-digest.la
