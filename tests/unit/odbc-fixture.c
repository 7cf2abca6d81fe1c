/* SPDX-License-Identifier: Apache-2.0 */
/* odbc-fixture.c - databases, a host and a sink for the tests of the odbc connector. */
#include "odbc-fixture.h"

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
#include <time.h>
#include <unistd.h>

enum { SKIPPED = 77 };

static const char *const base_names[] = {"PostgreSQL", "MariaDB", "SQLite"};
static const char *const driver_files[] = {"psqlodbcw.so", "libmaodbc.so", "libsqlite3odbc.so"};
static const char *const packages[] = {
	"postgresql odbc-postgresql", "mariadb-server odbc-mariadb", "libsqliteodbc",
};

static char folder[64], programs[256];
static char drivers[BASES][256];
static pid_t servers[BASES] = {-1, -1, -1};
static enum base current;

const char *servers_folder(void)
{
	return folder;
}

/* ------------------------------------------------------------------ the servers */

static bool find_one(const char *pattern, char *out, size_t size)
{
	glob_t found;

	if (glob(pattern, 0, NULL, &found) != 0)
		return false;
	snprintf(out, size, "%s", found.gl_pathv[found.gl_pathc - 1]);
	globfree(&found);
	return true;
}

static bool find_driver(enum base base)
{
	char pattern[256];

	snprintf(pattern, sizeof pattern, "/usr/lib/*/odbc/%s", driver_files[base]);
	return find_one(pattern, drivers[base], sizeof drivers[base]);
}

/* PostgreSQL refuses to be root, and MariaDB had better not be. */
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

static bool run_to_end(char *const *argv)
{
	int status;
	pid_t pid = start(argv);

	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static bool make_postgres(void)
{
	char initdb[300], path[128];

	if (!find_one("/usr/lib/postgresql/*/bin/initdb", initdb, sizeof initdb))
		return false;
	snprintf(programs, sizeof programs, "%.*s", (int)(strrchr(initdb, '/') - initdb), initdb);
	if (!run_to_end((char *[]){initdb, "-D", "pg", "-U", "postgres", "-E", "UTF8", "--locale=C", "-A", "trust",
				   "-N", NULL}))
		return false;
	snprintf(path, sizeof path, "%s/pg/pg_hba.conf", folder);
	FILE *out = fopen(path, "w");
	if (!out)
		return false;
	fputs("local all locked scram-sha-256\nlocal all all trust\n", out);
	return fclose(out) == 0;
}

static bool make_mariadb(void)
{
	char data[100];

	snprintf(data, sizeof data, "--datadir=%s/my", folder);
	return run_to_end((char *[]){"mariadb-install-db", "--no-defaults", "--auth-root-authentication-method=normal",
				     "--skip-test-db", data, NULL});
}

static void start_server(enum base base)
{
	char postgres[300], data[100], socket[100];

	snprintf(postgres, sizeof postgres, "%s/postgres", programs);
	snprintf(data, sizeof data, "--datadir=%s/my", folder);
	snprintf(socket, sizeof socket, "--socket=%s/my.sock", folder);
	if (base == POSTGRES)
		servers[base] = start((char *[]){postgres, "-D", "pg", "-k", folder, "-c", "listen_addresses=",
			"-c", "fsync=off", "-c", "max_connections=20", NULL});
	else if (base == MARIADB)
		servers[base] = start((char *[]){"mariadbd", "--no-defaults", data, socket, "--skip-networking",
			"--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=16M", NULL});
}

static void connection_text(enum base base, char *out, size_t size)
{
	const char *rest[] = {
		";Port=5432;Database=postgres;UID=postgres", "/my.sock;UID=root;CHARSET=utf8mb4", "/test.db",
	};
	const char *where[] = {"Servername", "SOCKET", "Database"};
	int n = snprintf(out, size, "Driver=%s;%s=%s%s", drivers[base], where[base], folder, rest[base]);

	if (n < 0 || (size_t)n >= size)
		abort();
}

static SQLRETURN connect_to(const char *text, SQLHENV *env, SQLHDBC *dbc)
{
	SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, env);
	SQLSetEnvAttr(*env, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)SQL_OV_ODBC3, 0);
	SQLAllocHandle(SQL_HANDLE_DBC, *env, dbc);
	return SQLDriverConnect(*dbc, NULL, (SQLCHAR *)(uintptr_t)text, SQL_NTS, NULL, 0, NULL, SQL_DRIVER_NOPROMPT);
}

