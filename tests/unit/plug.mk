# SPDX-License-Identifier: Apache-2.0
# Loading connectors, serving them, and the connector to copy. Connectors that are wrong in one way or
# another are compiled by the tests themselves, out of tree, against the public header alone.
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test-check tests/unit/test-host tests/unit/test-http \
	tests/unit/test-http-pieces tests/unit/test-options tests/unit/test-plug tests/unit/test-ratelimit tests/unit/test-skeleton
TESTS += tests/unit/test-check tests/unit/test-host tests/unit/test-http \
	tests/unit/test-http-pieces tests/unit/test-options tests/unit/test-plug tests/unit/test-ratelimit tests/unit/test-skeleton

plug_fixture = tests/unit/plug-fixture.c tests/unit/plug-fixture.h
plug_test_cflags = $(AM_CFLAGS) $(CMOCKA_CFLAGS) -DTEST_CC='"$(CC)"'
plug_test_libs = daemon/libplug.la $(CMOCKA_LIBS)
tiny_server = tests/unit/tiny-server.c tests/unit/tiny-server.h
http_client_fixture = tests/unit/http-fixture.c tests/unit/http-fixture.h $(tiny_server)

tests_unit_test_check_SOURCES = tests/unit/test-check.c $(plug_fixture)
tests_unit_test_check_CFLAGS = $(plug_test_cflags)
tests_unit_test_check_LDADD = $(plug_test_libs)

tests_unit_test_host_SOURCES = tests/unit/test-host.c $(tiny_server)
tests_unit_test_host_CFLAGS = $(plug_test_cflags)
tests_unit_test_host_LDADD = $(plug_test_libs) -lpthread

tests_unit_test_http_SOURCES = tests/unit/test-http.c $(http_client_fixture)
tests_unit_test_http_CFLAGS = $(plug_test_cflags)
tests_unit_test_http_LDADD = daemon/libwire-http.la $(CMOCKA_LIBS) -lpthread

tests_unit_test_http_pieces_SOURCES = tests/unit/test-http-pieces.c $(http_client_fixture)
tests_unit_test_http_pieces_CFLAGS = $(plug_test_cflags)
tests_unit_test_http_pieces_LDADD = daemon/libwire-http.la $(CMOCKA_LIBS) -lpthread

tests_unit_test_options_SOURCES = tests/unit/test-options.c
tests_unit_test_options_CFLAGS = $(plug_test_cflags)
tests_unit_test_options_LDADD = $(plug_test_libs)

tests_unit_test_plug_SOURCES = tests/unit/test-plug.c $(plug_fixture)
tests_unit_test_plug_CFLAGS = $(plug_test_cflags)
tests_unit_test_plug_LDADD = $(plug_test_libs)

tests_unit_test_ratelimit_SOURCES = tests/unit/test-ratelimit.c
tests_unit_test_ratelimit_CFLAGS = $(plug_test_cflags)
tests_unit_test_ratelimit_LDADD = $(plug_test_libs)

tests_unit_test_skeleton_SOURCES = tests/unit/test-skeleton.c $(plug_fixture)
tests_unit_test_skeleton_CFLAGS = $(plug_test_cflags)
tests_unit_test_skeleton_LDADD = $(plug_test_libs)
endif
EXTRA_DIST += tests/unit/fixtures/connector.c
