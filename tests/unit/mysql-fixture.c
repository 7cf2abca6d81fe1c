/* SPDX-License-Identifier: Apache-2.0 */
/* mysql-fixture.c - a server and a host for the tests of the mysql connector. */
#include "mysql-fixture.h"

#include <ftw.h>
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

#include "base/clock.h"

enum { SKIPPED = 77 };

static char folder[64], path[96];
static pid_t server = -1;

const char *server_socket(void)
{
	return path;
}

/* ------------------------------------------------------------------ the server */

/* MariaDB refuses to be root. */
static void become_ordinary(void)
{
	const struct passwd *nobody = getuid() == 0 ? getpwnam("nobody") : NULL;

	if (nobody && (setgroups(0, NULL) || setgid(nobody->pw_gid) || setuid(nobody->pw_uid)))
		_exit(127);
	/* after the change of user, which would take it back */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static pid_t start(char *const *argv)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	/* where it would remove the temporary files of other servers when it begins */
	setenv("TMPDIR", folder, 1);
	become_ordinary();
	if (!freopen("log", "a", stdout) || !freopen("log", "a", stderr))
		_exit(127);
	execvp(argv[0], argv);
	_exit(127);
}

static bool make_files(void)
{
	char data[96];
	int status;

	snprintf(data, sizeof data, "--datadir=%s/data", folder);
	pid_t pid = start((char *[]){"mariadb-install-db", "--no-defaults",
		"--auth-root-authentication-method=normal", "--skip-test-db", data, NULL});
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static bool answers(void)
{
	MYSQL *conn = mysql_init(NULL);
	bool yes = mysql_real_connect(conn, NULL, "root", NULL, NULL, 0, path, 0);

	mysql_close(conn);
	return yes;
}

static bool run_server(void)
{
	char data[96], address[112], pid_file[112];

	snprintf(data, sizeof data, "--datadir=%s/data", folder);
	snprintf(address, sizeof address, "--socket=%s", path);
	snprintf(pid_file, sizeof pid_file, "--pid-file=%s/pid", folder);
	server = start((char *[]){"mariadbd", "--no-defaults", data, address, pid_file, "--skip-networking",
		"--skip-name-resolve", "--innodb-flush-log-at-trx-commit=1", "--sync-binlog=0",
		"--innodb-buffer-pool-size=64M", "--max-allowed-packet=32M", "--log-warnings=0",
		"--innodb-flush-method=nosync", NULL});
	for (int i = 0; i < 3000; i++) {
		if (answers())
			return true;
		if (waitpid(server, NULL, WNOHANG) == server)
			break;
		usleep(10000);
	}
	return false;
}

static int remove_one(const char *name, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st, (void)kind, (void)ftw;
	return remove(name);
}

int server_start(void)
{
	if (system("command -v mariadbd >/dev/null && command -v mariadb-install-db >/dev/null") != 0) {
		puts("skipped: MariaDB is not installed (apt install mariadb-server)");
		return SKIPPED;
	}
	snprintf(folder, sizeof folder, "/tmp/test-mysql-XXXXXX");
	if (!mkdtemp(folder) || chmod(folder, 0777) || chdir(folder))
		return 1;
	snprintf(path, sizeof path, "%s/socket", folder);
	if (make_files() && run_server())
		return 0;
	puts("skipped: MariaDB does not start here; its log:");
	if (system("tail -n 30 log") != 0)
		puts("there is none");
	server_stop();
	return SKIPPED;
}

static void end_server(void)
{
	if (server > 0) {
		kill(server, SIGTERM);
		waitpid(server, NULL, 0);
	}
	server = -1;
}

void server_stop(void)
{
	if (server > 0)
		kill(server, SIGKILL);
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

/* ------------------------------------------------------------------ a look at the server */

MYSQL *fixture_connect(void)
{
	MYSQL *conn = mysql_init(NULL);

	mysql_optionsv(conn, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	if (!mysql_real_connect(conn, NULL, "root", NULL, NULL, 0, path, CLIENT_MULTI_STATEMENTS))
		fail_msg("%s", mysql_error(conn));
	return conn;
}

static MYSQL_RES *query(struct fixture *f, const char *sql)
{
	MYSQL_RES *res = NULL;
	int status = mysql_query(f->conn, sql);

	if (status && mysql_errno(f->conn) == 2006) {
		/* the server was started again */
		mysql_close(f->conn);
		f->conn = fixture_connect();
		mysql_select_db(f->conn, "test");
		status = mysql_query(f->conn, sql);
	}
	do {
		if (status > 0)
			fail_msg("%.300s: %s", sql, mysql_error(f->conn));
		mysql_free_result(res);
		res = mysql_store_result(f->conn);
	} while ((status = mysql_next_result(f->conn)) >= 0);
	return res;
}

void fixture_sql(struct fixture *f, const char *sql)
{
	mysql_free_result(query(f, sql));
}

const char *fixture_dump(struct fixture *f, const char *sql)
{
	static char out[16384];
	size_t n = 0;
	MYSQL_RES *res = query(f, sql);
	MYSQL_ROW row;

	out[0] = '\0';
	while (res && (row = mysql_fetch_row(res))) {
		for (unsigned i = 0; i < mysql_num_fields(res); i++)
			n += (size_t)snprintf(out + n, sizeof out - n, "%s%s", i ? "|" : "", row[i] ? row[i] : "NULL");
		n += (size_t)snprintf(out + n, sizeof out - n, "\n");
	}
	mysql_free_result(res);
	return out;
}

void fixture_kill_others(struct fixture *f)
{
	char ids[4096], *rest;

	snprintf(ids, sizeof ids, "%s", fixture_dump(f, "SELECT id FROM information_schema.PROCESSLIST"
						      " WHERE id <> CONNECTION_ID() AND command <> 'Daemon'"));
	for (char *id = strtok_r(ids, "\n", &rest); id; id = strtok_r(NULL, "\n", &rest)) {
		char sql[64];
		snprintf(sql, sizeof sql, "KILL %s", id);
		mysql_query(f->conn, sql);
	}
}

int fixture_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	f->cancel_after = -1;
	f->user = "root";
	f->database = "test";
	f->host = (struct ferry_host){
		.abi = FERRY_ABI(struct ferry_host),
		.ctx = f,
		.fail = host_fail,
		.log = host_log,
		.cancelled = host_cancelled,
		.now = host_now,
		.format_time = clock_format,
		.parse_time = clock_parse,
	};
	f->conn = fixture_connect();
	fixture_sql(f, "DROP DATABASE IF EXISTS test; CREATE DATABASE test CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;"
		    " USE test; SET SESSION time_zone = '+00:00'");
	*state = f;
	return 0;
}

int fixture_teardown(void **state)
{
	struct fixture *f = *state;

	mysql_close(f->conn);
	free(f);
	return 0;
}

/* ------------------------------------------------------------------ handles */

static struct ferry_value text_value(const char *s)
{
	return (struct ferry_value){.s = s, .len = (uint32_t)strlen(s), .type = FERRY_TEXT};
}

void *fixture_open(struct fixture *f, struct ferry_open *open, const char *const *settings)
{
	static struct ferry_setting list[20];
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
	open->settings = list;
	bool elsewhere = ferry_setting(&(struct ferry_open){.settings = list, .n_settings = n}, "host");
	if (!elsewhere)
		list[n++] = (struct ferry_setting){"socket", text_value(path)};
	list[n++] = (struct ferry_setting){"user", text_value(f->user)};
	if (f->password)
		list[n++] = (struct ferry_setting){"password", text_value(f->password)};
	list[n++] = (struct ferry_setting){"database", text_value(f->database)};
	open->n_settings = n;
	open->host = &f->host;
	open->connection = "shop";
	open->common = f->common;
	memset(&f->err, 0, sizeof f->err);
	if (ferry_connector.open(open, &handle, &f->err) != 0)
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