static void leave(SQLHENV *env, SQLHDBC *dbc)
{
	SQLDisconnect(*dbc);
	SQLFreeHandle(SQL_HANDLE_DBC, *dbc);
	SQLFreeHandle(SQL_HANDLE_ENV, *env);
	*dbc = *env = NULL;
}

static bool wait_for(enum base base)
{
	char text[512];

	connection_text(base, text, sizeof text);
	for (int i = 0; i < 1000; i++) {
		SQLHENV env;
		SQLHDBC dbc;
		bool there = SQL_SUCCEEDED(connect_to(text, &env, &dbc));
		leave(&env, &dbc);
		if (there)
			return true;
		if (servers[base] > 0 && waitpid(servers[base], NULL, WNOHANG) == servers[base])
			break;
		usleep(20000);
	}
	return false;
}

static bool start_base(enum base base)
{
	bool made = find_driver(base) &&
		    (base == SQLITE || (base == POSTGRES ? make_postgres() : make_mariadb()));

	if (made && base != SQLITE)
		start_server(base);
	if (made && wait_for(base))
		return true;
	printf("skipped with %s: driver or server do not start (apt install %s)\n", base_names[base], packages[base]);
	return false;
}

static void end_server(enum base base)
{
	if (servers[base] > 0) {
		kill(servers[base], base == POSTGRES ? SIGINT : SIGTERM);
		waitpid(servers[base], NULL, 0);
	}
	servers[base] = -1;
}

void server_restart(enum base base)
{
	end_server(base);
	start_server(base);
	assert_true(wait_for(base));
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st, (void)kind, (void)ftw;
	return remove(path);
}

int run_everywhere(const char *name, const struct CMUnitTest *tests, size_t n)
{
	int failed = 0, ran = 0;
	const char *only = getenv("ODBC_BASE");

	snprintf(folder, sizeof folder, "/tmp/test-odbc-XXXXXX");
	if (!mkdtemp(folder) || chmod(folder, 0777) || chdir(folder))
		return 1;
	for (current = POSTGRES; current < BASES; current++) {
		if ((only && strcmp(only, base_names[current]) != 0) || !start_base(current))
			continue;
		char title[100];
		snprintf(title, sizeof title, "%s %s", name, base_names[current]);
		failed += _cmocka_run_group_tests(title, tests, n, NULL, NULL);
		ran++;
		end_server(current);
	}
	if (chdir("/") == 0)
		nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return ran ? failed : SKIPPED;
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

/* As much of the host's as these tests need. */
static bool host_parse_time(const char *s, size_t len, int64_t *ret_us)
{
	char text[64];
	struct tm tm = {0};
	double second = 0;
	int end = 0;

	if (len >= sizeof text)
		return false;
	memcpy(text, s, len);
	text[len] = '\0';
	int n = sscanf(text, "%4d-%2d-%2d%*[ T]%2d:%2d:%lf%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
		       &tm.tm_min, &second, &end);
	if ((n != 3 || len != 10) && (n != 6 || (text[end] && strcmp(text + end, "Z") != 0)))
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	*ret_us = (int64_t)timegm(&tm) * 1000000 + (int64_t)(second * 1000000 + 0.5);
	return true;
}

/* ------------------------------------------------------------------ the database */

const char *pick(const struct fixture *f, const char *postgres, const char *mariadb, const char *sqlite)
{
	return f->base == POSTGRES ? postgres : f->base == MARIADB ? mariadb : sqlite;
}

static void begin_anew(struct fixture *f)
{
	char path[100];

	if (f->base == SQLITE) {
		snprintf(path, sizeof path, "%s/test.db", folder);
		unlink(path);
	}
	if (!SQL_SUCCEEDED(connect_to(f->connection, &f->env, &f->dbc)))
		fail_msg("cannot connect: %s", f->connection);
	if (f->base == POSTGRES) {
		fixture_sql(f, "SET client_min_messages = error");
		fixture_sql(f, "DROP SCHEMA IF EXISTS public CASCADE");
		fixture_sql(f, "CREATE SCHEMA public");
	} else if (f->base == MARIADB) {
		fixture_sql(f, "CREATE OR REPLACE DATABASE test CHARSET utf8mb4 COLLATE utf8mb4_bin");
		fixture_sql(f, "USE test");
		size_t len = strlen(f->connection);
		snprintf(f->connection + len, sizeof f->connection - len, ";DATABASE=test");
	}
}

int fixture_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	f->base = current;
	f->cancel_after = -1;
	f->common = (struct ferry_common){.connect_timeout_ms = 5000, .timeout_ms = 10000};
	f->host = (struct ferry_host){
		.abi = FERRY_ABI(struct ferry_host),
		.ctx = f,
		.fail = host_fail,
		.log = host_log,
		.cancelled = host_cancelled,
		.now = host_now,
		.parse_time = host_parse_time,
	};
	connection_text(current, f->connection, sizeof f->connection);
	begin_anew(f);
	*state = f;
	return 0;
}

