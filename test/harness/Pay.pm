# A bank whose payers pay with a biometric: its books, its charge function, its
# roles, and the payers that the program "pay" plays.
package Pay;

use strict;
use warnings;

use Clients qw(undoing_functions);
use Digest::SHA qw(sha256_hex);
use Exporter qw(import);
use File::Path qw(make_path);
use IPC::Run;
use PostgreSQL::Test::Utils;

our @EXPORT_OK = qw(as_role make_payers mood set_up_bank %pay_limits);

our %pay_limits = (shown => 3, five => 5, silent => 3);

# A freeze lasts a second, and wrong codes of a whole run do not void anybody;
# "silent" asks for no verification code.
my %policy = (
	shown => '"strike_limit": 3, "verification": "screen"',
	five => '"strike_limit": 5, "verification": "screen"',
	silent => '"strike_limit": 3, "verification": "off"');
my $common = '"activation": "none", "freeze_seconds": 1, "freeze_cap_seconds": 1, '
  . '"max_freezes": 20, "skew_ahead": true';

# Connections of a role; locks are waited for a while only.
sub as_role
{
	my ($node, $role) = @_;
	return $node->connstr('postgres') . " user=$role options='-c lock_timeout=1000'";
}

# The store; a role for each duty that the payers need; and the books, which
# have no unique key: that a payment is booked once is not theirs to see to.
sub set_up_bank
{
	my ($node, @issuers) = @_;
	my $arguments = 'verb text, session text, payment uuid, code text, gateway text, request uuid';
	$node->safe_psql(
		'postgres', q{
SET client_min_messages = warning;
CREATE EXTENSION qrcred CASCADE;
SELECT qrcred.create_store();
SELECT qrcred.create_gateway('app-' || n, 'App ' || n) FROM generate_series(1, 4) n;
CREATE ROLE phone LOGIN;
CREATE ROLE desk LOGIN;
CREATE ROLE sender LOGIN;
CREATE ROLE books;
SELECT qrcred.grant_duty('phone', 'wallet');
SELECT qrcred.grant_duty('desk', 'issuer');
SELECT qrcred.grant_duty('sender', 'relay');

CREATE SCHEMA bank AUTHORIZATION books;
GRANT USAGE ON SCHEMA bank TO desk;
SET ROLE books;
CREATE TABLE bank.posting (payment_id uuid NOT NULL, account text NOT NULL, amount numeric NOT NULL, receipt text NOT NULL, is_direct bool NOT NULL);
CREATE TABLE bank.outgoing (payment_id uuid NOT NULL, amount numeric NOT NULL, is_done bool NOT NULL DEFAULT false);
CREATE TABLE bank.mood (mood text NOT NULL);
INSERT INTO bank.mood VALUES ('calm');
CREATE SEQUENCE bank.receipt_number;
CREATE FUNCTION bank.charge(payment_id uuid, card text, card_password text, amount numeric, currency text, payee text) RETURNS text
LANGUAGE plpgsql SET search_path = bank, pg_temp AS $$
DECLARE
	mood text := (SELECT m.mood FROM mood m);
	luck float8 := CASE mood WHEN 'wild' THEN random() ELSE 1 END;
	receipt text;
BEGIN
	IF luck < 0.15 THEN
		INSERT INTO outgoing VALUES (payment_id, amount);
		RETURN NULL;
	END IF;
	receipt := 'R-' || nextval('receipt_number');
	INSERT INTO posting VALUES (payment_id, right(card, 4), -amount, receipt, true), (payment_id, payee, amount, receipt, true);
	IF mood = 'slow' OR luck < 0.30 THEN
		PERFORM pg_sleep(0.01 + 0.03 * random());
	END IF;
	IF luck < 0.22 THEN
		RAISE EXCEPTION 'no money' USING ERRCODE = 'QC402';
	ELSIF luck > 0.90 AND luck < 1 THEN
		RAISE EXCEPTION 'the books are closed' USING ERRCODE = 'BK001';
	END IF;
	RETURN receipt;
END $$;
CREATE FUNCTION bank.settled(payment_id uuid, receipt text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = bank, pg_temp
AS 'INSERT INTO posting SELECT o.payment_id, side, CASE side WHEN ''card'' THEN -o.amount ELSE o.amount END, settled.receipt, false
	FROM outgoing o, unnest(''{card,shop}''::text[]) side WHERE o.payment_id = settled.payment_id';
CREATE FUNCTION bank.done(payment_id uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = bank, pg_temp
AS 'UPDATE outgoing o SET is_done = true WHERE o.payment_id = done.payment_id';
GRANT SELECT, UPDATE ON bank.outgoing TO desk;
RESET ROLE;

CREATE SCHEMA pay;
GRANT USAGE ON SCHEMA pay TO phone;
CREATE TYPE pay.answer AS (verdict text, status text, receipt text, tries_left int, attempt_no int8, repeated bool, challenge text);
CREATE FUNCTION pay.ask(} . $arguments . q{)
RETURNS pay.answer LANGUAGE plpgsql AS $$
DECLARE a pay.answer;
BEGIN
	IF verb = 'present' THEN
		SELECT v.verdict, v.next, NULL, v.tries_left, v.attempt_no, v.repeated, v.challenge INTO a
		FROM qrcred.present(session, payment, code, gateway, request) v;
	ELSE
		SELECT v.verdict, v.status, v.receipt, v.tries_left INTO a
		FROM qrcred.confirm(session, payment, code, request) v;
	END IF;
	RETURN a;
END $$;
}
		  . undoing_functions('pay', $arguments, 'pay.answer',
			qw(verdict status receipt tries_left attempt_no repeated challenge))
		  . 'GRANT SELECT, INSERT ON pay.noise TO phone;');
	foreach my $issuer (@issuers)
	{
		$node->safe_psql('postgres',
			"SELECT qrcred.create_issuer('$issuer', 'Bank', '', '{$common, $policy{$issuer}}'); "
			  . "SELECT qrcred.set_charge_function('$issuer', 'bank.charge(uuid,text,text,numeric,text,text)')");
	}
	return;
}

# How the charge function behaves: calm, slow or wild.
sub mood
{
	my ($node, $mood) = @_;
	$node->safe_psql('postgres', "UPDATE bank.mood SET mood = '$mood'");
	return;
}

# So many payers of each issuer with login, session, card and binding, for the
# program "pay" in $directory; their keys follow from their names.
my $payers = 0;

sub make_payers
{
	my ($node, $directory, %many) = @_;
	my (@scripts, @sessions);
	my $number = 0;
	foreach my $issuer (sort keys %many)
	{
		my ($from, $to) = ($payers + 1, $payers + $many{$issuer});
		$payers = $to;
		my $tickets = '';
		IPC::Run::run(
			[ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', as_role($node, 'desk') ], '<', \qq{
SELECT count(*) FROM generate_series($from, $to) n, LATERAL qrcred.register('$issuer', 'P-' || n, 'Ada', 'ID-' || n, '+861380000' || n) \\g /dev/null
SELECT n, e.credential_id, e.ticket FROM generate_series($from, $to) n, LATERAL qrcred.enrol_payer('$issuer', 'P-' || n) e;
}, '>', \$tickets) or die "payers could not be enrolled\n";
		my $needs_code = $issuer eq 'silent' ? 'f' : 't';
		foreach my $line (split /\n/, $tickets)
		{
			my ($n, $id, $ticket) = split /\|/, $line;
			my $key = sha256_hex("payer $n");
			my $gateway = 'app-' . (1 + $n % 4);
			$scripts[ $number++ % 2 ] .= qq{
SELECT qrcred.register_login('$ticket', NULL, 'payer-$n', 'password of $n') \\g /dev/null
SELECT session FROM qrcred.login('payer-$n', 'password of $n', '$gateway') \\gset
SELECT qrcred.bind_card(:'session', '622202000000' || $n) \\g /dev/null
SELECT kid, generation, salt FROM qrcred.begin_binding(:'session') \\gset
SELECT qrcred.bind_helper(:'session', repeat('01', 512)::varbit(1023)::varbit, decode('$key', 'hex'), :'salt', 'face-1', 'bch1023_123') \\g /dev/null
\\echo $id :kid :generation :session $gateway $key $needs_code
};
		}
	}
	make_path($directory);
	my @lines = ('') x @scripts;
	foreach my $i (0 .. $#scripts)
	{
		push @sessions, IPC::Run::start(
			[ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', as_role($node, 'phone') ],
			'<', \$scripts[$i], '>', \$lines[$i]);
	}
	$_->finish or die "payers could not be bound\n" foreach @sessions;
	my $text = join '', @lines;
	my $bound = () = $text =~ /^\d+ 1 1 QS1\.\S+ app-\d \w{64} [tf]$/mg;
	$bound == $number or die "$bound of $number payers are bound\n";
	append_to_file("$directory/payers", $text);
	return $number;
}

1;
