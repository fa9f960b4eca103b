# The README: its session in psql does what it prints, and what it says of
# settings, policy keys, roles, functions and files is so.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use DocSession qw(blocks_of plain);
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $top = "$FindBin::RealBin/../..";
my $readme = slurp_file("$top/README.md");

$ENV{PGCLIENTENCODING} = 'UTF8';
my $node = PostgreSQL::Test::Cluster->new('readme');
$node->init(extra => [ '-E', 'UTF8' ]);
my $keys = $node->data_dir . '/qrcred.keys';
append_to_file($keys, '1 ' . '5c' x 32 . "\n");
chmod 0600, $keys;
$node->append_conf('postgresql.conf',
	"qrcred.keyring_file = '$keys'\nsession_preload_libraries = 'qrcred'\n");
$node->start;

# ---- the session

my @blocks = blocks_of($readme);
cmp_ok(scalar @blocks, '>=', 7, 'the README has a session');
my $session = DocSession->new($node->connstr('postgres'), PostgreSQL::Test::Utils::tempdir());
foreach my $block (@blocks)
{
	my ($first) = $block->{code} =~ /^(.*)/;
	is(plain($session->run($block)), $block->{shown}, "output after: $first");
}
$session->finish;

# ---- roles

sub answer_of
{
	my ($role, $sql) = @_;
	my (undef, $out, $err) =
	  $node->psql('postgres', $sql, extra_params => [ '-U', $role ]);
	return "$out$err";
}

is(answer_of('scanner', "SELECT verdict FROM qrcred.verify('QC1.', 'till-2')"),
	'rejected', 'the role scanner may scan');
like(answer_of('scanner', "SELECT qrcred.release(1, 'x')"),
	qr/permission denied for function release/, 'and may not release');
like(answer_of('scanner', 'SELECT * FROM qrcred_store.strike'),
	qr/permission denied for schema qrcred_store/, 'nor look into the store');
like(answer_of('support', "SELECT * FROM qrcred.verify('QC1.', 'till-1')"),
	qr/permission denied for function verify/, 'the role support may not scan');
is(answer_of('scanner', "SELECT verdict FROM qrcred.check_password(1, 1, 'x', 'till-2')"),
	'rejected', 'the role scanner may check passwords');
like(answer_of('support', 'SELECT count(*) FROM qrcred.history(1)'),
	qr/argument "credential_id" names no credential/, 'the role support may read a history');
is( answer_of('auditor',
		'SELECT (SELECT ok FROM qrcred.audit(-1)), (SELECT count(*) > 0 FROM qrcred.credential_status),'
	  . ' (SELECT count(*) > 0 FROM qrcred.attempt_daily), (SELECT count(*) > 0 FROM qrcred.stats)'),
	't|t|t|t', 'the role auditor may audit and see the views');
like(answer_of('counter', "SELECT link IS NULL FROM qrcred.issue('bank', 'C-1001')"),
	qr/^t$/, 'the role counter may issue');
like(answer_of('wallet_server', "SELECT qrcred.download('QT1.') ->> 'verdict'"),
	qr/^rejected$/, 'the role wallet_server may download');
like(answer_of('wallet_server', "SELECT verdict FROM qrcred.login('nobody', 'x', 'till-1')"),
	qr/^rejected$/, 'and ask for a login');
like(answer_of('scanner', "SELECT verdict FROM qrcred.login('nobody', 'x', 'till-1')"),
	qr/permission denied for function login/, 'which the role scanner may not');
my (undef, undef, $err) = $node->psql('postgres', "SELECT qrcred.verify('QC1.', 'till-2')");
like($err, qr/permission denied for this gateway/, 'till-2 is bound to the role scanner');
like(answer_of('scanner', 'SHOW qrcred.keyring_file'),
	qr/^psql.*must be superuser/s, 'a preloaded session does not show the settings');

# ---- settings and functions

