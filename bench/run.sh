#!/bin/sh
# Builds the benchmarks, downloading the peers, and prints the table.
set -eu
cd "$(dirname "$0")"
export GOWORK=off # a module of its own
go build -o "${TMPDIR:-/tmp}/sonde-bench" .
exec "${TMPDIR:-/tmp}/sonde-bench" "$@"
