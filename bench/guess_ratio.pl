# What a wrong guess costs: verify_second() committed by itself, against a bare
# INSERT of one row into a table with one index, committed by itself.  The two
# take turns, with the same clients; the ratio of each round and their median
# are printed.  Run by bench/guess_ratio.sh.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../test/harness";

use Guess qw(new_server $master);
use List::Util qw(shuffle);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use ServerTree qw(install_build make_server_tree);
use Test::More;

$SIG{__DIE__} = sub { diag(@_) unless $^S };

my $rounds = $ENV{ROUNDS} // 15;
my $seconds = $ENV{SECONDS_EACH} // 0.5;
my $clients = $ENV{CLIENTS} // 8;
my $pool = $ENV{POOL} // 120_000;
my $flush = $ENV{FLUSH_MICROSECONDS} // 0;

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

# a flush is made to take so much longer by a sleep of who does it for a group
$node->append_conf('postgresql.conf',
	"fsync = on\ncommit_delay = $flush\ncommit_siblings = 0\n");
$node->restart;
$node->safe_psql('postgres', 'CHECKPOINT');

my %statement = (
	guess => q{SELECT v.verdict FROM qrcred.verify_second($1::int8, '00000000', 'till') v},
	insert => q{INSERT INTO bench.row VALUES (clock_timestamp(), $1::int8, 1, 2, 10, 3,
		'00000000-0000-0000-0000-000000000000', 4, 5, 6, 7)});
my %used = (guess => 0, insert => 0);

# Executions a second.
sub measure
{
	my ($what, $for) = @_;
	my $answer = `$tmp/rate '@{[ $node->connstr('postgres') ]}' $clients $for "\$RATE_STATEMENT" '$tmp/ids' $used{$what}`;
	die "rate failed\n" if $? != 0 || $answer !~ /^(\d+) ([\d.]+) (\d+)$/;
	$used{$what} += $1;
	die "the pool ran out: POOL should be larger\n" if $1 == 0;
	die "$3 answers differ\n" if $3 != 0;
	return $1 / $2;
}

sub measured
{
	my ($what, $for) = @_;
	local $ENV{RATE_STATEMENT} = $statement{$what};
	return measure($what, $for);
}

measured($_, 0.5) foreach qw(guess insert);
my @ratios;
foreach my $round (1 .. $rounds)
{
	my %rate;
	$rate{$_} = measured($_, $seconds) foreach $round % 2 ? qw(guess insert) : qw(insert guess);
	push @ratios, $rate{guess} / $rate{insert};
	note(sprintf 'round %d: %6.0f guesses/s, %6.0f inserts/s, ratio %.3f',
		$round, $rate{guess}, $rate{insert}, $ratios[-1]);
}
my @sorted = sort { $a <=> $b } @ratios;
note(sprintf 'median ratio of %d rounds with %d clients, flushes %d us longer: %.3f (from %.3f to %.3f)',
	$rounds, $clients, $flush, $sorted[ $#sorted / 2 ], @sorted[ 0, -1 ]);
is( $node->safe_psql('postgres',
		'SELECT count(*) FROM qrcred_store.attempt WHERE reason = 6'),
	$used{guess}, 'every guess was looked at and counted as wrong');
$node->stop;
done_testing();
