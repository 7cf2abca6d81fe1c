# SPDX-License-Identifier: Apache-2.0
# Floor 6: the HTTP API.
noinst_LTLIBRARIES += daemon/libapi.la
daemon_libapi_la_SOURCES = \
	daemon/api/api.c daemon/api/api.h \
	daemon/api/audit.c \
	daemon/api/call.h \
	daemon/api/care.c \
	daemon/api/connections.c \
	daemon/api/doctor.c \
	daemon/api/health.c \
	daemon/api/openapi-health.c \
	daemon/api/events.c daemon/api/events.h daemon/api/events-json.c daemon/api/events-ring.c \
	daemon/api/gate.h daemon/api/guard.c \
	daemon/api/history.c \
	daemon/api/listen.c \
	daemon/api/notifications.c \
	daemon/api/metrics.c \
	daemon/api/openapi.c daemon/api/openapi.h daemon/api/openapi_private.h daemon/api/openapi-run.c \
	daemon/api/openapi-schemas.c daemon/api/openapi-tables.c \
	daemon/api/params.c \
	daemon/api/problems.c \
	daemon/api/reply.c \
	daemon/api/runs.c \
	daemon/api/schema.c \
	daemon/api/syncs.c \
	daemon/api/tokens.c \
	daemon/api/who.c \
	daemon/api/system.c
daemon_libapi_la_LIBADD = daemon/libsupervise.la
