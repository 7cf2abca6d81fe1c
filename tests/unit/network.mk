# SPDX-License-Identifier: Apache-2.0
# Who is let in, by socket and over TCP. The other fixtures' sources are named in supervise.mk.
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test-roles tests/unit/test-network
TESTS += tests/unit/test-roles tests/unit/test-network

network_fixture = tests/unit/network-fixture.c tests/unit/network-fixture.h $(api_fixture)

tests_unit_test_roles_SOURCES = tests/unit/test-roles.c $(network_fixture)
tests_unit_test_roles_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_roles_LDADD = daemon/libapi.la $(CMOCKA_LIBS)

tests_unit_test_network_SOURCES = tests/unit/test-network.c $(network_fixture)
tests_unit_test_network_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_network_LDADD = daemon/libapi.la $(CMOCKA_LIBS)
endif
