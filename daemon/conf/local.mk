# SPDX-License-Identifier: Apache-2.0
# Floor 3: from YAML to definitions.
noinst_LTLIBRARIES += daemon/libconf.la
daemon_libconf_la_SOURCES = daemon/conf/conf.h
daemon_libconf_la_LIBADD = daemon/libmodel.la daemon/libwire-yaml.la
