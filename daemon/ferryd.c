/* SPDX-License-Identifier: Apache-2.0 */
/* ferryd.c - the daemon's main: command line, and which of its three lives it leads. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "api/api.h"
#include "base/log.h"
#include "conf/schema.h"
#include "once.h"
#include "restore.h"
#include "supervise/probe.h"
#include "wire/httpd.h"
#include "wire/journald.h"

#define SOCKET_PATH "/run/ferry/ferry.sock"
#define DRAIN_MS 3000			/* at most, for those who are being answered when the daemon ends */

struct options {
	const char *config, *state, *socket, *plugins, *worker;
	const char *restore;
	bool check, verify_store, force;
	struct once once;
};

static const char help_text[] =
	"Usage: ferryd [OPTION]...\n"
	"Move records between systems on a schedule.\n"
	"\n"
	"  --config DIR      configuration (" FERRY_CONFIG_DIR ")\n"
	"  --state DIR       what is remembered ($STATE_DIRECTORY or /var/lib/ferry)\n"
	"  --socket PATH     where ferryctl finds it (" SOCKET_PATH ")\n"
	"  --plugins DIR     connectors (" FERRY_PLUGIN_DIR ")\n"
	"  --worker PATH     the worker program ($FERRY_WORKER, or the one installed with it)\n"
	"  --log-level L     debug, info, warn or error (info)\n"
	"\n"
	"  --check           check the configuration, print all mistakes, exit 1 if there are any\n"
	"  --once SYNC       run one sync in the foreground; exit 0 when completed, 2 when completed\n"
	"                    but rows failed or wait for a person, 1 when failed; with it:\n"
	"    --preview       stop when the plan is made\n"
	"    --verify        compare with what the destination holds, too\n"
	"    --full          send everything, whatever was sent before\n"
	"    --promote RUN   carry out the plan of that preview\n"
	"\n"
	"  --schema KIND     print the JSON Schema of a kind of file: ferry, connections or syncs\n"
	"  --verify-store    read every record of the state; exit 1 when one is damaged\n"
	"  --restore DIR     put back a backup that 'ferryctl backup' made, while no daemon runs;\n"
	"                    with it:\n"
	"    --force         move aside the state that is there\n"
	"\n"
	"  --help, --version\n";

/* --------------------------------------------------------------- where things are */

/* DIR/name beside this program, if it is there; to be freed. */
static char *beside_program(const char *name, int mode)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);

	if (n <= 0)
		return NULL;
	exe[n] = '\0';
	char *slash = strrchr(exe, '/');
	if (!slash)
		return NULL;
	*slash = '\0';
	char *path = ferry_asprintf("%s/%s", exe, name);
	if (access(path, mode) == 0)
		return path;
	free(path);
	return NULL;
}

static char *find_worker(const char *given)
{
	const char *env = getenv("FERRY_WORKER");

	if (given || (env && *env))
		return ferry_strdup(given ? given : env);
	char *path = beside_program("ferry-worker", X_OK);
	return path ? path : ferry_strdup(FERRY_LIBEXEC_DIR "/ferry-worker");
}

static char *find_plugins(const char *given)
{
	if (given)
		return ferry_strdup(given);
	char *path = beside_program("../plugins/all", R_OK | X_OK);
	return path ? path : ferry_strdup(FERRY_PLUGIN_DIR);
}

/* systemd gives a list; the first is ours. */
static char *find_state(const char *given)
{
	const char *env = getenv("STATE_DIRECTORY");

	if (given)
		return ferry_strdup(given);
	return env && *env ? ferry_strndup(env, strcspn(env, ":")) : ferry_strdup("/var/lib/ferry");
}

/* --------------------------------------------------------------------- --check */

struct checking {
	struct loop *loop;
	struct conf_mistakes *mistakes;
	struct ferry_error err;
};

static void on_checked(void *ctx, struct probe_result *result)
{
	struct checking *c = ctx;

	*c->mistakes = result->mistakes;
	result->mistakes = (struct conf_mistakes)CONF_MISTAKES_INIT;
	if (result->rc < 0)
		c->err = result->err;
	loop_quit(c->loop);
}

