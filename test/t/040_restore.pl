# A store that came out of a dump, in every format and from under a storm of
# guesses; with the wrong key; without its extension; on a standby, promoted, and
# recovered to a point in time.
use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

my $tmp = PostgreSQL::Test::Utils::tempdir();
my %keys = (right => '1 ' . '5a' x 32, wrong => '1 ' . '5b' x 32, other => '2 ' . '5a' x 32);
foreach my $name (keys %keys)
{
	append_to_file("$tmp/$name.keys", "$keys{$name}\n");
	chmod 0600, "$tmp/$name.keys";
}

my $settings = "session_preload_libraries = 'qrcred'\nlog_parameter_max_length = 0\n";
my $here = PostgreSQL::Test::Cluster->new('here');
$here->init(extra => [ '-E', 'UTF8' ], allows_streaming => 1, has_archiving => 1);
$here->append_conf('postgresql.conf', "$settings\nqrcred.keyring_file = '$tmp/right.keys'\n");
$here->start;
my $there = PostgreSQL::Test::Cluster->new('there');
$there->init(extra => [ '-E', 'UTF8' ]);
$there->append_conf('postgresql.conf', "$settings\nqrcred.keyring_file = '$tmp/wrong.keys'\nfsync = off\n");
$there->start;

# ---- a store with something of everything

