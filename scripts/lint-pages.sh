#!/bin/sh
# Type-checks the TypeScript of the pages with a compiler of one version from npm,
# which nothing else needs. Without npm, or without its registry, it says so.
set -eu
cd "$(dirname "$0")/.."
typescript=typescript@7.0.2

if ! command -v npx >/dev/null || ! npx --yes -p "$typescript" tsc --version >/dev/null 2>&1; then
	echo "TypeScript is not checked: $typescript is not to be had through npx"
	exit 0
fi
for project in $(git ls-files '*tsconfig.json'); do
	npx --yes -p "$typescript" tsc --noEmit -p "$project"
done
