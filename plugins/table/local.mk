# SPDX-License-Identifier: Apache-2.0
# What the connectors of databases share; linked into each of them, and by source into their tests.
table_sources = \
	plugins/table/batch.c \
	plugins/table/batch.h \
	plugins/table/cells.c \
	plugins/table/digits.c \
	plugins/table/moment.c \
	plugins/table/number.c \
	plugins/table/query.c \
	plugins/table/rowkey.c \
	plugins/table/table.h \
	plugins/table/target.c \
	plugins/table/text.c
noinst_LTLIBRARIES += plugins/libtable.la
plugins_libtable_la_SOURCES = $(table_sources)
plugins_libtable_la_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins
plugins_libtable_la_CFLAGS = $(PLUGIN_CFLAGS)
plugins_libtable_la_LIBADD = -lm
