#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# selftest.sh - the lint tests find what they are there to find, and nothing in a clean tree.
set -eu
cd "${top_srcdir:-$(dirname "$0")/../..}"
lint=$PWD/tests/lint
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
spdx='/* SPDX-License-Identifier: Apache-2.0 */'

# put FILE TEXT...: a source with its licence line and these lines
put()
{
	local file=$tree/$1
	shift
	mkdir -p "$(dirname "$file")"
	printf '%s\n' "$spdx" "$@" >"$file"
}

failures=0
# expect SCRIPT TEXT: the script fails and says so
expect()
{
	local out
	if out=$(top_srcdir=$tree "$lint/$1" 2>&1); then
		echo "$1 passed a tree with: $2"
		failures=$((failures + 1))
	elif ! grep -qF -- "$2" <<<"$out"; then
		printf '%s does not say "%s" but:\n%s\n' "$1" "$2" "$out"
		failures=$((failures + 1))
	fi
}

fresh()
{
	rm -rf "${tree:?}"/*
	put daemon/base/error.c '#include <stdio.h>' '#include "base/error.h"'
	for i in $(seq 40); do
		printf '\t[FERRY_E_X] = {"CODE%s", 1},\n' "$(tr 0-9 A-J <<<"$i")"
	done >>"$tree/daemon/base/error.c"
	put daemon/model/decision.c '	{"A_REASON", "Because."},'
	put daemon/wire/json.c '#include <json-c/json.h>' '#include "base/buf.h"'
	put daemon/worker.c '#include "pipeline/run.h"' '#include "supervise/queue.h"'
	put plugins/one/one.c '#include <ferry/connector.h>' '#include <sqlite3.h>' '#include "one/one.h"'
	put ctl/main.c '#include "client.h"' '#include "wire/http.h"' '#include "base/buf.h"'
	mkdir -p "$tree/doc"
	sed -n 's/.*{"\([A-Z_]*\)".*/- \1/p' "$tree"/daemon/*/*.c >"$tree/doc/codes.md"
	printf '# Top\n[codes](doc/codes.md) [web](https://example.org/x) [here](#top)\n`[no](link)`\n' >"$tree/README.md"
}

fresh
for script in floors.sh docs.sh; do
	top_srcdir=$tree "$lint/$script" || { echo "$script fails on a clean tree"; failures=$((failures + 1)); }
done

while IFS='|' read -r file text says; do
	fresh
	put "$file" "$text"
	expect floors.sh "$file:2: $says"
done <<'END'
daemon/base/x.c|#include "wire/json.h"|base must not include wire/json.h
daemon/conf/x.c|#include "store/kv.h"|conf and store must not know of each other
daemon/store/x.h|#include "conf/conf.h"|store and conf must not know of each other
daemon/pipeline/x.c|#include "supervise/queue.h"|pipeline and supervise must not know
daemon/supervise/x.c|# include "pipeline/run.h"|supervise and pipeline must not know
daemon/plug/x.c|#include "api/api.h"|plug must not include api/api.h
daemon/api/x.c|#include "../base/error.h"|"../base/error.h" must be written
daemon/api/x.c|#include "api.h"|"api.h" must be written
daemon/odd/x.c|#include "base/error.h"|the folder daemon/odd has no floor
daemon/store/x.c|#include <lmdb.h>|<lmdb.h> belongs into one file of daemon/wire/
daemon/wire/x.h|#include <lmdb.h>|<lmdb.h> belongs into one file of daemon/wire/
daemon/wire/x.c|#include <json-c/json.h>|<json-c/json.h> is included in daemon/wire/json.c already
ctl/x.c|#include <curl/curl.h>|<curl/curl.h> belongs
ctl/x.c|#include "store/journal.h"|ferryctl must not include
ctl/x.c|#include "wire/kv.h"|ferryctl must not include
plugins/one/x.c|#include "base/error.h"|a connector must not include "base/error.h"
plugins/one/x.c|#include "../../daemon/base/error.h"|a connector must not include
tests/unit/x.c|#include "one.c"|a .c must not be included
tests/unit/x.c|	strcpy(a, b);|strcpy is not used here
daemon/base/x.c|	n = atoi (s) + atof(s);|atof is not used here
daemon/base/x.c|	p = alloca(n);|alloca is not used here
daemon/base/x.c|	int a; |blanks at the end of the line
END

fresh
put daemon/base/x.c "$(seq 700)"
expect floors.sh "daemon/base/x.c:701: longer than 700 lines"
fresh
printf 'int a;\nint b;\n' >"$tree/daemon/base/x.c"
expect floors.sh "daemon/base/x.c:1: the SPDX line is missing"

fresh
sed -i 1d "$tree/doc/codes.md"
expect docs.sh "says nothing of CODE"
fresh
sed -i /REASON/d "$tree/doc/codes.md"
expect docs.sh "says nothing of A_REASON"
fresh
sed -i /CODE/d "$tree/daemon/base/error.c"
expect docs.sh "found only 1 codes"
fresh
printf '#!/bin/sh\n' >"$tree/ctl/ferryctl"
chmod +x "$tree/ctl/ferryctl"
printf '#!/bin/sh\necho other\n' >"$tree/doc/codes.sh"
top_builddir=$tree expect docs.sh "doc/codes.md:1: is not what doc/codes.sh prints"
fresh
echo 'See [this](doc/none.md).' >>"$tree/README.md"
expect docs.sh "README.md:4: there is no doc/none.md"
fresh
echo 'See [this](doc/codes.md#none).' >>"$tree/README.md"
expect docs.sh "README.md:4: doc/codes.md has no heading for #none"
fresh
echo '# Lost' >"$tree/doc/lost.md"
expect docs.sh "doc/lost.md:1: no link leads here"
fresh
mkdir -p "$tree/tests"
echo 'if true; then' >"$tree/tests/x.sh"
expect docs.sh "tests/x.sh: line 2: syntax error"

# what needs programs to ask
top_builddir=${top_builddir:-.}
if [ -x "$top_builddir/ctl/ferryctl" ] && [ -x "$top_builddir/daemon/ferryd" ]; then
	top_builddir=$(cd "$top_builddir" && pwd)
	export top_builddir
	while IFS='|' read -r text says; do
		fresh
		mkdir -p "$tree/plugins" "$tree/conf"
		touch "$tree/HACKING.md"
		printf '%b\n' "$text" >>"$tree/README.md"
		expect examples.sh "$says"
	done <<-'END'
	Say `ferryctl pomote 7`.|README.md:4: there is no 'ferryctl pomote'
	```\nferryctl run customers --prevew\n```|README.md:5: 'ferryctl run' has no --prevew
	Say `ferryd --chek`.|README.md:4: 'ferryd' has no --chek
	```yaml\nsync: x\nsuorce: {connection: y}\n```|README.md:6:1: unknown key 'suorce'
	```yaml\nconnections:\n  x: {family: sqlite, timeut: 3s, rate_limit: {brst: 3}}\n```|unknown key 'brst'
	```yaml\nmax_runs: 3\n```|README.md:5:1: unknown key 'max_runs'
	END
fi

[ "$failures" -eq 0 ]
