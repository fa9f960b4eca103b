#!/bin/bash
#
# house.sh
#	  What no compiler checks of the house: which symbols leave the library,
#	  which room includes which, what the core may touch, and what stands under
#	  every function of the install script.
#
# Runs in a tree that has been built (make), prints TAP, exits 1 on a failure.

set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
export LC_ALL=C

number=0
bad=0

# ok NAME FINDINGS: passes when there are none, else shows them.
ok()
{
	number=$((number + 1))
	if [ -z "$2" ]; then
		echo "ok $number - $1"
	else
		bad=$((bad + 1))
		echo "not ok $number - $1"
		head -n 40 <<<"$2" | sed 's/^/#   /'
	fi
}

# Lines that stand in the second list only, each with a word of explanation.
only_in_second()
{
	comm -13 <(sort -u <<<"$1") <(sort -u <<<"$2") | sed "/^$/d; s/\$/: $3/"
}

objects=$(mktemp -d "${TMPDIR:-/tmp}/qrcred-house.XXXXXX") || exit 1
trap 'rm -rf -- "$objects"' EXIT

# ---- the library and its SQL

library=$(ls qrcred.so 2>/dev/null)
script=sql/install/qrcred--1.0.sql
exported=$(nm -D --defined-only qrcred.so 2>/dev/null | awk '{print $3}')
declared=$(cat "$script" sql/install/qrcred--*--*.sql 2>/dev/null | sed 's/--.*//' |
	tr '\n' ' ' | grep -oE "'MODULE_PATHNAME', *'[^']*'" | sed -E "s/.*, *'([^']*)'/\1/")

ok "the library and the install script are built" \
	"$([ -n "$library" ] && [ -s "$script" ] || echo "qrcred.so or $script is missing: make")"
ok "the library has the magic function and an initialiser" \
	"$(only_in_second "$exported" $'Pg_magic_func\n_PG_init' "not exported")"
ok "the library exports nothing but what the server and SQL call" \
	"$(grep -vE '^(Pg_magic_func|_PG_init|pg_finfo_qrcred_[a-z0-9_]+|qrcred_[a-z0-9_]+)$' <<<"$exported")"
ok "every exported function has a declaration in SQL" \
	"$(only_in_second "$declared" "$(grep '^qrcred_' <<<"$exported")" "no SQL function")"
ok "every function declared in SQL is exported" \
	"$([ -n "$declared" ] || echo "nothing is declared"
	only_in_second "$exported" "$declared" "not in the library")"
ok "every exported function has its calling convention, and none lacks the function" \
	"$(diff <(grep '^qrcred_' <<<"$exported" | sort) \
		<(sed -n 's/^pg_finfo_//p' <<<"$exported" | sort))"

# ---- names: each room's symbols have its prefix

# Symbols of a room's objects that other files could see.
symbols_of()
{
	nm -A --extern-only --defined-only "$@" 2>/dev/null | awk '{sub(/:.*/, "", $1); print $1, $NF}'
}

ok "symbols of the core begin with qc_" "$(symbols_of src/core/*.o | grep -v ' qc_')"
ok "symbols of the pictures begin with qp_" "$(symbols_of src/picture/*.o | grep -v ' qp_')"
ok "symbols of the server's rooms begin with qr_ or qrcred_" \
	"$(symbols_of src/*.o src/keyring/*.o src/store/*.o |
		grep -vE ' (qr_|qrcred_|pg_finfo_qrcred_|Pg_magic_func$|_PG_init$)')"

# ---- the core and the pictures stand alone

# compile_alone SOURCE...: strict C99, no include path of the server.
compile_alone()
{
	local source

	for source; do
		[ -e "$source" ] || { echo "$source: not there"; continue; }
		${CC:-gcc} -std=c99 -pedantic -D_DEFAULT_SOURCE -O2 -Wall -Wextra -Wno-unused-parameter -Werror -Wvla \
			-fno-pie -Isrc -c -o "$objects/$(tr / _ <<<"$source").o" "$source" 2>&1
	done
}

ok "the core compiles as strict C99 without the server's headers" "$(compile_alone src/core/*.c)"
ok "the pictures compile as strict C99 without the server's headers" "$(compile_alone src/picture/*.c)"

