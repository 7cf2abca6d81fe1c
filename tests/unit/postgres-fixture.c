/* SPDX-License-Identifier: Apache-2.0 */
/* postgres-fixture.c - a server and a host for the tests of the postgres connector. */
#include "postgres-fixture.h"

#include <ftw.h>
#include <glob.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SKIPPED = 77 };

static char folder[64], programs[512];
static pid_t server = -1;

const char *server_folder(void)
{
	return folder;
}

/* ------------------------------------------------------------------ the server */

static bool find_programs(void)
{
	const char *given = getenv("PG_BINDIR");
	glob_t found;

	if (given) {
		snprintf(programs, sizeof programs, "%s", given);
		return true;
	}
	if (glob("/usr/lib/postgresql/*/bin/initdb", 0, NULL, &found) != 0)
		return false;
	snprintf(programs, sizeof programs, "%s", found.gl_pathv[found.gl_pathc - 1]);
	globfree(&found);
	*strrchr(programs, '/') = '\0';
	return true;
}

/* PostgreSQL refuses to be root. */
static void become_ordinary(void)
{
	const struct passwd *nobody = getuid() == 0 ? getpwnam("nobody") : NULL;

	if (nobody && (setgroups(0, NULL) || setgid(nobody->pw_gid) || setuid(nobody->pw_uid)))
		_exit(127);
	/* after the change of user, which would take it back */
	prctl(PR_SET_PDEATHSIG, SIGQUIT);
}

static pid_t start(const char *program, char *const *argv)
{
	char path[600];
	pid_t pid = fork();

	if (pid)
		return pid;
	become_ordinary();
	snprintf(path, sizeof path, "%s/%s", programs, program);
	if (!freopen("/dev/null", "w", stdout) || !freopen("log", "a", stderr))
		_exit(127);
	execv(path, argv);
	_exit(127);
}

static bool write_hba(void)
{
	char path[128];
	snprintf(path, sizeof path, "%s/data/pg_hba.conf", folder);
	FILE *out = fopen(path, "w");

	if (!out)
		return false;
	fputs("local all locked scram-sha-256\nlocal all shut reject\nlocal all all trust\n", out);
	return fclose(out) == 0;
}

static bool make_cluster(void)
{
	int status;
	pid_t pid = start("initdb", (char *[]){"initdb", "-D", "data", "-U", "postgres", "-E", "UTF8",
					       "--locale=C", "-A", "trust", "-N", NULL});

	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0 && write_hba();
}

static bool run_server(void)
{
	char dsn[160];

	server = start("postgres", (char *[]){"postgres", "-D", "data", "-k", folder,
		"-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=20", NULL});
	snprintf(dsn, sizeof dsn, "host=%s user=postgres", folder);
	for (int i = 0; i < 3000; i++) {
		if (PQping(dsn) == PQPING_OK)
			return true;
		if (waitpid(server, NULL, WNOHANG) == server)
			break;
		usleep(10000);
	}
	return false;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st, (void)kind, (void)ftw;
	return remove(path);
}

int server_start(void)
{
	if (!find_programs()) {
		puts("skipped: PostgreSQL is not installed (apt install postgresql)");
		return SKIPPED;
	}
	snprintf(folder, sizeof folder, "/tmp/test-postgres-XXXXXX");
	if (!mkdtemp(folder) || chmod(folder, 0777) || chdir(folder))
		return 1;
	if (make_cluster() && run_server())
		return 0;
	puts("skipped: PostgreSQL does not start here; its log:");
	if (system("cat log") != 0)
		puts("there is none");
	server_stop();
	return SKIPPED;
}

static void end_server(void)
{
	if (server > 0) {
		kill(server, SIGINT);
		waitpid(server, NULL, 0);
	}
	server = -1;
}

void server_stop(void)
{
	end_server();
	if (chdir("/") == 0)
		nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void server_restart(void)
{
	end_server();
	assert_true(run_server());
}

/* ------------------------------------------------------------------ the host */

static int __attribute__((format(printf, 3, 4)))
host_fail(struct ferry_error *err, enum ferry_code code, const char *fmt, ...)
{
	va_list ap;

	memset(err, 0, sizeof *err);
	err->code = code;
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof err->msg, fmt, ap);
	va_end(ap);
	return -1;
}

static void __attribute__((format(printf, 3, 4)))
host_log(const struct ferry_host *host, enum ferry_level level, const char *fmt, ...)
{
	struct fixture *f = host->ctx;
	va_list ap;

	(void)level;
	va_start(ap, fmt);
	vsnprintf(f->log, sizeof f->log, fmt, ap);
	va_end(ap);
}

static bool host_cancelled(const struct ferry_host *host)
{
	struct fixture *f = host->ctx;

	return f->cancel_after >= 0 && f->cancel_after-- <= 0;
}

static int64_t host_now(const struct ferry_host *host)
{
	(void)host;
	return NOW;
}

static void connect_to(struct fixture *f)
{
	f->conn = PQconnectdb(f->dsn);
	if (PQstatus(f->conn) != CONNECTION_OK)
		fail_msg("%s", PQerrorMessage(f->conn));
}

