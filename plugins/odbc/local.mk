# SPDX-License-Identifier: Apache-2.0
# The odbc connector: any database with an ODBC driver.
odbc_sources = \
	plugins/odbc/apply.c \
	plugins/odbc/cell.c \
	plugins/odbc/check.c \
	plugins/odbc/column.c \
	plugins/odbc/database.c \
	plugins/odbc/destination.c \
	plugins/odbc/dialect.c \
	plugins/odbc/fault.c \
	plugins/odbc/keywords.c \
	plugins/odbc/lookup.c \
	plugins/odbc/misfit.c \
	plugins/odbc/odbc.c plugins/odbc/odbc.h \
	plugins/odbc/param.c \
	plugins/odbc/reader.c \
	plugins/odbc/run.c \
	plugins/odbc/source.c \
	plugins/odbc/statement.c \
	plugins/odbc/target.c \
	plugins/odbc/wide.c

if ENABLE_ODBC
plugin_LTLIBRARIES += plugins/odbc/odbc.la
plugins_odbc_odbc_la_SOURCES = $(odbc_sources)
plugins_odbc_odbc_la_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins
plugins_odbc_odbc_la_CFLAGS = $(PLUGIN_CFLAGS) $(ODBC_CFLAGS)
plugins_odbc_odbc_la_LDFLAGS = $(PLUGIN_LDFLAGS)
plugins_odbc_odbc_la_LIBADD = plugins/libtable.la $(ODBC_LIBS)
endif
EXTRA_DIST += plugins/odbc/ferry-odbc.md
