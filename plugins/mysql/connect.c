/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connect.c - making a connection: its settings, TLS, the session's variables, and what server answers.
 */
#include "mysql/private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int server_no_memory(const struct server *s, struct ferry_error *err)
{
	return s->host->fail(err, FERRY_E_NOMEM, "%s: out of memory", s->name);
}

/* ------------------------------------------------------------------ settings */

/* The connection's `tls:` says what is checked; the setting `tls_mode` whether there is any. */
static enum tls tls_of(const struct ferry_open *open)
{
	static const char *const names[] = {"disabled", "preferred", "required", "verify"};
	const char *mode = ferry_setting_text(open, "tls_mode");

	for (size_t i = 0; mode && i < sizeof names / sizeof names[0]; i++)
		if (strcmp(mode, names[i]) == 0)
			return (enum tls)i;
	if (!open->common.tls_given)
		return TLS_PREFERRED;
	return open->common.tls_verify ? TLS_VERIFY : TLS_REQUIRED;
}

int server_init(struct server *s, const struct ferry_open *open, struct ferry_error *err)
{
	*s = (struct server){
		.host = open->host,
		.role = open->role,
		.name = open->connection,
		.address = ferry_setting_text(open, "host"),
		.socket = ferry_setting_text(open, "socket"),
		.user = ferry_setting_text(open, "user"),
		.password = ferry_setting_text(open, "password"),
		.database = ferry_setting_text(open, "database"),
		.port = (unsigned)ferry_setting_int(open, "port", 3306),
		.tls = tls_of(open),
		.ca = open->common.tls_ca,
		.cert = open->common.tls_cert,
		.key = open->common.tls_key,
		.connect_ms = open->common.connect_timeout_ms > 0 ? open->common.connect_timeout_ms : 10000,
		.timeout_ms = open->common.timeout_ms > 0 ? open->common.timeout_ms : 30000,
	};
	s->timeout_ms = ferry_setting_int(open, "statement_timeout", s->timeout_ms);
	if (!s->database || !*s->database)
		return s->host->fail(err, FERRY_E_CONFIG, "connection '%s' needs 'database'", s->name);
	if (s->socket && s->address)
		return s->host->fail(err, FERRY_E_CONFIG,
				     "connection '%s': give either 'host' or 'socket', not both", s->name);
	if (!s->address && !s->socket)
		s->address = "127.0.0.1";
	return 0;
}

void server_release(struct server *s)
{
	server_close(s);
}

/* ------------------------------------------------------------------ connecting */

