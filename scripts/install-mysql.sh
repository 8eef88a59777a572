#!/bin/sh
# Unpacks the newest MySQL of Debian (which is in its unstable release only)
# with all that it needs, its own libc included, into a folder of the user's
# cache, where internal/servertest finds it. Nothing is installed on the system,
# and apt's own settings stay as they are. Does nothing when it is there.
set -eu

root=${XDG_CACHE_HOME:-$HOME/.cache}/sonde-servertest/mysql
[ ! -x "$root/usr/sbin/mysqld" ] || exit 0

# The mirror that this machine already uses.
mirror=$(cat /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list 2>/dev/null |
	awk '!m && /^URIs:/ { m = $2 } !m && /^deb / { m = $2 ~ /^\[/ ? $4 : $2 } END { print m }')
[ -n "$mirror" ] || { echo "apt knows no Debian mirror on this machine" >&2; exit 1; }

new=$root.new
rm -rf "$new"
apt=$new/.apt
mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
: >"$apt/status" # as if nothing were installed, so that everything is fetched
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror sid main" >"$apt/sources.list"
cat >"$apt/apt.conf" <<CONF
Dir::State::lists "$apt/lists";
Dir::State::status "$apt/status";
Dir::Cache "$apt/cache";
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Debug::NoLocking "1";
APT::Sandbox::User "root";
CONF
export APT_CONFIG="$apt/apt.conf"
apt-get update -qq
apt-get install --no-install-recommends --download-only -y -qq mysql-server-core >/dev/null
for deb in "$apt"/cache/archives/*.deb; do
	case $deb in
	*perl*) ;; # for its scripts only, and big
	*) dpkg -x "$deb" "$new" ;;
	esac
done
rm -rf "$apt"
rm -rf "$root"
mv "$new" "$root"
