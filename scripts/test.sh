#!/bin/sh
# Runs all tests (or those of the packages named) with -race, and those that
# count allocations once more without it, since -race makes sync.Pool forget at
# random: in the workspace, so with the newest of what is imported. Then, unless
# packages are named, tests the root module as its go.mod has it
# (scripts/test-floors.sh). Ends with what a reader of the log looks for: the
# time of each package, the slow ones with their reason, and the servers whose
# tests were skipped.
set -eu

sh scripts/install-test-deps.sh || echo "some servers are missing: their tests are skipped" >&2

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export SONDE_SKIPPED_FILE="$dir/skipped"
: >"$SONDE_SKIPPED_FILE"

# run prints a command's output as it comes, keeps it, and remembers a failure.
failed=0
run() {
	{ "$@" 2>&1 || : >"$dir/failed"; } | tee -a "$dir/log"
	if [ -e "$dir/failed" ]; then failed=1; fi
}

# Many packages wait for servers, so there is room for one more at a time.
run go test -race -timeout 60m -p "$(($(nproc) + 1))" "${@:-work}"

# Real servers on a machine that is loaded may be slower than any patience: packages
# that failed, unless anything raced, panicked or was not built, are tested once more, one at a time.
# Whatever passes then is named at the end, since it should not have failed.
again=$(sed -n 's/^FAIL[[:space:]]\{1,\}\([^ ]*\)[[:space:]]\{1,\}[0-9.]*s$/\1/p' "$dir/log")
if [ -n "$again" ] && ! grep -aqE '^WARNING: DATA RACE|^panic: |^fatal error: |^FAIL.*\[' "$dir/log"; then
	grep -aE '^ *--- FAIL' "$dir/log" >"$dir/shaky"
	echo "Once more, one at a time:" $again
	mv "$dir/log" "$dir/first"
	rm "$dir/failed"
	failed=0
	# shellcheck disable=SC2086  # a list of packages
	run go test -race -timeout 60m -p 1 -count=1 $again
	grep -av '^FAIL\|^--- FAIL\|^    *--- FAIL' "$dir/first" >>"$dir/log"
fi
# shellcheck disable=SC2046  # a list of folders
run go test -run '^TestAlloc' $(grep -rl --include='*_test.go' --exclude-dir=bench '^func TestAlloc' . | xargs -n 1 dirname | sort -u)
[ $# != 0 ] || run env GOWORK=off go -C examples/evidence test -timeout 60m . # a sample, without -race, which takes time
[ $# != 0 ] || run sh scripts/test-floors.sh

echo
echo "Seconds by package, with -race; packages under 5 s and cached results are left out:"
awk -v reasons=scripts/slow-packages.txt '
	BEGIN { while ((getline line < reasons) > 0) if (line !~ /^#/) { p = line; sub(/ .*/, "", p); sub(/^[^ ]+ +/, "", line); why[p] = line } }
	($1 == "ok" || $1 == "FAIL") && $3 ~ /^[0-9.]+s$/ && $3 + 0 >= 5 {
		p = $2; sub(/^github.com\/sonde-go\/sonde\/?/, "", p); if (p == "") p = "."
		note = ""; if ($3 + 0 > 60) note = (p in why) ? "  " why[p] : "  (no reason is given in " reasons ")"
		printf "%7.1f  %s%s\n", $3, p, note
	}' "$dir/log" | sort -rn

if [ -s "$SONDE_SKIPPED_FILE" ]; then
	echo
	echo "Skipped for a missing server:"
	cut -f 1 "$SONDE_SKIPPED_FILE" | sort | uniq -c | sed 's/\([0-9]\) /\1 tests: /'
fi
if [ -s "$dir/shaky" ] && [ $failed = 0 ]; then
	echo
	echo "FAILED AT FIRST, passed alone:"
	cat "$dir/shaky"
fi
if [ $failed != 0 ]; then
	echo
	echo "FAILED:"
	grep -aE '^(--- FAIL|FAIL|panic:)' "$dir/log" | sort -u
	exit 1
fi
