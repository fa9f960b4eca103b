# Payers out of a dump: sessions are over, but login, binding, card and payments
# go on where they were, the charge function is found again, and who has to wait
# waits; so too after the extension was dropped and made anew.
use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use FindBin;
use lib "$FindBin::RealBin/../harness", "$FindBin::RealBin/../cli";

use IPC::Run;
use JSON::PP;
use Pay qw(make_payers set_up_bank);
use Payer ();
use PostgreSQL::Test::Utils;
use Server qw(new_server);
use Test::More;
use Time::HiRes qw(sleep time);

my $tmp = PostgreSQL::Test::Utils::tempdir();
my $here = new_server('here');
$here->start;
my $there = new_server('there', undef, fsync => 'off');
$there->start;
set_up_bank($here, 'shown');
make_payers($here, $tmp, shown => 3);
my %payer;
foreach my $line (split /\n/, slurp_file("$tmp/payers"))
{
	my ($id, undef, undef, $session, $gateway, $key) = split / /, $line;
	my ($n) = grep { sha256_hex("payer $_") eq $key } 1 .. 3;
	$payer{$n} = { id => $id, session => $session, gateway => $gateway, key => $key };
}
is(join(' ', sort keys %payer), '1 2 3', 'three payers');

# One statement of a role, and what is said to it: an error's SQLSTATE.
sub says
{
	my ($node, $db, $role, $sql) = @_;
	my ($out, $err);
	IPC::Run::run([ 'psql', '-XAtq', '-v', 'VERBOSITY=sqlstate', '-d', $node->connstr($db) . " user=$role" ],
		'<', \$sql, '>', \$out, '2>', \$err);
	chomp $out;
	return $err =~ /ERROR:  (\w+)/ ? $1 : $out;
}

