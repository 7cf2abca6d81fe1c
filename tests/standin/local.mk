# SPDX-License-Identifier: Apache-2.0
#
# The stand-in servers for Lago, SteVe and any JSON API, and their own test.
# Included by the top-level Makefile.am.

noinst_PROGRAMS += tests/standin/lago-standin tests/standin/steve-standin tests/standin/http-standin \
	tests/standin/hook-standin

standin_shared_sources = \
	tests/standin/standin-control.c \
	tests/standin/standin-faults.c \
	tests/standin/standin-private.h \
	tests/standin/standin-request.c \
	tests/standin/standin-request.h \
	tests/standin/standin-text.c \
	tests/standin/standin.c \
	tests/standin/standin.h

tests_standin_lago_standin_SOURCES = \
	tests/standin/lago-answers.c \
	tests/standin/lago-charges.c \
	tests/standin/lago-customers.c \
	tests/standin/lago-events.c \
	tests/standin/lago-invoices.c \
	tests/standin/lago-metadata.c \
	tests/standin/lago-metrics.c \
	tests/standin/lago-plans.c \
	tests/standin/lago-standin.c \
	tests/standin/lago-standin.h \
	tests/standin/lago-subscriptions.c \
	tests/standin/lago-table.c \
	tests/standin/lago-transactions.c \
	tests/standin/lago-wallets.c \
	$(standin_shared_sources)
tests_standin_lago_standin_CFLAGS = $(AM_CFLAGS) $(MICROHTTPD_CFLAGS) $(JSONC_CFLAGS)
tests_standin_lago_standin_LDADD = $(MICROHTTPD_LIBS) $(JSONC_LIBS) -lpthread

tests_standin_steve_standin_SOURCES = \
	tests/standin/steve-standin.c \
	tests/standin/steve-standin.h \
	tests/standin/steve-tags.c \
	tests/standin/steve-transactions.c \
	$(standin_shared_sources)
tests_standin_steve_standin_CFLAGS = $(AM_CFLAGS) $(MICROHTTPD_CFLAGS) $(JSONC_CFLAGS)
tests_standin_steve_standin_LDADD = $(MICROHTTPD_LIBS) $(JSONC_LIBS) -lpthread

tests_standin_http_standin_SOURCES = \
	tests/standin/http-ingest.c \
	tests/standin/http-json.c \
	tests/standin/http-records.c \
	tests/standin/http-standin.c \
	tests/standin/http-standin.h \
	tests/standin/http-store.c \
	$(standin_shared_sources)
tests_standin_http_standin_CFLAGS = $(AM_CFLAGS) $(MICROHTTPD_CFLAGS) $(JSONC_CFLAGS)
tests_standin_http_standin_LDADD = $(MICROHTTPD_LIBS) $(JSONC_LIBS) -lpthread

tests_standin_hook_standin_SOURCES = \
	tests/standin/hook-standin.c \
	$(standin_shared_sources)
tests_standin_hook_standin_CFLAGS = $(AM_CFLAGS) $(MICROHTTPD_CFLAGS) $(JSONC_CFLAGS)
tests_standin_hook_standin_LDADD = $(MICROHTTPD_LIBS) $(JSONC_LIBS) -lpthread

TESTS += tests/standin/selftest.sh
EXTRA_DIST += tests/standin/README.md tests/standin/selftest.sh
