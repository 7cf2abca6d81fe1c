# SPDX-License-Identifier: Apache-2.0
if ENABLE_HTTP
check_PROGRAMS += tests/fuzz/fuzz-http-template
tests_fuzz_fuzz_http_template_SOURCES = tests/fuzz/fuzz-http-template.c $(rest_sources) $(http_sources)
tests_fuzz_fuzz_http_template_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins \
	-DSEEDS='"tests/fuzz/seeds/http-template"'
tests_fuzz_fuzz_http_template_LDADD = $(JSONC_LIBS)
if LIBFUZZER
tests_fuzz_fuzz_http_template_CFLAGS = $(AM_CFLAGS) $(JSONC_CFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_http_template_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
tests_fuzz_fuzz_http_template_SOURCES += tests/fuzz/replay.c
tests_fuzz_fuzz_http_template_CFLAGS = $(AM_CFLAGS) $(JSONC_CFLAGS)
tests_fuzz_fuzz_http_template_LDADD += daemon/libbase.la
TESTS += tests/fuzz/fuzz-http-template
endif
endif
EXTRA_DIST += \
	tests/fuzz/seeds/http-template/body \
	tests/fuzz/seeds/http-template/broken \
	tests/fuzz/seeds/http-template/lines \
	tests/fuzz/seeds/http-template/path \
	tests/fuzz/seeds/http-template/pointer \
	tests/fuzz/seeds/http-template/value
