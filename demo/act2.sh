# act2.sh
#	  System B: payments with a code made from a biometric, out of the ledger of
#	  ledger.sql.
#
# Read with `source` by demo/run.  What a camera, a model and a fingerprint
# sensor would give comes from demo/capture.  A payer's half minute serves one code;
# so as not to wait for the next one, some calls tell the wallet, with
# --clock-offset, that its clock is half a minute off.

password='correct horse battery'
face=face-model-1
finger=finger-extractor-2

# payer FOLDER ARGUMENT...: a wallet of the second act, each telephone in a folder of its own.
payer()
{
	local folder=$tmp/$1

	shift
	(cd "$folder" && "${as_tester[@]}" "$tree/client/cli/qrwallet" "$@" --store "$folder/wallet" \
		--pin-fd 3 --password-fd 4 3<<<"$pin" 4<<<"$password" </dev/null)
}

# into FILE SQL: the answer into a file of a telephone.
into()
{
	local answer

	answer=$(ask "$2") || give_up "this failed: $2"
	"${as_tester[@]}" tee -- "$tmp/$1" <<<"$answer" >/dev/null || give_up "$1 could not be written"
}

# capture FILE ARGUMENT...: a new capture into a file of a telephone.
capture()
{
	local file=$1

	shift
	"${as_tester[@]}" "$tree/demo/capture" "$@" | "${as_tester[@]}" tee -- "$tmp/$file" >/dev/null || give_up "no capture"
}

