# SPDX-License-Identifier: Apache-2.0
# Floor 1: each third-party library enters here, in exactly one .c.
# Libraries are split by what they pull in, so that no program links what it does not use.
noinst_LTLIBRARIES += daemon/libwire.la
daemon_libwire_la_SOURCES = \
	daemon/wire/hash.c daemon/wire/hash.h \
	daemon/wire/http-head.c daemon/wire/http-head.h \
	daemon/wire/json.c daemon/wire/json.h
daemon_libwire_la_CFLAGS = $(AM_CFLAGS) $(JSONC_CFLAGS) $(XXHASH_CFLAGS)
daemon_libwire_la_LIBADD = daemon/libbase.la $(JSONC_LIBS) $(XXHASH_LIBS)

noinst_LTLIBRARIES += daemon/libwire-kv.la
daemon_libwire_kv_la_SOURCES = daemon/wire/kv.c daemon/wire/kv.h
daemon_libwire_kv_la_CFLAGS = $(AM_CFLAGS) $(LMDB_CFLAGS)
daemon_libwire_kv_la_LIBADD = daemon/libwire.la $(LMDB_LIBS)

noinst_LTLIBRARIES += daemon/libwire-expr.la
daemon_libwire_expr_la_SOURCES = \
	daemon/wire/expr.c daemon/wire/expr.h \
	daemon/wire/expr-native.c daemon/wire/expr-native.h \
	daemon/wire/expr-parse.c \
	daemon/wire/expr-values.c
daemon_libwire_expr_la_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
daemon_libwire_expr_la_LIBADD = daemon/libbase.la $(SQLITE_LIBS)

noinst_LTLIBRARIES += daemon/libwire-yaml.la
daemon_libwire_yaml_la_SOURCES = daemon/wire/yaml.c daemon/wire/yaml.h
daemon_libwire_yaml_la_CFLAGS = $(AM_CFLAGS) $(YAML_CFLAGS)
daemon_libwire_yaml_la_LIBADD = daemon/libbase.la $(YAML_LIBS)

noinst_LTLIBRARIES += daemon/libwire-http.la
daemon_libwire_http_la_SOURCES = \
	daemon/wire/http.c daemon/wire/http.h \
	daemon/wire/http-text.c daemon/wire/http-text.h \
	daemon/wire/sendmail.c daemon/wire/sendmail.h
daemon_libwire_http_la_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS)
daemon_libwire_http_la_LIBADD = daemon/libbase.la $(CURL_LIBS)

noinst_LTLIBRARIES += daemon/libwire-loop.la
daemon_libwire_loop_la_SOURCES = \
	daemon/wire/journald.c daemon/wire/journald.h \
	daemon/wire/loop.c daemon/wire/loop.h \
	daemon/wire/httpd.c daemon/wire/httpd.h daemon/wire/httpd_private.h \
	daemon/wire/httpd-link.c daemon/wire/httpd-listen.c \
	daemon/wire/httpd-stream.c
daemon_libwire_loop_la_CFLAGS = $(AM_CFLAGS) $(SYSTEMD_CFLAGS) $(MICROHTTPD_CFLAGS)
daemon_libwire_loop_la_LIBADD = daemon/libbase.la $(SYSTEMD_LIBS) $(MICROHTTPD_LIBS)

noinst_LTLIBRARIES += daemon/libwire-digest.la
daemon_libwire_digest_la_SOURCES = daemon/wire/digest.c daemon/wire/digest.h
daemon_libwire_digest_la_CFLAGS = $(AM_CFLAGS) $(GNUTLS_CFLAGS)
daemon_libwire_digest_la_LIBADD = daemon/libbase.la $(GNUTLS_LIBS)
