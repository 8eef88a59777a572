#!/bin/sh
# Tests the root module with the releases that its go.mod asks for, the floors,
# as a program that imports it may have them: go vet passes, for Windows and macOS
# where a package has other files there, and the packages that import other modules
# pass their tests. Those with servers of their own have run with the newest releases.
set -eu
cd "$(dirname "$0")/.."
export GOWORK=off
unset SONDE_SKIPPED_FILE # what is skipped here has run

go vet ./...
for os in windows darwin; do
	export GOOS=$os
	go list -f '{{if .IgnoredGoFiles}}{{.ImportPath}}{{end}}' ./... | xargs go vet
done
unset GOOS

# goleak is in the tests of all.
go list -f '{{.ImportPath}} {{join .Imports " "}} {{join .TestImports " "}} {{join .XTestImports " "}}' ./... |
	awk '{ for (i = 2; i <= NF; i++) if ($i ~ /^[^\/]+\.[^\/]+\// && $i !~ /^github.com\/sonde-go\/sonde|^go.uber.org\/goleak/) { print $1; next } }' |
	xargs go test -short

# Layers that are modules of their own, each with its floors.
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
for module in middleware/connect oteltrace/export rpctrace/kafka; do
	cp "$module/go.mod" "$dir/go.mod"
	cp "$module/go.sum" "$dir/go.sum"
	go mod edit "-replace=github.com/sonde-go/sonde=$PWD" "$dir/go.mod"
	go -C "$module" test -modfile="$dir/go.mod" ./...
done
