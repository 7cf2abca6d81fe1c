# SPDX-License-Identifier: Apache-2.0
# The file connector: CSV and JSON lines in a folder, as source and destination.
file_sources = \
	plugins/file/apply.c \
	plugins/file/changes.c \
	plugins/file/columns.c \
	plugins/file/content.c \
	plugins/file/convert.c \
	plugins/file/csv.c \
	plugins/file/destination.c plugins/file/destination.h \
	plugins/file/dialect.c \
	plugins/file/file.c plugins/file/file.h \
	plugins/file/folder.c \
	plugins/file/format.c \
	plugins/file/index.c \
	plugins/file/journal.c \
	plugins/file/jsonl.c \
	plugins/file/key.c \
	plugins/file/lookup.c \
	plugins/file/merge.c \
	plugins/file/reader.c \
	plugins/file/row.c \
	plugins/file/shape.c \
	plugins/file/source.c

if ENABLE_FILE
plugin_LTLIBRARIES += plugins/file/file.la
plugins_file_file_la_SOURCES = $(file_sources)
plugins_file_file_la_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins
plugins_file_file_la_CFLAGS = $(PLUGIN_CFLAGS)
plugins_file_file_la_LDFLAGS = $(PLUGIN_LDFLAGS)
plugins_file_file_la_LIBADD = plugins/librest.la $(JSONC_LIBS)
endif
EXTRA_DIST += plugins/file/ferry-file.md
