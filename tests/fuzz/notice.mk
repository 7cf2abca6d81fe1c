# SPDX-License-Identifier: Apache-2.0
check_PROGRAMS += tests/fuzz/fuzz-notice
tests_fuzz_fuzz_notice_SOURCES = tests/fuzz/fuzz-notice.c
tests_fuzz_fuzz_notice_LDADD = daemon/libmodel.la
if LIBFUZZER
tests_fuzz_fuzz_notice_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_notice_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
tests_fuzz_fuzz_notice_SOURCES += tests/fuzz/replay.c
tests_fuzz_fuzz_notice_CFLAGS = $(AM_CFLAGS) -DSEEDS='"tests/fuzz/seeds/notice"'
TESTS += tests/fuzz/fuzz-notice
endif
EXTRA_DIST += \
	tests/fuzz/seeds/notice/address \
	tests/fuzz/seeds/notice/controls \
	tests/fuzz/seeds/notice/encoded \
	tests/fuzz/seeds/notice/injection \
	tests/fuzz/seeds/notice/range \
	tests/fuzz/seeds/notice/slack
