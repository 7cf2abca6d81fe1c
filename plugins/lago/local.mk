# SPDX-License-Identifier: Apache-2.0
# Connectors for Lago.
lago_customers_sources = \
	plugins/lago/customers.c \
	plugins/lago/customers.h \
	plugins/lago/customers-fields.c \
	plugins/lago/customers-read.c \
	plugins/lago/lago.c \
	plugins/lago/lago.h
lago_events_sources = \
	plugins/lago/events.c \
	plugins/lago/events.h \
	plugins/lago/events-fields.c \
	plugins/lago/events-read.c \
	plugins/lago/lago.c \
	plugins/lago/lago.h

if ENABLE_LAGO
plugin_LTLIBRARIES += plugins/lago/lago-customers.la plugins/lago/lago-events.la

plugins_lago_lago_customers_la_SOURCES = $(lago_customers_sources)
plugins_lago_lago_customers_la_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins
plugins_lago_lago_customers_la_CFLAGS = $(PLUGIN_CFLAGS)
plugins_lago_lago_customers_la_LDFLAGS = $(PLUGIN_LDFLAGS)
plugins_lago_lago_customers_la_LIBADD = plugins/librest.la $(JSONC_LIBS)

plugins_lago_lago_events_la_SOURCES = $(lago_events_sources)
plugins_lago_lago_events_la_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins
plugins_lago_lago_events_la_CFLAGS = $(PLUGIN_CFLAGS)
plugins_lago_lago_events_la_LDFLAGS = $(PLUGIN_LDFLAGS)
plugins_lago_lago_events_la_LIBADD = plugins/librest.la $(JSONC_LIBS)
endif

EXTRA_DIST += plugins/lago/ferry-lago-customers.md plugins/lago/ferry-lago-events.md