static void set_tls(const struct server *s, MYSQL *conn)
{
	my_bool yes = 1, verify = s->tls == TLS_VERIFY;

	if (s->tls == TLS_DISABLED)
		return;
	mysql_optionsv(conn, MYSQL_OPT_SSL_ENFORCE, &yes);
	if (s->ca)
		mysql_optionsv(conn, MYSQL_OPT_SSL_CA, s->ca);
	if (s->cert)
		mysql_optionsv(conn, MYSQL_OPT_SSL_CERT, s->cert);
	if (s->key)
		mysql_optionsv(conn, MYSQL_OPT_SSL_KEY, s->key);
	mysql_optionsv(conn, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
}

void server_options(const struct server *s, MYSQL *conn)
{
	/* those that show the password as it is only where it is certain who reads it */
	const char *plugins = s->tls == TLS_VERIFY || s->socket ?
		"mysql_native_password,client_ed25519,caching_sha2_password,sha256_password,parsec,"
		"auth_gssapi_client,dialog,mysql_clear_password" :
		"mysql_native_password,client_ed25519,caching_sha2_password,sha256_password,parsec,"
		"auth_gssapi_client";
	/* 'localhost' would mean a socket */
	enum mysql_protocol_type protocol = s->socket ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP;
	unsigned no_files = 0;
	unsigned long packet = 1024UL * 1024 * 1024;

	mysql_optionsv(conn, MYSQL_OPT_PROTOCOL, &protocol);
	mysql_optionsv(conn, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	mysql_optionsv(conn, MYSQL_OPT_LOCAL_INFILE, &no_files);
	mysql_optionsv(conn, MYSQL_OPT_MAX_ALLOWED_PACKET, &packet);
	mysql_optionsv(conn, MARIADB_OPT_RESTRICTED_AUTH, plugins);
	mysql_optionsv(conn, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", "ferry");
	set_tls(s, conn);
}

static bool shake_hands(struct server *s, MYSQL *conn, struct watch *w)
{
	struct patience patience = {s->connect_ms, 0};
	unsigned long flags = CLIENT_FOUND_ROWS | (s->role == FERRY_SOURCE ? 0 : CLIENT_MULTI_STATEMENTS);
	MYSQL *done = NULL;
	int status;

	s->conn = conn;
	status = mysql_real_connect_start(&done, conn, s->address, s->user, s->password, s->database, s->port,
					  s->socket, flags);
	while (status)
		status = mysql_real_connect_cont(&done, conn, server_wait(s, w, &patience, status));
	return done;
}

static int fail_connect(struct server *s, const struct watch *w, struct ferry_error *err)
{
	char text[600];
	unsigned number = mysql_errno(s->conn);

	if (w->given_up && s->lost == LOST_CANCELLED)
		return s->host->fail(err, FERRY_E_CANCELLED, "cancelled");
	if (w->given_up)
		return s->host->fail(err, FERRY_E_CONNECT, "%s: no connection within %lld ms", s->name,
				     (long long)s->connect_ms);
	snprintf(text, sizeof text, "%s", mysql_error(s->conn));
	text_one_line(text);
	enum ferry_code code = fault_code(number, FERRY_E_CONNECT);
	if (code == FERRY_E_NETWORK)
		code = FERRY_E_CONNECT;		/* nothing was asked yet */
	return s->host->fail(err, code, "%s: %s [%u]", s->name, text, number);
}

static int check_tls(struct server *s, struct ferry_error *err)
{
	if (s->tls < TLS_REQUIRED || mysql_get_ssl_cipher(s->conn))
		return 0;
	return s->host->fail(err, FERRY_E_CONNECT, "%s: the server does not speak TLS, and it is required",
			     s->name);
}

/* ------------------------------------------------------------------ the session */

static void take_variable(struct server *s, const char *name, const char *value, char parts[3][64])
{
	static const char *const names[] = {"hostname", "port", "server_id"};

	for (size_t i = 0; i < 3; i++)
		if (strcmp(name, names[i]) == 0)
			snprintf(parts[i], 64, "%.63s", value);
	if (strcmp(name, "max_allowed_packet") == 0)
		s->max_packet = strtoul(value, NULL, 10);
	if (strcmp(name, "binlog_format") == 0)
		s->by_statement = strcmp(value, "STATEMENT") == 0;
	if (strcmp(name, "innodb_flush_log_at_trx_commit") == 0)
		s->flushes = strcmp(value, "1") == 0;
}

static int ask_server(struct server *s, const struct patience *patience, struct ferry_error *err)
{
	static const char sql[] =
		"SHOW VARIABLES WHERE Variable_name IN ('max_allowed_packet', 'hostname', 'port', 'server_id',"
		" 'binlog_format', 'innodb_flush_log_at_trx_commit')";
	char parts[3][64] = {"", "", ""};
	MYSQL_RES *res = server_query(s, sql, patience);
	MYSQL_ROW row;

	if (!res)
		return server_fail(s, FERRY_E_CONNECT, "cannot look at the server", err);
	s->max_packet = 1024 * 1024;
	s->by_statement = false;
	s->flushes = true;
	while ((row = mysql_fetch_row(res)))
		if (row[0] && row[1])
			take_variable(s, row[0], row[1], parts);
	mysql_free_result(res);
	snprintf(s->identity, sizeof s->identity, "%s:%s:%s", parts[0], parts[1], parts[2]);
	s->maria = mariadb_connection(s->conn);
	s->version = mysql_get_server_version(s->conn);
	return 0;
}

/*
 * Variables under which everybody reads and writes the same. A source keeps the server's own sql_mode,
 * which its query may be written for.
 */
static int set_session(struct server *s, const struct patience *patience, struct ferry_error *err)
{
	struct text sql = {0};

	text_addf(&sql, "SET SESSION time_zone = '+00:00', lc_messages = 'en_US', autocommit = 1,"
		  " net_write_timeout = 3600, net_read_timeout = 600, sql_select_limit = 18446744073709551615,"
		  " max_sort_length = 4096, ");
	if (s->maria)
		text_addf(&sql, "max_statement_time = %.3f, ",
			  s->role == FERRY_SOURCE ? 0.0 : (double)s->timeout_ms / 1000);
	else
		text_addf(&sql, "max_execution_time = 0, ");
	if (s->role == FERRY_SOURCE)
		text_addf(&sql, "sql_mode = REPLACE(@@sql_mode, 'PAD_CHAR_TO_FULL_LENGTH', '')");
	else
		text_addf(&sql, "innodb_lock_wait_timeout = %lld, foreign_key_checks = 1, unique_checks = 1,"
			  " sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,"
			  "ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO'",
			  (long long)(s->timeout_ms < 2000 ? 1 : s->timeout_ms / 1000));
	int status = sql.failed ? server_no_memory(s, err) :
		     server_exec(s, sql.s, patience, FERRY_E_CONNECT, "cannot set up the session", err);
	text_release(&sql);
	return status;
}

int server_check_version(const struct server *s, struct ferry_error *err)
{
	if (s->version >= (s->maria ? 100300u : 50700u))
		return 0;
	return s->host->fail(err, FERRY_E_UNSUPPORTED, "%s: the server is older than %s", s->name,
			     s->maria ? "MariaDB 10.3" : "MySQL 5.7");
}

int server_connect(struct server *s, struct ferry_error *err)
{
	struct patience patience = {s->connect_ms, 0};
	struct watch w = {0};

	if (s->conn)
		return 0;
	s->lost = LOST_NOT;
	s->cancelled = false;
	s->in_transaction = false;
	MYSQL *conn = mysql_init(NULL);
	if (!conn)
		return server_no_memory(s, err);
	mysql_optionsv(conn, MYSQL_OPT_NONBLOCK, 0);
	server_options(s, conn);
	if (!shake_hands(s, conn, &w)) {
		fail_connect(s, &w, err);
		server_close(s);
		return -1;
	}
	if (check_tls(s, err) || ask_server(s, &patience, err) || server_check_version(s, err) ||
	    set_session(s, &patience, err)) {
		server_close(s);
		return -1;
	}
	return 0;
}

void server_close(struct server *s)
{
	if (s->conn)
		mysql_close(s->conn);
	s->conn = NULL;
	s->in_transaction = false;
}
