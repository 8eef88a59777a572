#!/bin/sh
# Raises what cmd, examples, relay and the test of Kafka ask for to the newest releases, and
# with them what the workspace tests the root module with. The root's own go.mod stays
# as it is: it holds floors (scripts/floors.sh), so never run go work sync.
set -eu
cd "$(dirname "$0")/.."
root=github.com/sonde-go/sonde
here=$PWD
export GOWORK=off

for module in relay cmd examples rpctrace/kafka/internal/broker; do
	(
		cd "$module"
		# The commands below know nothing of go.work, and go install refuses a
		# go.mod with a replace line.
		go mod edit "-replace=$root=$here" "-replace=$root/relay=$here/relay" "-replace=$root/rpctrace/kafka=$here/rpctrace/kafka"
		trap 'go mod edit "-dropreplace=$root" "-dropreplace=$root/relay" "-dropreplace=$root/rpctrace/kafka"' EXIT
		go mod tidy
		sed -n "s/^\(require \)\{0,1\}[[:space:]]*\([^ ()]*\) v.*/\2@latest/p" go.mod | grep -v "^$root[@/]" | xargs go get
		go mod tidy
	)
done