int fixture_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	snprintf(f->dsn, sizeof f->dsn, "host=%s user=postgres dbname=postgres options='-csearch_path=test'",
		 folder);
	f->cancel_after = -1;
	f->host = (struct ferry_host){
		.abi = FERRY_ABI(struct ferry_host),
		.ctx = f,
		.fail = host_fail,
		.log = host_log,
		.cancelled = host_cancelled,
		.now = host_now,
	};
	connect_to(f);
	fixture_sql(f, "SET client_min_messages = error; DROP SCHEMA IF EXISTS test CASCADE; CREATE SCHEMA test");
	*state = f;
	return 0;
}

int fixture_teardown(void **state)
{
	struct fixture *f = *state;

	PQfinish(f->conn);
	free(f);
	return 0;
}

static PGresult *query(struct fixture *f, const char *sql)
{
	PGresult *res = PQexec(f->conn, sql);

	if (PQstatus(f->conn) == CONNECTION_BAD) {
		/* the server was started again */
		PQclear(res);
		PQfinish(f->conn);
		connect_to(f);
		res = PQexec(f->conn, sql);
	}
	if (PQresultStatus(res) != PGRES_COMMAND_OK && PQresultStatus(res) != PGRES_TUPLES_OK)
		fail_msg("%.300s: %s", sql, PQerrorMessage(f->conn));
	return res;
}

void fixture_sql(struct fixture *f, const char *sql)
{
	PQclear(query(f, sql));
}

const char *fixture_dump(struct fixture *f, const char *sql)
{
	static char out[16384];
	size_t n = 0;
	PGresult *res = query(f, sql);

	out[0] = '\0';
	for (int row = 0; row < PQntuples(res); row++) {
		for (int i = 0; i < PQnfields(res); i++)
			n += (size_t)snprintf(out + n, sizeof out - n, "%s%s", i ? "|" : "",
					      PQgetisnull(res, row, i) ? "NULL" : PQgetvalue(res, row, i));
		n += (size_t)snprintf(out + n, sizeof out - n, "\n");
	}
	PQclear(res);
	return out;
}

/* ------------------------------------------------------------------ handles */

static struct ferry_value text_value(const char *s)
{
	return (struct ferry_value){.s = s, .len = (uint32_t)strlen(s), .type = FERRY_TEXT};
}

void *fixture_open(struct fixture *f, struct ferry_open *open, const char *const *settings)
{
	static struct ferry_setting list[16];
	void *handle = NULL;
	size_t n = 0;

	for (size_t i = 0; settings[i]; i += 2) {
		bool number = settings[i + 1][0] && !settings[i + 1][strspn(settings[i + 1], "0123456789")];
		list[n].name = settings[i];
		if (strcmp(settings[i + 1], "true") == 0)
			list[n++].value = (struct ferry_value)BOOLEAN(1);
		else if (number)
			list[n++].value = (struct ferry_value)INT(strtoll(settings[i + 1], NULL, 10));
		else
			list[n++].value = text_value(settings[i + 1]);
	}
	list[n++] = (struct ferry_setting){"dsn", text_value(f->dsn)};
	open->host = &f->host;
	open->connection = "data";
	open->settings = list;
	open->n_settings = n;
	memset(&f->err, 0, sizeof f->err);
	if (ferry_connector.open(open, &handle, &f->err))
		return NULL;
	return handle;
}

void *fixture_source(struct fixture *f, const char *sql)
{
	struct ferry_open open = {.role = FERRY_SOURCE};
	void *h = fixture_open(f, &open, (const char *const[]){"query", sql, NULL});

	if (!h)
		fail_msg("open: %s", f->err.msg);
	return h;
}

static const char *const names[] = {"id", "name", "amount"};
static const struct ferry_field *const no_field_table[FIELDS];
const char *const key_id[] = {"id", NULL};
const struct ferry_layout layout = {FIELDS, names, no_field_table};
struct ferry_outcome outcomes[OUTCOMES];

void *open_mode(struct fixture *f, enum ferry_mode mode, const char *const *keys,
		const char *const *settings)
{
	struct ferry_open open = {
		.role = FERRY_DESTINATION, .layout = &layout, .mode = mode, .keys = keys,
	};
	void *h = fixture_open(f, &open, settings);

	if (!h)
		fail_msg("open: %s", f->err.msg);
	return h;
}

void *open_people(struct fixture *f)
{
	void *h = open_mode(f, FERRY_MODE_MIRROR, key_id,
			    (const char *const[]){"table", "people", NULL});

	assert_success(f, ferry_connector.validate_setup(h, &f->err));
	return h;
}

int apply(struct fixture *f, void *h, enum ferry_decision decision, const struct ferry_value *rows,
	  size_t n)
{
	static struct ferry_action actions[OUTCOMES];

	for (size_t i = 0; i < n; i++)
		actions[i] = (struct ferry_action){
			.decision = decision, .key = "k", .key_len = 1, .dest_id = "",
			.fields = rows + i * FIELDS,
		};
	memset(outcomes, 0, sizeof outcomes);
	return ferry_connector.apply(h, actions, n, outcomes, &f->err);
}

int apply_id(struct fixture *f, void *h, enum ferry_decision decision, const char *dest_id,
	     const struct ferry_value *fields, const struct ferry_value *before)
{
	struct ferry_action action = {
		.decision = decision, .key = "k", .key_len = 1, .dest_id = dest_id,
		.fields = fields, .before = before,
	};

	memset(outcomes, 0, sizeof outcomes);
	return ferry_connector.apply(h, &action, 1, outcomes, &f->err);
}
