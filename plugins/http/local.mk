# SPDX-License-Identifier: Apache-2.0
# The http connector: any JSON API, as source and destination.
http_sources = \
	plugins/http/answer.c \
	plugins/http/apply.c \
	plugins/http/check.c \
	plugins/http/columns.c \
	plugins/http/connection.c \
	plugins/http/destination.c \
	plugins/http/destination.h \
	plugins/http/http.c \
	plugins/http/http.h \
	plugins/http/link.c \
	plugins/http/lookup.c \
	plugins/http/oauth.c \
	plugins/http/pages.c \
	plugins/http/pointer.c \
	plugins/http/results.c \
	plugins/http/source.c \
	plugins/http/source.h \
	plugins/http/template.c \
	plugins/http/trial.c \
	plugins/http/write.c

if ENABLE_HTTP
plugin_LTLIBRARIES += plugins/http/http.la
plugins_http_http_la_SOURCES = $(http_sources)
plugins_http_http_la_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins
plugins_http_http_la_CFLAGS = $(PLUGIN_CFLAGS)
plugins_http_http_la_LDFLAGS = $(PLUGIN_LDFLAGS)
plugins_http_http_la_LIBADD = plugins/librest.la $(JSONC_LIBS)
endif
EXTRA_DIST += plugins/http/ferry-http.md
