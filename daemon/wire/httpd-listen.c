/* SPDX-License-Identifier: Apache-2.0 */
/* httpd-listen.c - the sockets a server listens on. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "wire/httpd.h"

/* Take away a socket that nobody listens on; 0 when the place is free now. */
static int clear_stale(const struct sockaddr_un *addr, struct ferry_error *err)
{
	struct stat st;

	if (lstat(addr->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : ferry_fail_errno(err, errno, "%s", addr->sun_path);
	if (!S_ISSOCK(st.st_mode))
		return ferry_fail(err, FERRY_E_CONFIG, "%s is there and is no socket",
				  addr->sun_path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return ferry_fail_errno(err, errno, "cannot make a socket");
	int rc = connect(fd, (const struct sockaddr *)addr, sizeof *addr);
	int e = errno;
	close(fd);
	if (rc == 0 || e == EAGAIN)
		return ferry_fail(err, FERRY_E_LOCKED, "another daemon answers at %s",
				  addr->sun_path);
	if (e == ECONNREFUSED && unlink(addr->sun_path) == 0)
		return 0;
	return ferry_fail_errno(err, e == ECONNREFUSED ? errno : e, "%s", addr->sun_path);
}

int httpd_listen_unix(const char *path, int *ret_fd, struct ferry_error *err)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof addr.sun_path)
		return ferry_fail(err, FERRY_E_CONFIG,
				  "the socket's path is longer than %zu bytes: %s",
				  sizeof addr.sun_path - 1, path);
	memcpy(addr.sun_path, path, strlen(path) + 1);
	if (clear_stale(&addr, err) < 0)
		return -1;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return ferry_fail_errno(err, errno, "cannot make a socket");
	if (bind(fd, (struct sockaddr *)&addr, sizeof addr) < 0 || chmod(path, 0666) < 0 ||
	    listen(fd, SOMAXCONN) < 0) {
		int e = errno;
		close(fd);
		return ferry_fail_errno(err, e, "cannot listen on %s", path);
	}
	*ret_fd = fd;
	return 0;
}

int httpd_listen_tcp(const struct head_address *address, int *ret_fd, struct ferry_error *err)
{
	const struct sockaddr *addr = (const struct sockaddr *)&address->sockaddr;
	int on = 1;

	int fd = socket(addr->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return ferry_fail_errno(err, errno, "cannot make a socket");
	/* a daemon that was just restarted takes its port again; IPv6 is IPv6 alone, as it was said */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
	    (addr->sa_family == AF_INET6 &&
	     setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) < 0) ||
	    bind(fd, addr, address->len) < 0 || listen(fd, SOMAXCONN) < 0) {
		int e = errno;
		close(fd);
		return ferry_fail_errno(err, e, "cannot listen on port %d of that address", address->port);
	}
	*ret_fd = fd;
	return 0;
}
