# SPDX-License-Identifier: Apache-2.0
# Records of the file connector: CSV and JSON lines.
if ENABLE_FILE
check_PROGRAMS += tests/fuzz/fuzz-csv tests/fuzz/fuzz-jsonl
tests_fuzz_fuzz_csv_SOURCES = tests/fuzz/fuzz-csv.c tests/fuzz/file-records.h $(rest_sources) $(file_sources)
tests_fuzz_fuzz_csv_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins -DSEEDS='"tests/fuzz/seeds/csv"'
tests_fuzz_fuzz_csv_LDADD = $(JSONC_LIBS)
tests_fuzz_fuzz_jsonl_SOURCES = tests/fuzz/fuzz-jsonl.c tests/fuzz/file-records.h $(rest_sources) $(file_sources)
tests_fuzz_fuzz_jsonl_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins -DSEEDS='"tests/fuzz/seeds/jsonl"'
tests_fuzz_fuzz_jsonl_LDADD = $(JSONC_LIBS)
if LIBFUZZER
tests_fuzz_fuzz_csv_CFLAGS = $(AM_CFLAGS) $(JSONC_CFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_csv_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_jsonl_CFLAGS = $(AM_CFLAGS) $(JSONC_CFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_jsonl_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
tests_fuzz_fuzz_csv_SOURCES += tests/fuzz/replay.c
tests_fuzz_fuzz_csv_CFLAGS = $(AM_CFLAGS) $(JSONC_CFLAGS)
tests_fuzz_fuzz_csv_LDADD += daemon/libbase.la
tests_fuzz_fuzz_jsonl_SOURCES += tests/fuzz/replay.c
tests_fuzz_fuzz_jsonl_CFLAGS = $(AM_CFLAGS) $(JSONC_CFLAGS)
tests_fuzz_fuzz_jsonl_LDADD += daemon/libbase.la
TESTS += tests/fuzz/fuzz-csv tests/fuzz/fuzz-jsonl
endif
endif
EXTRA_DIST += \
	tests/fuzz/seeds/csv/broken \
	tests/fuzz/seeds/csv/lines \
	tests/fuzz/seeds/csv/odd \
	tests/fuzz/seeds/csv/plain \
	tests/fuzz/seeds/csv/quotes \
	tests/fuzz/seeds/csv/semicolons \
	tests/fuzz/seeds/jsonl/blank \
	tests/fuzz/seeds/jsonl/broken \
	tests/fuzz/seeds/jsonl/escapes \
	tests/fuzz/seeds/jsonl/plain
