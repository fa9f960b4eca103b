# lib.sh
#	  What test/run and demo/run do alike: a copy of the tree for an unprivileged
#	  user, the library in PostgreSQL's directories, servers that are stopped.
#
# Read with `source` by bash.  The caller defines give_up, which says its
# arguments and exits, and calls stop_servers and remove_copy at its end.

major=15
bindir=/usr/lib/postgresql/$major/bin
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
me=$(realpath --relative-to="$top" "$0")

tmp=							# this run's directory
tree=							# the copy of the tree in it
tester=							# who builds and runs servers there
as_tester=()					# the command prefix that makes one the tester
root=()							# the command prefix that makes one root

# Installing into PostgreSQL's directories takes root.
need_root()
{
	[ "$(id -u)" != 0 ] || return 0
	command -v sudo >/dev/null ||
		give_up "the extension has to be installed into PostgreSQL's directories, so this needs root or sudo"
	root=(sudo)
}

# The files of the tree as they are now: tracked ones, and new ones that git does
# not ignore.  Without git's directory, all of them.
files_of_tree()
{
	local file

	if ! git -c safe.directory='*' ls-files -z --cached --others --exclude-standard --deduplicate 2>/dev/null; then
		find . -path ./.git -prune -o \( -type f -o -type l \) -print0
	fi | while IFS= read -r -d '' file; do
		if [ -e "$file" ] || [ -L "$file" ]; then
			printf '%s\0' "$file"
		fi
	done
}

# make_copy NAME: the run's directory, the copy of the tree in it, and the user
# that both belong to.
make_copy()
{
	[ -x "$bindir/initdb" ] || give_up "PostgreSQL $major is not in $bindir"
	tmp=$(mktemp -d "/tmp/qrcred-$1.XXXXXX") || give_up "no temporary directory"
	tree=$tmp/qrcred
	mkdir "$tree" "$tmp/home" "$tmp/t" "$tmp/log" "$tmp/s"

	# PostgreSQL refuses to run as root; Debian's package has made this user.
	tester=$(id -un)
	if [ "$(id -u)" = 0 ]; then
		tester=postgres
		as_tester=(setpriv --reuid postgres --regid postgres --init-groups)
	fi

	# Nothing of the caller's environment reaches what runs there.
	as_tester+=(env -i "PATH=$bindir:/usr/local/bin:/usr/bin:/bin" "HOME=$tmp/home" "USER=$tester"
		"LOGNAME=$tester" "TMPDIR=$tmp/t" LANG=C.UTF-8 LC_ALL=C.UTF-8
		TZ=UTC "PG_CONFIG=$bindir/pg_config"
		"PGHOST=$tmp/s" PGPORT=5432 PGUSER=postgres PGDATABASE=postgres)

	(cd "$top" && files_of_tree | tar -c --null --no-recursion -T -) | tar -x --no-same-owner -C "$tree" ||
		give_up "the tree could not be copied"
	if [ "$tester" = postgres ]; then
		chown -R postgres: "$tmp"
	fi
}

# The server processes under the temporary directory: ours and no others.
stop_servers()
{
	local pidfile

	[ -n "$tmp" ] || return 0
	find "$tmp" -name postmaster.pid 2>/dev/null | while read -r pidfile; do
		"${as_tester[@]}" "$bindir/pg_ctl" -D "${pidfile%/*}" -m immediate -w -t 20 stop >/dev/null 2>&1
	done
}

remove_copy()
{
	if [ -n "$tmp" ]; then
		rm -rf --one-file-system -- "$tmp"
	fi
}

# One library for all servers of this machine: one run at a time, to the end of
# this shell.  Descriptor 9 is not for its children.
wait_for_turn()
{
	exec 9<"$("$bindir/pg_config" --pkglibdir)"
	if ! flock -n 9; then
		echo "$me: another run uses PostgreSQL's directories, waiting for it"
		flock 9
	fi
}

# What has been built in the copy, for every server of this machine.
install_copy()
{
	"${root[@]}" env -i PATH="$PATH" make -s -C "$tree" install PG_CONFIG="$bindir/pg_config" \
		</dev/null >"$tmp/log/install.log" 2>&1 9<&-
}
