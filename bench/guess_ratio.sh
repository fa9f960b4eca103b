#!/bin/bash
#
# guess_ratio.sh
#	  A wrong guess against a bare INSERT, in turns: bench/guess_ratio.sh
#
#	  CLIENTS=16 ROUNDS=9 SECONDS_EACH=1 POOL=150000 bench/guess_ratio.sh
#
#	  FLUSH_MICROSECONDS='0 200 500' bench/guess_ratio.sh	as on slower disks
#
# Builds the tree into a private copy of the server in a temporary directory,
# with fsync on; less than a minute.

set -uo pipefail

source "$(dirname "$0")/../test/lib.sh"

finish()
{
	local rc=$?

	trap '' INT TERM HUP
	stop_servers
	remove_copy
	exit "$rc"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

give_up()
{
	echo "guess_ratio.sh: $*" >&2
	exit 1
}

"$top/test/install-packages" build test </dev/null || give_up "without these packages nothing can be measured"
make_copy bench
mkdir "$tmp/out"
[ "$tester" != postgres ] || chown postgres: "$tmp/out"
pgxs=$(dirname "$("$bindir/pg_config" --pgxs)")/..
settings=()
for name in CLIENTS ROUNDS SECONDS_EACH SECONDS_WARM POOL FLUSH_MICROSECONDS; do
	[ -z "${!name:-}" ] || settings+=("$name=${!name}")
done
"${as_tester[@]}" "PERL5LIB=$pgxs/test/perl" "PG_REGRESS=$pgxs/test/regress/pg_regress" \
	"TESTDIR=$tmp/out" "${settings[@]}" perl "$tree/bench/guess_ratio.pl" </dev/null
