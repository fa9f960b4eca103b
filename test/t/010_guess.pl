# Guessing: what was told stays counted, whatever the caller's transaction does
# and however the server dies.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../harness";

use Clients qw(build_clients finish_clients progress start_clients);
use Findings qw(is_whole);
use Guess qw(set_up %limits %max_freezes);
use GuessCheck qw(check);
use PostgreSQL::Test::Utils;
use Server qw(kill_backend kill_cluster new_server stop_immediate $master);
use Test::More;
use Time::HiRes qw(sleep time);

my $tmp = PostgreSQL::Test::Utils::tempdir();
my $guesser = build_clients('guess', "$tmp/build");
my $node = new_server('guess');
$node->start;
set_up($node, qw(three five long));
my $connstr = $node->connstr('postgres');

sub is_sound
{
	my ($directory, $name) = @_;
	return is_whole($name, check($node, $directory, $master, \%limits, \%max_freezes));
}

# ---- the quick one: 16 clients, one credential, every guess rolled back

my $run = start_clients($guesser, "$tmp/quick", '-c', $connstr, '-i', 'long',
	qw(-n 16 -s 1 -g 400 -o -m rollback));
finish_clients($run);
my $quick = is_sound("$tmp/quick", 'a credential that 16 clients guessed at inside BEGIN ... ROLLBACK');
is($quick->{told_wrong}, 3, 'exactly the limit of wrong codes was told');
cmp_ok($quick->{guesses}, '>=', 400, 'of many guesses');

# ---- in every mode, with three crashes

my $began = time;
$run = start_clients($guesser, "$tmp/mixed", '-c', $connstr,
	qw(-i three -i five -n 16 -s 150 -g 10000));
my @crashes = (\&kill_backend, \&kill_cluster, \&stop_immediate);
my $crashes = 0;
foreach my $i (0 .. $#crashes)
{
	my $from = ($i + 1) * 2300;
	my $until = time + 60;
	sleep 0.05 while (progress($run))[0] < $from && time < $until;
	$crashes++ if $crashes[$i]->($node);
}
my ($guesses, $strikes, $acceptances) = finish_clients($run);
is($crashes, 3, 'three crashes');
note(sprintf '%d guesses, %d strikes, %d acceptances in %.1f s',
	$guesses, $strikes, $acceptances, time - $began);
my $mixed = is_sound("$tmp/mixed", 'all that was told is counted, once, and the log is whole');
cmp_ok($mixed->{guesses}, '>=', 10000, 'guesses were answered');
cmp_ok($mixed->{told_wrong}, '>=', 500, 'strikes were told');
cmp_ok($acceptances, '>=', 100, 'right codes were accepted');
is(scalar keys %{ $mixed->{modes} }, 16, 'in every mode');
cmp_ok($mixed->{paid}, '>=', 100, 'transactions of the callers committed, and none was lost');

# ---- the callers' own commits, with nobody else to flush for them

$run = start_clients($guesser, "$tmp/paid", '-c', $connstr,
	qw(-i three -i five -n 1 -s 60 -m paid));
foreach my $crash (1 .. 8)
{
	my $from = (progress($run))[0];
	my $until = time + 30;
	sleep 0.05 while (progress($run))[0] < $from + 60 && time < $until;
	kill_cluster($node);
}
finish_clients($run, 1);
my $paid = is_sound("$tmp/paid", 'a commit is as durable as without a verdict in it');
cmp_ok($paid->{paid}, '>=', 200, 'commits were told');

$node->stop;
done_testing();