static int ask_connectors(const struct supervise_paths *paths, const struct generation *g,
			  struct conf_mistakes *mistakes)
{
	struct checking c = {.mistakes = mistakes};
	struct probe *probe;

	if (loop_new(&c.loop, &c.err) == 0 &&
	    probe_start(c.loop, "check", NULL, paths, g, on_checked, &c, &probe, &c.err) == 0)
		loop_run(c.loop, &c.err);
	loop_free(c.loop);
	if (c.err.code == FERRY_OK)
		return 0;
	log_error(&c.err);
	return -1;
}

static void print_mistakes(struct conf_mistakes *mistakes)
{
	struct buf text = BUF_INIT;

	conf_mistakes_sort(mistakes);
	conf_mistakes_print(mistakes, &text);
	fputs(buf_str(&text), stderr);
	buf_release(&text);
}

static int check(const struct supervise_paths *paths)
{
	struct conf_mistakes mistakes = CONF_MISTAKES_INIT;
	struct arena arena = ARENA_INIT;
	struct conf_file *files = NULL;
	struct generation *g = NULL;
	size_t n = 0;
	int rc = 0;

	conf_read_dir(&arena, paths->config_dir, &files, &n, &mistakes);
	if (!mistakes.n)
		g = conf_load(files, n, &mistakes);
	if (g)
		rc = ask_connectors(paths, g, &mistakes);
	print_mistakes(&mistakes);
	if (g && rc == 0 && !mistakes.n)
		printf("configuration is good: %zu connection%s, %zu sync%s\n", g->n_connections,
		       g->n_connections == 1 ? "" : "s", g->n_syncs, g->n_syncs == 1 ? "" : "s");
	bool good = g && rc == 0 && !mistakes.n;
	conf_mistakes_release(&mistakes);
	conf_free(g);
	arena_release(&arena);
	return good ? 0 : 1;
}

/* ------------------------------------------------------------------- the daemon */

static void on_stop(void *ctx, int signo)
{
	(void)signo;
	supervise_stop(ctx);
}

static void on_hup(void *ctx, int signo)
{
	const struct supervise_actor whoever = {-1, "signal SIGHUP"};

	(void)signo;
	supervise_reload(ctx, &whoever, NULL, NULL);
}

/* Everybody must be able to reach the socket; who may do what is decided by who it is. */
static void make_socket_dir(const char *socket)
{
	const char *slash = strrchr(socket, '/');

	if (!slash || slash == socket)
		return;
	char *dir = ferry_strndup(socket, (size_t)(slash - socket));
	/* when it cannot be made, listening says so */
	if (mkdir(dir, 0755) == 0 && chmod(dir, 0755) < 0)
		log_warn("%s: %s", dir, strerror(errno));
	free(dir);
}

/* Open what `listen:` asks for, now and after each reload. Mistakes are printed. */
static int listen_on_tcp(struct loop *loop, struct supervisor *s, struct api *api, struct listener **ret,
			 struct ferry_error *err)
{
	struct conf_mistakes mistakes = CONF_MISTAKES_INIT;

	if (listener_new(loop, api, ret, err) < 0)
		return -1;
	int rc = listener_follow(*ret, supervise_generation(s), &mistakes);
	if (rc < 0) {
		print_mistakes(&mistakes);
		ferry_fail(err, FERRY_E_CONFIG, "the TCP listener cannot be opened as 'listen:' asks");
	}
	conf_mistakes_release(&mistakes);
	supervise_follow(s, listener_follow, *ret);
	return rc;
}

static int serve(struct loop *loop, struct supervisor *s, const char *socket,
		 struct ferry_error *err)
{
	struct api *api = api_new(s, FERRY_VERSION);
	struct httpd *httpd = NULL;
	struct listener *listener = NULL;
	int rc = 0, fd = loop_passed_socket();
	bool ours = fd < 0;		/* else it outlives us, so that a restart loses no client */

