/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe.c - a hostile connector: a source whose rows tell what a worker could do that it should not be able
 * to. Each row is a name and how it ended: "allowed", or the error that the system gave. The system test
 * installs it beside the others; it is no part of ferry.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ferry/connector.h>

extern char **environ;

enum deed { WRITE, READ, EXEC, CALL };

struct probe {
	const char *name;
	enum deed deed;
	const char *path;
	int (*call)(void);		/* 0: allowed; else -1 with errno */
};

/* ---------------------------------------------------------------------- deeds */

static int try_write(const char *path)
{
	struct stat st;
	char file[256];

	snprintf(file, sizeof file, "%s%s", path, stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? "/probe" : "");
	int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	int rc = write(fd, "x", 1) == 1 ? 0 : -1;
	close(fd);
	return rc;
}

static int try_read(const char *path)
{
	char c;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	int rc = read(fd, &c, 1) < 0 ? -1 : 0;
	close(fd);
	return rc;
}

/* A program of one's own: a copy of `true` in a folder that can be written. */
static int try_exec(const char *path)
{
	char bytes[65536];
	int from = open("/bin/true", O_RDONLY | O_CLOEXEC), to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
	ssize_t n;

	while (from >= 0 && to >= 0 && (n = read(from, bytes, sizeof bytes)) > 0)
		if (write(to, bytes, (size_t)n) != n)
			return -1;
	close(from);
	close(to);
	pid_t pid = fork();
	if (pid == 0) {
		execl(path, path, (char *)NULL);
		_exit(errno);
	}
	int status = 0;
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return -1;
	errno = WEXITSTATUS(status);
	return errno ? -1 : 0;
}

static int trace_parent(void) { return (int)ptrace(PTRACE_ATTACH, getppid(), NULL, NULL); }
static int trace_init(void) { return (int)ptrace(PTRACE_ATTACH, 1, NULL, NULL); }
static int signal_init(void) { return kill(1, 0); }
static int mount_tmpfs(void) { return mount("none", "/tmp", "tmpfs", 0, NULL); }
static int remount_root(void) { return mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL); }
static int new_user_namespace(void) { return unshare(CLONE_NEWUSER); }
static int new_mount_namespace(void) { return unshare(CLONE_NEWNS); }
static int become_root(void) { return setuid(0); }
static int become_root_group(void) { return setgid(0); }
static int change_root(void) { return chroot("/tmp"); }
static int packet_socket(void) { return socket(AF_PACKET, SOCK_RAW, 0); }
static int netlink_socket(void) { return socket(AF_NETLINK, SOCK_RAW, 0); }
static int raw_socket(void) { return socket(AF_INET, SOCK_RAW, 1); }
static int vsock_socket(void) { return socket(AF_VSOCK, SOCK_STREAM, 0); }
static int inet_socket(void) { return socket(AF_INET, SOCK_STREAM, 0) < 0 ? -1 : 0; }
static int host_name(void) { return sethostname("probe", 5); }
static int no_randomization(void) { return personality(ADDR_NO_RANDOMIZE) < 0 ? -1 : 0; }
static int load_module(void) { return (int)syscall(SYS_init_module, "", 0, ""); }
static int load_bpf(void) { return (int)syscall(SYS_bpf, BPF_PROG_LOAD, NULL, 0); }
static int perf_event(void) { return (int)syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0); }
static int add_key(void) { return (int)syscall(SYS_add_key, "user", "probe", "x", 1, -3); }
static int page_faults(void) { return (int)syscall(SYS_userfaultfd, 0); }
static int old_calls(void) { return (int)syscall(SYS_iopl, 3); }
static int stop_machine(void) { return reboot(RB_DISABLE_CAD); }
static int device_node(void) { return mknod("/tmp/probe-node", S_IFBLK | 0600, makedev(8, 0)); }
static int higher_limit(void) { return setpriority(PRIO_PROCESS, 0, -10); }

