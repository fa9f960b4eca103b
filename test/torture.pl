# Torture: hundreds of thousands of guesses, and payments for the better part of a
# minute, against servers that are killed, restarted, cancelled, locked, rewritten
# and failed over, then the checkers.
# Run by test/torture, which says how; tells what it does as it goes.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/harness";

use Clients qw(build_clients finish_clients progress start_clients);
use Findings qw(is_whole);
use Guess qw(set_up %limits %max_freezes);
use GuessCheck qw(check);
use List::Util qw(shuffle);
use Pay qw(as_role make_payers mood set_up_bank %pay_limits);
use PayCheck qw(check_payments finish_payments);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Server qw(background end_background forget_prepared kill_backend kill_cluster new_server sql
  start_pgbouncer stop_immediate $master);
use ServerTree qw(install_build make_server_tree);
use Test::More;
use Time::HiRes qw(sleep time);

my $enough_guesses = $ENV{TORTURE_GUESSES} // 200_000;
my $enough_crashes = 15;
my $time_limit = 780;    # seconds for the first and longest part

my $began = time;
my $tmp = PostgreSQL::Test::Utils::tempdir();
my ($guesses_of_all, $crashes_of_all) = (0, 0);

sub say_so
{
	my ($text, $run) = @_;
	my $counts = '';
	if ($run)
	{
		my ($guesses, $strikes, $acceptances) = progress($run);
		$counts = sprintf ' %7d guesses %6d strikes %6d accepted', $guesses,
		  $strikes, $acceptances;
	}
	note(sprintf '%4d s%s  %s', time - $began, $counts, $text);
	return;
}

say_so('building');
my $guesser = build_clients('guess', "$tmp/build");
my $install_path = make_server_tree("$tmp/server");
install_build("$FindBin::RealBin/..", "$tmp/work", $install_path);

sub wait_for_guesses
{
	my ($run, $guesses) = @_;
	my $until = time + 60;
	sleep 0.1 while (progress($run))[0] < $guesses && time < $until;
	return;
}

sub is_sound
{
	my ($node, $directory, $name, @expected) = @_;
	say_so("checking $name");
	my $totals = is_whole("$name: what was told is counted, once, and the log is whole",
		check($node, $directory, $master, \%limits, \%max_freezes, @expected));
	$guesses_of_all += $totals->{guesses};
	return $totals;
}

# ---- disturbances; each leaves the server up

my $leaf = "(SELECT format('qrcred_store.%I', 'attempt_' || to_char(now() AT TIME ZONE 'UTC', 'YYYYMMDD')))";
my $short = "SET lock_timeout = '400ms'; SET statement_timeout = '20s';";

sub on_leaf
{
	my ($command) = @_;
	return "$short SELECT '$command ' || $leaf \\gexec\n";
}

my %rewrites = (
	'VACUUM FULL strike' => "$short VACUUM FULL qrcred_store.strike;",
	'CLUSTER strike' => "$short CLUSTER qrcred_store.strike USING strike_pkey;",
	'REINDEX strike' => "$short REINDEX TABLE qrcred_store.strike;",
	'VACUUM FULL outbox' => "$short VACUUM FULL qrcred_store.outbox;",
	'VACUUM FULL of the log' => on_leaf('VACUUM FULL'),
	'REINDEX of the log' => on_leaf('REINDEX TABLE'),
	'VACUUM FREEZE of the log' => on_leaf('VACUUM (FREEZE)'),
	'VACUUM FREEZE strike' => 'VACUUM (FREEZE) qrcred_store.strike;',
	CHECKPOINT => 'CHECKPOINT;');

sub signal_backends
{
	my ($node, $function, $many) = @_;
	sql($node,
		"SELECT $function(pid) FROM (SELECT pid FROM pg_stat_activity "
		  . "WHERE backend_type = 'client backend' AND query LIKE '%qrcred%' "
		  . "AND pid <> pg_backend_pid() ORDER BY random() LIMIT $many) s");
	return;
}

# Somebody holds FOR UPDATE on every row; guessing goes on meanwhile.
my @locked_rates;

