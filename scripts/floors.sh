#!/bin/sh
# Finds the floors: for each module that go.mod asks for directly (or those
# named as arguments) the lowest release with which everything builds, with
# which the tests of the packages that import it pass, those with real servers
# apart, and which neither the go line nor another floor has to be raised for.
# It looks from what go.mod says downwards, by halving, so what go.mod says must
# pass; run it again after lowering one, since that may let others go lower.
# Prints "module now lowest" and changes nothing. Takes minutes for each module.
set -eu
cd "$(dirname "$0")/.."
export GOWORK=off

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mod="-modfile=$dir/go.mod"

# direct prints the modules of a go.mod that are asked for directly.
direct() { go list -m "-modfile=$1" -f '{{if not (or .Main .Indirect)}}{{.Path}} {{.Version}}{{end}}' all | grep .; }

# importers prints the packages that import the module, in tests or outside.
importers() {
	go list -f '{{.ImportPath}} {{join .Imports " "}} {{join .TestImports " "}} {{join .XTestImports " "}}' ./... |
		awk -v m="$1" '{ for (i = 2; i <= NF; i++) if ($i == m || index($i, m "/") == 1) { print $1; next } }'
}

# passes says whether the module will do in the version.
passes() {
	cp go.sum "$dir"
	grep -v '// indirect$' go.mod >"$dir/go.mod" # which may go lower too
	{
		go mod edit -require="$1@$2" "$dir/go.mod" && go mod tidy "$mod" &&
			{ direct go.mod | grep -v "^$1 "; grep '^go ' go.mod; } >"$dir/want" &&
			{ direct "$dir/go.mod" | grep -v "^$1 "; grep '^go ' "$dir/go.mod"; } >"$dir/got" &&
			cmp "$dir/want" "$dir/got" && direct "$dir/go.mod" | grep -qx "$1 $2" &&
			go vet "$mod" ./... && importers "$1" | xargs go test "$mod" -short
	} >"$dir/log" 2>&1
}

direct go.mod | while read -r module now; do
	case " ${*:-$module} " in *" $module "*) ;; *) continue ;; esac
	go list -m -versions "$module" | tr ' ' '\n' | tail -n +2 | grep -v -e - | sed "/^$now\$/q" >"$dir/versions"
	low=1 high=$(wc -l <"$dir/versions")
	while [ "$low" -lt "$high" ]; do
		middle=$(((low + high) / 2))
		version=$(sed -n "${middle}p" "$dir/versions")
		if passes "$module" "$version" </dev/null; then high=$middle; else low=$((middle + 1)); fi
	done
	echo "$module $now $(sed -n "${high}p" "$dir/versions")"
done
