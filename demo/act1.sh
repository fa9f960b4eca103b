# act1.sh
#	  System A: the way of a QR credential, from the counter to the till.
#
# Read with `source` by demo/run.

section "The bank signs a customer up"
ask "
	SELECT qrcred.create_store();
	SELECT qrcred.create_issuer('example', '示例银行 Example Bank', '柜台取款 Withdrawals at the counter',
		'{\"wallet_url\": \"https://wallet.example/\"}');
	SELECT qrcred.create_gateway('till-7', 'Till 7, Main Street');
	SELECT qrcred.register('example', 'C-1001', '王小明', '110101199001011234', '+86 138 0000 0000');" >/dev/null ||
	give_up "the store, issuer, gateway or customer could not be made"
row=$(ask "SELECT * FROM qrcred.issue('example', 'C-1001', face_value => '500.00 CNY');") || give_up "issue() failed"
IFS='|' read -r id ticket link <<<"$row"
must "the link" "$link" "https://wallet.example/#$ticket"
say "Name, id number and phone are registered, and stored sealed. issue() answers:" \
	"  credential  $id" \
	"  ticket      $ticket" \
	"  link        $link" \
	"The bank's SMS sender brings the link to the customer's phone."

section "The wallet downloads the credential"
say "The wallet sends the ticket, and the last four characters of the customer's id number."
answer=$(ask "SELECT qrcred.download('$ticket', '9999') ->> 'verdict';") || give_up "download() failed"
must "the answer to a wrong \"last four\"" "$answer" rejected
say "Somebody who found the message tries 9999: rejected. The customer sends 1234:" ""
ask "SELECT qrcred.download('$ticket', '1234');" | wallet download --yes | sed 's/^/   /' ||
	give_up "the wallet did not keep the credential"
answer=$(ask "SELECT qrcred.download('$ticket', '1234') ->> 'verdict';") || give_up "download() failed"
must "the answer to a second download" "$answer" rejected
say "" "The wallet keeps it sealed under a PIN. The same ticket once more: rejected, it works once."

section "The card"
wallet show </dev/null | sed 's/^/   /' || give_up "the wallet did not show the card"
wallet show --card "$tmp/out/card.png" --png "$tmp/out/first-code.png" </dev/null ||
	give_up "the wallet did not draw the pictures"
wallet show --card "$tmp/out/card.svg" </dev/null || give_up "the wallet did not draw the card"
read_by_both "$tmp/out/first-code.png"
first=$seen
read_by_both "$tmp/out/card.png"
must "the code on the card" "$seen" "$first"
say "The picture and the card, read back by zbarimg and by ZXingReader, are the same text:" "  $first"

section "First scan"
bill="CNY 88.50 示例商店 Example Shop"
say "The till sends what its scanner read, and what is to be paid: $bill"
scan "verify('$first', 'till-7', '$bill')"
must verdict "$verdict" challenge
must "what is asked for next" "$next" second_code
say "  verdict challenge, next second_code, ${seconds} s" \
	"The till shows these digits, made for this amount and this shop:  ${digits:0:4} ${digits:4}"

section "The wallet answers the digits with another picture"
wallet answer "$digits" </dev/null | sed 's/^/   /' || give_up "the wallet did not answer"
wallet answer "$digits" --png "$tmp/out/second-code.png" </dev/null >/dev/null || give_up "the wallet drew no picture"
read_by_both "$tmp/out/second-code.png"
[ "$seen" != "$first" ] || give_up "the second code is the first one"
say "As a PNG, zbarimg and ZXingReader read the same text in it:" "  $seen"

section "Second scan"
scan "verify_second($id, '$seen', 'till-7', '$bill')"
must verdict "$verdict" accepted
must tier "$tier" C
say "  verdict accepted, tier C: \"$words\""
scan "verify_second($id, '$seen', 'till-7', '$bill')"
must "the verdict on the same picture again" "$verdict" rejected
say "The same picture once more: rejected. It was good once."

