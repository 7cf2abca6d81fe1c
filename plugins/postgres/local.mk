# SPDX-License-Identifier: Apache-2.0
# The postgres connector: a PostgreSQL database as source and destination.
postgres_sources = \
	plugins/postgres/apply.c \
	plugins/postgres/cells.c \
	plugins/postgres/columns.c \
	plugins/postgres/copy.c \
	plugins/postgres/destination.c \
	plugins/postgres/fault.c \
	plugins/postgres/lookup.c \
	plugins/postgres/number.c \
	plugins/postgres/pack.c \
	plugins/postgres/postgres.c plugins/postgres/postgres.h \
	plugins/postgres/rows.c \
	plugins/postgres/server.c \
	plugins/postgres/source.c \
	plugins/postgres/stage.c \
	plugins/postgres/statement.c \
	plugins/postgres/stream.c \
	plugins/postgres/table.c \
	plugins/postgres/trial.c

if ENABLE_POSTGRES
plugin_LTLIBRARIES += plugins/postgres/postgres.la
plugins_postgres_postgres_la_SOURCES = $(postgres_sources)
plugins_postgres_postgres_la_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins
plugins_postgres_postgres_la_CFLAGS = $(PLUGIN_CFLAGS) $(PQ_CFLAGS)
plugins_postgres_postgres_la_LDFLAGS = $(PLUGIN_LDFLAGS)
plugins_postgres_postgres_la_LIBADD = plugins/libtable.la $(PQ_LIBS)
endif
EXTRA_DIST += plugins/postgres/ferry-postgres.md
