# SPDX-License-Identifier: Apache-2.0
# One target, linked with each connector that reads a server's answers.
rest_fuzz_sources = tests/fuzz/fuzz-lago-answer.c $(rest_sources)
rest_fuzz_libs = $(JSONC_LIBS)
if LIBFUZZER
rest_fuzz_cflags = $(AM_CFLAGS) $(JSONC_CFLAGS) -fsanitize=fuzzer
rest_fuzz_ldflags = $(AM_LDFLAGS) -fsanitize=fuzzer
else
rest_fuzz_sources += tests/fuzz/replay.c
rest_fuzz_cflags = $(AM_CFLAGS) $(JSONC_CFLAGS)
rest_fuzz_ldflags = $(AM_LDFLAGS)
rest_fuzz_libs += daemon/libbase.la
endif

check_PROGRAMS += tests/fuzz/fuzz-rest-scan
tests_fuzz_fuzz_rest_scan_SOURCES = tests/fuzz/fuzz-rest-scan.c tests/fuzz/scan-compare.c \
	tests/fuzz/scan-compare.h $(rest_sources)
tests_fuzz_fuzz_rest_scan_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins \
	-DSEEDS='"tests/fuzz/seeds/rest-scan"'
tests_fuzz_fuzz_rest_scan_CFLAGS = $(rest_fuzz_cflags)
tests_fuzz_fuzz_rest_scan_LDFLAGS = $(rest_fuzz_ldflags)
tests_fuzz_fuzz_rest_scan_LDADD = $(rest_fuzz_libs)
if !LIBFUZZER
tests_fuzz_fuzz_rest_scan_SOURCES += tests/fuzz/replay.c
TESTS += tests/fuzz/fuzz-rest-scan
endif

check_PROGRAMS += tests/fuzz/fuzz-rest-stream
tests_fuzz_fuzz_rest_stream_SOURCES = tests/fuzz/fuzz-rest-stream.c tests/fuzz/stream-compare.c \
	tests/fuzz/stream-compare.h $(rest_sources)
tests_fuzz_fuzz_rest_stream_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins \
	-DSEEDS='"tests/fuzz/seeds/rest-stream"'
tests_fuzz_fuzz_rest_stream_CFLAGS = $(rest_fuzz_cflags)
tests_fuzz_fuzz_rest_stream_LDFLAGS = $(rest_fuzz_ldflags)
tests_fuzz_fuzz_rest_stream_LDADD = $(rest_fuzz_libs)
if !LIBFUZZER
tests_fuzz_fuzz_rest_stream_SOURCES += tests/fuzz/replay.c
TESTS += tests/fuzz/fuzz-rest-stream
endif

if ENABLE_LAGO
check_PROGRAMS += tests/fuzz/fuzz-lago-answer tests/fuzz/fuzz-lago-events-answer
tests_fuzz_fuzz_lago_answer_SOURCES = $(rest_fuzz_sources) $(lago_customers_sources)
tests_fuzz_fuzz_lago_answer_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins \
	-DSEEDS='"tests/fuzz/seeds/lago-answer"'
tests_fuzz_fuzz_lago_answer_CFLAGS = $(rest_fuzz_cflags)
tests_fuzz_fuzz_lago_answer_LDFLAGS = $(rest_fuzz_ldflags)
tests_fuzz_fuzz_lago_answer_LDADD = $(rest_fuzz_libs)

tests_fuzz_fuzz_lago_events_answer_SOURCES = $(rest_fuzz_sources) $(lago_events_sources)
tests_fuzz_fuzz_lago_events_answer_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins \
	-DSEEDS='"tests/fuzz/seeds/lago-events-answer"'
tests_fuzz_fuzz_lago_events_answer_CFLAGS = $(rest_fuzz_cflags)
tests_fuzz_fuzz_lago_events_answer_LDFLAGS = $(rest_fuzz_ldflags)
tests_fuzz_fuzz_lago_events_answer_LDADD = $(rest_fuzz_libs)
if !LIBFUZZER
TESTS += tests/fuzz/fuzz-lago-answer tests/fuzz/fuzz-lago-events-answer
endif
endif

if ENABLE_STEVE
check_PROGRAMS += tests/fuzz/fuzz-steve-tags-answer tests/fuzz/fuzz-steve-transactions-answer
tests_fuzz_fuzz_steve_tags_answer_SOURCES = $(rest_fuzz_sources) $(steve_tags_sources)
tests_fuzz_fuzz_steve_tags_answer_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins \
	-DSEEDS='"tests/fuzz/seeds/steve-tags-answer"'
tests_fuzz_fuzz_steve_tags_answer_CFLAGS = $(rest_fuzz_cflags)
tests_fuzz_fuzz_steve_tags_answer_LDFLAGS = $(rest_fuzz_ldflags)
tests_fuzz_fuzz_steve_tags_answer_LDADD = $(rest_fuzz_libs)

tests_fuzz_fuzz_steve_transactions_answer_SOURCES = $(rest_fuzz_sources) $(steve_transactions_sources)
tests_fuzz_fuzz_steve_transactions_answer_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins \
	-DSEEDS='"tests/fuzz/seeds/steve-transactions-answer"'
tests_fuzz_fuzz_steve_transactions_answer_CFLAGS = $(rest_fuzz_cflags)
tests_fuzz_fuzz_steve_transactions_answer_LDFLAGS = $(rest_fuzz_ldflags)
tests_fuzz_fuzz_steve_transactions_answer_LDADD = $(rest_fuzz_libs)
if !LIBFUZZER
TESTS += tests/fuzz/fuzz-steve-tags-answer tests/fuzz/fuzz-steve-transactions-answer
endif
endif

EXTRA_DIST += \
	tests/fuzz/seeds/lago-answer/all \
	tests/fuzz/seeds/lago-answer/canonical \
	tests/fuzz/seeds/lago-answer/delete \
	tests/fuzz/seeds/lago-answer/lookup \
	tests/fuzz/seeds/lago-answer/pages \
	tests/fuzz/seeds/lago-answer/write \
	tests/fuzz/seeds/lago-events-answer/canonical0 \
	tests/fuzz/seeds/lago-events-answer/canonical1 \
	tests/fuzz/seeds/lago-events-answer/canonical2 \
	tests/fuzz/seeds/lago-events-answer/canonical3 \
	tests/fuzz/seeds/lago-events-answer/lookup \
	tests/fuzz/seeds/lago-events-answer/metric \
	tests/fuzz/seeds/lago-events-answer/refused \
	tests/fuzz/seeds/lago-events-answer/stored \
	tests/fuzz/seeds/rest-scan/array \
	tests/fuzz/seeds/rest-scan/object \
	tests/fuzz/seeds/rest-scan/twice \
	tests/fuzz/seeds/rest-scan/wrong \
	tests/fuzz/seeds/rest-stream/cut \
	tests/fuzz/seeds/rest-stream/list \
	tests/fuzz/seeds/rest-stream/member \
	tests/fuzz/seeds/rest-stream/nested \
	tests/fuzz/seeds/rest-stream/page \
	tests/fuzz/seeds/steve-tags-answer/all \
	tests/fuzz/seeds/steve-tags-answer/canonical \
	tests/fuzz/seeds/steve-tags-answer/list \
	tests/fuzz/seeds/steve-tags-answer/lookup \
	tests/fuzz/seeds/steve-tags-answer/write \
	tests/fuzz/seeds/steve-transactions-answer/all \
	tests/fuzz/seeds/steve-transactions-answer/refused
