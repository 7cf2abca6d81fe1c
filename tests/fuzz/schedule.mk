# SPDX-License-Identifier: Apache-2.0
check_PROGRAMS += tests/fuzz/fuzz-schedule
tests_fuzz_fuzz_schedule_SOURCES = tests/fuzz/fuzz-schedule.c
tests_fuzz_fuzz_schedule_LDADD = daemon/libmodel.la
if LIBFUZZER
tests_fuzz_fuzz_schedule_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_schedule_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
tests_fuzz_fuzz_schedule_SOURCES += tests/fuzz/replay.c
tests_fuzz_fuzz_schedule_CFLAGS = $(AM_CFLAGS) -DSEEDS='"tests/fuzz/seeds/schedule"'
TESTS += tests/fuzz/fuzz-schedule
endif
EXTRA_DIST += \
	tests/fuzz/seeds/schedule/always \
	tests/fuzz/seeds/schedule/backwards \
	tests/fuzz/seeds/schedule/berlin \
	tests/fuzz/seeds/schedule/either \
	tests/fuzz/seeds/schedule/late \
	tests/fuzz/seeds/schedule/leap \
	tests/fuzz/seeds/schedule/never \
	tests/fuzz/seeds/schedule/pattern \
	tests/fuzz/seeds/schedule/rule \
	tests/fuzz/seeds/schedule/short