section "A thief guesses"
scan "verify('$first', 'till-7')"
must verdict "$verdict" challenge
right=$(wallet answer "$digits" --plain </dev/null | head -n 1) || give_up "the wallet did not answer"
say "He has a photograph of the card, so he passes the first scan and sees new digits." \
	"He has no key; each guess stands inside BEGIN ... ROLLBACK, hoping that nothing counts:"
for left in 2 1 0; do
	row=$(ask "
		BEGIN;
		SELECT v.verdict, v.next, v.tries_left
		FROM qrcred.verify_second($id, qrcred.second_code(gen_random_bytes(32), $id, 1, 1,
			extract(epoch FROM clock_timestamp())::int8, '$digits'), 'till-7') v;
		ROLLBACK;") || give_up "the verification failed"
	IFS='|' read -r verdict next tries <<<"$row"
	must "the verdict on a wrong second code" "$verdict" rejected
	must "the number of tries left" "$tries" "$left"
	say "  BEGIN; a wrong second code: rejected, tries left $tries; ROLLBACK;"
done
must "what comes next" "$next" stop
state=$(ask "SELECT state FROM qrcred.peek($id);") || give_up "peek() failed"
must "the credential's state" "$state" frozen
say "No rollback took a guess back: the credential is frozen."
scan "verify_second($id, '$right', 'till-7')"
must "the verdict on the right second code" "$verdict" frozen
say "Even the right second code, from the customer's own wallet, is refused now: frozen."
scan "verify('$first', 'till-7')"
must "the verdict on a new scan" "$verdict" frozen
say "A new scan: frozen. \"$words\""

section "The bank releases it"
ask "SELECT qrcred.release($id, 'customer called, identity checked');" >/dev/null || give_up "release() failed"
say "Staff calls release(), with a reason that stays on record."
scan "verify('$first', 'till-7')"
must "the verdict on a scan after the release" "$verdict" challenge
right=$(wallet answer "$digits" --plain </dev/null | head -n 1) || give_up "the wallet did not answer"
scan "verify_second($id, '$right', 'till-7')"
must "the verdict on the right second code" "$verdict" accepted
say "The customer scans again: challenge, then accepted."

section "The log"
answer=$(ask "SELECT ok, finding FROM qrcred.audit($id);") || give_up "audit() failed"
must "the audit" "$answer" "t|whole"
answer=$(ask "SELECT count(*) FROM qrcred.history($id) WHERE kind = 'second' AND reason = 'wrong';") ||
	give_up "history() failed"
must "the number of wrong guesses in the log" "$answer" 3
say "history() has the three guesses too, rolled back or not:"
ask "SELECT format('%4s  %-8s  %-9s  %s', attempt_no, kind, verdict, nullif(reason, 'none')) FROM qrcred.history($id);" |
	sed 's/^/   /; s/ *$//' || give_up "history() failed"
say "Each row is sealed to the one before; audit() finds the chain whole."

section "Pictures made by SQL"
ask "SELECT encode(qrcred.qr_png('$first', module => 16), 'base64');" | base64 -d >"$tmp/out/sql-qr.png" ||
	give_up "qr_png() failed"
ask "SELECT qrcred.card_svg('$first', '示例银行 Example Bank', '柜台取款 Withdrawals at the counter', '500.00 CNY',
	(SELECT valid_until FROM qrcred.peek($id)));" >"$tmp/out/sql-card.svg" || give_up "card_svg() failed"
read_by_both "$tmp/out/sql-qr.png"
must "the text in the picture of qr_png()" "$seen" "$first"
must "the card of card_svg()" "$(<"$tmp/out/sql-card.svg")" "$(<"$tmp/out/card.svg")"
say "For letters and counters, without a wallet: qr_png() drew a larger picture, which both" \
	"decoders read, and card_svg() the very card that the wallet has drawn."
