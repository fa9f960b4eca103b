# Paying with a biometric from the first day on: enrolment, two devices, a face
# and a fingerprint, the wallet's picture read by a decoder, the code that was
# sent, the charge; strangers, modified wallets, crashes.  The wallet is the real
# one, and every call is made by a role that has its duty and nothing more.
use strict;
use warnings;
use utf8;

use DBI;
use Encode qw(encode);
use FindBin;
use lib "$FindBin::RealBin/../harness", "$FindBin::RealBin/../cli";

use JSON::PP;
use Pay qw(set_up_bank);
use PostgreSQL::Test::Utils;
use Server qw(new_server);
use Test::More;
use Time::HiRes qw(sleep time);

my $tmp = PostgreSQL::Test::Utils::tempdir();

# ---- the wallet, built here

{
	local %ENV = %ENV;
	delete @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES)};
	system('make', '-s', '-j2', '-C', "$FindBin::RealBin/../../client/cli", "BUILD=$tmp/cli", "OUT=$tmp/qrwallet") == 0
	  or die "the wallet could not be built\n";
}
$ENV{QRWALLET} = "$tmp/qrwallet";
require Wallet;
require Payer;
my $pin = '135790';

# ---- the bank: its roles' sessions, its cards and books

my $node = new_server('pay');
$node->start;
set_up_bank($node);
$node->safe_psql('postgres', q{
SELECT qrcred.create_issuer('bank', 'Bank', '', '{"skew_ahead": true, "freeze_seconds": 1, "freeze_cap_seconds": 1,
	"store_card_password": true, "wallet_url": "https://wallet.example/"}');
SET ROLE books;
CREATE TABLE bank.card (card text, password text);
INSERT INTO bank.card VALUES ('6222020000000011', '111111'), ('6222020000000022', '222222'), ('6222020000000033', '333333');
CREATE FUNCTION bank.charge_card(payment_id uuid, card text, card_password text, amount numeric, currency text, payee text) RETURNS text
LANGUAGE plpgsql SET search_path = bank, pg_temp AS $$
DECLARE
	receipt text := 'R-' || nextval('receipt_number');
BEGIN
	IF NOT EXISTS (SELECT FROM card c WHERE c.card = charge_card.card AND c.password = card_password) THEN
		RAISE EXCEPTION 'the card says no' USING ERRCODE = 'QC402';
	END IF;
	INSERT INTO posting VALUES (payment_id, right(card, 4), -amount, receipt, true), (payment_id, payee, amount, receipt, true);
	RETURN receipt;
END $$;
RESET ROLE;
SELECT qrcred.set_charge_function('bank', 'bank.charge_card(uuid,text,text,numeric,text,text)');
});

my %session_of;					# role => database handle

# A statement of a role; its first row, by column.
sub ask
{
	my ($role, $sql, @values) = @_;
	my $db = $session_of{$role} //= DBI->connect(
		sprintf('dbi:Pg:dbname=postgres;host=%s;port=%d', $node->host, $node->port),
		$role, '', { AutoCommit => 1, PrintError => 0, RaiseError => 1, pg_enable_utf8 => 1 });
	return $db->selectrow_hashref($sql, {}, @values);
}

sub value
{
	my ($row) = values %{ ask(@_) };
	return $row;
}

# The SQLSTATE of a refusal.
sub refused
{
	my ($role, @call) = @_;
	return eval { ask($role, @call); 1 } ? 'none' : $session_of{$role}->state;
}

# What the bank's sender has for a phone: [kind, body] of each.
sub messages
{
	my ($phone) = @_;
	my @found;
	ask('sender', 'SELECT 1');
	my $rows = $session_of{sender}->selectall_arrayref('SELECT * FROM qrcred.outbox_take(100)', { Slice => {} });
	ask('sender', 'SELECT qrcred.outbox_done(?)', [ map { $_->{outbox_id} } @$rows ]);
	return map { [ $_->{kind}, $_->{body} ] } grep { $_->{phone} eq $phone } @$rows;
}

