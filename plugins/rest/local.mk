# SPDX-License-Identifier: Apache-2.0
# What the connectors of JSON-over-HTTP services share; linked into each of them.
rest_sources = \
	plugins/rest/api.c \
	plugins/rest/json.c \
	plugins/rest/memory.c \
	plugins/rest/rest.h \
	plugins/rest/scan.c \
	plugins/rest/stream.c \
	plugins/rest/stream.h \
	plugins/rest/table.c \
	plugins/rest/text.c \
	plugins/rest/tree.c
noinst_LTLIBRARIES += plugins/librest.la
plugins_librest_la_SOURCES = $(rest_sources)
plugins_librest_la_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins
plugins_librest_la_CFLAGS = $(PLUGIN_CFLAGS) $(JSONC_CFLAGS)
plugins_librest_la_LIBADD = $(JSONC_LIBS)
