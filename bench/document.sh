#!/bin/sh
# Writes docs/benchmarks.md to standard output: every benchmark, run one after the
# other. It takes about a quarter of an hour, and wants a machine that does nothing
# else. ROUNDS=20 makes the comparison under load faster and less sure.
set -eu
cd "$(dirname "$0")"
export GOWORK=off # a module of its own

# block runs a command and shows what it prints.
block() {
	printf '```\n'
	"$@" 2>/dev/null
	printf '```\n\n'
}

cat <<END
# Benchmarks

Written by \`make bench-docs\` on $(date -u +%Y-%m-%d): $(nproc) processors ($(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)),
$(go version | cut -d ' ' -f 3), the peers in the versions of [bench/go.mod](../bench/go.mod). The figures are of this one run, and as
good as the machine was quiet: read the ratios. [bench/README.md](../bench/README.md) says what each row is, and what is
over its budget and why.

## What a point costs

CPU nanoseconds an operation (user and system, background work and garbage collection
included) and allocations, medians of seven rounds. "At least" is an id, two readings of
the clock and as many bytes. In brackets: how many times Sonde's cost.

END
block sh run.sh
cat <<END
## Reading a large trace

A trace of 1,000,000 points, 2,000,000 records in a file. The command is measured as a
whole process, the least of three runs.

END
block go run ./reading -points 1000000
cat <<END
## Many traces in a store

Traces of 8 records, written by \`sonde trace copy --all\`; then \`sonde trace list --limit 10\`
with few and with many of them in the store. The command is measured as a whole process.

END
block go run ./stores -traces 100000
cat <<END
## The page in a browser

END
block go run ./page
cat <<END
## A shop under load

The same shop without instrumentation, with Sonde and with OpenTelemetry, each in a
process of its own, which is started anew every few rounds, under the same load in turn. The ratios are to the bare shop in the
same round; "once more" is the bare shop compared with itself, which is how far off the
others may be.

END
block go run ./load -rounds "${ROUNDS:-100}"
