# SPDX-License-Identifier: Apache-2.0
# Floor 5, the worker's side: one file per stage; pipeline.c strings them.
noinst_LTLIBRARIES += daemon/libpipeline.la
daemon_libpipeline_la_SOURCES = \
	daemon/pipeline/apply.c daemon/pipeline/apply.h \
	daemon/pipeline/canonicalize.c \
	daemon/pipeline/checks.c \
	daemon/pipeline/claims.c \
	daemon/pipeline/clean.c daemon/pipeline/clean.h \
	daemon/pipeline/decide.c \
	daemon/pipeline/deliver.c daemon/pipeline/deliver.h \
	daemon/pipeline/extract.c \
	daemon/pipeline/fingerprints.c daemon/pipeline/fingerprints.h \
	daemon/pipeline/guards.c \
	daemon/pipeline/lanes.c daemon/pipeline/lanes.h \
	daemon/pipeline/lookups.c \
	daemon/pipeline/match.c daemon/pipeline/match.h \
	daemon/pipeline/notify.c daemon/pipeline/notify.h \
	daemon/pipeline/outcomes.c \
	daemon/pipeline/pipeline.c daemon/pipeline/pipeline.h \
	daemon/pipeline/problems.c daemon/pipeline/problems.h \
	daemon/pipeline/raw.c \
	daemon/pipeline/reconcile.c \
	daemon/pipeline/report.c daemon/pipeline/report.h \
	daemon/pipeline/segment.c daemon/pipeline/segment.h \
	daemon/pipeline/settle.c \
	daemon/pipeline/setup.c daemon/pipeline/setup.h \
	daemon/pipeline/statistics.c daemon/pipeline/statistics.h \
	daemon/pipeline/thread.h \
	daemon/pipeline/worker.c daemon/pipeline/worker.h
daemon_libpipeline_la_LIBADD = daemon/libplug.la daemon/libstore.la daemon/libwire-expr.la daemon/libwire-digest.la
