/* SPDX-License-Identifier: Apache-2.0 */
/* address.c - IP addresses, by the special-purpose registries of IANA. */
#include "base/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static void from_ipv4(const void *ipv4, struct address *ret)
{
	memcpy(ret->bytes, mapped, sizeof mapped);
	memcpy(ret->bytes + sizeof mapped, ipv4, 4);
}

bool address_from_sockaddr(const struct sockaddr *from, struct address *ret)
{
	if (from->sa_family == AF_INET)
		from_ipv4(&((const struct sockaddr_in *)(const void *)from)->sin_addr, ret);
	else if (from->sa_family == AF_INET6)
		memcpy(ret->bytes, &((const struct sockaddr_in6 *)(const void *)from)->sin6_addr, 16);
	else
		return false;
	return true;
}

bool address_parse(const char *text, struct address *ret)
{
	struct in_addr ipv4;

	if (inet_pton(AF_INET6, text, ret->bytes) == 1)
		return true;
	if (inet_pton(AF_INET, text, &ipv4) != 1)
		return false;
	from_ipv4(&ipv4, ret);
	return true;
}

bool address_in_range(const struct address *a, const struct address_range *range)
{
	int whole = range->bits / 8, rest = range->bits % 8;

	if (memcmp(a->bytes, range->first.bytes, (size_t)whole) != 0)
		return false;
	return !rest || ((a->bytes[whole] ^ range->first.bytes[whole]) >> (8 - rest)) == 0;
}

static bool has_bits_beyond(const struct address_range *range)
{
	for (int i = range->bits; i < 128; i++)
		if (range->first.bytes[i / 8] & 0x80 >> i % 8)
			return true;
	return false;
}

bool address_range_parse(const char *text, struct address_range *ret)
{
	const char *slash = strchr(text, '/');
	char host[ADDRESS_TEXT] = "", *end;
	size_t n = slash ? (size_t)(slash - text) : strlen(text);

	if (n >= sizeof host)
		return false;
	memcpy(host, text, n);
	if (!address_parse(host, &ret->first))
		return false;
	int before = strchr(host, ':') ? 0 : 96;
	ret->bits = 128;
	if (slash) {
		long bits = strtol(slash + 1, &end, 10);
		if (slash[1] < '0' || slash[1] > '9' || *end || bits > 128 - before)
			return false;
		ret->bits = before + (int)bits;
	}
	return !has_bits_beyond(ret);
}

/* The narrower ones first where one lies in another. */
static const struct {
	const char *range, *kind;
	int ipv4_at;			/* where the IPv4 address stands that it carries; 0: none */
} special[] = {
	{"0.0.0.0/8", "unspecified", 0},
	{"10.0.0.0/8", "private", 0},
	{"100.64.0.0/10", "private", 0},
	{"127.0.0.0/8", "loopback", 0},
	{"169.254.0.0/16", "link-local", 0},
	{"172.16.0.0/12", "private", 0},
	{"192.0.0.0/24", "reserved", 0},
	{"192.0.2.0/24", "reserved", 0},
	{"192.88.99.0/24", "reserved", 0},
	{"192.168.0.0/16", "private", 0},
	{"198.18.0.0/15", "private", 0},
	{"198.51.100.0/24", "reserved", 0},
	{"203.0.113.0/24", "reserved", 0},
	{"224.0.0.0/4", "multicast", 0},
	{"240.0.0.0/4", "reserved", 0},
	{"::ffff:0:0/96", NULL, 0},
	{"::/128", "unspecified", 0},
	{"::1/128", "loopback", 0},
	{"::/96", "reserved", 12},
	{"64:ff9b::/96", NULL, 12},
	{"64:ff9b:1::/48", "private", 0},
	{"100::/64", "reserved", 0},
	{"2001::/23", "reserved", 0},
	{"2001:db8::/32", "reserved", 0},
	{"2002::/16", NULL, 2},
	{"3fff::/20", "reserved", 0},
	{"fc00::/7", "private", 0},
	{"fe80::/10", "link-local", 0},
	{"fec0::/10", "private", 0},
	{"ff00::/8", "multicast", 0},
};

const char *address_kind(const struct address *a)
{
	for (size_t i = 0; i < sizeof special / sizeof special[0]; i++) {
		struct address_range range;
		struct address ipv4;
		if (!address_range_parse(special[i].range, &range) || !address_in_range(a, &range))
			continue;
		if (!special[i].ipv4_at)
			return special[i].kind;
		from_ipv4(a->bytes + special[i].ipv4_at, &ipv4);
		const char *kind = address_kind(&ipv4);
		return kind ? kind : special[i].kind;
	}
	return NULL;
}

void address_format(const struct address *a, char out[ADDRESS_TEXT])
{
	if (memcmp(a->bytes, mapped, sizeof mapped) == 0)
		inet_ntop(AF_INET, a->bytes + sizeof mapped, out, ADDRESS_TEXT);
	else
		inet_ntop(AF_INET6, a->bytes, out, ADDRESS_TEXT);
}
