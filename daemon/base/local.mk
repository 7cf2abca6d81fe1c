# SPDX-License-Identifier: Apache-2.0
# Floor 0: errors, memory, buffers, time, the program's log.
noinst_LTLIBRARIES += daemon/libbase.la
daemon_libbase_la_SOURCES = \
	daemon/base/address.c daemon/base/address.h \
	daemon/base/arena.c daemon/base/arena.h \
	daemon/base/buf.c daemon/base/buf.h \
	daemon/base/clock.c daemon/base/clock.h \
	daemon/base/error.c daemon/base/error.h \
	daemon/base/log.c daemon/base/log.h \
	daemon/base/quota.c daemon/base/quota.h \
	daemon/base/zone.c daemon/base/zone.h
