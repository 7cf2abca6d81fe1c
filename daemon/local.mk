# SPDX-License-Identifier: Apache-2.0
# Floor 7: the daemon and its worker.
sbin_PROGRAMS += daemon/ferryd
daemon_ferryd_SOURCES = daemon/ferryd.c daemon/once.c daemon/once.h daemon/restore.c daemon/restore.h
daemon_ferryd_CPPFLAGS = $(AM_CPPFLAGS) -DFERRY_VERSION='"$(PACKAGE_VERSION)"'
daemon_ferryd_CFLAGS = $(PROGRAM_CFLAGS)
daemon_ferryd_LDFLAGS = $(PROGRAM_LDFLAGS)
daemon_ferryd_LDADD = daemon/libapi.la

pkglibexec_PROGRAMS += daemon/ferry-worker
daemon_ferry_worker_SOURCES = daemon/ferry-worker.c
daemon_ferry_worker_CFLAGS = $(PROGRAM_CFLAGS)
daemon_ferry_worker_LDFLAGS = $(PROGRAM_LDFLAGS)
daemon_ferry_worker_LDADD = daemon/libpipeline.la daemon/libplug.la daemon/libconf.la daemon/libstore.la
