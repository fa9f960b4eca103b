# That the guess harness sees what it claims to see: builds of the extension
# that break one step of the protocol each must be reported as broken, and a
# build that only dies at the worst moments as sound.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../harness";

use Clients qw(build_clients finish_clients progress start_clients);
use Findings qw(lines_of_findings lines_of_totals);
use Guess qw(set_up %limits %max_freezes);
use GuessCheck qw(check);
use PostgreSQL::Test::Utils;
use Server qw(kill_cluster new_server $master);
use ServerTree qw(install_build make_server_tree);
use Test::More;
use Time::HiRes qw(sleep time);

my $tmp = PostgreSQL::Test::Utils::tempdir();
my $guesser = build_clients('guess', "$tmp/build");
my $install_path = make_server_tree("$tmp/server");

# Servers of this test run in the private tree only.
sub server
{
	my ($name, @definitions) = @_;
	install_build("$FindBin::RealBin/../..", "$tmp/work", $install_path, @definitions);
	my $node = new_server($name, $install_path);
	$node->start;
	set_up($node, qw(three five long_five));
	return $node;
}

sub restart_with_killpoint
{
	my ($node, $killpoint) = @_;
	$node->stop;
	local $ENV{QRCRED_KILLPOINT} = $killpoint;
	$node->start;
	return;
}

my @start = qw(-i three -i five -n 16 -s 150);

sub guess
{
	my ($node, $directory, @options) = @_;
	return start_clients($guesser, $directory, '-c', $node->connstr('postgres'), @options);
}

sub wait_for_guesses
{
	my ($run, $guesses) = @_;
	my $until = time + 60;
	sleep 0.05 while (progress($run))[0] < $guesses && time < $until;
	return;
}

# What is broken, as a hash; says it.
sub findings
{
	my ($node, $directory) = @_;
	my ($broken, $totals) = check($node, $directory, $master, \%limits, \%max_freezes);
	note($_) foreach lines_of_totals($totals), lines_of_findings($broken);
	return $broken;
}

sub crashes
{
	my ($node) = @_;
	my $log = PostgreSQL::Test::Utils::slurp_file($node->logfile);
	return scalar(() = $log =~ /was terminated by signal 9/g);
}

# Guesses until so many backends have killed themselves, and some more.
sub guess_until_crashes
{
	my ($node, $directory, $crashes) = @_;
	my $run = guess($node, $directory, @start);
	my $until = time + 90;
	sleep 0.2 while crashes($node) < $crashes && time < $until;
	sleep 1;
	finish_clients($run, 1);
	return;
}

# ---- 1: the guess is compared outside of the lock

my $node = server('outside', 'QRCRED_CONTROL=1');
my $run = guess($node, "$tmp/outside",
	qw(-i long_five -n 16 -s 700 -g 11200 -o -m), 'plain,rollback');
finish_clients($run);
my $broken = findings($node, "$tmp/outside");
ok( $broken->{'more wrong codes told than the limit'}
	  || $broken->{'strike lost'},
	'a guess compared outside of the lock is seen');
$node->stop;

# ---- 2: the verdict is told before the flush

$node = server('unflushed', 'QRCRED_CONTROL=2');
$run = guess($node, "$tmp/unflushed", @start,
	'-m', 'rollback,raised,repeatable,explained,pipeline,cursor,timeout');
foreach my $crash (1 .. 4)
{
	wait_for_guesses($run, $crash * 1000);
	kill_cluster($node);
}
finish_clients($run, 1);
$broken = findings($node, "$tmp/unflushed");
ok( $broken->{'revealed and lost'}
	  || $broken->{'verdict without a log row'}
	  || $broken->{'verdict differs from the log'},
	'a verdict told before the flush is seen');
$node->stop;

# ---- 3: the log row is inserted frozen

$node = server('frozen', 'QRCRED_CONTROL=3', 'QRCRED_KILLPOINTS');
restart_with_killpoint($node, 'inserted:1200');
guess_until_crashes($node, "$tmp/frozen", 6);
cmp_ok(crashes($node), '>=', 6, 'backends died after the heap insert');
$node->stop;
$node->start;
$broken = findings($node, "$tmp/frozen");
ok(scalar(grep { /lacks matching index tuple/ } @{ $broken->{amcheck} // [] }),
	'a row left without its index entry is seen by amcheck');
$node->stop;

# ---- the build that only dies

$node = server('sound', 'QRCRED_KILLPOINTS');
foreach my $point (qw(inserted reserved published flushed))
{
	my $before = crashes($node);
	restart_with_killpoint($node, "$point:1500");
	guess_until_crashes($node, "$tmp/$point", $before + 4);
	cmp_ok(crashes($node) - $before, '>=', 4, "backends died at the point \"$point\"");
	$node->stop;
	$node->start;
	is(join(', ', sort keys %{ findings($node, "$tmp/$point") }), '', '... and nothing is broken');
}
$node->stop;
done_testing();
