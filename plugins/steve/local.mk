# SPDX-License-Identifier: Apache-2.0
# Connectors for SteVe.
steve_sources = \
	plugins/steve/ids.c \
	plugins/steve/ids.h \
	plugins/steve/steve.c \
	plugins/steve/steve.h \
	plugins/steve/trial.c
steve_tags_sources = $(steve_sources) \
	plugins/steve/tags.c \
	plugins/steve/tags.h \
	plugins/steve/tags-fields.c \
	plugins/steve/tags-read.c
steve_transactions_sources = $(steve_sources) \
	plugins/steve/transactions.c

if ENABLE_STEVE
plugin_LTLIBRARIES += plugins/steve/steve-tags.la plugins/steve/steve-transactions.la

plugins_steve_steve_tags_la_SOURCES = $(steve_tags_sources)
plugins_steve_steve_tags_la_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins
plugins_steve_steve_tags_la_CFLAGS = $(PLUGIN_CFLAGS)
plugins_steve_steve_tags_la_LDFLAGS = $(PLUGIN_LDFLAGS)
plugins_steve_steve_tags_la_LIBADD = plugins/librest.la $(JSONC_LIBS)

plugins_steve_steve_transactions_la_SOURCES = $(steve_transactions_sources)
plugins_steve_steve_transactions_la_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins
plugins_steve_steve_transactions_la_CFLAGS = $(PLUGIN_CFLAGS)
plugins_steve_steve_transactions_la_LDFLAGS = $(PLUGIN_LDFLAGS)
plugins_steve_steve_transactions_la_LIBADD = plugins/librest.la $(JSONC_LIBS)
endif

EXTRA_DIST += plugins/steve/ferry-steve-tags.md plugins/steve/ferry-steve-transactions.md
