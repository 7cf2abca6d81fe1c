# SPDX-License-Identifier: Apache-2.0
# The mysql connector: a MariaDB or MySQL database as source and destination.
mysql_sources = \
	plugins/mysql/apply.c \
	plugins/mysql/cells.c \
	plugins/mysql/columns.c \
	plugins/mysql/connect.c \
	plugins/mysql/destination.c \
	plugins/mysql/fault.c \
	plugins/mysql/fit.c \
	plugins/mysql/literal.c \
	plugins/mysql/lookup.c \
	plugins/mysql/mysql.c \
	plugins/mysql/private.h \
	plugins/mysql/server.c \
	plugins/mysql/source.c \
	plugins/mysql/statement.c \
	plugins/mysql/stream.c \
	plugins/mysql/table.c \
	plugins/mysql/trial.c

if ENABLE_MYSQL
plugin_LTLIBRARIES += plugins/mysql/mysql.la
plugins_mysql_mysql_la_SOURCES = $(mysql_sources)
plugins_mysql_mysql_la_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins
plugins_mysql_mysql_la_CFLAGS = $(PLUGIN_CFLAGS) $(MARIADB_CFLAGS)
plugins_mysql_mysql_la_LDFLAGS = $(PLUGIN_LDFLAGS)
plugins_mysql_mysql_la_LIBADD = plugins/libtable.la $(MARIADB_LIBS)
endif
EXTRA_DIST += plugins/mysql/ferry-mysql.md
