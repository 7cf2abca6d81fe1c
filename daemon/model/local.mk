# SPDX-License-Identifier: Apache-2.0
# Floor 2: what things are. No I/O.
noinst_LTLIBRARIES += daemon/libmodel.la
daemon_libmodel_la_SOURCES = \
	daemon/model/cron.c daemon/model/cron.h \
	daemon/model/decision.c daemon/model/decision.h \
	daemon/model/health.c daemon/model/health.h \
	daemon/model/rollup.c daemon/model/rollup.h \
	daemon/model/trends.c daemon/model/trends.h \
	daemon/model/mail.c \
	daemon/model/message.c daemon/model/message.h daemon/model/message_text.c \
	daemon/model/notify.c daemon/model/notify.h \
	daemon/model/run.c daemon/model/run.h \
	daemon/model/sync.c daemon/model/sync.h \
	daemon/model/value.c daemon/model/value.h \
	daemon/model/record.c
daemon_libmodel_la_LIBADD = daemon/libwire.la
