/* SPDX-License-Identifier: Apache-2.0 */
/* listen.c - rules of `listen:`: nobody is to listen more widely than he meant to. */
#include "conf/checks.h"
#include "wire/http-head.h"

static void check_hosts(struct keyword_reader *r, const struct yaml_node *node, const struct listen_def *l)
{
	const struct yaml_node *value = keyword_find(node, "hosts");
	struct head_host host;

	for (size_t i = 0; i < l->n_hosts; i++)
		if (l->hosts[i] && !head_host(l->hosts[i], &host))
			keyword_mistake(r, keyword_item(value, i),
					"'hosts': '%s' is no host (allowed: a name or an address, maybe with "
					":port; no scheme, no path, no *)", SHOWN(l->hosts[i]));
}

void conf_check_listen(struct keyword_reader *r, const struct yaml_node *node, void *base)
{
	const struct listen_def *l = base;
	struct head_address address;

	check_hosts(r, node, l);
	if (!l->address)
		return;
	if (!head_address(l->address, &address)) {
		conf_mistake(r->mistakes, &l->mark, "'address': '%s' is no IP address with a port (allowed: such "
			     "as 127.0.0.1:8270 or [::1]:8270)", SHOWN(l->address));
		return;
	}
	if (!address.loopback && !l->tls_proxy)
		conf_mistake(r->mistakes, &l->mark, "'address': %s can be reached by others, who would send their "
			     "tokens in clear text (listen on 127.0.0.1 or [::1]; or put a proxy that speaks TLS in "
			     "front, let nobody else reach the port, and say 'tls_proxy: true')",
			     SHOWN(l->address));
	if (address.any && !l->n_hosts)
		conf_mistake(r->mistakes, &l->mark, "'address': %s is every address of this machine, so 'hosts' "
			     "must say under which names clients ask", SHOWN(l->address));
}
