# SPDX-License-Identifier: Apache-2.0
# Floor 6: the HTTP API.
noinst_LTLIBRARIES += daemon/libapi.la
daemon_libapi_la_SOURCES = \
	daemon/api/api.c daemon/api/api.h \
	daemon/api/call.h \
	daemon/api/connections.c \
	daemon/api/history.c \
	daemon/api/params.c \
	daemon/api/problems.c \
	daemon/api/reply.c \
	daemon/api/runs.c \
	daemon/api/syncs.c \
	daemon/api/system.c
daemon_libapi_la_LIBADD = daemon/libsupervise.la
