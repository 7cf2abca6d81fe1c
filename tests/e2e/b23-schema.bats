#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The JSON Schema of the configuration, as an editor uses it: what is right is taken, a slip is marked,
# and what it takes the daemon takes too.
load lib

story_setup() {
	python3 -c 'import jsonschema, yaml' 2>/dev/null ||
		skip "python3-jsonschema or python3-yaml is missing: apt install python3-jsonschema python3-yaml"
	for kind in ferry connections syncs; do
		"$ferryd" --schema $kind >"$T/$kind.json"
	done
}

# valid KIND [FILE]: what is wrong with it, by the schema in $T
valid() {
	python3 - "$T/$1.json" "${2--}" 3>&- <<-'END'
		import json, sys, jsonschema, yaml

		class Loader(yaml.SafeLoader):
		    "as YAML 1.2: dates are texts, and so are on and off"
		Loader.yaml_implicit_resolvers = {
		    k: [(t, r) for t, r in v if not t.endswith((":timestamp", ":bool"))]
		    for k, v in yaml.SafeLoader.yaml_implicit_resolvers.items()}
		import re
		Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(true|false)$"), list("tf"))
		schema = json.load(open(sys.argv[1]))
		jsonschema.Draft202012Validator.check_schema(schema)
		document = yaml.load(open(sys.argv[2]), Loader)
		for e in jsonschema.Draft202012Validator(schema).iter_errors(document):
		    print(f"{e.json_path}: {e.message[:120]}")
	END
}

@test "every example and preset is right by its schema" {
	for file in "$src"/conf/ferry.yaml "$src"/conf/examples/*.d/*.yaml "$src"/conf/presets/*/*/*.yaml; do
		kind=ferry
		grep -q '^connections:' "$file" && kind=connections
		grep -q '^sync:' "$file" && kind=syncs
		is "" "$(valid $kind "$file")" "$file"
	done
}

@test "a slip is marked" {
	good='{sync: a, source: {connection: x}, destination: {connection: y}, key: id, map: {a: b}}'
	echo "$good" >"$T/good.yaml"
	is "" "$(valid syncs "$T/good.yaml")"
	while read -r wrong; do
		echo "$wrong" >"$T/wrong.yaml"
		[ -n "$(valid syncs "$T/wrong.yaml")" ] || { echo "is taken for right: $wrong"; return 1; }
	done <<-END
		{sync: a}
		${good%?}, more: x}
		${good%?}, mode: upsart}
		${good%?}, shedule: {every: 1h}}
		${good%?}, schedule: {every: 15 minutes}}
		${good%?}, schedule: {every: 1h, cron: "* * * * *"}}
		${good%?}, schedule: never}
		${good%?}, guards: {max_deletes: many}}
		${good%?}, match: [{tier: weak, on: id}]}
		${good%?}, lookups: {t: {connection: x, segment: y, key: id}}}
		${good%?}, segments: [{name: b}]}
		${good%?}, memory_limit: 64MB}
		${good%?}, skip: [{when: a, reason: lower_case}]}
		{sync: A b, source: {connection: x}, destination: {connection: y}, key: id, map: {a: b}}
		{sync: a, source: {connection: x}, destination: {connection: y}, key: id, map: {}}
		{sync: a, segments: []}
	END
	echo '{max_concurrent_runs: 65}' >"$T/wrong.yaml"
	is '$.max_concurrent_runs: 65 is greater than the maximum of 64' "$(valid ferry "$T/wrong.yaml")"
	echo '{connections: {a: {url: x}}}' >"$T/wrong.yaml"
	has "'family' is a required property" "$(valid connections "$T/wrong.yaml")"
}

@test "what the schema takes the daemon takes: each keyword with its default or a value in its range" {
	python3 - "$T" 3>&- <<-'END'
		import json, sys, itertools

		folder = sys.argv[1]
		schema = json.load(open(f"{folder}/syncs.json"))

		def value(s):
		    if "default" in s: return s["default"]
		    if "enum" in s: return s["enum"][0]
		    if "anyOf" in s: return value(s["anyOf"][0])
		    kind = s.get("type")
		    if kind == "boolean": return True
		    if kind in ("integer", "number"): return s.get("minimum", 1)
		    return None
		base = {"source": {"connection": "crm", "table": "people"}, "destination": {"connection": "copy", "table": "contacts"},
		        "key": "id", "map": {"id": "id", "name": "name"}}
		n = 0
		def write(more):
		    global n
		    n += 1
		    json.dump({"sync": f"s{n}", **base, **more}, open(f"{folder}/etc/syncs.d/s{n}.yaml", "w"))
		for name, s in schema["properties"].items():
		    v = value(s)
		    if v is not None and name not in base and name not in ("sync", "segments", "verify"):
		        write({name: v})
		    for inner, t in s.get("properties", {}).items():
		        w = value(t)
		        if w is not None and name in ("policy", "guards", "retry"):
		            write({name: {inner: w}})
		assert n > 15, n
	END
	connection crm sqlite "path: $T/crm.db"
	connection copy sqlite "path: $T/copy.db"
	for file in "$T"/etc/syncs.d/*.yaml; do
		is "" "$(valid syncs "$file")" "$(cat "$file")"
	done
	run -0 check
	has "configuration is good"
}

@test "ferryctl schema: with a daemon its connectors' settings are known" {
	connection crm sqlite "path: $T/crm.db"
	run -0 ctl schema connections
	is "$(jq -c . "$T/connections.json")" "$(jq -c . <<<"$output")"
	start_ferryd
	ctl schema connections >"$T/connections.json"
	echo '{connections: {a: {family: sqlite, path: x.db}}}' >"$T/right.yaml"
	is "" "$(valid connections "$T/right.yaml")"
	echo '{connections: {a: {family: sqlite, pth: x.db}}}' >"$T/wrong.yaml"
	has "pth" "$(valid connections "$T/wrong.yaml")"
	echo '{connections: {a: {family: homemade, pth: x.db}}}' >"$T/right.yaml"
	is "" "$(valid connections "$T/right.yaml")"
	ctl schema >"$T/syncs.json"
	echo '{sync: a, source: {connection: crm, tabel: t}, destination: {connection: crm, table: t}, key: id, map: {a: b}}' >"$T/wrong.yaml"
	has "tabel" "$(valid syncs "$T/wrong.yaml")"
}
