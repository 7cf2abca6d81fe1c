# SPDX-License-Identifier: Apache-2.0
# Roll-ups, health and trends: counted, kept, judged, told, drawn.
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test-health tests/unit/test-trends tests/unit/test-rollups tests/unit/test-api-health \
	tests/unit/test-ctl-health
TESTS += tests/unit/test-health tests/unit/test-trends tests/unit/test-rollups tests/unit/test-api-health \
	tests/unit/test-ctl-health

tests_unit_test_health_SOURCES = tests/unit/test-health.c
tests_unit_test_health_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_health_LDADD = daemon/libmodel.la $(CMOCKA_LIBS)

tests_unit_test_trends_SOURCES = tests/unit/test-trends.c
tests_unit_test_trends_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_trends_LDADD = daemon/libmodel.la $(CMOCKA_LIBS)

tests_unit_test_rollups_SOURCES = tests/unit/test-rollups.c $(supervise_fixture)
tests_unit_test_rollups_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_rollups_LDADD = daemon/libsupervise.la $(CMOCKA_LIBS)

tests_unit_test_api_health_SOURCES = tests/unit/test-api-health.c $(api_fixture)
tests_unit_test_api_health_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_api_health_LDADD = daemon/libapi.la $(CMOCKA_LIBS)

tests_unit_test_ctl_health_SOURCES = tests/unit/test-ctl-health.c
tests_unit_test_ctl_health_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/ctl
tests_unit_test_ctl_health_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_ctl_health_LDADD = ctl/libctl.la $(CMOCKA_LIBS)
endif
