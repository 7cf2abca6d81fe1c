# SPDX-License-Identifier: Apache-2.0
# The http connector against scripted servers, linked straight into its tests.
if ENABLE_HTTP
http_fixture = tests/unit/http-connector-fixture.c tests/unit/http-connector-fixture.h \
	$(connector_test_sources) $(http_sources)
check_PROGRAMS += tests/unit/test-http-connector tests/unit/test-http-connector-source \
	tests/unit/test-http-connector-write
TESTS += tests/unit/test-http-connector tests/unit/test-http-connector-source \
	tests/unit/test-http-connector-write

tests_unit_test_http_connector_SOURCES = tests/unit/test-http-connector.c $(http_fixture)
tests_unit_test_http_connector_CPPFLAGS = $(connector_test_cppflags)
tests_unit_test_http_connector_CFLAGS = $(connector_test_cflags)
tests_unit_test_http_connector_LDADD = $(connector_test_libs)

tests_unit_test_http_connector_source_SOURCES = tests/unit/test-http-connector-source.c \
	$(http_fixture)
tests_unit_test_http_connector_source_CPPFLAGS = $(connector_test_cppflags)
tests_unit_test_http_connector_source_CFLAGS = $(connector_test_cflags)
tests_unit_test_http_connector_source_LDADD = $(connector_test_libs)

tests_unit_test_http_connector_write_SOURCES = tests/unit/test-http-connector-write.c \
	$(http_fixture)
tests_unit_test_http_connector_write_CPPFLAGS = $(connector_test_cppflags)
tests_unit_test_http_connector_write_CFLAGS = $(connector_test_cflags)
tests_unit_test_http_connector_write_LDADD = $(connector_test_libs)
endif
