#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Print doc/codes.md out of the tables in the code. Usage: doc/codes.sh FERRYCTL > doc/codes.md
set -eu
ferryctl=${1:-ferryctl}

cat <<'END'
# Codes

Every error and every reason has a code that stays the same in log, API and command line. `ferryctl explain CODE` prints
its row, also without a daemon. This page is made from the tables in the code by `doc/codes.sh`; a test compares them.

## Errors

Transient ones are tried again by themselves; the exit status is that of `ferryctl` and `ferryd --once`.

| code | cause | what to do | transient | HTTP | exit |
| --- | --- | --- | --- | --- | --- |
END
"$ferryctl" explain --json | jq -r '.data[] | select(.kind == "error") |
	"| \(.code) | \(.text) | \(.hint) | \(if .transient then "yes" else "" end) | \(.http_status) | \(.exit_status) |"'
cat <<'END'

## Reasons of decisions

| code | meaning |
| --- | --- |
END
"$ferryctl" explain --json | jq -r '.data[] | select(.kind == "reason") | "| \(.code) | \(.text) |"'