# sms KIND: the relay hands on all that waits; sets text to the last message of the kind.
sms()
{
	text=$(ask "
		WITH taken AS MATERIALIZED (SELECT * FROM qrcred.outbox_take(100)),
		done AS MATERIALIZED (SELECT qrcred.outbox_done(array_agg(outbox_id)) FROM taken)
		SELECT body FROM taken, done WHERE kind = '$1' ORDER BY outbox_id DESC LIMIT 1;") || give_up "outbox_take() failed"
	[ -n "$text" ] || give_up "no message of kind $1 waits"
	say "  SMS: \"$text\""
}

# order FOLDER SESSION AMOUNT PAYEE: begins a payment, for the telephone to sign; sets payment.
order()
{
	into "$1/payment.json" "SELECT to_json(p) FROM qrcred.begin_payment('$2', $3, 'CNY', '$4', 'order-$step') p;"
	payment=$(sed -n 's/.*"payment_id":"\([^"]*\)".*/\1/p' "$tmp/$1/payment.json")
}

# confirm SESSION CODE: sets verdict, status, receipt and tries.
confirm()
{
	local row

	row=$(ask "SELECT * FROM qrcred.confirm('$1', '$payment', '$2');") || give_up "confirm() failed"
	IFS='|' read -r verdict status receipt tries <<<"$row"
}

# paid SESSION WHOSE LEFT: the message comes, its code goes back, the ledger has moved.
paid()
{
	sms verification
	code=$(sed -n 's/.*Code: \([0-9]*\)\..*/\1/p' <<<"$text")
	confirm "$1" "$code"
	must verdict "$verdict" accepted
	must "the payment's state" "$status" charged
	must "the balance of $2" "$(balance "$2")" "$3"
	say "  confirm: accepted, charged, receipt $receipt; ${2}'s account: $3 CNY"
}

balance()
{
	ask "SELECT balance FROM bank.account WHERE name = '$1';"
}

# Waits while a half minute is about to end: a code of the one before would be too old.
calm()
{
	while (($(date +%s) % 30 > 25)); do
		sleep 0.2
	done
}

# session_of LOGIN: sets session.
session_of()
{
	local row

	row=$(ask "SELECT * FROM qrcred.login('$1', '$password', 'app');") || give_up "login() failed"
	must "the answer to the right password" "${row%%|*}" accepted
	session=${row#*|}
}

# enrol CUSTOMER ANSWER LOGIN: a payer with a login.
enrol()
{
	local row

	row=$(ask "SELECT * FROM qrcred.enrol_payer('example', '$1');") || give_up "enrol_payer() failed"
	IFS='|' read -r id ticket link <<<"$row"
	answer=$(ask "SELECT qrcred.register_login('$ticket', '$2', '$3', '$password');") || give_up "register_login() failed"
	must "the answer to register_login()" "$answer" accepted
}

section "A ledger to pay from"
quietly ledger psql -X -1 -v ON_ERROR_STOP=1 -f "$tree/demo/ledger.sql"
ask "
	SELECT qrcred.set_charge_function('example', 'bank.charge(uuid,text,text,numeric,text,text)');
	SELECT qrcred.set_policy('example', '{\"skew_ahead\": true}');
	SELECT qrcred.create_gateway('app', 'The bank''s app server');
	SELECT qrcred.register('example', 'C-1002', '李小红', '310101198505054321', '+86 139 0000 0000');
	SELECT bank.open_account('bank', 'vault', 'CNY'), bank.open_account('payee', 'Tea House', 'CNY'),
		bank.open_account('bank', 'payees to be paid', 'CNY');
	SELECT bank.link_card(bank.open_account('customer', '王小明', 'CNY'), 'token-of-wang-0001'),
		bank.link_card(bank.open_account('customer', '李小红', 'CNY'), 'token-of-li-0002');
	SELECT bank.book('deposit', ARRAY[v.account_id, c.account_id], ARRAY[-500.00, 500.00])
	FROM bank.account v, bank.account c WHERE v.name = 'vault' AND c.kind = 'customer';" >/dev/null ||
	give_up "the ledger could not be opened"
ask "SELECT qrcred.outbox_done(array_agg(outbox_id)) FROM qrcred.outbox_take(100);" >/dev/null ||
	give_up "the outbox could not be emptied"
say "demo/ledger.sql made a small double-entry ledger; set_charge_function() tells qrcred to" \
	"debit through it. Two customers have 500.00 CNY each."

section "A customer becomes a payer"
enrol C-1001 1234 xiaoming
wang=$id
say "enrol_payer() makes a credential of its own, $id, and a ticket for its login." \
	"With it and the last four characters of the id number the app registers a login name" \
	"and a password."
answer=$(ask "SELECT verdict FROM qrcred.login('xiaoming', 'wrong', 'app');") || give_up "login() failed"
must "the answer to a wrong password" "$answer" rejected
answer=$(ask "SELECT verdict FROM qrcred.login('xiaoming', '$password', 'app');") || give_up "login() failed"
must "the answer to the right password, too soon" "$answer" rejected
sleep 1.1
session_of xiaoming
first_session=$session
say "A wrong password: rejected, and for a second even the right one is. Then: accepted, and" \
	"a session that lives five minutes without use."

section "Card and face"
ask "SELECT qrcred.bind_card('$session', 'token-of-wang-0001');" >/dev/null || give_up "bind_card() failed"
say "The bank minted a token for the card; bind_card() seals it. No card number is here."
capture wang/mean mean
capture wang/face-1 face wang 1
into wang/binding.json "SELECT to_json(b) FROM qrcred.begin_binding('$session') b;"
payer wang bind --binding binding.json --descriptor face-1 --mean mean --model $face >"$tmp/wang/bound.json" ||
	give_up "the wallet did not bind"
ask "
	SELECT qrcred.bind_helper('$session', (j ->> 'helper')::varbit, decode(j ->> 'key', 'hex'),
		decode(j ->> 'salt', 'hex'), j ->> 'model', j ->> 'code')
	FROM (SELECT '$(<"$tmp/wang/bound.json")'::jsonb AS j) AS b;" >/dev/null || give_up "bind_helper() failed"
capture wang/face-2 face wang 2
capture wang/stranger face mallory 1
for face_of in face-1 face-2 stranger; do
	payer wang template --binding binding.json --descriptor $face_of --mean mean >"$tmp/wang/$face_of.bits" ||
		give_up "the wallet made no template"
done
differ=$(ask "
	SELECT string_agg(bit_count(B'$(<"$tmp/wang/face-1.bits")' # other)::text, ' ')
	FROM (VALUES (B'$(<"$tmp/wang/face-2.bits")'), (B'$(<"$tmp/wang/stranger.bits")')) AS t (other);") ||
	give_up "the templates could not be compared"
read -r differ_own differ_stranger <<<"$differ"
[ "$differ_own" -le 170 ] && [ "$differ_own" -gt 0 ] && [ "$differ_stranger" -gt 170 ] ||
	give_up "the templates differ in $differ_own and $differ_stranger bits"
say "There is no camera here, and no model: a small generator draws 128 numbers in place of a" \
	"face's descriptor, and each capture of the same face with noise of its own. The wallet" \
	"projects them, under the login password, to 1023 bits. Two captures of this customer" \
	"differ in $differ_own bits, a stranger's in $differ_stranger; up to 170 are corrected." \
	"The wallet draws a key, commits it to the template, and sends helper and key, which the" \
	"bank seals. No bit of the template leaves the wallet."
sms bound

section "Paying with a new capture"
into wang/package.json "SELECT qrcred.biometric_package('$session');"
order wang "$session" 88.50 'Tea House'
calm
# by its clock, set back, the credential is not valid yet, and the wallet says so
payer wang pay --package package.json --payment payment.json --descriptor face-2 --mean mean --model $face \
	--clock-offset -30 --yes --text --png "$tmp/out/payment-code.png" 2>&1 >/dev/null | sed '/^qrwallet:/d; s/^/   /' ||
	give_up "the wallet made no code"
read_by_both "$tmp/out/payment-code.png"
say "The wallet shows what it signs, and draws a code for this payment and no other:" "  $seen"
scan "present('$session', '$payment', '$seen', 'app')"
must verdict "$verdict" accepted
must tier "$tier" B
say "  present: accepted, tier B"
sms verification
code=$(sed -n 's/.*Code: \([0-9]*\)\..*/\1/p' <<<"$text")
confirm "$session" "$(printf '%06d' $(((10#$code + 1) % 1000000)))"
must "the verdict on a wrong verification code" "$verdict" rejected
must "the number of tries left" "$tries" 2
say "  confirm with a wrong code: rejected, tries left $tries"
row=$(ask "BEGIN; SELECT verdict, status FROM qrcred.confirm('$session', '$payment', '$code'); ROLLBACK;") ||
	give_up "confirm() failed"
must "the answer to the right code" "$row" "accepted|charged"
must "the balance after the rollback" "$(balance 王小明)" 500.00
answer=$(ask "SELECT status FROM qrcred.payment_status('$session', '$payment');") || give_up "payment_status() failed"
must "the payment's state after the rollback" "$answer" presented
say "  BEGIN; confirm with the right code: accepted, charged; ROLLBACK; nothing is paid: 500.00 CNY"
confirm "$session" "$code"
must "the answer to the same call again" "$verdict $status" "accepted charged"
first_receipt=$receipt
confirm "$session" "$code"
must "the receipt of a third call" "$receipt" "$first_receipt"
must "the balance" "$(balance 王小明)" 411.50
say "  the same call: accepted, charged, receipt $receipt; once more: the same receipt, and" \
	"  411.50 CNY are left. It was paid once."
scan "present('$session', '$payment', '$seen', 'app')"
must "the verdict on the same code again" "$verdict" rejected
say "The same picture once more: rejected."

section "Paying with the kept key"
payer wang keep --package package.json --descriptor face-2 --mean mean 2>&1 | sed 's/^/   /' ||
	give_up "the wallet did not keep the key"
order wang "$session" 20.00 'Tea House'
seen=$(payer wang pay --payment payment.json --clock-offset 0 --yes --plain 2>/dev/null) || give_up "the wallet made no code"
scan "present('$session', '$payment', '$seen', 'app')"
must verdict "$verdict" accepted
say "Without a capture, with the wallet's PIN: present: accepted"
paid "$session" 王小明 391.50

section "A second device"
session_of xiaoming
answer=$(ask "SELECT qrcred.biometric_package('$session') IS NULL;") || give_up "biometric_package() failed"
must "whether the package is held back" "$answer" t
say "Another telephone logs in and asks for the package. It gets none yet; a code is sent:"
sms device_code
code=$(sed -n 's/.*device: \([0-9]*\)\..*/\1/p' <<<"$text")
into second/package.json "SELECT qrcred.biometric_package('$session', '$code');"
sms device
capture second/mean mean
capture second/face-3 face wang 3
order second "$session" 7.30 'Tea House'
seen=$(payer second pay --package package.json --payment payment.json --descriptor face-3 --mean mean --model $face \
	--clock-offset 30 --yes --plain 2>/dev/null) || give_up "the second telephone made no code"
scan "present('$session', '$payment', '$seen', 'app')"
must verdict "$verdict" accepted
say "With the code it gets the package, and from a third capture of the face the same key:" \
	"  present: accepted"
paid "$session" 王小明 384.20

section "A fingerprint"
enrol C-1002 4321 xiaohong
li=$id
session_of xiaohong
capture li/finger-1 finger li 1
row=$(ask "
	SELECT qrcred.bind_card('$session', 'token-of-li-0002');
	SELECT salt FROM qrcred.begin_binding('$session');") || give_up "begin_binding() failed"
ask "SELECT qrcred.bind_biometric('$session', B'$(<"$tmp/li/finger-1")', '${row##*$'\n'}', '$finger', 'bch511_76');" >/dev/null ||
	give_up "bind_biometric() failed"
into li/package.json "SELECT qrcred.biometric_package('$session');"
capture li/finger-2 finger li 2
order li "$session" 12.00 'Tea House'
calm
seen=$(payer li pay --package package.json --payment payment.json --template finger-2 --model $finger \
	--clock-offset -30 --yes --plain 2>/dev/null) || give_up "the wallet made no code"
scan "present('$session', '$payment', '$seen', 'app')"
must verdict "$verdict" accepted
say "Another customer, with an extractor that yields 511 bits and corrects 85 (bch511_76); here" \
	"the bank committed, with bind_biometric(). A second capture: present: accepted"
paid "$session" 李小红 488.00
order li "$session" 1000 'Tea House'
seen=$(payer li pay --package package.json --payment payment.json --template finger-2 --clock-offset 0 --yes --plain 2>/dev/null) ||
	give_up "the wallet made no code"
scan "present('$session', '$payment', '$seen', 'app')"
must verdict "$verdict" accepted
sms verification
confirm "$session" "$(sed -n 's/.*Code: \([0-9]*\)\..*/\1/p' <<<"$text")"
must "the answer to a payment beyond the funds" "$verdict $status" "rejected declined"
must "the balance" "$(balance 李小红)" 488.00
say "  confirm: rejected, declined: the ledger found that the funds do not suffice."

section "A stranger"
order li "$session" 400.00 'Mallory Ltd'
for n in 1 2 3; do
	capture li/stranger finger mallory "$n"
	payer li pay --package package.json --payment payment.json --template stranger --yes --plain >/dev/null 2>"$tmp/li/said"
	must "the wallet's exit code for a stranger's finger" "$?" 6
done
say "Mallory has her telephone, with the session open, and puts a finger of his on it, three times:" \
	"  $(grep '^qrwallet:' "$tmp/li/said")" \
	"The wallet makes no code, for it has no key. So he modifies it, to send any code:"
for left in 2 1 0; do
	row=$(ask "
		SELECT v.verdict, v.next, v.tries_left
		FROM json_populate_record(NULL::record, '$(<"$tmp/li/payment.json")') AS p (payment_id text, payee text,
			currency text, amount text, nonce text, kid int, generation int),
			LATERAL qrcred.present('$session', '$payment', qrcred.biometric_code(gen_random_bytes(32), $li, p.kid, p.generation,
				floor(extract(epoch FROM clock_timestamp()) / 30)::int8 + 1,
				qrcred.payment_digest(p.payment_id, p.payee, p.currency, p.amount, p.nonce)), 'app') v;") || give_up "present() failed"
	IFS='|' read -r verdict next tries <<<"$row"
	must "the verdict on a wrong code" "$verdict" rejected
	must "the number of tries left" "$tries" "$left"
	say "  present with a wrong code: rejected, tries left $tries"
done
must "what comes next" "$next" stop
answer=$(ask "SELECT status FROM qrcred.payment_status('$session', '$payment');") || give_up "payment_status() failed"
must "the payment's state" "$answer" left
must "the credential's state" "$(ask "SELECT state FROM qrcred.peek($li);")" frozen
must "the balance" "$(balance 李小红)" 488.00
say "The payment is left, and her credential frozen. She is told:"
sms frozen

section "The books"
answer=$(ask "SELECT count(*) FROM bank.discrepancy;") || give_up "the ledger could not be read"
must "the number of discrepancies in the ledger" "$answer" 0
answer=$(ask "SELECT sum(amount) FROM bank.entry;") || give_up "the ledger could not be read"
must "the sum of all entries" "$answer" 0.00
ask "
	SELECT format('B-%s  %8s  %s to %s', b.booking_id, credit.amount, payer.name, b.what)
	FROM bank.booking b JOIN bank.entry debit USING (booking_id) JOIN bank.entry credit USING (booking_id)
		JOIN bank.account payer ON payer.account_id = debit.account_id
	WHERE b.payment_id IS NOT NULL AND debit.amount < 0 AND credit.amount > 0
	ORDER BY b.booking_id;" | sed 's/^/   /' || give_up "the ledger could not be read"
say ""
ask "SELECT format('     %8s  %s', balance, name) FROM bank.account ORDER BY account_id;" | sed 's/^/   /' ||
	give_up "the ledger could not be read"
say "Four payments, each booked once; all entries together: $answer."
for id in $wang $li; do
	answer=$(ask "SELECT ok, finding FROM qrcred.audit($id);") || give_up "audit() failed"
	must "the audit of $id" "$answer" "t|whole"
done
say "The logs of both payers are whole."
