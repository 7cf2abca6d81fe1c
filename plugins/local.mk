# SPDX-License-Identifier: Apache-2.0
# What all connectors have in common. Each family has its own folder and fragment.
PLUGIN_CFLAGS = $(AM_CFLAGS) -fvisibility=hidden
PLUGIN_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared -export-symbols-regex '^ferry_connector$$'

# Connectors that are built but not installed.
noinst_connectors = plugins/skeleton/skeleton.la

# libtool leaves each connector in a .libs folder of its own. One folder of links to them lets
# everything run from the build tree, with --plugins plugins/all. Files and folders a whole group
# may write would be refused by the loader.
all-local: plugin-folder
plugin-folder: $(plugin_LTLIBRARIES) $(noinst_connectors)
	@$(MKDIR_P) plugins/all && chmod go-w plugins/all
	@for la in $(plugin_LTLIBRARIES) $(noinst_connectors); do \
		name=`basename $$la .la`; libs=`dirname $$la`/.libs; \
		chmod go-w $$libs $$libs/$$name.so && \
		$(LN_S) -f ../../$$libs/$$name.so plugins/all/$$name.so || exit 1; \
	done
	@for so in plugins/all/*.so; do test -e $$so || rm -f $$so; done
clean-local: clean-plugin-folder
clean-plugin-folder:
	rm -rf plugins/all
.PHONY: plugin-folder clean-plugin-folder

# A connector is loaded by its .so; libtool's .la beside it would only be in the way.
install-data-hook:
	for la in $(plugin_LTLIBRARIES); do rm -f $(DESTDIR)$(plugindir)/`basename $$la`; done
uninstall-hook:
	for la in $(plugin_LTLIBRARIES); do rm -f $(DESTDIR)$(plugindir)/`basename $$la .la`.so; done
