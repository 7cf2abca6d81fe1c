# SPDX-License-Identifier: Apache-2.0
# Floor 3: from YAML to definitions.
noinst_LTLIBRARIES += daemon/libconf.la
daemon_libconf_la_SOURCES = \
	daemon/conf/changes.c daemon/conf/changes.h \
	daemon/conf/checks.c daemon/conf/checks.h \
	daemon/conf/conf.h \
	daemon/conf/files.c \
	daemon/conf/keyword.c daemon/conf/keyword.h \
	daemon/conf/listen.c \
	daemon/conf/load.c \
	daemon/conf/mistakes.c \
	daemon/conf/nearest.c \
	daemon/conf/notifications.c \
	daemon/conf/retention.c \
	daemon/conf/redact.c daemon/conf/redact.h \
	daemon/conf/scalar.c \
	daemon/conf/schedule.c \
	daemon/conf/schema.c daemon/conf/schema.h \
	daemon/conf/secret.c daemon/conf/secret.h \
	daemon/conf/tables.c daemon/conf/tables.h daemon/conf/tables-daemon.c \
	daemon/conf/text.c \
	daemon/conf/units.c
daemon_libconf_la_LIBADD = daemon/libmodel.la daemon/libwire-yaml.la
