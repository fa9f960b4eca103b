# docs/operations.md: the day of a DBA goes as printed, from an empty server to a
# restored one; its settings are accepted; the queries of
# monitoring/postgres_exporter.yaml run and give what they say.
use strict;
use warnings;

use CPAN::Meta::YAML;
use FindBin;
use lib $FindBin::RealBin;

use DocSession qw(blocks_of plain);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $top = "$FindBin::RealBin/../..";
my $page = slurp_file("$top/docs/operations.md");
my $tmp = PostgreSQL::Test::Utils::tempdir();

$ENV{PGCLIENTENCODING} = 'UTF8';

sub server
{
	my ($name) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init(extra => [ '-E', 'UTF8' ]);
	$node->append_conf('postgresql.conf', "autovacuum = off\n");
	$node->start;
	return $node;
}

my $first = server('first');
my $second = server('second');

# ---- the day

# What gammu-smsd's own script makes there; its other columns have defaults.
sub make_gammu
{
	$first->safe_psql('bank', q{
CREATE SCHEMA gammu;
CREATE TABLE gammu.outbox (
	"SendingDateTime" timestamp NOT NULL DEFAULT localtimestamp(0),
	"Text" text,
	"DestinationNumber" varchar(20) NOT NULL DEFAULT '',
	"Coding" varchar(255) NOT NULL DEFAULT 'Default_No_Compression' CHECK ("Coding" IN
		('Default_No_Compression', 'Unicode_No_Compression', '8bit', 'Default_Compression', 'Unicode_Compression')),
	"UDH" text,
	"Class" integer DEFAULT '-1',
	"TextDecoded" text NOT NULL DEFAULT '',
	"ID" serial PRIMARY KEY,
	"MultiPart" boolean NOT NULL DEFAULT false,
	"SenderID" varchar(255),
	"CreatorID" text NOT NULL
)});
	return;
}

my $session = DocSession->new(
	$first->connstr('postgres'), $tmp,
	FIRST => 'host=' . $first->host . ' port=' . $first->port,
	SECOND => 'host=' . $second->host . ' port=' . $second->port,
	KEYS => "$tmp/first.keys",
	SECOND_KEYS => "$tmp/second.keys");
my @blocks = blocks_of($page);
cmp_ok(scalar @blocks, '>=', 25, 'the page has a session');
my $has_gammu = 0;
foreach my $block (@blocks)
{
	make_gammu() if $block->{code} =~ /gammu\.outbox/ && !$has_gammu++;
	my ($begin) = $block->{code} =~ /^(.*)/;
	is(plain($session->run($block)), $block->{shown}, "output after: $begin");
}
$session->finish;

# The plain dump was made while verification stood still.
$second->safe_psql('postgres', "CREATE DATABASE exact ENCODING 'UTF8' TEMPLATE template0");
$second->command_ok(
	[ 'psql', '-X', '-q', '-1', '-v', 'ON_ERROR_STOP=1', '-o', '/dev/null',
		'-d', $second->connstr('exact'), '-f', "$tmp/bank.sql" ],
	'the exact copy is restored');
is( $second->safe_psql('exact',
		'SELECT count(*), count(*) FILTER (WHERE a.ok) FROM qrcred_store.strike s, LATERAL qrcred.audit(s.id) a WHERE s.id > -8589934592'),
	'1003|1003', 'and every log in it is whole without upgrade_store()');

# ---- the settings

my ($conf) = $page =~ /^```conf\n(.*?)^```$/ms;
$second->append_conf('postgresql.conf', $conf);
$second->restart;
my @names = $conf =~ /^(\w+) = /mg;
is( $second->safe_psql('postgres',
		"SELECT count(*) FROM pg_file_settings WHERE name IN ('"
	  . join("', '", @names) . "') AND applied AND error IS NULL"),
	scalar @names, 'every setting that the page advises is accepted');

# ---- monitoring

my $queries = CPAN::Meta::YAML->read("$top/monitoring/postgres_exporter.yaml")->[0];
my %metric;
foreach my $name (sort keys %$queries)
{
	my $q = $queries->{$name};
	is(join(' ', grep { !/^(?:query|master|cache_seconds|metrics)$/ } sort keys %$q),
		'', "$name: known keys only");
	my (undef, $out, $err) = $first->psql('bank', $q->{query},
		extra_params => [ '-U', 'exporter', '-P', 'tuples_only=off', '-P', 'footer=off' ]);
	is($err, '', "$name: an auditor may run its query");
	my ($head, @rows) = split /\n/, $out;
	cmp_ok(scalar @rows, '>=', 1, "$name: it finds something");

	my %usage = map { my ($column) = keys %$_; $column => $_->{$column}{usage} } @{ $q->{metrics} };
	my @columns = split /\|/, $head;
	is(join(' ', sort @columns), join(' ', sort keys %usage), "$name: its columns are those described");
	is(join(' ', grep { !/^(?:LABEL|GAUGE|COUNTER)$/ } values %usage), '', "$name: usages");
	is((grep { my ($c) = keys %$_; !$_->{$c}{description} } @{ $q->{metrics} }), 0, "$name: descriptions");

	my (%labels, @strange);
	foreach my $row (map { [ split /\|/, $_, -1 ] } @rows)
	{
		my %value;
		@value{@columns} = @$row;
		$labels{ join '|', map { $value{$_} } grep { $usage{$_} eq 'LABEL' } @columns }++;
		push @strange, grep { $usage{$_} ne 'LABEL' && $value{$_} !~ /^-?\d+(?:\.\d+)?(?:e-?\d+)?$/ } @columns;
	}
	is("@strange", '', "$name: every value is a number");
	is(scalar(grep { $_ > 1 } values %labels), 0, "$name: no two rows have the same labels");
	$metric{"${name}_$_"} = 1 foreach grep { $usage{$_} ne 'LABEL' } @columns;
}
my @said = $page =~ /`(qrcred_(?!store)\w+)/g;
cmp_ok(scalar @said, '>=', 3, 'the page names metrics to watch');
is(join(' ', grep { !$metric{$_} } @said), '', 'all of which are there');

$first->stop;
$second->stop;
done_testing();
