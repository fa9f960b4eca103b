# docs/biometrics.md: its session in psql does what it prints.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use DocSession qw(blocks_of plain);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $page = slurp_file("$FindBin::RealBin/../../docs/biometrics.md");

$ENV{PGCLIENTENCODING} = 'UTF8';
my $node = PostgreSQL::Test::Cluster->new('biometrics');
$node->init(extra => [ '-E', 'UTF8', '--locale=C.UTF-8' ]);
my $keys = $node->data_dir . '/qrcred.keys';
append_to_file($keys, '1 ' . '6b' x 32 . "\n");
chmod 0600, $keys;
$node->append_conf('postgresql.conf',
	"qrcred.keyring_file = '$keys'\nsession_preload_libraries = 'qrcred'\n");
$node->start;

my @blocks = blocks_of($page);
cmp_ok(scalar @blocks, '>=', 9, 'the page has a session');
my $session = DocSession->new($node->connstr('postgres'), PostgreSQL::Test::Utils::tempdir());
foreach my $block (@blocks)
{
	my ($first) = $block->{code} =~ /^(.*)/;

	# a code that a block makes is shown in it; let no half minute end between
	sleep 1 while $block->{code} =~ /wallet_code/ && time % 30 > 26;
	is(plain($session->run($block)), $block->{shown}, "output after: $first");
}
$session->finish;

# ---- what the page says of the code

my $codes = join ' ', $page =~ /^\| (`bch\w+` \| .*) \|$/mg;
is($codes,
	'`bch1023_123` | 1023 bits | 123 bits | 170 | 16.6 % | 900 `bch511_76` | 511 bits | 76 bits | 85 | 16.6 % | 435',
	'the table of codes');
foreach my $code ([ 'bch1023_123', 1023, 123, 170 ], [ 'bch511_76', 511, 76, 85 ])
{
	my ($name, $n, $k, $t) = @$code;
	is( $node->safe_psql('postgres', <<~"END"),
		WITH made AS (
			SELECT repeat('1', $n)::varbit AS template, decode(repeat('00', ($k + 7) / 8), 'hex') AS secret)
		SELECT string_agg((qrcred.fuzzy_open(qrcred.fuzzy_commit(template, secret, '$name'),
			template # (repeat('1', wrong) || repeat('0', $n - wrong))::varbit, '$name') = secret)::text, ' ' ORDER BY wrong)
		FROM made, unnest(ARRAY[0, $t]) AS wrong
		END
		'true true', "$name corrects $t of $n");
	is($node->safe_psql('postgres', <<~"END"), 't', "$name does not correct @{[ $t + 1 ]}");
		WITH made AS (
			SELECT repeat('1', $n)::varbit AS template, decode(repeat('00', ($k + 7) / 8), 'hex') AS secret)
		SELECT qrcred.fuzzy_open(qrcred.fuzzy_commit(template, secret, '$name'),
			template # (repeat('1', @{[ $t + 1 ]}) || repeat('0', $n - @{[ $t + 1 ]}))::varbit, '$name') IS DISTINCT FROM secret
		FROM made
		END
}

$node->stop;
done_testing();
