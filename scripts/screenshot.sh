#!/bin/sh
# Makes docs/page.png: the page of a trace of the shop, with its slowest point shown
# whole. Needs Chromium.
set -eu
cd "$(dirname "$0")/.."
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

go run ./examples/shop -connection-string "sqlite:///$dir/shop.db" -html "$dir/page.html" >"$dir/out"
# The critical path's longest section is that of the point in which most time went.
point=$(sed -n 's/.*"point":"\([^"]*\)","from_ns":\([0-9]*\),"to_ns":\([0-9]*\)}.*/\1 \2 \3/p' "$dir/page.html" |
	awk '{ print $3 - $2, $1 }' | sort -rn | awk 'NR == 1 { print $2 }')
root=
[ "$(id -u)" != 0 ] || root=--no-sandbox # which root cannot have
"$browser" --headless $root --hide-scrollbars --user-data-dir="$dir/profile" --virtual-time-budget=3000 \
	--window-size=1280,800 --screenshot="$dir/page.png" "file://$dir/page.html#point=$point" 2>/dev/null
mv "$dir/page.png" docs/page.png
ls -l docs/page.png