# The digits of the one message there is.
sub code_sent
{
	my ($phone, $kind) = @_;
	my @messages = messages($phone);
	is(join(' ', map { $_->[0] } @messages), $kind, "one message: $kind");
	return $messages[0][1] =~ /\b(\d{6})\b/ ? $1 : 'none';
}

sub booked
{
	my ($payment) = @_;
	return Encode::decode('UTF-8', $node->safe_psql('postgres',
		"SELECT string_agg(concat_ws(' ', account, amount, receipt), ', ' ORDER BY amount) "
		  . "FROM bank.posting WHERE payment_id = '$payment->{payment_id}'"));
}

# Once from the payer's card to the shop, under the receipt that was told.
my %card = (ada => '0011', ben => '0022', cat => '0033', dan => '0011');

sub is_booked
{
	my ($who, $payment, $told, $name) = @_;
	my ($receipt) = $told =~ /(R-\d+)/;
	is(booked($payment), "$card{$who} -$payment->{amount} $receipt, $payment->{payee} $payment->{amount} $receipt", "$name: booked");
	return;
}

# ---- captures

# A finger or face of this number: bits that look random.
sub capture
{
	my ($seed, $bits) = @_;
	my $x = $seed;
	return join '', map { $x = ($x * 1103515245 + 12345) % 2**31; int($x / 2**16) & 1 } 1 .. $bits;
}

# The same again, a tenth of the bits otherwise.
sub again
{
	my ($template) = @_;
	return Payer::flip($template, int(length($template) / 10));
}

# ---- a payer's way through the bank

my %phone = (ada => '+8613800000011', ben => '+8613800000022', cat => '+8613800000033', dan => '+8613800000044');
my %name = (ada => 'ada', ben => 'ben@example', cat => '猫', dan => 'dan');
my %password = (ada => 'correct horse', ben => 'battery staple', cat => '电池', dan => 'dan dan');
my %ticket;

sub register_login
{
	my ($who, $answer, $login) = @_;
	return value('phone', 'SELECT qrcred.register_login(?, ?, ?, ?)', $ticket{$who}, $answer, $login, $password{$who});
}

sub login
{
	my ($who, $password, $gateway) = @_;
	return ask('phone', 'SELECT * FROM qrcred.login(?, ?, ?)', $name{$who}, $password, $gateway);
}

my %session;
my %binding;

# The row of begin_binding(), as the wallet gets it.
sub begin_binding
{
	my ($who) = @_;
	my $json = value('phone', 'SELECT to_json(b)::text FROM qrcred.begin_binding(?) b', $session{$who});
	$binding{$who} = decode_json($json);
	return Wallet::write_input($json);
}

sub bind_biometric
{
	my ($who, $template, $model, $code) = @_;
	begin_binding($who);
	ask('phone', 'SELECT qrcred.bind_biometric(?, ?, ?::bytea, ?, ?)', $session{$who}, $template, $binding{$who}{salt}, $model, $code);
	is(join(' ', map { $_->[0] } messages($phone{$who})), 'bound', 'the customer is told of it');
	return;
}

# A file with the package of a session; the answer itself.
sub package_of
{
	my ($session, $code) = @_;
	my $json = value('phone', 'SELECT qrcred.biometric_package(?, ?)::text', $session, $code);
	return defined $json ? (Wallet::write_input(encode('UTF-8', $json)), $json) : ();
}

my $orders = 0;

