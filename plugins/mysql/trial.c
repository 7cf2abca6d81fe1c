/* SPDX-License-Identifier: Apache-2.0 */
/* trial.c - does a connection work, whatever is to be read or written through it? */
#include "mysql/private.h"

#include <stdlib.h>

static const struct patience some = {5000, 0};

/* One value of a query; the caller frees the result. */
static MYSQL_RES *ask(struct server *s, const char *sql, const char **value, struct ferry_error *err)
{
	MYSQL_RES *res = server_query(s, sql, &some);
	MYSQL_ROW row = res ? mysql_fetch_row(res) : NULL;

	if (!row || !row[0]) {
		server_fail(s, FERRY_E_PROTOCOL, "cannot look at the server", err);
		mysql_free_result(res);
		return NULL;
	}
	*value = row[0];
	return res;
}

static int connect_and_tell(struct server *s, struct ferry_trial *trial, struct ferry_error *err)
{
	trial->step(trial, "address");
	if (server_connect(s, err)) {
		/* who says no has answered */
		if (err->code == FERRY_E_AUTH || err->code == FERRY_E_FORBIDDEN || err->code == FERRY_E_CONFIG)
			trial->step(trial, "credentials");
		else if (err->code == FERRY_E_UNSUPPORTED)
			trial->step(trial, "version");
		return -1;
	}
	const char *cipher = mysql_get_ssl_cipher(s->conn);
	trial->found(trial, "%s, %s%s", mysql_get_host_info(s->conn), cipher ? "TLS with " : "without TLS",
		     cipher ? cipher : "");
	if (!cipher && s->address && s->tls == TLS_PREFERRED)
		trial->warn(trial, "what is sent can be read on the way: the server offers no TLS");
	else if (cipher && s->tls != TLS_VERIFY)
		trial->warn(trial, "the server's certificate is not checked: give 'tls: {ca: ...}'");
	return 0;
}

static int tell_user(struct server *s, struct ferry_trial *trial, struct ferry_error *err)
{
	const char *value;

	trial->step(trial, "credentials");
	MYSQL_RES *res = ask(s, "SELECT CURRENT_USER()", &value, err);
	if (!res)
		return -1;
	trial->found(trial, "%s, database %s", value, s->database);
	mysql_free_result(res);
	return 0;
}

static int tell_version(struct server *s, struct ferry_trial *trial, struct ferry_error *err)
{
	const char *value;

	trial->step(trial, "version");
	MYSQL_RES *res = ask(s, "SELECT CONCAT(@@version, ', ', @@version_comment)", &value, err);
	if (!res)
		return -1;
	trial->found(trial, "%s %s", s->maria ? "MariaDB" : "MySQL", value);
	mysql_free_result(res);
	if (!s->flushes)
		trial->warn(trial, "innodb_flush_log_at_trx_commit is not 1: rows that were acknowledged can be "
			    "lost when the machine fails");
	return 0;
}

static int tell_rights(struct server *s, struct ferry_trial *trial, struct ferry_error *err)
{
	const char *value;

	trial->step(trial, "permissions");
	MYSQL_RES *res = ask(s, "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()",
			     &value, err);
	if (!res)
		return -1;
	long tables = strtol(value, NULL, 10);
	mysql_free_result(res);
	trial->found(trial, "%ld tables and views can be seen", tables);
	if (!tables)
		trial->warn(trial, "the database is empty, or the user may see nothing of it");
	return 0;
}

int server_test(const struct ferry_open *open, struct ferry_trial *trial, struct ferry_error *err)
{
	struct server s;
	int status = server_init(&s, open, err);

	if (!status)
		status = connect_and_tell(&s, trial, err) || tell_user(&s, trial, err) ||
			 tell_version(&s, trial, err) || tell_rights(&s, trial, err) ? -1 : 0;
	server_release(&s);
	return status;
}
