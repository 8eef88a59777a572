#!/bin/sh
# Runs every fuzz target of the module for the given time.
set -eu
time=${1:-10s}
grep -rlE '^func Fuzz' --include='*_test.go' --exclude-dir=bench --exclude-dir=src . | xargs -n1 dirname | sort -u | while read -r dir; do
	grep -hoE '^func Fuzz[A-Za-z0-9_]+' "$dir"/*_test.go | cut -c6- | while read -r target; do
		echo "$dir $target"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "$dir" </dev/null
	done
done
