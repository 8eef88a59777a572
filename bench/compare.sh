#!/bin/sh
# Checks Sonde's wrappers and its peers', and writes docs/fidelity.md.
set -eu
cd "$(dirname "$0")"
export GOWORK=off # a module of its own
program=${TMPDIR:-/tmp}/sonde-fidelity
go build -o "$program" ./fidelity
"$program" >../docs/fidelity.md.new
mv ../docs/fidelity.md.new ../docs/fidelity.md