sub hold_every_row
{
	my ($node, $run) = @_;
	my $text =
	  "SELECT format('SELECT count(*) FROM (SELECT FROM %s FOR UPDATE) s', c.oid::regclass) "
	  . "FROM pg_class c WHERE relnamespace = 'qrcred_store'::regnamespace AND relkind = 'r'";
	my $session = background($node,
		"BEGIN; SET lock_timeout = '10s';\n$text \\gexec\n"
		  . "\\echo locked\nSELECT pg_sleep(3);\nROLLBACK;\n");
	my $until = time + 20;
	my $held = 0;
	while (time < $until && !$held)
	{
		sleep 0.1;
		$held = (sql($node, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(3)%' AND state = 'active'") // 0) > 0;
	}
	my ($before) = progress($run);
	sleep 2;
	my ($after) = progress($run);
	push @locked_rates, $after - $before if $held;
	end_background($session);
	return;
}

# Staff freezes somebody and takes the transaction back: the freeze stays.
sub staff
{
	my ($node) = @_;
	sql($node,
		"BEGIN; SELECT qrcred.freeze(credential_id, 'lost', 1) FROM (SELECT credential_id "
		  . "FROM qrcred_store.credential ORDER BY issued DESC LIMIT 3) c; ROLLBACK;"
		  . "SELECT qrcred.void_credential(credential_id, 'stolen') FROM (SELECT credential_id "
		  . "FROM qrcred_store.credential ORDER BY issued DESC LIMIT 1) c;");
	return;
}

my %crash = (
	'kill -9 of a backend' => \&kill_backend,
	'kill -9 of the cluster' => \&kill_cluster,
	'stop immediate' => \&stop_immediate);

# ---- a storm of everything, through pgbouncer too

sub storm
{
	my $node = new_server('storm', $install_path, fsync => 'on');
	$node->start;
	set_up($node, qw(three five));
	my ($bouncer, $stop_bouncer) = start_pgbouncer($node);
	my $direct = $node->connstr('postgres');
	my $run = start_clients($guesser, "$tmp/storm", '-c', $direct, '-c', $bouncer,
		'-c', $direct, qw(-i three -i five -n 18 -s 500));
	my ($crashes, $from) = (0, time);
	my (@crashes, @rewrites);
	my $disturbances = 0;

	wait_for_guesses($run, 3000);

	while (1)
	{
		my ($guesses) = progress($run);
		last if $guesses >= $enough_guesses && $crashes >= $enough_crashes;
		last if time - $from > $time_limit;

		# now and then in peace, now and then into the middle of a rewrite
		@crashes = shuffle sort keys %crash unless @crashes;
		@rewrites = shuffle sort keys %rewrites unless @rewrites;
		my $rewrite = shift @rewrites;
		my $session = background($node, $rewrites{$rewrite} x ($rewrite eq 'CHECKPOINT' ? 20 : 1));
		my $what = $rewrite;
		sleep rand 0.6;
		if ($guesses >= ($crashes + 1) * $enough_guesses / ($enough_crashes + 2))
		{
			my $crash = shift @crashes;
			$crashes++ if $crash{$crash}->($node);
			$what = "$crash during $rewrite";
		}
		else
		{
			my $more = $disturbances++ % 6;
			if ($more == 0) { hold_every_row($node, $run); $what .= ', every row locked' }
			if ($more == 1) { signal_backends($node, 'pg_terminate_backend', 4); $what .= ', backends terminated' }
			if ($more == 2) { staff($node); $what .= ', a freeze rolled back' }
			if ($more > 3)
			{
				foreach (1 .. 10) { signal_backends($node, 'pg_cancel_backend', 6) }
				$what .= ', statements cancelled';
			}
		}
		end_background($session);
		forget_prepared($node, 2);
		say_so($what, $run);
		sleep 0.5 + rand 2.5;
	}
	my ($guesses) = finish_clients($run, 1);
	$stop_bouncer->();
	my $totals = is_sound($node, "$tmp/storm", 'storm');
	cmp_ok($guesses, '>=', $enough_guesses, 'storm: guesses');
	cmp_ok($crashes, '>=', $enough_crashes, 'storm: crashes');
	ok(@locked_rates > 0 && !(grep { $_ < 20 } @locked_rates),
		'storm: guessing went on while somebody held every row, ' . join ' ', @locked_rates);
	is(scalar keys %{ $totals->{modes} }, 16, 'storm: every mode');
	$crashes_of_all += $crashes;
	$node->stop;
	return;
}

# ---- recovery that compares every page with its image

sub consistency
{
	my $node = new_server('consistency', $install_path, wal_consistency_checking => "'all'");
	$node->start;
	set_up($node, qw(three five));
	my $run = start_clients($guesser, "$tmp/consistency", '-c',
		$node->connstr('postgres'), qw(-i three -i five -n 16 -s 150));
	my $crashes = 0;
	foreach my $crash (sort keys %crash)
	{
		wait_for_guesses($run, (progress($run))[0] + 3000);
		$crashes++ if $crash{$crash}->($node);
		say_so("$crash, wal_consistency_checking = all", $run);
	}
	sleep 2;
	finish_clients($run, 1);
	is($crashes, 3, 'consistency: every recovery found the pages as logged');
	is_sound($node, "$tmp/consistency", 'consistency');
	$crashes_of_all += $crashes;
	$node->stop;
	return;
}

# ---- the promotion of a synchronous standby

sub failover
{
	my $primary = new_server('primary', $install_path, streaming => 1,
		wal_consistency_checking => "'all'");
	$primary->start;
	set_up($primary, 'shown');
	$primary->backup('base');
	my $standby = PostgreSQL::Test::Cluster->new('standby', install_path => $install_path);
	$standby->init_from_backup($primary, 'base', has_streaming => 1);
	$standby->start;
	$primary->safe_psql('postgres', "ALTER SYSTEM SET synchronous_standby_names = 'standby'");
	$primary->reload;
	$primary->poll_query_until('postgres',
		"SELECT count(*) = 1 FROM pg_stat_replication WHERE sync_state = 'sync'")
	  or die "the standby is not synchronous\n";

	my $hosts = join ',', map { $_->host } $primary, $standby;
	my $ports = join ',', map { $_->port } $primary, $standby;
	my $run = start_clients($guesser, "$tmp/failover", '-c',
		"host=$hosts port=$ports dbname=postgres target_session_attrs=read-write",
		qw(-i shown -n 16 -s 150));
	wait_for_guesses($run, 4000);
	say_so('guessing with a synchronous standby', $run);

	# the standby stands still: waits are cancelled, and must not tell
	my $receiver = $standby->safe_psql('postgres', 'SELECT pid FROM pg_stat_wal_receiver');
	foreach (1 .. 3)
	{
		kill 'STOP', $receiver;
		foreach (1 .. 10)
		{
			signal_backends($primary, 'pg_cancel_backend', 8);
			sleep 0.05;
		}
		kill 'CONT', $receiver;
		sleep 0.5;
	}
	kill 'STOP', $receiver;
	foreach (1 .. 20)
	{
		signal_backends($primary, 'pg_cancel_backend', 16);
		sleep 0.05;
	}
	kill_cluster($primary, stay_down => 1);
	kill 'CONT', $receiver;
	$standby->promote;
	sql($standby, q{SELECT qrcred.set_policy('shown', '{"sync_standby": false}')});
	say_so('primary killed, standby promoted', $run);
	sleep 6;
	my ($guesses) = finish_clients($run, 1);
	cmp_ok($guesses, '>=', 4000, 'failover: guesses');

	# until the policy was changed there, the promoted one refused
	my $totals = is_sound($standby, "$tmp/failover", 'failover', qw(55000 paid));
	cmp_ok($totals->{failures}{57014} // 0, '>', 0, 'failover: waits were cancelled');
	$crashes_of_all++;
	$standby->stop;
	return;
}

# ---- payments, and the settling of those charged elsewhere

sub payments
{
	my $node = new_server('payments', $install_path, fsync => 'on');
	my $directory = "$tmp/payments";
	$node->start;
	set_up_bank($node, qw(shown five silent));
	my $payer = build_clients('pay', "$tmp/build");
	my ($phone, $desk) = map { as_role($node, $_) } qw(phone desk);
	say_so(make_payers($node, $directory, shown => 20, five => 20, silent => 10) . ' payers');
	mood($node, 'wild');

	my $from = time;
	my $run = start_clients($payer, $directory, '-c', $phone, '-C', $desk, qw(-n 18 -N 2));
	my @others = (
		sub { signal_backends($node, 'pg_terminate_backend', 5); 'backends terminated' },
		sub { foreach (1 .. 8) { signal_backends($node, 'pg_cancel_backend', 6) } 'statements cancelled' },
		sub { sql($node, "$short VACUUM FULL qrcred_store.payment; $rewrites{'VACUUM FULL strike'}"); 'VACUUM FULL of payments' },
		sub { sql($node, "$short REINDEX TABLE qrcred_store.payment; CHECKPOINT"); 'REINDEX of payments' });
	my ($crashes, $others) = (0, 0);
	while (time - $from < 36)
	{
		my ($kind) = (sort keys %crash)[ $crashes % 3 ];
		sleep 1 + rand 1.5;
		my $what = $others[ $others++ % @others ]->();
		sleep 1 + rand 1.5;
		$crashes++ if $crash{$kind}->($node);
		forget_prepared($node, 2);
		my ($confirmations, $wrong, $charged) = progress($run);
		say_so("$what, $kind: $confirmations confirmations, $wrong wrong codes, $charged times charged");
	}
	finish_clients($run, 1);
	cmp_ok($crashes, '>=', 3, 'payments: crashes');
	is_whole('payments: what was told is so, and was done once', check_payments($node, $directory, \%pay_limits));

	mood($node, 'calm');
	sleep 1.1;
	my ($finished, @stuck) = finish_payments($node, $directory, $master, $phone, $desk);
	is("@stuck", '', "payments: all $finished that were left can be ended");
	is_whole('payments: the books agree in the end', check_payments($node, $directory, \%pay_limits));
	$crashes_of_all += $crashes;
	$node->stop;
	return;
}

my %parts = (storm => \&storm, consistency => \&consistency, failover => \&failover, payments => \&payments);
my @parts = @ARGV ? @ARGV : qw(storm consistency failover payments);
foreach my $part (@parts)
{
	$parts{$part} ? $parts{$part}->() : die "torture: there is no part \"$part\"\n";
}
say_so("$guesses_of_all guesses, $crashes_of_all crashes");
done_testing();
