/* SPDX-License-Identifier: Apache-2.0 */
/*
 * address.h - IP addresses: which of them lead to the public internet, and ranges that are written
 * down ("10.0.0.0/8"). For deciding whether somebody else's URL may be followed.
 */
#ifndef FERRY_BASE_ADDRESS_H
#define FERRY_BASE_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* IPv4 ones as ::ffff:a.b.c.d */
struct address {
	uint8_t bytes[16];
};

struct address_range {
	struct address first;
	int bits;			/* of the 128 */
};

/* False when it is neither IPv4 nor IPv6. */
bool address_from_sockaddr(const struct sockaddr *from, struct address *ret);
bool address_parse(const char *text, struct address *ret);
/* "192.0.2.7", "192.0.2.0/24", "fd00::/8". False when it is none, or has bits beyond its length. */
bool address_range_parse(const char *text, struct address_range *ret);
bool address_in_range(const struct address *a, const struct address_range *range);

/*
 * What kind of address it is when it is none of the public internet: "loopback", "private",
 * "link-local", ...; NULL when it is public. One that carries an IPv4 address is of that one's kind.
 */
const char *address_kind(const struct address *a);

#define ADDRESS_TEXT 46
/* As people write it. */
void address_format(const struct address *a, char out[ADDRESS_TEXT]);

#endif
