# Paying: however a confirmation is wrapped, cut off, repeated or killed, money
# moves once or not at all, and the books and the store say the same.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../harness";

use Guess qw(finish_guessing kill_backend kill_cluster new_server progress
  sql start_guessing stop_immediate $master);
use Pay qw(as_role build_payers forget_prepared make_payers mood set_up_bank %pay_limits);
use PayCheck qw(check_payments finish_payments);
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $tmp = PostgreSQL::Test::Utils::tempdir();
my $payer = build_payers("$tmp/build");
my $node = new_server('once');
$node->start;
set_up_bank($node, qw(shown five silent));
my $phone = as_role($node, 'phone');
my $desk = as_role($node, 'desk');

# Nothing may be broken; says what is.
sub is_sound
{
	my ($directory, $name) = @_;
	my ($broken, $totals) = check_payments($node, $directory, \%pay_limits);
	ok(!%$broken, $name);
	foreach my $what (sort keys %$broken)
	{
		my @where = @{ $broken->{$what} };
		diag("$what, " . scalar(@where) . ' times: ' . join('; ', grep { defined } @where[ 0 .. 4 ]));
	}
	note(join ', ', map { "$_ $totals->{$_}" } grep { !ref $totals->{$_} } sort keys %$totals);
	foreach my $list (qw(verbs modes wrong states failures))
	{
		note("$list: " . join ', ', map { "$_ $totals->{$list}{$_}" } sort keys %{ $totals->{$list} });
	}
	return $totals;
}

# ---- one payment, 16 at once

my $many = make_payers($node, "$tmp/race", shown => 8, silent => 2);
mood($node, 'slow');
finish_guessing(start_guessing($payer, "$tmp/race", '-c', $phone, qw(-n 16 -r -m), 'plain,commit,rollback,savepoint,caught'));
my $race = is_sound("$tmp/race", 'payments that 16 clients confirm at the same time');
is($race->{states}{charged}, $many, 'all of which are charged');

my $undoing = 'plain,rollback,savepoint,caught,raised';
make_payers($node, "$tmp/wrong", shown => 4, five => 2);
finish_guessing(start_guessing($payer, "$tmp/wrong", '-c', $phone, qw(-n 16 -r -o -m), $undoing));
my $wrong = is_sound("$tmp/wrong", 'and with wrong verification codes');
is($wrong->{wrong_told}, 4 * 3 + 2 * 5, 'of which exactly the limit was told');

make_payers($node, "$tmp/modified", shown => 2, five => 2);
finish_guessing(start_guessing($payer, "$tmp/modified", '-c', $phone, qw(-n 16 -r -p -o -m), $undoing));
my $modified = is_sound("$tmp/modified", 'payments that 16 modified wallets present at the same time');
is($modified->{wrong_told}, 4 * 3, 'of whose codes exactly three were told to be wrong');

$many = make_payers($node, "$tmp/presented", shown => 4);
finish_guessing(start_guessing($payer, "$tmp/presented", '-c', $phone, qw(-n 16 -r -p -m), $undoing));
my $presented = is_sound("$tmp/presented", 'and the right one 16 times');
is($presented->{accepted}, $many, 'each code was accepted once');

# ---- the last receipt, when the power goes

foreach my $power (1, 2)
{
	make_payers($node, "$tmp/power-$power", silent => 2);
	finish_guessing(start_guessing($payer, "$tmp/power-$power", '-c', $phone, qw(-n 1 -r -m plain)));
	kill_cluster($node);
	is(is_sound("$tmp/power-$power", "a receipt is as durable as its commit, $power")->{charged_told}, 2, '... of two that were told');
}

# ---- in every mode, with settlements beside, and the server dying

make_payers($node, "$tmp/storm", shown => 16, five => 16, silent => 8);
mood($node, 'wild');
my $began = time;
my $run = start_guessing($payer, "$tmp/storm", '-c', $phone, '-C', $desk, qw(-n 16 -t 16));
my $crashes = 0;
sleep 3;
$crashes++ if kill_backend($node);
forget_prepared($node);
sleep 3;
sql($node, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename IN ('phone', 'desk')") foreach 1 .. 3;
sleep 2;
$crashes++ if stop_immediate($node);
forget_prepared($node);
my ($confirmations, $told_wrong, $charged) = finish_guessing($run);
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
