# SPDX-License-Identifier: Apache-2.0
# Examples go beside the documentation, never into the configuration folder: that is the operator's.
examplesdir = $(docdir)/examples
dist_examples_DATA = conf/ferry.yaml
exampleconnectionsdir = $(examplesdir)/connections.d
dist_exampleconnections_DATA = \
	conf/examples/connections.d/crm.yaml \
	conf/examples/connections.d/lago.yaml \
	conf/examples/connections.d/local.yaml \
	conf/examples/connections.d/steve.yaml
examplesyncsdir = $(examplesdir)/syncs.d
dist_examplesyncs_DATA = \
	conf/examples/syncs.d/charging.yaml \
	conf/examples/syncs.d/crm-contacts.yaml \
	conf/examples/syncs.d/customers.yaml \
	conf/examples/syncs.d/lago-customers.yaml \
	conf/examples/syncs.d/shop-customers.yaml

# The EV-charging preset, as it stands here.
ev = conf/presets/ev-charging
evdir = $(examplesdir)/presets/ev-charging
evconnectionsdir = $(evdir)/connections.d
evsyncsdir = $(evdir)/syncs.d
evsqlitedir = $(evdir)/sqlite
evpostgresqldir = $(evdir)/postgresql
evstevedir = $(evdir)/steve-database
dist_ev_DATA = $(ev)/README.md
dist_evconnections_DATA = $(ev)/connections.d/ev-charging.yaml
dist_evsyncs_DATA = $(ev)/syncs.d/ev-charging.yaml
dist_evsqlite_DATA = $(ev)/sqlite/local.yaml $(ev)/sqlite/schema.sql
dist_evpostgresql_DATA = $(ev)/postgresql/local.yaml $(ev)/postgresql/schema.sql
dist_evsteve_DATA = $(ev)/steve-database/connections.yaml $(ev)/steve-database/from-3.13.yaml \
	$(ev)/steve-database/up-to-3.12.yaml

# The configuration's JSON Schema, for editors; printed by ferryd itself. When it is built for another
# machine, name one that runs here: make FERRYD=/usr/sbin/ferryd
FERRYD = daemon/ferryd$(EXEEXT)
schemadir = $(datadir)/ferry/schema
nodist_schema_DATA = conf/schema/ferry.json conf/schema/connections.json conf/schema/syncs.json
CLEANFILES += $(nodist_schema_DATA)
conf/schema/ferry.json conf/schema/connections.json conf/schema/syncs.json: $(FERRYD)
	$(AM_V_GEN)$(MKDIR_P) conf/schema && $(FERRYD) --schema $(@F:.json=) >$@.tmp && mv $@.tmp $@
