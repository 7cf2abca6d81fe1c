# SPDX-License-Identifier: Apache-2.0
check_PROGRAMS += tests/fuzz/fuzz-events
tests_fuzz_fuzz_events_SOURCES = tests/fuzz/fuzz-events.c
tests_fuzz_fuzz_events_LDADD = ctl/libctl.la
tests_fuzz_fuzz_events_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
if LIBFUZZER
tests_fuzz_fuzz_events_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_events_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
tests_fuzz_fuzz_events_SOURCES += tests/fuzz/replay.c
tests_fuzz_fuzz_events_CFLAGS = $(AM_CFLAGS) -DSEEDS='"tests/fuzz/seeds/events"'
TESTS += tests/fuzz/fuzz-events
endif
EXTRA_DIST += \
	tests/fuzz/seeds/events/comment \
	tests/fuzz/seeds/events/crlf \
	tests/fuzz/seeds/events/event \
	tests/fuzz/seeds/events/nul
