# SPDX-License-Identifier: Apache-2.0
check_PROGRAMS += tests/unit/test-ctl
TESTS += tests/unit/test-ctl
tests_unit_test_ctl_SOURCES = tests/unit/test-ctl.c
tests_unit_test_ctl_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/ctl
tests_unit_test_ctl_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_ctl_LDADD = ctl/libctl.la $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test-ctl-views
TESTS += tests/unit/test-ctl-views
tests_unit_test_ctl_views_SOURCES = tests/unit/test-ctl-views.c
tests_unit_test_ctl_views_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/ctl
tests_unit_test_ctl_views_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_ctl_views_LDADD = ctl/libctl.la $(CMOCKA_LIBS)