	if (ours) {
		make_socket_dir(socket);
		rc = httpd_listen_unix(socket, &fd, err);
	}
	if (rc < 0)
		goto out;
	rc = httpd_new(loop, fd, &(struct httpd_setup){.fn = api_handle, .head = api_head, .ctx = api},
		       &httpd, err);
	if (rc == 0)
		rc = listen_on_tcp(loop, s, api, &listener, err);
	if (rc == 0 && (loop_signal(loop, SIGTERM, on_stop, s, err) < 0 ||
			loop_signal(loop, SIGINT, on_stop, s, err) < 0 ||
			loop_signal(loop, SIGHUP, on_hup, s, err) < 0))
		rc = -1;
	if (rc == 0) {
		supervise_start(s);
		loop_notify("READY=1");
		log_info("ready: %s", ours ? socket : "the socket of the service manager");
		rc = loop_run(loop, err);
	}
	if (ours)
		unlink(socket);
	if (httpd)
		httpd_drain(httpd, DRAIN_MS);
	httpd_free(httpd);
	listener_free(listener);
	if (rc == 0 && supervise_fatal(s)->code != FERRY_OK) {
		*err = *supervise_fatal(s);
		rc = -1;
	}
out:
	api_free(api);
	return rc;
}

/* The two lives that have a journal. */
static int run(const struct options *o, const struct supervise_paths *paths)
{
	struct conf_mistakes mistakes = CONF_MISTAKES_INIT;
	struct ferry_error err = {0};
	struct supervisor *s = NULL;
	struct loop *loop = NULL;
	int status = 1;

	if (loop_new(&loop, &err) < 0 || supervise_new(loop, paths, &s, &err) < 0) {
		log_error(&err);
	} else if (supervise_load(s, &mistakes) < 0) {
		print_mistakes(&mistakes);
		/* a service manager need not try that again */
		status = o->once.sync ? 1 : EX_CONFIG;
	} else if (o->once.sync) {
		status = once_run(loop, s, &o->once);
	} else if (serve(loop, s, o->socket, &err) < 0) {
		log_error(&err);
	} else {
		status = 0;
	}
	conf_mistakes_release(&mistakes);
	supervise_free(s);
	loop_free(loop);
	return status;
}

/* ----------------------------------------------------------------- command line */

enum {
	O_CONFIG = 256, O_STATE, O_SOCKET, O_PLUGINS, O_WORKER, O_LOG, O_CHECK, O_ONCE, O_PREVIEW,
	O_VERIFY, O_FULL, O_PROMOTE, O_VERIFY_STORE, O_RESTORE, O_FORCE, O_SCHEMA, O_HELP, O_VERSION,
};

static const struct option long_options[] = {
	{"config", required_argument, NULL, O_CONFIG},
	{"state", required_argument, NULL, O_STATE},
	{"socket", required_argument, NULL, O_SOCKET},
	{"plugins", required_argument, NULL, O_PLUGINS},
	{"worker", required_argument, NULL, O_WORKER},
	{"log-level", required_argument, NULL, O_LOG},
	{"check", no_argument, NULL, O_CHECK},
	{"once", required_argument, NULL, O_ONCE},
	{"preview", no_argument, NULL, O_PREVIEW},
	{"verify", no_argument, NULL, O_VERIFY},
	{"full", no_argument, NULL, O_FULL},
	{"promote", required_argument, NULL, O_PROMOTE},
	{"schema", required_argument, NULL, O_SCHEMA},
	{"verify-store", no_argument, NULL, O_VERIFY_STORE},
	{"restore", required_argument, NULL, O_RESTORE},
	{"force", no_argument, NULL, O_FORCE},
	{"help", no_argument, NULL, O_HELP},
	{"version", no_argument, NULL, O_VERSION},
	{NULL, 0, NULL, 0},
};

static void usage(const char *what)
{
	fprintf(stderr, "ferryd: %s\nTry 'ferryd --help'.\n", what);
	exit(ferry_code_info(FERRY_E_USAGE)->exit);
}