static int set_clock(void)
{
	struct timeval tv = {.tv_sec = 1};
	return settimeofday(&tv, NULL);
}

static int real_time(void)
{
	struct sched_param p = {.sched_priority = 1};
	return sched_setscheduler(0, SCHED_FIFO, &p);
}

static int set_uid_file(void)
{
	int fd = open("/tmp/probe-suid", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	return fd < 0 ? -1 : fchmod(fd, 04755);
}

static int write_and_execute(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return p == MAP_FAILED ? -1 : 0;
}

static int write_then_execute(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return p == MAP_FAILED ? -1 : mprotect(p, 4096, PROT_READ | PROT_EXEC);
}

static const struct probe probes[] = {
	/* what it must be able to do, or the rest would tell nothing */
	{"may write the state", WRITE, "/var/lib/ferry", NULL},
	{"may write its own /tmp", WRITE, "/tmp", NULL},
	{"may read its configuration", READ, "/etc/ferry/ferry.yaml", NULL},
	{"may open a connection", CALL, NULL, inet_socket},

	{"write /etc", WRITE, "/etc", NULL},
	{"write its configuration", WRITE, "/etc/ferry", NULL},
	{"write /etc/passwd", WRITE, "/etc/passwd", NULL},
	{"write /usr", WRITE, "/usr", NULL},
	{"write its connectors", WRITE, PLUGIN_DIR, NULL},
	{"write /home", WRITE, "/home", NULL},
	{"write /root", WRITE, "/root", NULL},
	{"write /var/lib", WRITE, "/var/lib", NULL},
	{"write /run", WRITE, "/run", NULL},
	{"write /boot", WRITE, "/boot", NULL},
	{"write a kernel setting", WRITE, "/proc/sys/kernel/core_pattern", NULL},
	{"write its own cgroup", WRITE, "/sys/fs/cgroup/cgroup.procs", NULL},
	{"read /etc/shadow", READ, "/etc/shadow", NULL},
	{"read the credentials' folder", READ, "/etc/ferry/credentials/word", NULL},
	{"read /root", READ, "/root/planted", NULL},
	{"read /home", READ, "/home/planted", NULL},
	{"read another's environment", READ, "/proc/1/environ", NULL},
	{"see another's process", READ, "/proc/1/cmdline", NULL},
	{"read the kernel's log", READ, "/dev/kmsg", NULL},
	{"read memory", READ, "/dev/mem", NULL},
	{"read a disk", READ, "/dev/sda", NULL},
	{"read kernel symbols", READ, "/proc/kallsyms", NULL},
	{"run a program from the state", EXEC, "/var/lib/ferry/probe-program", NULL},
	{"run a program from /tmp", EXEC, "/tmp/probe-program", NULL},
	{"trace the daemon", CALL, NULL, trace_parent},
	{"trace init", CALL, NULL, trace_init},
	{"signal init", CALL, NULL, signal_init},
	{"mount", CALL, NULL, mount_tmpfs},
	{"remount /", CALL, NULL, remount_root},
	{"make a user namespace", CALL, NULL, new_user_namespace},
	{"make a mount namespace", CALL, NULL, new_mount_namespace},
	{"become root", CALL, NULL, become_root},
	{"become root's group", CALL, NULL, become_root_group},
	{"chroot", CALL, NULL, change_root},
	{"open a packet socket", CALL, NULL, packet_socket},
	{"open a netlink socket", CALL, NULL, netlink_socket},
	{"open a raw socket", CALL, NULL, raw_socket},
	{"open a vsock socket", CALL, NULL, vsock_socket},
	{"set the host name", CALL, NULL, host_name},
	{"set the clock", CALL, NULL, set_clock},
	{"run in real time", CALL, NULL, real_time},
	{"raise its priority", CALL, NULL, higher_limit},
	{"turn off address randomization", CALL, NULL, no_randomization},
	{"make a set-uid file", CALL, NULL, set_uid_file},
	{"make a device", CALL, NULL, device_node},
	{"map writable code", CALL, NULL, write_and_execute},
	{"make data code", CALL, NULL, write_then_execute},
	{"load a module", CALL, NULL, load_module},
	{"load BPF", CALL, NULL, load_bpf},
	{"count events", CALL, NULL, perf_event},
	{"use keyrings", CALL, NULL, add_key},
	{"handle page faults", CALL, NULL, page_faults},
	{"use I/O ports", CALL, NULL, old_calls},
	{"stop the machine", CALL, NULL, stop_machine},
};

static const char *try(const struct probe *p)
{
	int rc = -1;

	errno = 0;
	switch (p->deed) {
	case WRITE: rc = try_write(p->path); break;
	case READ: rc = try_read(p->path); break;
	case EXEC: rc = try_exec(p->path); break;
	case CALL: rc = p->call(); break;
	}
	const char *name = strerrorname_np(errno);
	return rc >= 0 ? "allowed" : name ? name : "?";
}

/* ------------------------------------------------------------------- connector */

struct handle {
	const struct ferry_host *host;
	const char *word;
};

static int probe_open(const struct ferry_open *open, void **ret, struct ferry_error *err)
{
	struct handle *h = calloc(1, sizeof *h);

	if (!h)
		return open->host->fail(err, FERRY_E_NOMEM, "out of memory");
	h->host = open->host;
	h->word = ferry_setting_text(open, "word");
	*ret = h;
	return 0;
}

static void probe_close(void *handle)
{
	free(handle);
}

static int give(struct ferry_sink *sink, const char *name, const char *result, struct ferry_error *err)
{
	struct ferry_value row[] = {
		{.s = name, .len = (uint32_t)strlen(name), .type = FERRY_TEXT},
		{.s = result, .len = (uint32_t)strlen(result), .type = FERRY_TEXT},
	};
	return sink->rows(sink, row, 1, err);
}

/* The secret backwards: it must have come, and not be found as it is anywhere. */
static int give_word(const struct handle *h, struct ferry_sink *sink, struct ferry_error *err)
{
	char back[64] = "";
	size_t n = strnlen(h->word, sizeof back - 1);
	bool around = false;

	for (size_t i = 0; i < n; i++)
		back[i] = h->word[n - 1 - i];
	for (char **e = environ; *e; e++)
		around |= n && strstr(*e, h->word) != NULL;
	if (give(sink, "the secret, backwards", back, err) < 0)
		return -1;
	return give(sink, "the secret in the environment", around ? "there" : "not there", err);
}

static int probe_extract(void *handle, const struct ferry_extract *want, struct ferry_sink *sink,
			 struct ferry_error *err)
{
	const struct ferry_column columns[] = {{"name", FERRY_TEXT}, {"result", FERRY_TEXT}};
	const struct handle *h = handle;

	(void)want;
	if (sink->columns(sink, columns, 2, false, err) < 0 || give_word(h, sink, err) < 0)
		return -1;
	for (size_t i = 0; i < sizeof probes / sizeof *probes; i++)
		if (give(sink, probes[i].name, try(&probes[i]), err) < 0)
			return -1;
	return 0;
}

static const struct ferry_option options[] = {
	{.name = "word", .type = FERRY_OPT_TEXT, .flags = FERRY_OPTION_REQUIRED | FERRY_OPTION_SECRET, .help = "a secret"},
	{0},
};

FERRY_EXPORT const struct ferry_connector ferry_connector = {
	.abi = FERRY_ABI(struct ferry_connector),
	.name = "probe",
	.family = "probe",
	.summary = "what a worker could do that it should not be able to",
	.version = "1.0",
	.roles = FERRY_SOURCE,
	.connection_options = options,
	.open = probe_open,
	.close = probe_close,
	.extract = probe_extract,
};
