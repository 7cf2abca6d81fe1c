# SPDX-License-Identifier: Apache-2.0
# What a PostgreSQL server sends for COPY.
if ENABLE_POSTGRES
check_PROGRAMS += tests/fuzz/fuzz-pgcopy
tests_fuzz_fuzz_pgcopy_SOURCES = tests/fuzz/fuzz-pgcopy.c plugins/postgres/cells.c plugins/postgres/copy.c \
	plugins/postgres/number.c plugins/table/cells.c plugins/table/moment.c plugins/table/number.c
tests_fuzz_fuzz_pgcopy_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins -DSEEDS='"tests/fuzz/seeds/pgcopy"'
tests_fuzz_fuzz_pgcopy_LDADD = -lm
if LIBFUZZER
tests_fuzz_fuzz_pgcopy_CFLAGS = $(AM_CFLAGS) $(PQ_CFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_pgcopy_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
tests_fuzz_fuzz_pgcopy_SOURCES += tests/fuzz/replay.c
tests_fuzz_fuzz_pgcopy_CFLAGS = $(AM_CFLAGS) $(PQ_CFLAGS)
tests_fuzz_fuzz_pgcopy_LDADD += daemon/libbase.la
TESTS += tests/fuzz/fuzz-pgcopy
endif
endif
EXTRA_DIST += \
	tests/fuzz/seeds/pgcopy/every-kind \
	tests/fuzz/seeds/pgcopy/extremes \
	tests/fuzz/seeds/pgcopy/nulls \
	tests/fuzz/seeds/pgcopy/pieces