static enum ferry_level get_level(const char *name)
{
	for (int l = FERRY_LOG_DEBUG; l <= FERRY_LOG_ERROR; l++)
		if (strcmp(name, log_level_name((enum ferry_level)l)) == 0)
			return (enum ferry_level)l;
	usage("--log-level is debug, info, warn or error");
	return FERRY_LOG_INFO;
}

static int64_t get_run(const char *text)
{
	char *end;
	long long id = strtoll(text, &end, 10);

	if (*end || id < 1)
		usage("--promote takes a run's number");
	return id;
}

static void print_schema(const char *name)
{
	struct buf text = BUF_INIT;
	int kind = conf_kind_from_name(name);

	if (kind < 0)
		usage("--schema takes ferry, connections or syncs");
	conf_schema((enum conf_kind)kind, NULL, &text);
	puts(text.s);
	buf_release(&text);
}

static void take_option(struct options *o, int c, enum ferry_level *level)
{
	switch (c) {
	case O_CONFIG: o->config = optarg; break;
	case O_STATE: o->state = optarg; break;
	case O_SOCKET: o->socket = optarg; break;
	case O_PLUGINS: o->plugins = optarg; break;
	case O_WORKER: o->worker = optarg; break;
	case O_LOG: *level = get_level(optarg); break;
	case O_CHECK: o->check = true; break;
	case O_ONCE: o->once.sync = optarg; break;
	case O_PREVIEW: o->once.preview = true; break;
	case O_VERIFY: o->once.verify = true; break;
	case O_FULL: o->once.full = true; break;
	case O_PROMOTE: o->once.promote = get_run(optarg); break;
	case O_VERIFY_STORE: o->verify_store = true; break;
	case O_RESTORE: o->restore = optarg; break;
	case O_FORCE: o->force = true; break;
	case O_SCHEMA:
		print_schema(optarg);
		exit(0);
	case O_HELP:
		fputs(help_text, stdout);
		exit(0);
	case O_VERSION:
		puts("ferryd " FERRY_VERSION);
		exit(0);
	default:
		/* getopt has said what is wrong */
		fprintf(stderr, "Try 'ferryd --help'.\n");
		exit(ferry_code_info(FERRY_E_USAGE)->exit);
	}
}

static void parse(int argc, char **argv, struct options *o, enum ferry_level *level)
{
	int c;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		take_option(o, c, level);
	if (optind < argc)
		usage("there are no arguments, only options");
	const struct once *once = &o->once;
	if (!once->sync && (once->preview || once->verify || once->full || once->promote))
		usage("--preview, --verify, --full and --promote go with --once");
	if (once->promote && (once->preview || once->verify || once->full))
		usage("--promote carries out a plan as it is: it goes with no other wish");
	if (o->check + (once->sync != NULL) + o->verify_store + (o->restore != NULL) > 1)
		usage("--check, --once, --verify-store and --restore exclude each other");
	if (o->force && !o->restore)
		usage("--force goes with --restore");
}

/* A closed 0, 1 or 2 would be given to the next file that is opened. */
static void open_standard_files(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= 2);
	if (fd > 2)
		close(fd);
}

int main(int argc, char **argv)
{
	struct options o = {.config = FERRY_CONFIG_DIR, .socket = SOCKET_PATH};
	enum ferry_level level = FERRY_LOG_INFO;

	open_standard_files();
	parse(argc, argv, &o, &level);
	log_init("ferryd", o.once.sync && level == FERRY_LOG_INFO ? FERRY_LOG_WARN : level);
	journald_begin();
	signal(SIGPIPE, SIG_IGN);
	umask(0077);
	char *state = find_state(o.state), *plugins = find_plugins(o.plugins), *worker = find_worker(o.worker);
	struct supervise_paths paths = {o.config, state, plugins, worker};
	int status = o.check ? check(&paths)
		: o.verify_store ? verify_store_run(state)
		: o.restore ? restore_run(o.restore, state, o.force) : run(&o, &paths);
	free(state);
	free(plugins);
	free(worker);
	return status;
}