# An order; the row of begin_payment(), and a file with it for the wallet.
sub order
{
	my ($session, $amount, $payee) = @_;
	my $json = value('phone', 'SELECT to_json(p)::text FROM qrcred.begin_payment(?, ?, ?, ?, ?) p',
		$session, $amount, 'CNY', $payee // 'Example Shop', 'order ' . ++$orders);
	my $row = decode_json(encode('UTF-8', $json));
	return { %$row, file => Wallet::write_input(encode('UTF-8', $json)) };
}

# The wallet's code for it, by its picture: drawn, and read by two decoders.
# The steps of a payer's codes only go up, so a test that pays three times in
# half a minute sets the wallet's clock back at first, and forward at last.
sub drawn
{
	my ($payment, $in, @args) = @_;
	my $into_step = time - 30 * int(time / 30);
	sleep 30.1 - $into_step if $into_step > 24;
	my $png = "$tmp/pay.png";
	my ($rc, undef, $err) = Wallet::wallet($in, 'pay', '--yes', '--text', '--png', $png, '--payment', $payment->{file}, @args);
	$rc == 0 or BAIL_OUT("the wallet: $rc $err");
	my ($zbar, $zxing) = Wallet::read_qr($png);
	like($zbar, qr/^QC1\.[A-Z2-7]{50}$/, 'the wallet draws a code');
	is($zxing, $zbar, '... which two decoders read alike');
	return ($zbar, $err);
}

sub present
{
	my ($session, $payment, $code, $gateway) = @_;
	return ask('phone', 'SELECT * FROM qrcred.present(?, ?, ?, ?)', $session, $payment->{payment_id}, $code, $gateway);
}

# Verdict, status, receipt and tries left.
sub confirm
{
	my ($session, $payment, $digits) = @_;
	my $row = ask('phone', 'SELECT * FROM qrcred.confirm(?, ?, ?)', $session, $payment->{payment_id}, $digits);
	return join ' ', map { $row->{$_} // '-' } qw(verdict status receipt tries_left);
}

# From the code to the receipt.
sub pays
{
	my ($who, $session, $gateway, $payment, $code, $name) = @_;
	my $seen = present($session, $payment, $code, $gateway);
	is("$seen->{verdict} $seen->{next} $seen->{tier}", 'accepted none B', "$name: the code is this payer's");
	my $got = confirm($session, $payment, code_sent($phone{$who}, 'verification'));
	like($got, qr/^accepted charged R-\d+ -$/, "$name: charged");
	is_booked($who, $payment, $got, $name);
	return $got;
}

# ---- enrolment: name and password first, the rest later

foreach my $who (sort keys %phone)
{
	my ($last4) = $phone{$who} =~ /(\d{4})$/;
	ask('desk', 'SELECT qrcred.register(?, ?, ?, ?, ?)', 'bank', "C-$who", $who, "11010119900101$last4", $phone{$who});
	my $enrolled = ask('desk', 'SELECT * FROM qrcred.enrol_payer(?, ?)', 'bank', "C-$who");
	$ticket{$who} = $enrolled->{ticket};
	my ($message) = messages($phone{$who});
	is($message->[1], "Bank: set up your login for paying: https://wallet.example/#$ticket{$who}", "$who gets the link");
}
is(register_login('ada', '0000', 'ada'), 'rejected', 'a wrong answer');
is(register_login('ada', '0011', 'ada'), 'accepted', 'a login');
is(register_login('ada', '0011', 'ada'), 'rejected', 'its ticket is used');
is(register_login('ben', '0022', 'ada'), 'login_taken', 'a name that is taken');
is(register_login($_, substr($phone{$_}, -4), $name{$_}), 'accepted', "$_ has a login") foreach qw(ben cat dan);

# ---- login

is(login('ada', 'wrong horse', 'app-1')->{verdict}, 'rejected', 'name and password do not match');
is(login('cat', 'wrong', 'app-1')->{verdict}, 'rejected', 'nor here');
is(login('cat', 'wrong', 'app-1')->{verdict}, 'rejected', 'again, unheard');
sleep 1.1;
is(login('cat', 'wrong', 'app-1')->{verdict}, 'rejected', 'and again');
sleep 2.1;
is(login('cat', 'wrong', 'app-1')->{verdict}, 'rejected', 'and again');
my $waits_from = time;
$node->restart;
%session_of = ();
sleep 1.2 - (time - $waits_from) if time - $waits_from < 1.2;
my $asked = time;
is(login('cat', $password{cat}, 'app-1')->{verdict}, 'rejected', 'a login still waits after a restart');
cmp_ok($asked - $waits_from, '<', 4, '... since its four seconds are not over');
foreach my $who (qw(ada ben dan))
{
	my $in = login($who, $password{$who}, 'app-1');
	is($in->{verdict}, 'accepted', "$who is in");
	$session{$who} = $in->{session};
}
sleep 4.1 - (time - $waits_from) if time - $waits_from < 4.1;
$session{cat} = login('cat', $password{cat}, 'app-1')->{session};
like($session{cat}, qr/^QS1\./, 'who has waited is in');

# ---- what a wallet's role may not do

is(refused('phone', $_), '42501', "not for a wallet: $_") foreach (
	"SELECT qrcred.enrol_payer('bank', 'C-ada')",
	"SELECT qrcred.settle_payment(gen_random_uuid(), 'R')",
	'SELECT qrcred.outbox_take(1)',
	'SELECT * FROM qrcred_store.payment',
	'SELECT * FROM qrcred_store.biometric',
	"SELECT bank.charge_card(gen_random_uuid(), '', '', 1, 'CNY', '')");
is(refused('desk', "SELECT qrcred.login('ada', 'x', 'app-1')"), '42501', 'nor a login for the desk');

# ---- ada's first device: the server commits to her face

ask('phone', 'SELECT qrcred.bind_card(?, ?, ?)', $session{ada}, '6222020000000011', '111111');
my $ada = capture(1, 1023);
bind_biometric('ada', $ada, 'face-1', 'bch1023_123');
my ($ada_package) = package_of($session{ada});
ok($ada_package, 'the device that bound gets the package at once');
is(scalar(messages($phone{ada})), 0, '... and nobody need be told');

my $payment = order($session{ada}, '88.5', '示例商店');
is("$payment->{amount} $payment->{currency}", '88.50 CNY', 'an order');
my ($code, $shown) = drawn($payment, '', '--package', $ada_package, '--template', Wallet::write_input(again($ada)), '--clock-offset', -30);
like(Encode::decode('UTF-8', $shown), qr/^Payee: +示例商店\nAmount: +88\.50 CNY\n/m, 'the wallet shows what it signs');
my $seen = present($session{ada}, $payment, $code, 'app-2');
is($seen->{verdict}, 'rejected', 'not through another gateway');
$seen = present($session{ben}, $payment, $code, 'app-1');
is($seen->{verdict}, 'rejected', 'nor for another login');
$seen = present($session{ada}, $payment, $code, 'app-1');
is("$seen->{verdict} $seen->{next} $seen->{tier} " . ($seen->{challenge} // '-'), 'accepted none B -', 'presented: a code is sent, not shown');
my $digits = code_sent($phone{ada}, 'verification');
my $not = sprintf '%06d', ($digits + 1) % 1_000_000;
is(confirm($session{ada}, $payment, $not), 'rejected presented - 2', 'a wrong one: asked again');
is(confirm($session{ada}, $payment, '12345'), 'rejected presented - -', 'five digits are no code, and count nothing');
is(booked($payment), '', 'nothing is booked yet');
my $got = confirm($session{ada}, $payment, $digits);
like($got, qr/^accepted charged R-\d+ -$/, 'the right one: paid');
is_booked('ada', $payment, $got, 'and from the card to the shop');
is(confirm($session{ada}, $payment, $digits), $got, 'asked again: the same receipt');
is(present($session{ada}, $payment, $code, 'app-1')->{verdict}, 'rejected', 'the code pays nothing more');

# ---- the kept key

my $store = "$tmp/store";
my ($rc, undef, $err) = Wallet::wallet("$pin\n", 'keep', '--package', $ada_package, '--template', Wallet::write_input(again($ada)),
	'--store', $store, '--pin-fd', 0);
is($rc, 0, 'the key is kept') or diag($err);
$payment = order($session{ada}, '12');
($code) = drawn($payment, "$pin\n", '--store', $store, '--pin-fd', 0);
pays('ada', $session{ada}, 'app-1', $payment, $code, 'ada, kept key');

# ---- ada's second device: another login, another capture

my $second = login('ada', $password{ada}, 'app-2')->{session};
is((package_of($second))[0], undef, 'a second device gets a code first');
$digits = code_sent($phone{ada}, 'device_code');
my (undef, $answer) = package_of($second, sprintf '%06d', ($digits + 1) % 1_000_000);
is($answer, '{"v": 1, "verdict": "rejected"}', 'a wrong one gives nothing');
(undef, $answer) = package_of($session{ada}, $digits);
unlike($answer, qr/rejected/, '... and is no matter for the first device');
my ($second_package) = package_of($second, $digits);
is(join(' ', map { $_->[0] } messages($phone{ada})), 'device', 'the customer is told of the device');

# a stranger in front of it
$payment = order($second, '7.00');
($rc, $shown, $err) = Wallet::wallet('', 'pay', '--yes', '--plain', '--payment', $payment->{file},
	'--package', $second_package, '--template', Wallet::write_input(capture(99, 1023)));
is("$rc$shown", '6', 'the wallet makes no code of a stranger');
($code) = drawn($payment, '', '--package', $second_package, '--template', Wallet::write_input(again($ada)), '--clock-offset', 30);
is(present($second, $payment, $code, 'app-2')->{verdict}, 'accepted', 'it is ada: presented');
my $first_digits = code_sent($phone{ada}, 'verification');
ask('phone', 'SELECT qrcred.resend(?, ?)', $second, $payment->{payment_id});
$digits = code_sent($phone{ada}, 'verification');
like(confirm($second, $payment, $first_digits), qr/^rejected presented - \d$/, 'of two codes the first is worthless')
  if $first_digits ne $digits;
is(confirm($session{ben}, $payment, $digits), 'rejected - - -', 'the code is nothing to another login');
$got = confirm($second, $payment, $digits);
like($got, qr/^accepted charged R-\d+ -$/, 'the second device has paid');
is_booked('ada', $payment, $got, 'the second device');
is(confirm($session{ada}, $payment, $digits), $got, 'the first one may ask for the receipt');

# ---- ben: his wallet commits to a face by itself; then binds again

ask('phone', 'SELECT qrcred.bind_card(?, ?, ?)', $session{ben}, '6222020000000022', '222222');
my @face = map { sin($_ * 12.9898) / 2 } 1 .. 128;
my $mean = Wallet::write_input(join ' ', (0.01) x 128);
my $secret = Wallet::write_input($password{ben});

# The descriptor of a capture, about as far from the first as a face's is.
sub face_again
{
	return Wallet::write_input(join ' ', map { $_ + (rand() - 0.5) / 6 } @face);
}

sub binds_helper
{
	my ($binding) = @_;
	my ($rc, $out, $err) = Wallet::wallet($password{ben}, 'bind', '--binding', $binding, '--descriptor',
		Wallet::write_input("@face"), '--mean', $mean, '--password-fd', 0, '--model', 'face-2');
	$rc == 0 or BAIL_OUT("bind: $rc $err");
	my $bound = decode_json($out);
	ask('phone', "SELECT qrcred.bind_helper(?, ?, decode(?, 'hex'), decode(?, 'hex'), ?, ?)", $session{ben},
		@{$bound}{qw(helper key salt model code)});
	is(join(' ', map { $_->[0] } messages($phone{ben})), 'bound', 'the customer is told of it');
	return;
}

binds_helper(begin_binding('ben'));
my ($ben_package) = package_of($session{ben});
$payment = order($session{ben}, '0.01');
($code) = drawn($payment, $password{ben}, '--package', $ben_package, '--descriptor', face_again(), '--mean', $mean, '--password-fd', 0,
	'--clock-offset', -30);
pays('ben', $session{ben}, 'app-1', $payment, $code, 'ben');

my $ben_store = "$tmp/ben";
($rc, undef, $err) = Wallet::wallet("$password{ben}\n$pin\n", 'keep', '--package', $ben_package, '--descriptor', face_again(),
	'--mean', $mean, '--password-fd', 0, '--pin-fd', 0, '--store', $ben_store);
is($rc, 0, 'ben keeps his key') or diag($err);
my $old_payment = order($session{ben}, '5.00');
my ($old_code) = drawn($old_payment, "$pin\n", '--store', $ben_store, '--pin-fd', 0);
binds_helper(begin_binding('ben'));
is($binding{ben}{generation}, 2, 'binding again begins another generation');
is(present($session{ben}, $old_payment, $old_code, 'app-1')->{verdict}, 'rejected', 'a code of the key that was kept is worthless then');
$payment = order($session{ben}, '5.00');
($rc, $shown, $err) = Wallet::wallet("$pin\n", 'pay', '--yes', '--plain', '--payment', $payment->{file}, '--store', $ben_store, '--pin-fd', 0);
is("$rc$shown", '5', 'and for a payment begun since, the wallet makes none');
($ben_package) = package_of($session{ben});
($code) = drawn($payment, $password{ben}, '--package', $ben_package, '--descriptor', face_again(), '--mean', $mean, '--password-fd', 0);
pays('ben', $session{ben}, 'app-1', $payment, $code, 'ben, bound again');

# ---- cat: a fingerprint of the bank's extractor, and a server that falls

ask('phone', 'SELECT qrcred.bind_card(?, ?, ?)', $session{cat}, '6222020000000033', '333333');
my $finger = capture(3, 511);
bind_biometric('cat', $finger, 'acme-finger 2.1', 'bch511_76');
my ($cat_package) = package_of($session{cat});
$payment = order($session{cat}, '400.00');
($code) = drawn($payment, '', '--package', $cat_package, '--template', Wallet::write_input(again($finger)), '--model', 'acme-finger 2.1',
	'--clock-offset', -30);
is(present($session{cat}, $payment, $code, 'app-1')->{verdict}, 'accepted', 'a fingerprint: presented');
$node->stop('immediate');
$node->start;
%session_of = ();
is(value('phone', 'SELECT status FROM qrcred.payment_status(?, ?)', $session{cat}, $payment->{payment_id}), 'presented', 'the server fell, and it still is');
$got = confirm($session{cat}, $payment, code_sent($phone{cat}, 'verification'));
like($got, qr/^accepted charged R-\d+ -$/, 'paid after the fall');
is_booked('cat', $payment, $got, 'after the fall');
$node->stop('immediate');
$node->start;
%session_of = ();
is(confirm($session{cat}, $payment, '000000') =~ /^accepted/ ? 'accepted' : 'rejected', 'rejected', 'no other digits tell the receipt');
is_booked('cat', $payment, $got, 'after another fall');

# ---- dan: a modified wallet; a card that says no

ask('phone', 'SELECT qrcred.bind_card(?, ?, ?)', $session{dan}, '6222020000000011', '999999');
my $dan = capture(4, 1023);
bind_biometric('dan', $dan, 'face-1', 'bch1023_123');
my ($dan_package) = package_of($session{dan});
$payment = order($session{dan}, '3.00');

# Right in all but the key.
sub forged
{
	my ($payment, $try) = @_;
	my %of = map { $_ => $binding{dan}{$_} } qw(credential_id kid generation);
	return Payer::biometric_code(\%of, "not the key, try no. $try ........", int(time / 30), $payment);
}

my @told;
foreach my $try (1 .. 4)
{
	my $seen = present($session{dan}, $payment, forged($payment, $try), 'app-1');
	push @told, join ' ', map { $_ // '-' } @{$seen}{qw(verdict next tries_left)};
}
is(join(', ', @told), 'rejected none 2, rejected none 1, rejected stop 0, rejected none -', 'three codes of a modified wallet');
is(value('phone', 'SELECT status FROM qrcred.payment_status(?, ?)', $session{dan}, $payment->{payment_id}), 'left', '... leave the payment');
is(join(' ', map { $_->[0] } messages($phone{dan})), 'frozen', '... and the customer is told');
sleep 1.1;
($code) = drawn($payment, '', '--package', $dan_package, '--template', Wallet::write_input(again($dan)), '--clock-offset', -30);
is(present($session{dan}, $payment, $code, 'app-1')->{verdict}, 'rejected', 'for that one even the right wallet comes too late');
$payment = order($session{dan}, '3.00');
($code) = drawn($payment, '', '--package', $dan_package, '--template', Wallet::write_input(again($dan)));
is(present($session{dan}, $payment, $code, 'app-1')->{verdict}, 'accepted', 'another one is presented');
$digits = code_sent($phone{dan}, 'verification');
is(confirm($session{dan}, $payment, $digits), 'rejected declined - -', 'the card says no');
is(confirm($session{dan}, $payment, $digits), 'rejected declined - -', '... for good');
is(booked($payment), '', '... and nothing is booked');

# ---- a charge function that asks for the payment that it is charging

$node->safe_psql('postgres', q{
CREATE TABLE bank.asked (session text, digits text);
ALTER TABLE bank.asked OWNER TO books;
SELECT qrcred.grant_duty('books', 'wallet');
CREATE FUNCTION bank.charge_again(payment_id uuid, card text, card_password text, amount numeric, currency text, payee text) RETURNS text
LANGUAGE plpgsql SET search_path = bank, pg_temp AS $$
DECLARE
	inner_answer text;
BEGIN
	SELECT concat_ws(' ', c.verdict, c.status, c.receipt) INTO inner_answer FROM asked a, qrcred.confirm(a.session, payment_id, a.digits) c;
	RETURN bank.charge_card(payment_id, card, card_password, amount, currency, payee) || ', inside: ' || inner_answer;
END $$;
ALTER FUNCTION bank.charge_again OWNER TO books;
SELECT qrcred.set_charge_function('bank', 'bank.charge_again(uuid,text,text,numeric,text,text)')});
ask('phone', 'SELECT qrcred.bind_card(?, ?, ?)', $session{dan}, '6222020000000011', '111111');
$payment = order($session{dan}, '3.00');
($code) = drawn($payment, '', '--package', $dan_package, '--template', Wallet::write_input(again($dan)), '--clock-offset', 30);
is(present($session{dan}, $payment, $code, 'app-1')->{verdict}, 'accepted', 'presented');
$digits = code_sent($phone{dan}, 'verification');
$node->safe_psql('postgres', "INSERT INTO bank.asked VALUES ('$session{dan}', '$digits')");
$got = confirm($session{dan}, $payment, $digits);
like($got, qr/^accepted charged R-\d+, inside: accepted presented -$/, 'it is told that money is on its way');
is($node->safe_psql('postgres', "SELECT count(*) FROM bank.posting WHERE payment_id = '$payment->{payment_id}'"), '2', '... and it is booked once');
is(confirm($session{dan}, $payment, $digits), $got, '... under one receipt');

# ---- in the end

is($node->safe_psql('postgres', 'SELECT sum(amount), count(DISTINCT payment_id), count(*) FROM bank.posting'), '0.00|7|14', 'the books are even');
is( $node->safe_psql('postgres', 'SELECT count(*) FILTER (WHERE NOT a.ok) FROM qrcred_store.strike s, LATERAL qrcred.audit(s.id) a'),
	'0', 'every log is whole');
ask('phone', 'SELECT qrcred.logout(?)', $second);
is(refused('phone', 'SELECT qrcred.bind_card(?, ?)', $second, '1'), '22023', 'who has logged out is out');
like(login('ada', $password{ada}, 'app-2')->{session}, qr/^QS1/, '... and comes in again');

$_->disconnect foreach values %session_of;
$node->stop;
done_testing();
