# SPDX-License-Identifier: Apache-2.0
check_PROGRAMS += tests/fuzz/fuzz-network
tests_fuzz_fuzz_network_SOURCES = tests/fuzz/fuzz-network.c
tests_fuzz_fuzz_network_LDADD = daemon/libwire.la
if LIBFUZZER
tests_fuzz_fuzz_network_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_network_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
tests_fuzz_fuzz_network_SOURCES += tests/fuzz/replay.c
tests_fuzz_fuzz_network_CFLAGS = $(AM_CFLAGS) -DSEEDS='"tests/fuzz/seeds/network"'
TESTS += tests/fuzz/fuzz-network
endif
EXTRA_DIST += \
	tests/fuzz/seeds/network/address \
	tests/fuzz/seeds/network/address6 \
	tests/fuzz/seeds/network/bearer \
	tests/fuzz/seeds/network/dots \
	tests/fuzz/seeds/network/host \
	tests/fuzz/seeds/network/json \
	tests/fuzz/seeds/network/long \
	tests/fuzz/seeds/network/mapped \
	tests/fuzz/seeds/network/null \
	tests/fuzz/seeds/network/origin \
	tests/fuzz/seeds/network/path \
	tests/fuzz/seeds/network/percent \
	tests/fuzz/seeds/network/short \
	tests/fuzz/seeds/network/user
