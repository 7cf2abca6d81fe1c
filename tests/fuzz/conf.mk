# SPDX-License-Identifier: Apache-2.0
check_PROGRAMS += tests/fuzz/fuzz-conf
tests_fuzz_fuzz_conf_SOURCES = tests/fuzz/fuzz-conf.c
tests_fuzz_fuzz_conf_LDADD = daemon/libconf.la
if LIBFUZZER
tests_fuzz_fuzz_conf_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_conf_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
tests_fuzz_fuzz_conf_SOURCES += tests/fuzz/replay.c
tests_fuzz_fuzz_conf_CFLAGS = $(AM_CFLAGS) -DSEEDS='"tests/fuzz/seeds/conf"'
TESTS += tests/fuzz/fuzz-conf
endif
EXTRA_DIST += \
	tests/fuzz/seeds/conf/alias \
	tests/fuzz/seeds/conf/charging \
	tests/fuzz/seeds/conf/checks \
	tests/fuzz/seeds/conf/customers \
	tests/fuzz/seeds/conf/daemon \
	tests/fuzz/seeds/conf/deep \
	tests/fuzz/seeds/conf/flow \
	tests/fuzz/seeds/conf/lago-customers \
	tests/fuzz/seeds/conf/matching \
	tests/fuzz/seeds/conf/matching-mistakes \
	tests/fuzz/seeds/conf/mistakes \
	tests/fuzz/seeds/conf/schedules \
	tests/fuzz/seeds/conf/schedules-mistakes
