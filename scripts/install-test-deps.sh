#!/bin/sh
# Installs the Debian packages that the tests with real servers need, and
# nothing when all are there. Without root or apt it prints what is missing
# and fails. The tests start every server themselves, in a temporary folder on
# a free port: what apt installs is not started here.
set -eu

packages="
redis-server
postgresql
mariadb-server
rabbitmq-server
chromium
graphviz
python3
python3-elasticsearch
python3-graphviz
python3-oslo.messaging
python3-osprofiler
python3-psycopg2
python3-pymongo
python3-pymysql
python3-redis
python3-sqlalchemy
systemd
"

missing=
for p in $packages; do
	state=$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null || true)
	[ "$state" = installed ] || missing="$missing $p"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
	echo "missing for the tests with real servers: apt-get install$missing" >&2
	exit 1
fi

# Debian's way to keep a package from starting its service.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
	trap 'rm -f $policy' EXIT
	printf '#!/bin/sh\nexit 101\n' >$policy
	chmod 755 $policy
fi

export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086  # a list of words
apt-get install -y -qq --no-install-recommends $missing >/dev/null
