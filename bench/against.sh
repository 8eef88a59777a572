#!/bin/sh
# Compares this checkout with another revision: builds both benchmarks, runs them in
# turn, and has benchstat say what differs.
#
#   sh bench/against.sh REVISION [flags of the benchmarks, such as -run 'SQL|HTTP']
#
# PAIRS, 6 by default, is how often each runs. The row's name, its CPU time and its
# allocations are read from the table, since that is what every revision prints.
set -eu
base=${1:?usage: sh bench/against.sh REVISION [flags of the benchmarks]}
shift
cd "$(dirname "$0")/.."
export GOWORK=off # a module of its own

dir=$(mktemp -d)
trap 'git worktree remove --force "$dir/base" 2>/dev/null || true; rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM
git worktree add --quiet --detach "$dir/base" "$base"
go build -C "$dir/base/bench" -o "$dir/old" .
go build -C bench -o "$dir/new" .

# measure runs one of the two and adds its rows as Go prints benchmarks.
measure() {
	which=$1
	shift
	"$dir/$which" -time 100ms -rounds 3 "$@" 2>/dev/null | awk '
		match($0, /  +-?[0-9]+ ns, -?[0-9.]+/) {
			name = substr($0, 1, RSTART - 1)
			gsub(/,? +/, "_", name)
			split(substr($0, RSTART, RLENGTH), f, /[ ,]+/)
			printf "Benchmark%s 1 %s cpu-ns/op %s allocs/op\n", name, f[2], f[4]
		}' >>"$dir/$which.txt"
}

pairs=${PAIRS:-6}
for i in $(seq "$pairs"); do
	echo "pair $i of $pairs" >&2
	if [ $((i % 2)) = 0 ]; then order="old new"; else order="new old"; fi
	for build in $order; do
		measure "$build" "$@"
	done
done
go run golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da "$base=$dir/old.txt" "here=$dir/new.txt"