int fixture_teardown(void **state)
{
	struct fixture *f = *state;

	leave(&f->env, &f->dbc);
	free(f);
	return 0;
}

static SQLHSTMT query(struct fixture *f, const char *sql)
{
	SQLHSTMT stmt;
	SQLCHAR record[6], text[400] = "";
	SQLINTEGER native;
	SQLSMALLINT len;

	SQLAllocHandle(SQL_HANDLE_STMT, f->dbc, &stmt);
	SQLRETURN rc = SQLExecDirect(stmt, (SQLCHAR *)(uintptr_t)sql, SQL_NTS);
	if (!SQL_SUCCEEDED(rc) && rc != SQL_NO_DATA) {
		SQLGetDiagRec(SQL_HANDLE_STMT, stmt, 1, record, &native, text, sizeof text, &len);
		fail_msg("%.300s: %s", sql, text);
	}
	return stmt;
}

void fixture_sql(struct fixture *f, const char *sql)
{
	SQLFreeHandle(SQL_HANDLE_STMT, query(f, sql));
}

const char *fixture_dump(struct fixture *f, const char *sql)
{
	static char out[65536], cell[32768];
	size_t n = 0;
	SQLHSTMT stmt = query(f, sql);
	SQLSMALLINT columns = 0;

	out[0] = '\0';
	SQLNumResultCols(stmt, &columns);
	while (SQL_SUCCEEDED(SQLFetch(stmt))) {
		for (SQLSMALLINT i = 1; i <= columns; i++) {
			SQLLEN len = 0;
			cell[0] = '\0';
			SQLGetData(stmt, (SQLUSMALLINT)i, SQL_C_CHAR, cell, sizeof cell, &len);
			n += (size_t)snprintf(out + n, sizeof out - n, "%s%s", i > 1 ? "|" : "",
					      len == SQL_NULL_DATA ? "NULL" : cell);
		}
		n += (size_t)snprintf(out + n, sizeof out - n, "\n");
	}
	SQLFreeHandle(SQL_HANDLE_STMT, stmt);
	return out;
}

/* ------------------------------------------------------------------ handles */

static struct ferry_value text_value(const char *s)
{
	return (struct ferry_value){.s = s, .len = (uint32_t)strlen(s), .type = FERRY_TEXT};
}

