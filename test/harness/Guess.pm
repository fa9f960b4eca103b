# A store for the program "guess": issuers with short freezes and with long ones,
# gateways, and schema guess.
package Guess;

use strict;
use warnings;

use Clients qw(undoing_functions);
use Exporter qw(import);

our @EXPORT_OK = qw(set_up %limits %max_freezes);

# Short freezes, so that there is much to check; "long" freezes for a day.
our %limits = (three => 3, five => 5, long => 3, long_five => 5, shown => 3);
our %max_freezes = (three => 20, five => 20, long => 4, long_five => 4, shown => 20);

my %policy = (
	three => '{"strike_limit": 3, "freeze_seconds": 1, "freeze_cap_seconds": 1, "max_freezes": 20, "activation": "none"}',
	five => '{"strike_limit": 5, "freeze_seconds": 1, "freeze_cap_seconds": 1, "max_freezes": 20, "activation": "none"}',
	long => '{"strike_limit": 3, "freeze_seconds": 86400, "challenge_seconds": 3600, "activation": "none"}',
	long_five => '{"strike_limit": 5, "freeze_seconds": 86400, "challenge_seconds": 3600, "activation": "none"}',
	shown => '{"strike_limit": 3, "freeze_seconds": 1, "freeze_cap_seconds": 1, "max_freezes": 20, "activation": "none", "sync_standby": true}'
);

sub set_up
{
	my ($node, @issuers) = @_;
	my $arguments = 'id int8, code text, gateway text, words text, request uuid';
	$node->safe_psql(
		'postgres', q{
SET client_min_messages = warning;
CREATE EXTENSION qrcred CASCADE;
CREATE EXTENSION amcheck;
SELECT qrcred.create_store();
SELECT qrcred.create_gateway('till-' || n, 'Till ' || n) FROM generate_series(1, 8) n;
CREATE SCHEMA guess;
CREATE TABLE guess.paid (n int8);
CREATE FUNCTION guess.ask(} . $arguments . q{)
RETURNS qrcred.verification LANGUAGE plpgsql AS $$
DECLARE v qrcred.verification;
BEGIN
	IF id IS NULL THEN
		SELECT * INTO v FROM qrcred.verify(code, gateway, words, request);
	ELSE
		SELECT * INTO v FROM qrcred.verify_second(id, code, gateway, words, request);
	END IF;
	RETURN v;
END $$;
}
		  . undoing_functions('guess', $arguments, 'qrcred.verification',
			qw(verdict next - tries_left attempt_no repeated challenge)));
	$node->safe_psql('postgres',
		"SELECT qrcred.create_issuer('$_', 'Bank $_', '', '$policy{$_}')")
	  foreach @issuers;
	return;
}

1;
