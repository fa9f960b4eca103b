# Paying: however a confirmation is wrapped, cut off, repeated or killed, money
# moves once or not at all, and the books and the store say the same.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../harness";

use Clients qw(build_clients finish_clients start_clients);
use Findings qw(is_whole);
use Pay qw(as_role make_payers mood set_up_bank %pay_limits);
use PayCheck qw(check_payments finish_payments);
use PostgreSQL::Test::Utils;
use Server qw(forget_prepared kill_backend kill_cluster new_server sql stop_immediate $master);
use Test::More;
use Time::HiRes qw(sleep time);

my $tmp = PostgreSQL::Test::Utils::tempdir();
my $payer = build_clients('pay', "$tmp/build");
my $node = new_server('once');
$node->start;
set_up_bank($node, qw(shown five silent));
my $phone = as_role($node, 'phone');
my $desk = as_role($node, 'desk');

sub is_sound
{
	my ($directory, $name) = @_;
	return is_whole($name, check_payments($node, $directory, \%pay_limits));
}

# ---- one payment, 16 at once

my $many = make_payers($node, "$tmp/race", shown => 8, silent => 2);
mood($node, 'slow');
finish_clients(start_clients($payer, "$tmp/race", '-c', $phone, qw(-n 16 -r -m), 'plain,commit,rollback,savepoint,caught'));
my $race = is_sound("$tmp/race", 'payments that 16 clients confirm at the same time');
is($race->{states}{charged}, $many, 'all of which are charged');

my $undoing = 'plain,rollback,savepoint,caught,raised';
make_payers($node, "$tmp/wrong", shown => 4, five => 2);
finish_clients(start_clients($payer, "$tmp/wrong", '-c', $phone, qw(-n 16 -r -o -m), $undoing));
my $wrong = is_sound("$tmp/wrong", 'and with wrong verification codes');
is($wrong->{wrong_told}, 4 * 3 + 2 * 5, 'of which exactly the limit was told');

make_payers($node, "$tmp/modified", shown => 2, five => 2);
finish_clients(start_clients($payer, "$tmp/modified", '-c', $phone, qw(-n 16 -r -p -o -m), $undoing));
my $modified = is_sound("$tmp/modified", 'payments that 16 modified wallets present at the same time');
is($modified->{wrong_told}, 4 * 3, 'of whose codes exactly three were told to be wrong');

$many = make_payers($node, "$tmp/presented", shown => 4);
finish_clients(start_clients($payer, "$tmp/presented", '-c', $phone, qw(-n 16 -r -p -m), $undoing));
my $presented = is_sound("$tmp/presented", 'and the right one 16 times');
is($presented->{accepted}, $many, 'each code was accepted once');

# ---- the last receipt, when the power goes

foreach my $power (1, 2)
{
	make_payers($node, "$tmp/power-$power", silent => 2);
	finish_clients(start_clients($payer, "$tmp/power-$power", '-c', $phone, qw(-n 1 -r -m plain)));
	kill_cluster($node);
	is(is_sound("$tmp/power-$power", "a receipt is as durable as its commit, $power")->{charged_told}, 2, '... of two that were told');
}

# ---- in every mode, with settlements beside, and the server dying

make_payers($node, "$tmp/storm", shown => 16, five => 16, silent => 8);
mood($node, 'wild');
my $began = time;
my $run = start_clients($payer, "$tmp/storm", '-c', $phone, '-C', $desk, qw(-n 16 -t 16));
my $crashes = 0;
sleep 3;
$crashes++ if kill_backend($node);
forget_prepared($node, 1);
sleep 3;
sql($node, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename IN ('phone', 'desk')") foreach 1 .. 3;
sleep 2;
$crashes++ if stop_immediate($node);
forget_prepared($node, 1);
my ($confirmations, $told_wrong, $charged) = finish_clients($run);
note(sprintf '%d confirmations, %d wrong codes, %d times charged, %.1f s', $confirmations, $told_wrong, $charged, time - $began);
is($crashes, 2, 'two crashes');
my $storm = is_sound("$tmp/storm", 'what was told is so, and was done once');
is(scalar(grep { $_ ne 'settle' } keys %{ $storm->{modes} }), 13, 'in every mode');

# ---- nobody is stuck

mood($node, 'calm');
sleep 1.1;
foreach my $part (qw(storm wrong presented))
{
	my ($finished, @stuck) = finish_payments($node, "$tmp/$part", $master, $phone, $desk);
	cmp_ok($finished, '>=', 4, "$part: payments were left unfinished");
	is("@stuck", '', '... and every one can be ended');
}
is_sound("$tmp/storm", 'the books agree in the end');

$node->stop;
done_testing();