sub logs_in
{
	my ($node, $db, $n, $password) = @_;
	return says($node, $db, 'phone', "SELECT * FROM qrcred.login('payer-$n', '" . ($password // "password of $n") . "', 'app-1')");
}

# A payment begun and signed: its id and its code; the step is $ahead of now's.
sub signed
{
	my ($node, $db, $n, $session, $ahead) = @_;
	my $payment = decode_json(says($node, $db, 'phone',
		"SELECT to_json(p) FROM qrcred.begin_payment('$session', 8.8, 'CNY', 'Shop', 'o') p"));
	my %of = (%$payment, credential_id => $payer{$n}{id});
	return ($payment->{payment_id},
		Payer::biometric_code(\%of, pack('H*', $payer{$n}{key}), int(time / 30) + $ahead, $payment));
}

sub presented
{
	my ($node, $db, $session, $payment, $code, $gateway) = @_;
	return says($node, $db, 'phone',
		"SELECT verdict, challenge FROM qrcred.present('$session', '$payment', '$code', '$gateway')");
}

sub confirmed
{
	my ($node, $db, $session, $payment, $digits) = @_;
	return says($node, $db, 'phone', "SELECT * FROM qrcred.confirm('$session', '$payment', '$digits')");
}

sub booked
{
	my ($node, $db, $payment) = @_;
	return $node->safe_psql($db,
		"SELECT count(*), sum(amount), max(receipt) FROM bank.posting WHERE payment_id = '$payment'");
}

# ---- one payment charged, one presented, a wrong code each, and logins that wait

sleep 1 while time % 30 > 20;
my ($session, $gateway) = @{ $payer{1} }{qw(session gateway)};
my ($charged, $charged_code) = signed($here, 'postgres', 1, $session, -1);
my ($verdict, $charged_digits) = split /\|/, presented($here, 'postgres', $session, $charged, $charged_code, $gateway);
is($verdict, 'accepted', 'a payment');
my $receipt = confirmed($here, 'postgres', $session, $charged, $charged_digits);
like($receipt, qr/^accepted\|charged\|R-\d+\|$/, 'charged');
my ($open, $open_code) = signed($here, 'postgres', 1, $session, 0);
(undef, my $digits) = split /\|/, presented($here, 'postgres', $session, $open, $open_code, $gateway);
like($digits, qr/^\d{6}$/, 'another one, presented');
is(confirmed($here, 'postgres', $session, $open, sprintf '%06d', ($digits + 1) % 1_000_000), 'rejected|presented||2', 'with a wrong code');

is(logs_in($here, 'postgres', 2, 'wrong'), 'rejected|', 'a wrong password');
says($here, 'postgres', 'phone', "SELECT qrcred.login('nobody', 'wrong', 'app-1')");
sleep 1.1;
is(logs_in($here, 'postgres', 2, 'wrong'), 'rejected|', 'and another: two seconds to wait');
my $waits_from = time;

# ---- there

my $nobody = 'SELECT count(*), sum(window_count) FROM qrcred_store.strike WHERE id <= -8589934592 AND attempt_no > 0';
my $was = $here->safe_psql('postgres', $nobody);
$there->safe_psql('postgres', q{
CREATE ROLE phone LOGIN; CREATE ROLE desk LOGIN; CREATE ROLE sender LOGIN; CREATE ROLE books;
CREATE TABLE so_that_numbers_differ (n serial PRIMARY KEY, t text);
CREATE DATABASE restored ENCODING 'UTF8' TEMPLATE template0});
IPC::Run::run([ 'pg_dump', '-Fc', '-d', $here->connstr('postgres'), '-f', "$tmp/dump" ]) or die;
ok(IPC::Run::run([ 'pg_restore', '-1', '-d', $there->connstr('restored'), "$tmp/dump" ]), 'restored');
is($there->safe_psql('restored', $nobody), $was, 'the row of an unknown name is there');
$there->safe_psql('restored', 'SET client_min_messages = error; SELECT qrcred.upgrade_store()');
is($there->safe_psql('restored', 'SELECT count(*) FROM qrcred_store.session'), '0', 'no session is left');
is(says($there, 'restored', 'phone', "SELECT qrcred.payment_status('$session', '$open')"), '22023', '... so one of before is none');
isnt($there->safe_psql('restored', "SELECT 'bank.charge'::regproc::oid"), $here->safe_psql('postgres', "SELECT 'bank.charge'::regproc::oid"),
	'the charge function has another number here');

($verdict, my $new) = split /\|/, logs_in($there, 'restored', 1);
is($verdict, 'accepted', 'name and password are as before');
is(says($there, 'restored', 'phone', "SELECT qrcred.payment_status('$new', '$open')"), 'presented', 'a payment is where it was');
is(presented($there, 'restored', $new, $open, $open_code, 'app-1'), 'rejected|', 'its code is used up');
is(confirmed($there, 'restored', $new, $open, sprintf '%06d', ($digits + 1) % 1_000_000), 'rejected|presented||1', 'the wrong code of before counts');
my $paid = confirmed($there, 'restored', $new, $open, $digits);
like($paid, qr/^accepted\|charged\|R-\d+\|$/, 'its digits are right: charged by the function, with the card');
is(booked($there, 'restored', $open) . '|', '2|0.00|' . (split /\|/, $paid)[2] . '|', 'and booked');
is(confirmed($there, 'restored', $new, $charged, $charged_digits), $receipt, 'what was charged before tells its receipt');
is(booked($there, 'restored', $charged) . '|', '2|0.00|' . (split /\|/, $receipt)[2] . '|', 'and is not booked again');
my ($next, $next_code) = signed($there, 'restored', 1, $new, 1);
like(presented($there, 'restored', $new, $next, $next_code, 'app-1'), qr/^accepted\|\d{6}$/, 'the binding pays');

is(says($there, 'restored', 'phone', "SELECT qrcred.biometric_package('$new')"), '', 'the package needs a code here');
my ($code) = says($there, 'restored', 'sender', "SELECT body FROM qrcred.outbox_take(100) WHERE kind = 'device_code'") =~ /\b(\d{6})\b/;
like(says($there, 'restored', 'phone', "SELECT qrcred.biometric_package('$new', '$code') -> 'biometric' ->> 'helper'"),
	qr/^(?:55){127}54$/, 'and holds the helper');

# ---- who has to wait, goes on from there

sleep 2.1 - (time - $waits_from) if time - $waits_from < 2.1;
is(logs_in($there, 'restored', 2, 'wrong'), 'rejected|', 'a third wrong password');
$waits_from = time;
sleep 1.5;
is(logs_in($there, 'restored', 2), 'rejected|', 'costs more than the second that a first one would');
cmp_ok(time - $waits_from, '<', 4, '... namely four');
like(logs_in($there, 'restored', 3), qr/^accepted\|QS1/, 'another login need not wait');

# ---- the extension made anew, in the same database

$there->safe_psql('restored', q{
SET client_min_messages = error;
DROP EXTENSION qrcred CASCADE;
CREATE EXTENSION qrcred;
SELECT qrcred.upgrade_store()});
is(says($there, 'restored', 'phone', "SELECT qrcred.payment_status('$new', '$next')"), 'presented', 'a session outlives the extension');
is(confirmed($there, 'restored', $new, $open, $digits), $paid, 'and so does a receipt');
sleep 4.1 - (time - $waits_from) if time - $waits_from < 4.1;
like(logs_in($there, 'restored', 2), qr/^accepted\|QS1/, 'who has waited is in');
is($there->safe_psql('restored', 'SELECT count(*) FILTER (WHERE NOT a.ok) FROM qrcred_store.strike s, LATERAL qrcred.audit(s.id) a'),
	'0', 'every log is whole');

$here->stop;
$there->stop;
done_testing();
