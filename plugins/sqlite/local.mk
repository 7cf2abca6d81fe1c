# SPDX-License-Identifier: Apache-2.0
# The sqlite connector: one file as source and destination.
sqlite_sources = \
	plugins/sqlite/apply.c \
	plugins/sqlite/cells.c \
	plugins/sqlite/destination.c \
	plugins/sqlite/lookup.c \
	plugins/sqlite/rows.c \
	plugins/sqlite/source.c \
	plugins/sqlite/sqlite.c plugins/sqlite/sqlite.h \
	plugins/sqlite/statement.c \
	plugins/sqlite/trial.c

if ENABLE_SQLITE
plugin_LTLIBRARIES += plugins/sqlite/sqlite.la
plugins_sqlite_sqlite_la_SOURCES = $(sqlite_sources)
plugins_sqlite_sqlite_la_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins
plugins_sqlite_sqlite_la_CFLAGS = $(PLUGIN_CFLAGS) $(SQLITE_CFLAGS)
plugins_sqlite_sqlite_la_LDFLAGS = $(PLUGIN_LDFLAGS)
plugins_sqlite_sqlite_la_LIBADD = plugins/libtable.la $(SQLITE_LIBS)
endif
EXTRA_DIST += plugins/sqlite/ferry-sqlite.md
