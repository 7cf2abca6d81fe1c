# SPDX-License-Identifier: Apache-2.0
# The connectors for Lago and SteVe against scripted servers, each linked straight into its test, and
# what they share.
if HAVE_CMOCKA
connector_test_sources = tests/unit/scripted-host.c tests/unit/scripted-host.h $(rest_sources)
connector_test_cppflags = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins
connector_test_cflags = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(JSONC_CFLAGS)
connector_test_libs = $(CMOCKA_LIBS) $(JSONC_LIBS)

check_PROGRAMS += tests/unit/test-rest-json tests/unit/test-rest-stream
TESTS += tests/unit/test-rest-json tests/unit/test-rest-stream
tests_unit_test_rest_json_SOURCES = tests/unit/test-rest-json.c tests/fuzz/scan-compare.c \
	tests/fuzz/scan-compare.h $(rest_sources)
tests_unit_test_rest_json_CPPFLAGS = $(connector_test_cppflags) -I$(top_srcdir)/tests
tests_unit_test_rest_json_CFLAGS = $(connector_test_cflags)
tests_unit_test_rest_json_LDADD = $(connector_test_libs)

tests_unit_test_rest_stream_SOURCES = tests/unit/test-rest-stream.c tests/fuzz/stream-compare.c \
	tests/fuzz/stream-compare.h $(connector_test_sources)
tests_unit_test_rest_stream_CPPFLAGS = $(connector_test_cppflags) -I$(top_srcdir)/tests
tests_unit_test_rest_stream_CFLAGS = $(connector_test_cflags)
tests_unit_test_rest_stream_LDADD = $(connector_test_libs)

if ENABLE_LAGO
check_PROGRAMS += tests/unit/test-lago-customers tests/unit/test-lago-customers-read \
	tests/unit/test-lago-events
TESTS += tests/unit/test-lago-customers tests/unit/test-lago-customers-read \
	tests/unit/test-lago-events
customers_fixture = tests/unit/customers-fixture.c tests/unit/customers-fixture.h

tests_unit_test_lago_customers_read_SOURCES = tests/unit/test-lago-customers-read.c \
	$(customers_fixture) $(connector_test_sources) $(lago_customers_sources)
tests_unit_test_lago_customers_read_CPPFLAGS = $(connector_test_cppflags)
tests_unit_test_lago_customers_read_CFLAGS = $(connector_test_cflags)
tests_unit_test_lago_customers_read_LDADD = $(connector_test_libs)

tests_unit_test_lago_customers_SOURCES = tests/unit/test-lago-customers.c \
	$(customers_fixture) $(connector_test_sources) $(lago_customers_sources)
tests_unit_test_lago_customers_CPPFLAGS = $(connector_test_cppflags)
tests_unit_test_lago_customers_CFLAGS = $(connector_test_cflags)
tests_unit_test_lago_customers_LDADD = $(connector_test_libs)

tests_unit_test_lago_events_SOURCES = tests/unit/test-lago-events.c $(connector_test_sources) \
	$(lago_events_sources)
tests_unit_test_lago_events_CPPFLAGS = $(connector_test_cppflags)
tests_unit_test_lago_events_CFLAGS = $(connector_test_cflags)
tests_unit_test_lago_events_LDADD = $(connector_test_libs)
endif

if ENABLE_STEVE
check_PROGRAMS += tests/unit/test-steve-connection tests/unit/test-steve-tags \
	tests/unit/test-steve-tags-write tests/unit/test-steve-transactions
TESTS += tests/unit/test-steve-connection tests/unit/test-steve-tags \
	tests/unit/test-steve-tags-write tests/unit/test-steve-transactions
steve_tags_fixture = tests/unit/steve-tags-fixture.c tests/unit/steve-tags-fixture.h

tests_unit_test_steve_connection_SOURCES = tests/unit/test-steve-connection.c \
	$(connector_test_sources) $(steve_tags_sources)
tests_unit_test_steve_connection_CPPFLAGS = $(connector_test_cppflags)
tests_unit_test_steve_connection_CFLAGS = $(connector_test_cflags)
tests_unit_test_steve_connection_LDADD = $(connector_test_libs)

tests_unit_test_steve_tags_SOURCES = tests/unit/test-steve-tags.c $(steve_tags_fixture) \
	$(connector_test_sources) $(steve_tags_sources)
tests_unit_test_steve_tags_CPPFLAGS = $(connector_test_cppflags)
tests_unit_test_steve_tags_CFLAGS = $(connector_test_cflags)
tests_unit_test_steve_tags_LDADD = $(connector_test_libs)

tests_unit_test_steve_tags_write_SOURCES = tests/unit/test-steve-tags-write.c \
	$(steve_tags_fixture) $(connector_test_sources) $(steve_tags_sources)
tests_unit_test_steve_tags_write_CPPFLAGS = $(connector_test_cppflags)
tests_unit_test_steve_tags_write_CFLAGS = $(connector_test_cflags)
tests_unit_test_steve_tags_write_LDADD = $(connector_test_libs)

tests_unit_test_steve_transactions_SOURCES = tests/unit/test-steve-transactions.c \
	$(connector_test_sources) $(steve_transactions_sources)
tests_unit_test_steve_transactions_CPPFLAGS = $(connector_test_cppflags)
tests_unit_test_steve_transactions_CFLAGS = $(connector_test_cflags)
tests_unit_test_steve_transactions_LDADD = $(connector_test_libs)
endif
endif
