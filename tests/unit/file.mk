# SPDX-License-Identifier: Apache-2.0
# The file connector in a temporary folder, its files linked straight into the tests.
if ENABLE_FILE
file_test_sources = $(file_sources) $(rest_sources) \
	tests/unit/file-fixture.c tests/unit/file-fixture.h
file_test_cppflags = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins
file_test_cflags = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(JSONC_CFLAGS)
file_test_libs = $(CMOCKA_LIBS) $(JSONC_LIBS)

file_tests = tests/unit/test-file-format tests/unit/test-file-source \
	tests/unit/test-file-destination tests/unit/test-file-crash
check_PROGRAMS += $(file_tests)
TESTS += $(file_tests)

tests_unit_test_file_format_SOURCES = tests/unit/test-file-format.c $(file_test_sources)
tests_unit_test_file_format_CPPFLAGS = $(file_test_cppflags)
tests_unit_test_file_format_CFLAGS = $(file_test_cflags)
tests_unit_test_file_format_LDADD = $(file_test_libs)

tests_unit_test_file_source_SOURCES = tests/unit/test-file-source.c $(file_test_sources)
tests_unit_test_file_source_CPPFLAGS = $(file_test_cppflags)
tests_unit_test_file_source_CFLAGS = $(file_test_cflags)
tests_unit_test_file_source_LDADD = $(file_test_libs)

tests_unit_test_file_destination_SOURCES = tests/unit/test-file-destination.c $(file_test_sources)
tests_unit_test_file_destination_CPPFLAGS = $(file_test_cppflags)
tests_unit_test_file_destination_CFLAGS = $(file_test_cflags)
tests_unit_test_file_destination_LDADD = $(file_test_libs)

tests_unit_test_file_crash_SOURCES = tests/unit/test-file-crash.c $(file_test_sources)
tests_unit_test_file_crash_CPPFLAGS = $(file_test_cppflags)
tests_unit_test_file_crash_CFLAGS = $(file_test_cflags)
tests_unit_test_file_crash_LDADD = $(file_test_libs)
endif
