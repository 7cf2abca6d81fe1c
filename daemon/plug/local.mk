# SPDX-License-Identifier: Apache-2.0
# Floor 4: loading connectors and serving them.
noinst_LTLIBRARIES += daemon/libplug.la
daemon_libplug_la_SOURCES = \
	daemon/plug/backoff.c \
	daemon/plug/check.c daemon/plug/check.h \
	daemon/plug/describe.c \
	daemon/plug/generation.c \
	daemon/plug/handle.c \
	daemon/plug/host.c \
	daemon/plug/loader.c \
	daemon/plug/options.c \
	daemon/plug/own.c \
	daemon/plug/plug.h daemon/plug/plug-private.h \
	daemon/plug/ratelimit.c daemon/plug/ratelimit.h
daemon_libplug_la_LIBADD = daemon/libconf.la daemon/libwire-http.la -ldl
