# SPDX-License-Identifier: Apache-2.0
# Events, metrics, the OpenAPI document and the configuration's schema.
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test-streams
TESTS += tests/unit/test-streams
tests_unit_test_streams_SOURCES = tests/unit/test-streams.c $(api_fixture)
tests_unit_test_streams_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_streams_LDADD = daemon/libapi.la $(CMOCKA_LIBS)
endif