$here->safe_psql('postgres', q{
CREATE DATABASE bank ENCODING 'UTF8' TEMPLATE template0;
CREATE DATABASE storm ENCODING 'UTF8' TEMPLATE template0});
my $store = q{
SET client_min_messages = warning;
CREATE EXTENSION qrcred CASCADE;
SELECT qrcred.create_store();
SELECT qrcred.create_gateway('till-' || n, 'Till ' || n) FROM generate_series(1, 4) n;
SELECT qrcred.create_issuer('bank', 'Bank', '', '{"activation": "none", "freeze_seconds": 86400, "challenge_seconds": 3600}');
SELECT qrcred.create_issuer('short', 'Bank', '', '{"activation": "none", "freeze_seconds": 1, "freeze_cap_seconds": 1, "max_freezes": 20}');
CREATE TABLE card (name text PRIMARY KEY, id int8, ticket text, code text, p jsonb);
};
$here->safe_psql('bank', $store . q{
SELECT qrcred.register('bank', name, 'N', 'I', 'P') FROM unnest('{waiting,used,half,guessed,frozen,released,void,paid,renewed}'::text[]) name;
INSERT INTO card (name, id, ticket) SELECT customer_ref, credential_id, ticket
	FROM (SELECT customer_ref, (i).* FROM (SELECT customer_ref, qrcred.issue('bank', customer_ref) i
		FROM qrcred_store.customer OFFSET 0) s OFFSET 0) t;
UPDATE card SET p = qrcred.download(ticket) WHERE name <> 'waiting';
UPDATE card SET code = p ->> 'static';
-- a challenge is open, one guess was wrong
SELECT qrcred.verify(code, 'till-1', 'CNY 1.00 Shop') FROM card WHERE name = 'half';
SELECT qrcred.verify_second(id, '00000000', 'till-1', 'CNY 1.00 Shop') FROM card WHERE name = 'half';
-- frozen by guesses
SELECT qrcred.verify(code, 'till-1') FROM card WHERE name = 'guessed';
SELECT qrcred.verify_second(id, '00000000', 'till-1') FROM card WHERE name = 'guessed';
SELECT qrcred.verify_second(id, '00000001', 'till-1') FROM card WHERE name = 'guessed';
SELECT qrcred.verify_second(id, '00000002', 'till-1') FROM card WHERE name = 'guessed';
SELECT qrcred.freeze(id, 'lost') FROM card WHERE name IN ('frozen', 'released');
SELECT qrcred.release(id, 'found') FROM card WHERE name = 'released';
SELECT qrcred.void_credential(id, 'closed') FROM card WHERE name = 'void';
-- a code that was accepted
UPDATE card SET p = p || jsonb_build_object('rotating', qrcred.rotating_code(decode(p #>> '{keys,rotating}', 'hex'),
	id, 1, 1, floor(extract(epoch FROM clock_timestamp()) / 30)::int8)) WHERE name = 'paid';
SELECT qrcred.verify(p ->> 'rotating', 'till-1') FROM card WHERE name = 'paid';
UPDATE card SET p = p || jsonb_build_object('new', qrcred.renew(qrcred.renewal_code(decode(p #>> '{keys,renewal}', 'hex'),
	id, 1, 1, floor(extract(epoch FROM clock_timestamp()) / 30)::int8)) ->> 'static') WHERE name = 'renewed'
});
is( $here->safe_psql('bank', q{SELECT string_agg(concat(name, ' ', state, ' ', strikes, ' ', freeze_no), ', ' ORDER BY name)
	FROM card, LATERAL qrcred.peek(id)}),
	'frozen frozen 0 1, guessed frozen 0 1, half open 1 0, paid open 0 0, released open 0 1, renewed open 0 0, '
	  . 'used open 0 0, void void 0 0, waiting waiting 0 0',
	'a credential in every state');

# Whether the verdicts are those that the original would give; uses the store up.
sub gives_the_same_verdicts
{
	my ($node, $db, $how) = @_;
	my $out = $node->safe_psql($db, q{
SELECT string_agg(concat(name, ' ', state, ' ', strikes, ' ', freeze_no), ', ' ORDER BY name) FROM card, LATERAL qrcred.peek(id);
SELECT 'ticket', name, qrcred.download(ticket) ->> 'verdict' FROM card WHERE name IN ('used', 'waiting') ORDER BY name;
SELECT 'ticket twice', qrcred.download(ticket) ->> 'verdict' FROM card WHERE name = 'waiting';
SELECT 'rotating', verdict FROM card, LATERAL qrcred.verify(p ->> 'rotating', 'till-1') WHERE name = 'paid';
SELECT 'first', name, verdict, next FROM card, LATERAL qrcred.verify(code, 'till-2') WHERE code IS NOT NULL ORDER BY name;
SELECT 'new', verdict FROM card, LATERAL qrcred.verify(p ->> 'new', 'till-1') WHERE name = 'renewed';
SELECT 'second guess', verdict, next, tries_left FROM card, LATERAL qrcred.verify_second(id, '00000001', 'till-2') WHERE name = 'half';
SELECT 'third guess', verdict, next, tries_left FROM card, LATERAL qrcred.verify_second(id, '00000002', 'till-2') WHERE name = 'half';
SELECT 'right', verdict, tier FROM card, LATERAL qrcred.verify_second(id,
	qrcred.expected_second(id, extract(epoch FROM clock_timestamp())::int8), 'till-2') WHERE name = 'used';
SELECT 'whole', count(*), count(*) FILTER (WHERE a.ok) FROM qrcred_store.strike s, LATERAL qrcred.audit(s.id) a WHERE s.id > -8589934592;
});
	is($out, join("\n",
			'frozen frozen 0 1, guessed frozen 0 1, half open 1 0, paid open 0 0, released open 0 1, renewed open 0 0, '
			  . 'used open 0 0, void void 0 0, waiting waiting 0 0',
			'ticket|used|rejected', 'ticket|waiting|', 'ticket twice|rejected',
			'rotating|rejected',
			'first|frozen|frozen|none', 'first|guessed|frozen|none', 'first|half|challenge|second_code',
			'first|paid|challenge|second_code', 'first|released|challenge|second_code',
			'first|renewed|rejected|none', 'first|used|challenge|second_code', 'first|void|frozen|stop',
			'new|challenge',
			'second guess|rejected|second_code|1', 'third guess|rejected|stop|0',
			'right|accepted|C', 'whole|14|14'),
		"the same verdicts: $how");
	return;
}

sub dump_of
{
	my ($db, $name, @options) = @_;
	IPC::Run::run([ 'pg_dump', '-d', $here->connstr($db), @options, '-f', "$tmp/$name" ])
	  or die "pg_dump @options failed\n";
	return;
}

sub restore_into
{
	my ($node, $db, @command) = @_;
	my $errors = '';
	$node->safe_psql('postgres', "CREATE DATABASE $db ENCODING 'UTF8' TEMPLATE template0");
	ok(IPC::Run::run([ @command, '-d', $node->connstr($db) ], '>', \my $out, '2>', \$errors), "$db: @command[0 .. 1] succeeds");
	is($errors, '', "$db: without a complaint");
	return;
}

# All that a store remembers, as one number.
sub memory_of
{
	my ($node, $db) = @_;
	return $node->safe_psql($db, join ' UNION ALL ',
		map { "SELECT '$_', count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM qrcred_store.$_ t" }
		  qw(strike attempt anchor act release ticket outbox credential customer));
}

# ---- three formats, and the wrong key

dump_of('bank', 'bank.sql');
dump_of('bank', 'bank.dump', '-Fc');
dump_of('bank', 'bank.dir', '-Fd', '-j2');
dump_of('bank', 'bank.schema', '-s');
restore_into($there, 'plain', 'psql', '-X1qv', 'ON_ERROR_STOP=1', '-f', "$tmp/bank.sql");
restore_into($there, 'custom', 'pg_restore', '-1', "$tmp/bank.dump");
restore_into($there, 'directory', 'pg_restore', '-j2', "$tmp/bank.dir");

# What the calls that need a key say: SQLSTATE and message.
sub refusals
{
	my ($node, $db) = @_;
	my %seen;
	foreach my $call (
		q{qrcred.verify(code, 'till-1') FROM card WHERE name = 'used'},
		q{qrcred.verify_second(id, '12345678', 'till-1') FROM card WHERE name = 'half'},
		q{qrcred.download(ticket) FROM card WHERE name = 'waiting'},
		q{qrcred.freeze(id, 'lost') FROM card WHERE name = 'used'},
		q{qrcred.reissue(id) FROM card WHERE name = 'used'},
		q{qrcred.issue('bank', 'used')},
		q{qrcred.report_lost('bank', 'I', 'P', 'W')},
		q{qrcred.audit(id) FROM card WHERE name = 'half'},
		q{qrcred.upgrade_store()})
	{
		my (undef, undef, $error) = $node->psql($db, "\\set VERBOSITY verbose\nSELECT $call");
		my ($what) = $error =~ /ERROR:  (.*)/;
		push @{ $seen{ $what // 'none' } }, $call;
	}
	return \%seen;
}

my $before = memory_of($there, 'custom');
my $wrong = refusals($there, 'custom');
is(join(', ', sort keys %$wrong),
	'55000: master key 1 is not the key that this store was used with',
	'a wrong key is said by everything that needs one')
  or diag(explain($wrong));
$there->append_conf('postgresql.conf', "qrcred.keyring_file = '$tmp/other.keys'\n");
$there->reload;
my $missing = refusals($there, 'custom');
is(join(', ', grep { !/^55000: / } sort keys %$missing), '', 'and so is a missing one')
  or diag(explain($missing));
is(memory_of($there, 'custom'), $before, 'nothing was counted with either');
$there->append_conf('postgresql.conf', "qrcred.keyring_file = '$tmp/right.keys'\n");
$there->reload;

foreach my $db (qw(plain custom directory))
{
	is($there->safe_psql($db, 'SELECT count(*) FILTER (WHERE NOT a.ok) FROM qrcred_store.strike s, LATERAL qrcred.audit(s.id) a'),
		'0', "$db: a dump of a store at rest is whole at once");
	my (undef, undef, $notice) = $there->psql($db, 'SELECT qrcred.upgrade_store()');
	like($notice, qr/NOTICE:  the store came out of a dump: 14 strike rows taken up, 0 of them/,
		"$db: upgrade_store() sees where it came from");
	is( $there->safe_psql($db,
			q{SELECT verdict, next FROM card, LATERAL qrcred.verify_second(id,
				qrcred.second_code(decode(p #>> '{keys,second}', 'hex'), id, 1, 1, extract(epoch FROM clock_timestamp())::int8, '12345678'),
				'till-1', 'CNY 1.00 Shop') WHERE name = 'half'}),
		'rejected|none', "$db: the open challenge has ended, without a strike");
	gives_the_same_verdicts($there, $db, $db);
}

# ---- a schema without data

restore_into($there, 'empty', 'psql', '-X1qv', 'ON_ERROR_STOP=1', '-f', "$tmp/bank.schema");
is( ($there->psql('empty', q{
SELECT qrcred.upgrade_store();
SELECT qrcred.create_issuer('bank', 'Bank', '', '{"activation": "none"}');
SELECT qrcred.create_gateway('till-1', 'Till');
SELECT qrcred.register('bank', 'C', 'N', 'I', 'P');
SELECT ticket FROM qrcred.issue('bank', 'C') \gset
SELECT qrcred.download(:'ticket') ->> 'static' AS code \gset
SELECT verdict FROM qrcred.verify(:'code', 'till-1');
}, on_error_stop => 1))[1],
	"\n\n\n\nchallenge", 'a store restored without rows begins anew');

# ---- without the extension

is($there->safe_psql('postgres', "CREATE DATABASE bare ENCODING 'UTF8' TEMPLATE template0"), '', 'a database');
IPC::Run::run([ 'pg_restore', '-1', '-d', $there->connstr('bare'), "$tmp/bank.dump" ]) or die;
$there->safe_psql('bare', 'SET client_min_messages = error; SELECT qrcred.upgrade_store()');
$before = memory_of($there, 'bare');
$there->safe_psql('bare', 'SET client_min_messages = error; DROP EXTENSION qrcred CASCADE');
is(memory_of($there, 'bare'), $before, 'DROP EXTENSION CASCADE leaves the data');
$there->safe_psql('bare', 'CREATE EXTENSION qrcred; SELECT qrcred.upgrade_store()');
is(memory_of($there, 'bare'), $before, 'CREATE EXTENSION and upgrade_store() take it up as it is');
gives_the_same_verdicts($there, 'bare', 'after DROP EXTENSION and CREATE EXTENSION');

# ---- a dump from under a storm

$here->safe_psql('storm', $store . q{
SELECT qrcred.register('short', 'C-' || n, 'N', 'I', 'P') FROM generate_series(1, 40) n;
INSERT INTO card SELECT 'C-' || n, i.credential_id, i.ticket FROM generate_series(1, 40) n, LATERAL qrcred.issue('short', 'C-' || n) i;
UPDATE card SET p = qrcred.download(ticket);
UPDATE card SET code = p ->> 'static'});
append_to_file("$tmp/storm.bench", <<'EOB');
\set n random(1, 40)
\set m random(1, 40)
\set g random(1, 4)
SELECT id, code FROM card WHERE name = 'C-' || :n \gset
SELECT verdict FROM qrcred.verify(:code::text, 'till-' || :g);
BEGIN;
SELECT verdict FROM qrcred.verify_second(:id, '00000000', 'till-' || :g);
ROLLBACK;
SELECT verdict FROM qrcred.verify('QC1.RUBBISH', 'till-' || :g);
SELECT qrcred.freeze(id, 'storm', 1) FROM card WHERE name = 'C-' || :m AND :n = 1
	AND (SELECT state FROM qrcred.peek(id)) <> 'void';
EOB
my $bench = IPC::Run::start(
	[ 'pgbench', '-n', '-M', 'prepared', '-c', '3', '-T', '120', '-f', "$tmp/storm.bench", $here->connstr('storm') ],
	'<', \'', '>', \my $bench_out, '2>', \my $bench_err);
$here->poll_query_until('storm', 'SELECT count(*) > 1000 FROM qrcred_store.attempt') or die 'no storm';
dump_of('storm', 'storm.sql');
dump_of('storm', 'storm.dump', '-Fc');
dump_of('storm', 'storm.dir', '-Fd', '-j2');
ok($bench->pumpable, 'the storm lasted longer than the dumps');
$bench->signal('INT');
$bench->finish;

restore_into($there, 'storm_plain', 'psql', '-X1qv', 'ON_ERROR_STOP=1', '-f', "$tmp/storm.sql");
restore_into($there, 'storm_custom', 'pg_restore', '-1', "$tmp/storm.dump");
restore_into($there, 'storm_directory', 'pg_restore', '-j2', "$tmp/storm.dir");
my $broken = 'SELECT count(*) FILTER (WHERE NOT a.ok) FROM qrcred_store.strike s, LATERAL qrcred.audit(s.id) a';
my $gaps = 0;
foreach my $db (qw(storm_plain storm_custom storm_directory))
{
	# what COPY does now and then when it reads a row that is being written, here for certain
	my $torn = $there->safe_psql($db, q{
ALTER TABLE qrcred_store.strike DISABLE TRIGGER guard_row;
UPDATE qrcred_store.strike SET strikes_second = (strikes_second + 1) % 2 WHERE id = (SELECT id FROM card WHERE name = 'C-7') RETURNING id;
UPDATE qrcred_store.strike SET window_count = window_count + 1 WHERE id = -1;
ALTER TABLE qrcred_store.strike ENABLE TRIGGER guard_row});
	my $found = $there->safe_psql($db, $broken);
	note("$db: $found logs with a finding");
	$gaps += $found - 2;
	my (undef, undef, $said) = $there->psql($db, 'SELECT qrcred.upgrade_store()');
	like($said, qr/NOTICE:  the store came out of a dump: 45 strike rows taken up, $found of them with an epoch row/,
		"$db: upgrade_store() takes each of them up");
	like($said, qr/WARNING:  the strike row of owner $torn does not fit its MAC and is frozen/, "$db: a torn row is named");
	is($there->safe_psql($db, $broken), '0', "$db: after it every log is whole");
	is($there->safe_psql($db, "SELECT state IN ('frozen', 'void') FROM qrcred.peek($torn)"), 't', "$db: the torn one is frozen");
	is( $there->safe_psql($db,
			"SELECT count(DISTINCT owner) >= $found FROM qrcred_store.attempt WHERE qrcred.log_word('kind', kind) = 'epoch'"),
		't', "$db: an epoch row for each");
	$before = memory_of($there, $db);
	$there->safe_psql($db, 'SELECT qrcred.upgrade_store()');
	is(memory_of($there, $db), $before, "$db: a second upgrade_store() changes nothing");

	is( $there->safe_psql($db, q{
SELECT name, id, code FROM card, LATERAL qrcred.peek(id) WHERE state = 'open' OR state = 'frozen' AND id <> } . $torn . q{ ORDER BY state DESC, name LIMIT 1 \gset
SELECT pg_sleep(1.1) WHERE (SELECT state FROM qrcred.peek(:id)) = 'frozen' \g /dev/null
SELECT verdict FROM qrcred.verify(:'code', 'till-1');
SELECT verdict FROM qrcred.verify_second(:id, qrcred.expected_second(:id, extract(epoch FROM clock_timestamp())::int8), 'till-1');
} . $broken), "challenge\naccepted\n0", "$db: it goes on, and stays whole");
}
cmp_ok($gaps, '>', 0, 'the storm did tear strike rows and logs apart');

# Where the store was before: its tables are other ones, so this is a dump too.
$here->safe_psql('storm', q{
SET client_min_messages = error;
SELECT qrcred.drop_store('drop storm');
DROP EXTENSION qrcred CASCADE;
DROP EXTENSION pgcrypto;
DROP SCHEMA qrcred;
DROP TABLE card});
IPC::Run::run([ 'pg_restore', '-1', '-d', $here->connstr('storm'), "$tmp/storm.dump" ]) or die;
my (undef, undef, $said) = $here->psql('storm', 'SELECT qrcred.upgrade_store()');
like($said, qr/NOTICE:  the store came out of a dump: 45 strike rows/, 'a dump restored in its own place is recognised');
is($here->safe_psql('storm', $broken), '0', 'and every log in it is whole');

# ---- a standby, promoted

$here->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($here, 'base', has_streaming => 1);
$standby->start;
my ($paid, $used) = map { $here->safe_psql('bank', "SELECT id FROM card WHERE name = '$_'") } qw(paid used);
$here->safe_psql('bank', "SELECT qrcred.freeze($paid, 'lost')");
$here->wait_for_catchup($standby);
foreach my $call (
	"verify(code, 'till-1') FROM card WHERE id = $used",
	"verify_second($used, '00000000', 'till-1')",
	"check_password($used, 1, 'x', 'till-1')",
	"download('QT1.')",
	"freeze($used, 'x')",
	'upgrade_store()')
{
	my ($rc, undef, $error) = $standby->psql('bank', "\\set VERBOSITY sqlstate\nSELECT qrcred.$call");
	my ($name) = $call =~ /^(\w+)/;
	like($error, qr/ERROR:  25006$/, "on a standby $name() is refused");
}
is($standby->safe_psql('bank', "SELECT state, freeze_no FROM qrcred.peek($paid)"), 'frozen|1', 'peek() shows the freeze there');

$here->safe_psql('bank', q{SELECT pg_create_restore_point('evening')});
my $anchor = "SELECT attempts, encode(digest, 'hex') FROM qrcred.audit_anchor('-infinity', 'infinity')";
$here->safe_psql('bank', "SELECT qrcred.void_credential($used, 'closed')");
my $kept = $here->safe_psql('bank', $anchor);
$here->wait_for_catchup($standby);
$here->stop('immediate');
$standby->promote;
is($standby->safe_psql('bank', "SELECT state FROM qrcred.peek($used)"), 'void', 'promoted, it has what the primary had');
is($standby->safe_psql('bank', $anchor), $kept, 'to the last seal');
is($standby->safe_psql('bank', "SELECT qrcred.upgrade_store(); $broken"), "\n0", 'no upgrade_store() is needed: every log is whole');
is( $standby->safe_psql('bank', "SELECT verdict, next FROM card, LATERAL qrcred.verify(code, 'till-1') WHERE id = $used"),
	'frozen|stop', 'and it verifies');
$standby->stop;

# ---- a point in time

$here->start;
my $segment = $here->safe_psql('bank', 'SELECT pg_walfile_name(pg_current_wal_lsn())');
$here->safe_psql('bank', 'SELECT pg_switch_wal()');
$here->poll_query_until('bank', "SELECT last_archived_wal >= '$segment' FROM pg_stat_archiver")
  or die 'nothing was archived';
my $point = PostgreSQL::Test::Cluster->new('point');
$point->init_from_backup($here, 'base', has_restoring => 1);
$point->append_conf('postgresql.conf', "recovery_target_name = 'evening'\nrecovery_target_action = 'promote'\n");
$point->start;
$point->poll_query_until('bank', 'SELECT NOT pg_is_in_recovery()') or die 'recovery did not end';
is( $point->safe_psql('bank', "SELECT string_agg(state, ' ' ORDER BY state) FROM unnest('{$paid,$used}'::int8[]) i, LATERAL qrcred.peek(i)"),
	'frozen open', 'recovery to a point brings back what was then');
is($point->safe_psql('bank', $broken), '0', 'which no audit sees from inside');
isnt($point->safe_psql('bank', $anchor), $kept, 'but the digest that was kept outside tells');

$point->stop;
$here->stop;
$there->stop;
done_testing();
