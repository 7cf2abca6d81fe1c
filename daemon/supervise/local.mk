# SPDX-License-Identifier: Apache-2.0
# Floor 5, the daemon's side: schedule, queue, workers, journal. Loads no connector.
noinst_LTLIBRARIES += daemon/libsupervise.la
daemon_libsupervise_la_SOURCES = \
	daemon/supervise/audit.c \
	daemon/supervise/backup.c \
	daemon/supervise/cadence.c daemon/supervise/cadence.h \
	daemon/supervise/deliveries.c \
	daemon/supervise/due.c daemon/supervise/due.h \
	daemon/supervise/evaluate.c \
	daemon/supervise/group.c \
	daemon/supervise/job.c daemon/supervise/job.h \
	daemon/supervise/live.c \
	daemon/supervise/lock.c \
	daemon/supervise/manager.c \
	daemon/supervise/notices.c daemon/supervise/notices.h daemon/supervise/notice_doc.c \
	daemon/supervise/meter.c daemon/supervise/meter.h \
	daemon/supervise/probe.c daemon/supervise/probe.h \
	daemon/supervise/problems.c \
	daemon/supervise/promote.c \
	daemon/supervise/queue.c \
	daemon/supervise/recover.c \
	daemon/supervise/retention.c \
	daemon/supervise/reload.c \
	daemon/supervise/run_doc.c daemon/supervise/run_doc.h daemon/supervise/run_doc_json.c \
	daemon/supervise/rulings.c \
	daemon/supervise/schedule.c \
	daemon/supervise/steer.c \
	daemon/supervise/supervise.c daemon/supervise/supervise.h \
	daemon/supervise/supervisor.h \
	daemon/supervise/syncs.c \
	daemon/supervise/tallies.c daemon/supervise/tallies.h \
	daemon/supervise/tokens.c \
	daemon/supervise/trends.c daemon/supervise/trends.h \
	daemon/supervise/trial.c \
	daemon/supervise/watch.c \
	daemon/supervise/worker.c daemon/supervise/worker.h
daemon_libsupervise_la_LIBADD = daemon/libconf.la daemon/libstore.la daemon/libwire-loop.la