is( join(' ', $readme =~ /^### (qrcred\.\w+)$/mg),
	$node->safe_psql('postgres',
		"SELECT string_agg(name, ' ' ORDER BY name DESC) FROM pg_settings WHERE name LIKE 'qrcred.%'"),
	'one heading for each setting');
is( $node->safe_psql('postgres',
		"SELECT DISTINCT context, boot_val FROM pg_settings WHERE name LIKE 'qrcred.%'"),
	'sighup|', 'context and default of the settings');

my %function = map { $_ => 1 } split /\n/, $node->safe_psql('postgres',
	"SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 'qrcred'::regnamespace");
foreach my $file ('README.md', map { s,^\Q$top/,,r } glob("$top/docs/*.md"))
{
	my $text = slurp_file("$top/$file");
	my %named = map { $_ => 1 } $text =~ /(?:\bqrcred\.|`)(\w+)\(/g;
	is(join(' ', grep { !$function{$_} } sort keys %named),
		'', "$file names no function that is not there");

	my ($dir) = $file =~ m,^(.*/)?[^/]*$,;
	$dir //= '';
	is( join(' ', grep { !-e "$top/$dir$_" } $text =~ /\]\((?!\w+:)([^)#]+)/g),
		'', "$file links to no file that is not there");
}

# ---- the table of duties: every function of each duty, and no other

foreach my $line (grep { /^\| \w+ \| `/ } split /\n/, ($readme =~ /^## Who may call what\n(.*?)^## /ms)[0])
{
	my ($duty, $names) = $line =~ /^\| (\w+) \| (.*) \|$/;
	$names =~ s/, views .*//;
	is( join(' ', sort $names =~ /`(\w+)/g),
		$node->safe_psql('postgres',
			"SELECT string_agg(DISTINCT p.proname::text COLLATE \"C\", ' ' ORDER BY p.proname::text COLLATE \"C\")"
		  . " FROM qrcred.duty_functions('$duty') f JOIN pg_proc p ON p.oid = f WHERE p.proname NOT LIKE 'list\\_%'"),
		"the functions of the duty $duty");
}

# ---- policy keys: all of them, their defaults, their ranges

my $row = decode_json($node->safe_psql('postgres',
	"SELECT to_jsonb(i) - '{issuer_id,code,name,purpose,charge_oid,charge_name,charge_path}'::text[] FROM qrcred_store.issuer i WHERE code = 'bank'"));
$row->{second_scan} = delete $row->{second_scan_required} ? 'required' : 'optional';
my %said = map { $_->[0] => $_ }
  map { [ /^\| `(\w+)` \| (.*?) \| (.*?) \| / ] }
  grep { /^\| `\w+` \| .* \| .* \| .* \|$/ } split /\n/,
  ($readme =~ /^## Policy\n(.*?)^## /ms)[0];
is(join(' ', sort keys %said), join(' ', sort keys %$row), 'every policy key stands in the table');
foreach my $key (sort keys %said)
{
	my (undef, $default, $values) = @{ $said{$key} };
	my $is = $row->{$key};
	$is = 'null' if !defined $is;
	$is = $is ? 'true' : 'false' if JSON::PP::is_bool($is);
	is($default, $is eq '' ? "''" : $is, "default of $key");
	next unless $values =~ /^(\d+)\.\.(\d+)/;
	is( join(' ',
			map {
				($node->psql('postgres',
						"BEGIN; SELECT qrcred.set_policy('bank', '{\"$key\": $_}'); ROLLBACK",
						on_error_die => 0))[0]
			} ($1 - 1, $1, $2, $2 + 1)),
		'3 0 0 3', "range of $key");
}

# ---- the picture of the card

ok( $node->safe_psql('postgres',
		"SELECT qrcred.card_svg('QC1.CFLR2EWAVBM6FUKTAEAAAAAAKIJPJJF4OZAGEPREOFMO2R2JSU',"
	  . " '示例银行 Example Bank', '柜台取款 Withdrawals at the counter', '500.00 CNY', 1830297600)")
	  eq slurp_file("$top/docs/card.svg") =~ s/\n\z//r,
	'docs/card.svg is what card_svg() draws');

$node->stop;
done_testing();
