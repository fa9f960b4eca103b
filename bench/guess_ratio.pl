# What a wrong guess costs: verify_second() committed by itself, against a bare
# INSERT of one row into a table with one index, committed by itself.  The two
# take turns, with the same clients; the ratio of each round and their median
# are printed: once with the disk as it is, once with flushes 100 us longer,
# since a disk that flushes in next to no time leaves only CPU to compare.  Run
# by bench/guess_ratio.sh.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../test/harness";

use List::Util qw(shuffle);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Server qw(new_server);
use ServerTree qw(install_build make_server_tree);
use Test::More;

$SIG{__DIE__} = sub { diag(@_) unless $^S };

my $rounds = $ENV{ROUNDS} // 13;
my $seconds = $ENV{SECONDS_EACH} // 0.3;
my $clients = $ENV{CLIENTS} // 8;
my $pool = $ENV{POOL} // 120_000;
my $warm = $ENV{SECONDS_WARM} // 0.5;
my @flushes = split ' ', $ENV{FLUSH_MICROSECONDS} // '0 100';

my $tmp = PostgreSQL::Test::Utils::tempdir();
my $include = `pg_config --includedir`;
chomp $include;
system('gcc', '-O2', '-Wall', "-I$include", '-o', "$tmp/rate",
	"$FindBin::RealBin/rate.c", '-lpq', '-lpthread') == 0
  or die "rate.c could not be built\n";
my $install_path = make_server_tree("$tmp/server");
install_build("$FindBin::RealBin/..", "$tmp/work", $install_path);

# Credentials with an open challenge and five tries, of which four are used: a
# guess that freezes would be another thing.  No checkpoint falls into a round.
my $node = new_server('ratio', $install_path,
	shared_buffers => '512MB',
	max_wal_size => '20GB',
	checkpoint_timeout => '1h',
	wal_writer_delay => '200ms',
	autovacuum => 'off');
$node->start;
my $policy = '{"strike_limit": 5, "challenge_seconds": 3600, "activation": "none"}';
$node->safe_psql(
	'postgres', qq{
SET client_min_messages = warning;
CREATE EXTENSION qrcred CASCADE;
SELECT qrcred.create_store();
SELECT qrcred.create_issuer('bank', 'Bank', '', '$policy');
SELECT qrcred.create_gateway('till', 'Till');
CREATE SCHEMA bench;
CREATE TABLE bench.row (at timestamptz NOT NULL, owner int8 NOT NULL, attempt_no int8 NOT NULL,
	moment int8 NOT NULL, actor oid NOT NULL, gateway int4 NOT NULL, seal uuid NOT NULL,
	kind int2 NOT NULL, factor int2 NOT NULL, verdict int2 NOT NULL, reason int2 NOT NULL);
CREATE INDEX ON bench.row (owner, at);
SELECT count(qrcred.register('bank', 'C-' || n, 'Ada Example', '110101199001011234', '+8613800000000'))
	FROM generate_series(1, $pool) n;
CREATE TABLE bench.pool AS
	SELECT i.credential_id, i.ticket FROM generate_series(1, $pool) n, LATERAL qrcred.issue('bank', 'C-' || n) i;
});
is( $node->safe_psql(
		'postgres', q{
SELECT count(*) FROM bench.pool, LATERAL qrcred.download(ticket) p,
	LATERAL qrcred.verify(p->>'static', 'till') v WHERE v.verdict = 'challenge'}),
	$pool, 'every credential of the pool has a challenge open');
my @ids = split /\n/, $node->safe_psql('postgres', 'SELECT credential_id FROM bench.pool');
open(my $out, '>', "$tmp/ids") or die "$tmp/ids: $!";
print $out map { "$_\n" } map { shuffle @ids } 1 .. 4;
close $out;
$node->safe_psql('postgres', 'VACUUM ANALYZE');

$node->append_conf('postgresql.conf', "fsync = on\ncommit_siblings = 0\n");
$node->restart;
$node->safe_psql('postgres', 'CHECKPOINT');

my @statements = (
	q{SELECT v.verdict FROM qrcred.verify_second($1::int8, '00000000', 'till') v},
	q{INSERT INTO bench.row VALUES (clock_timestamp(), $1::int8, 1, 2, 10, 3,
		'00000000-0000-0000-0000-000000000000', 4, 5, 6, 7)});
my $guesses = 0;
my $lucky = 0;

# Both statements in turns, with flushes that take so much longer by a sleep of
# who does them for a group.
sub compare
{
	my ($flush) = @_;
	my @ratios;

	$node->append_conf('postgresql.conf', "commit_delay = $flush\n");
	$node->reload;
	open(my $in, '-|', "$tmp/rate", $node->connstr('postgres'), $clients, $seconds, $warm,
		$rounds, "$tmp/ids", $guesses, @statements) or die "rate: $!";
	while (my $line = <$in>)
	{
		my @n = split ' ', $line;
		if (@n == 2)
		{
			push @ratios, $n[0] / $n[1];
			note(sprintf 'round %d: %6.0f guesses/s, %6.0f inserts/s, ratio %.3f',
				scalar @ratios, @n, $ratios[-1]);
			next;
		}
		$guesses += $n[0];
		$lucky += $n[1];
		cmp_ok($n[1] + $n[3], '<=', 1, 'all answers alike, but for one guess right by luck in 10^8');
	}
	close $in or die "rate failed\n";
	my @sorted = sort { $a <=> $b } @ratios;
	note(sprintf 'median ratio of %d rounds with %d clients, flushes %d us longer: %.3f (from %.3f to %.3f)',
		$rounds, $clients, $flush, $sorted[ $#sorted / 2 ], @sorted[ 0, -1 ]);
	return;
}

compare($_) foreach @flushes;
# a challenge that was answered by luck is over for the other guesses at it
cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM qrcred_store.attempt WHERE reason = 6'),
	'>=', $guesses - 4 * $lucky, 'every guess was looked at and counted as wrong');
$node->stop;
done_testing();
