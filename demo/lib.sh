# lib.sh
#	  What the acts of the demo are told with: sections, checks, the wallet, the
#	  two decoders.
#
# Read with `source` by demo/run, which sets tree, tmp, as_tester, pin and step.

give_up()
{
	echo "demo/run: step $step, $title: $*" >&2
	exit 1
}

section()
{
	step=$((step + 1))
	title=$1
	echo
	if [ -t 1 ]; then
		printf '\033[1m%d. %s\033[0m\n' "$step" "$title"
	else
		echo "$step. $title"
	fi
}

say()
{
	printf '   %s\n' "$@"
}

# must WHAT IS SHALL: the demo goes on only when both are the same.
must()
{
	[ "$2" = "$3" ] || give_up "$1 is \"$2\" and must be \"$3\""
}

# quietly NAME COMMAND...: as the tester; a failure shows what was said.
quietly()
{
	local log=$tmp/log/$1.log

	shift
	"${as_tester[@]}" "$@" </dev/null >"$log" 2>&1 9<&- && return
	tail -n 30 "$log" >&2
	give_up "this failed, its last lines stand above: $*"
}

# ask SQL: the answer without decoration, columns parted by |.
ask()
{
	"${as_tester[@]}" psql -XqAt -v ON_ERROR_STOP=1 <<<"$1"
}

# wallet ARGUMENT...: the customer's telephone.
wallet()
{
	"${as_tester[@]}" "$tree/client/cli/qrwallet" "$@" --store "$tmp/phone/wallet" --pin-fd 3 3<<<"$pin"
}

# scan CALL: a verification; sets verdict, next, digits, seconds, tries, tier and words.
scan()
{
	local row

	row=$(ask "SELECT verdict, next, challenge, challenge_seconds, tries_left, tier, message FROM qrcred.$1;") ||
		give_up "the verification failed"
	IFS='|' read -r verdict next digits seconds tries tier words <<<"$row"
}

# read_by_both PICTURE: sets seen; two independent decoders must agree on it.
read_by_both()
{
	local other

	seen=$("${as_tester[@]}" zbarimg -q --nodbus --raw "$1" </dev/null) || give_up "zbarimg reads nothing in ${1##*/}"
	other=$("${as_tester[@]}" ZXingReader -format QRCode "$1" </dev/null | sed -n 's/^Text: *"\(.*\)"$/\1/p')
	must "what ZXingReader reads in ${1##*/}" "$other" "$seen"
}
