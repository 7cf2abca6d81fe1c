# SPDX-License-Identifier: Apache-2.0
# The configuration: reader, tables, files. One of them reads the manual.
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test-yaml tests/unit/test-conf tests/unit/test-conf-mistakes \
	tests/unit/test-conf-parts tests/unit/test-conf-changes tests/unit/test-conf-matching
TESTS += tests/unit/test-yaml tests/unit/test-conf tests/unit/test-conf-mistakes \
	tests/unit/test-conf-parts tests/unit/test-conf-changes tests/unit/test-conf-matching

tests_unit_test_yaml_SOURCES = tests/unit/test-yaml.c
tests_unit_test_yaml_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_yaml_LDADD = daemon/libwire-yaml.la $(CMOCKA_LIBS)

conf_fixture = tests/unit/conf-fixture.c tests/unit/conf-fixture.h

tests_unit_test_conf_SOURCES = tests/unit/test-conf.c $(conf_fixture)
tests_unit_test_conf_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_conf_LDADD = daemon/libconf.la $(CMOCKA_LIBS)

tests_unit_test_conf_mistakes_SOURCES = tests/unit/test-conf-mistakes.c $(conf_fixture)
tests_unit_test_conf_mistakes_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_conf_mistakes_LDADD = daemon/libconf.la $(CMOCKA_LIBS)

tests_unit_test_conf_changes_SOURCES = tests/unit/test-conf-changes.c
tests_unit_test_conf_changes_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_conf_changes_LDADD = daemon/libconf.la $(CMOCKA_LIBS)
tests_unit_test_conf_parts_SOURCES = tests/unit/test-conf-parts.c $(conf_fixture)
tests_unit_test_conf_parts_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_conf_parts_LDADD = daemon/libconf.la $(CMOCKA_LIBS)

tests_unit_test_conf_matching_SOURCES = tests/unit/test-conf-matching.c $(conf_fixture)
tests_unit_test_conf_matching_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_conf_matching_LDADD = daemon/libconf.la $(CMOCKA_LIBS)
endif
EXTRA_DIST += doc/configuration.md