core_objects=$(ls "$objects"/src_core_*.o 2>/dev/null)
ok "the core allocates nothing, reads no clock, no file and no environment" \
	"$([ -n "$core_objects" ] || echo "no object of the core"
	nm -A --undefined-only $core_objects 2>/dev/null | sed "s,$objects/,," |
		grep -E ' U (malloc|calloc|realloc|free|strdup|time|clock_gettime|gettimeofday|f?open|read|f?write|getenv|s?rand|random|printf|fprintf|abort|exit)$')"
ok "the core has no variable" \
	"$([ -n "$core_objects" ] || echo "no object of the core"
	nm -A --defined-only $core_objects 2>/dev/null | sed "s,$objects/,," | grep -E ' [BbDdCGgSs] ')"

# ---- includes go one way: verbs -> keyring, store -> core

# "file included" for each #include in quotes that names a file of this tree,
# relative to src/; a name outside of it as "file !name".
includes()
{
	local file name dir

	for file in $(find src -name '*.[ch]' | sort); do
		dir=$(dirname "$file")
		sed -nE 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*"([^"]*)".*/\1/p' "$file" |
			while read -r name; do
				if [ -e "$dir/$name" ]; then
					name=$(realpath --relative-to=src "$dir/$name")
				elif [ -e "src/$name" ]; then
					name=$(realpath --relative-to=src "src/$name")
				else
					name="!$name"
				fi
				echo "${file#src/} $name"
			done
	done
}
all_includes=$(includes)

ok "the core includes only the core" \
	"$(grep '^core/' <<<"$all_includes" | grep -v ' core/')"
ok "the pictures include only the pictures" \
	"$(grep '^picture/' <<<"$all_includes" | grep -v ' picture/')"
ok "the keyring includes only itself, the core and the server" \
	"$(grep '^keyring/' <<<"$all_includes" | grep -vE ' (keyring/|core/|compat\.h|!)')"
ok "the store includes only itself, the core and the server" \
	"$(grep '^store/' <<<"$all_includes" | grep -vE ' (store/|core/|compat\.h|!)')"
ok "no file includes a .c file" "$(grep '\.c$' <<<"$all_includes")"
ok "every room is there" \
	"$(for room in core picture keyring store; do
		compgen -G "src/$room/*.c" >/dev/null || echo "src/$room has no .c file"
	done)"
ok "versions of PostgreSQL are told apart in compat.h only" \
	"$(grep -n PG_VERSION_NUM -r src --include='*.[ch]' | grep -v '^src/compat\.h:')"

# ---- the install script

parts=$(ls sql/install/qrcred--1.0/*.sql 2>/dev/null)
created=$(sed -nE 's/^CREATE FUNCTION (qrcred\.[a-z0-9_]+).*/\1/p' $parts </dev/null | sort)

ok "the install script makes functions" "$([ -n "$created" ] || echo "none found in sql/install/qrcred--1.0")"
ok "everything is revoked from PUBLIC under each function" \
	"$(diff <(echo "$created") <(sed -nE 's/^REVOKE ALL ON FUNCTION (qrcred\.[a-z0-9_]+).*/\1/p' $parts </dev/null | sort))"
ok "each function has a comment" \
	"$(diff <(echo "$created") <(sed -nE 's/^COMMENT ON FUNCTION (qrcred\.[a-z0-9_]+).*/\1/p' $parts </dev/null | sort))"
ok "the install script replaces nothing" "$(grep -niE 'CREATE +OR +REPLACE' $parts </dev/null)"
ok "the install script names its schema everywhere" \
	"$(grep -nE '^CREATE (FUNCTION|VIEW|TYPE|AGGREGATE|DOMAIN|TABLE) ' $parts </dev/null | grep -vE 'CREATE [A-Z]+ qrcred(_store)?\.')"

# ---- files

ok "no source file is longer than 600 lines" \
	"$(find src client -name '*.[ch]' -exec wc -l {} + | awk '$2 != "total" && $1 > 600')"
ok "nothing is left to do later" \
	"$(grep -rnE '\b(TODO|FIXME|XXX)\b' src client sql test --include='*.[chl]' --include='*.sql' \
		--include='*.pl' --include='*.t' --include='*.spec')"

echo "1..$number"
[ "$bad" = 0 ]