/* What open is given must last until close. */
void *fixture_open(struct fixture *f, struct ferry_open *open, const char *const *settings)
{
	static struct ferry_setting lists[8][16];
	static struct ferry_open opens[8];
	static unsigned next;
	struct ferry_setting *list = lists[next % 8];
	struct ferry_open *kept = &opens[next++ % 8];
	bool connection = true;
	void *handle = NULL;
	size_t n = 0;

	for (size_t i = 0; settings[i]; i += 2) {
		bool number = settings[i + 1][0] && !settings[i + 1][strspn(settings[i + 1], "0123456789")];
		list[n].name = settings[i];
		connection = connection && strcmp(settings[i], "connection") != 0;
		if (strcmp(settings[i + 1], "true") == 0)
			list[n++].value = (struct ferry_value)BOOLEAN(1);
		else if (number)
			list[n++].value = (struct ferry_value)INT(strtoll(settings[i + 1], NULL, 10));
		else
			list[n++].value = text_value(settings[i + 1]);
	}
	if (connection)
		list[n++] = (struct ferry_setting){"connection", text_value(f->connection)};
	*kept = *open;
	kept->host = &f->host;
	kept->connection = "data";
	kept->settings = list;
	kept->n_settings = n;
	kept->common = f->common;
	memset(&f->err, 0, sizeof f->err);
	if (ferry_connector.open(kept, &handle, &f->err))
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

void make_people(struct fixture *f)
{
	fixture_sql(f, pick(f, "CREATE TABLE people (id bigint PRIMARY KEY, name text NOT NULL, amount numeric(10,2),"
			       " other text DEFAULT 'kept')",
			    "CREATE TABLE people (id bigint PRIMARY KEY, name varchar(200) NOT NULL, amount decimal(10,2),"
			       " other varchar(20) DEFAULT 'kept')",
			    "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL, amount TEXT,"
			       " other TEXT DEFAULT 'kept')"));
}

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
	void *h = open_mode(f, FERRY_MODE_MIRROR, key_id, (const char *const[]){"table", "people", NULL});

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

/* ------------------------------------------------------------------ the sink */

static int keep_columns(struct ferry_sink *base, const struct ferry_column *columns, size_t n, bool ordered,
			struct ferry_error *err)
{
	struct keeping *s = (struct keeping *)base;

	(void)err;
	s->columns = n;
	s->ordered = ordered;
	for (size_t i = 0; i < n && i < 32; i++)
		s->types[i] = columns[i].type;
	return 0;
}

static size_t show(const struct ferry_value *v, char *out, size_t size)
{
	static const char *const types[] = {"null", "bool", "int", "dec", "text", "bytes", "time", "json"};
	size_t n = (size_t)snprintf(out, size, "%s", types[v->type]);

	if (v->type == FERRY_NULL)
		return n;
	if (v->type == FERRY_BYTES) {
		n += (size_t)snprintf(out + n, size - n, " ");
		for (uint32_t i = 0; i < v->len && i < 40; i++)
			n += (size_t)snprintf(out + n, size - n, "%02x", (unsigned char)v->s[i]);
		return n;
	}
	if (v->type == FERRY_BOOL || v->type == FERRY_INT || v->type == FERRY_TIME)
		return n + (size_t)snprintf(out + n, size - n, " %lld", (long long)v->i);
	return n + (size_t)snprintf(out + n, size - n, " %.*s", v->len > 400 ? 400 : (int)v->len, v->s);
}

static int keep_rows(struct ferry_sink *base, const struct ferry_value *values, size_t n, struct ferry_error *err)
{
	struct keeping *s = (struct keeping *)base;
	size_t len = strlen(s->text);

	(void)err;
	if (!s->rows && s->at_first)
		s->at_first(s->f);
	s->rows += n;
	for (size_t i = 0; i < n * s->columns && len < sizeof s->text - 1000; i++) {
		len += show(&values[i], s->text + len, sizeof s->text - len);
		s->text[len++] = (i + 1) % s->columns ? '|' : '\n';
		s->text[len] = '\0';
	}
	return 0;
}

static void no_page(struct ferry_sink *s, const char *kind, size_t bytes)
{
	(void)s, (void)kind, (void)bytes;
}

struct keeping *keeping(struct fixture *f)
{
	static struct keeping s;

	s = (struct keeping){.base = {NULL, keep_columns, keep_rows, no_page, NULL}, .f = f};
	return &s;
}

static const char *read_with(struct fixture *f, const char *query, const struct ferry_extract *want)
{
	struct keeping *s = keeping(f);
	void *h = fixture_source(f, query);

	assert_success(f, ferry_connector.extract(h, want, &s->base, &f->err));
	ferry_connector.close(h);
	return s->text;
}

const char *read_all(struct fixture *f, const char *query)
{
	return read_with(f, query, &(struct ferry_extract){0});
}

const char *read_ordered(struct fixture *f, const char *query, const char *const *keys)
{
	return read_with(f, query, &(struct ferry_extract){.key_columns = keys, .want_order = true});
}
