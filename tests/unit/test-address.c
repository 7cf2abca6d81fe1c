/* SPDX-License-Identifier: Apache-2.0 */
/* test-address.c - which addresses are of the public internet, in whatever dress they come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <string.h>

#include "base/address.h"

static void kinds(void **state)
{
	static const struct {
		const char *address, *kind;
	} cases[] = {
		/* public ones */
		{"1.1.1.1", NULL}, {"9.255.255.255", NULL}, {"11.0.0.0", NULL}, {"100.63.255.255", NULL},
		{"100.128.0.0", NULL}, {"172.15.255.255", NULL}, {"172.32.0.0", NULL}, {"192.167.255.255", NULL},
		{"192.169.0.0", NULL}, {"169.253.255.255", NULL}, {"223.255.255.255", NULL}, {"128.0.0.1", NULL},
		{"2606:4700::1111", NULL}, {"2a00:1450:4001:80b::200e", NULL}, {"::ffff:1.1.1.1", NULL},
		{"64:ff9b::1.1.1.1", NULL}, {"2002:101:101::1", NULL},
		/* this machine, in many ways */
		{"127.0.0.1", "loopback"}, {"127.255.255.254", "loopback"}, {"::1", "loopback"},
		{"::ffff:127.0.0.1", "loopback"}, {"::ffff:7f00:1", "loopback"}, {"64:ff9b::7f00:1", "loopback"},
		{"2002:7f00:1::", "loopback"}, {"0.0.0.0", "unspecified"}, {"0.1.2.3", "unspecified"},
		{"::", "unspecified"}, {"::ffff:0.0.0.0", "unspecified"},
		/* what lies behind it: metadata of clouds too */
		{"169.254.169.254", "link-local"}, {"::ffff:169.254.169.254", "link-local"},
		{"64:ff9b::169.254.169.254", "link-local"}, {"fd00:ec2::254", "private"},
		{"100.100.100.200", "private"}, {"192.0.0.192", "reserved"}, {"fe80::1", "link-local"},
		{"febf::1", "link-local"}, {"10.0.0.0", "private"}, {"10.255.255.255", "private"},
		{"172.16.0.1", "private"}, {"172.31.255.255", "private"}, {"192.168.1.1", "private"},
		{"::ffff:192.168.1.1", "private"}, {"fc00::1", "private"}, {"fdff::1", "private"},
		{"fec0::1", "private"}, {"198.18.0.1", "private"}, {"64:ff9b:1::1", "private"},
		/* nobody in particular */
		{"224.0.0.1", "multicast"}, {"239.255.255.255", "multicast"}, {"ff02::1", "multicast"},
		{"240.0.0.1", "reserved"}, {"255.255.255.255", "reserved"}, {"192.0.2.1", "reserved"},
		{"198.51.100.7", "reserved"}, {"203.0.113.7", "reserved"}, {"2001:db8::1", "reserved"},
		{"2001::1", "reserved"}, {"100::1", "reserved"}, {"3fff::1", "reserved"},
		{"::1.1.1.1", "reserved"}, {"::10.0.0.1", "private"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct address a;
		assert_true(address_parse(cases[i].address, &a));
		const char *kind = address_kind(&a);
		if ((kind && cases[i].kind) ? strcmp(kind, cases[i].kind) != 0 : kind != cases[i].kind)
			fail_msg("%s is %s, not %s", cases[i].address, kind ? kind : "public",
				 cases[i].kind ? cases[i].kind : "public");
	}
}

static void ranges(void **state)
{
	static const struct {
		const char *range, *in, *out;
	} cases[] = {
		{"10.0.0.0/8", "10.255.0.1", "11.0.0.0"}, {"10.0.0.0/8", "::ffff:10.0.0.1", "::10.0.0.1"},
		{"192.168.7.0/25", "192.168.7.127", "192.168.7.128"}, {"127.0.0.1", "127.0.0.1", "127.0.0.2"},
		{"fd00::/8", "fdff::1", "fc00::1"}, {"::1", "::1", "::2"}, {"0.0.0.0/0", "9.9.9.9", "2606::1"},
		{"::/0", "127.0.0.1", NULL}, {"192.0.2.128/31", "192.0.2.129", "192.0.2.130"},
	};
	static const char *const wrong[] = {
		"", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.1/8", "10.0.0.0/8x", "10.0.0/8", "::/129",
		"fd00::1/8", "localhost", "10.0.0.0 /8", "1.2.3.4.5", "0x7f.1", "127.1", "2130706433", "10.0.0.0/ 8",
	};
	struct address_range range;
	struct address a;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_true(address_range_parse(cases[i].range, &range));
		assert_true(address_parse(cases[i].in, &a));
		assert_true(address_in_range(&a, &range));
		if (cases[i].out) {
			assert_true(address_parse(cases[i].out, &a));
			assert_false(address_in_range(&a, &range));
		}
	}
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		if (address_range_parse(wrong[i], &range))
			fail_msg("'%s' was taken for a range", wrong[i]);
}

static void sockets_and_texts(void **state)
{
	struct sockaddr_in ipv4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	struct sockaddr unix_one = {.sa_family = AF_UNIX};
	char text[ADDRESS_TEXT];
	struct address a;

	(void)state;
	assert_true(address_from_sockaddr((const struct sockaddr *)&ipv4, &a));
	address_format(&a, text);
	assert_string_equal(text, "127.0.0.1");
	assert_true(address_from_sockaddr((const struct sockaddr *)&ipv6, &a));
	address_format(&a, text);
	assert_string_equal(text, "::1");
	assert_false(address_from_sockaddr(&unix_one, &a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds),
		cmocka_unit_test(ranges),
		cmocka_unit_test(sockets_and_texts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
