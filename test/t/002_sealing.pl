# Which master key a store's verdicts are sealed with: none that the keyring has no
# more, none that the store has not noted, none that another store was used with.
use strict;
use warnings;

use Digest::SHA qw(hmac_sha256);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my ($key1, $key2) = map { join '', map { sprintf '%02x', int rand 256 } 1 .. 32 } 1 .. 2;
my $tmp = PostgreSQL::Test::Utils::tempdir();
my $file = "$tmp/master.keys";

sub write_keyring
{
	my ($text) = @_;
	unlink $file;
	append_to_file($file, $text);
	chmod(0600, $file) or die "$file: $!";
	return;
}

write_keyring("1 $key1\n");
my $node = PostgreSQL::Test::Cluster->new('sealing');
$node->init;
$node->append_conf('postgresql.conf', "qrcred.keyring_file = '$file'\n");
$node->start;
$node->safe_psql('postgres', 'SET client_min_messages = warning; CREATE EXTENSION qrcred CASCADE');
my $backend = $node->background_psql('postgres', on_error_stop => 0);

# A statement in the session: what it answers, or its error.
sub does
{
	my ($sql) = @_;
	my $out = $backend->query($sql);
	my $error = $backend->{stderr};
	$backend->{stderr} = '';
	return $error ne '' ? $error : $out;
}

# Another keyring, and the session has heard of the reload but not used it.
sub reload_with
{
	my ($text) = @_;
	my $loaded = 'SELECT pg_conf_load_time()';
	my $before = does($loaded);
	write_keyring($text);
	$node->reload;
	for (my $i = 0; $i < 300 && does($loaded) eq $before; $i++)
	{
		select(undef, undef, undef, 0.1);
	}
	return;
}

# How often the bytes stand in the session's memory; undef where it cannot be read.
sub in_memory
{
	my ($bytes) = @_;
	my $pid = does('SELECT pg_backend_pid()');
	my $found = 0;
	open(my $maps, '<', "/proc/$pid/maps") or return;
	open(my $memory, '<:raw', "/proc/$pid/mem") or return;
	while (my $line = <$maps>)
	{
		next if $line !~ /^(\w+)-(\w+) rw-p /;
		my ($from, $left) = (hex $1, hex($2) - hex $1);
		my $page = '';
		sysseek($memory, $from, 0) or next;
		sysread($memory, $page, $left) or next;
		$found += () = $page =~ /\Q$bytes\E/g;
	}
	return $found;
}

# A key derived from a master key.
sub derived
{
	my ($label, $master) = @_;
	return hmac_sha256("qrcred/1 $label\x01", pack('H*', $master));
}

my $audit_key1 = derived('audit', $key1);
my $scan = q{SELECT verdict FROM card, LATERAL qrcred.verify(code, 'till')};
my $noted = q{SELECT string_agg(kid::text, ' ' ORDER BY kid) FROM qrcred_store.key_check};
my $sealed = q{SELECT string_agg(a.kid::text, ' ' ORDER BY a.attempt_no) || ', row ' || max(s.seal_kid)
	FROM card JOIN qrcred_store.strike s USING (id) JOIN qrcred_store.attempt a ON a.owner = id};
my $refused = q{SELECT string_agg(kid::text, ' ' ORDER BY attempt_no) FROM qrcred_store.attempt WHERE owner = -1};

# read by a session that has kept nothing
my $audit = q{SELECT count(*) FROM (SELECT id FROM card UNION SELECT -1) o, LATERAL qrcred.audit(o.id) a WHERE NOT a.ok};

does(q{SELECT qrcred.create_store(), qrcred.create_issuer('bank', 'Bank', '', '{"activation": "none"}'),
	qrcred.create_gateway('till', 'Till')});
my $made = q{SELECT qrcred.register('bank', 'C-1', 'Ada', '1', '2');
	CREATE TABLE card AS SELECT credential_id AS id, qrcred.download(ticket) ->> 'static' AS code FROM qrcred.issue('bank', 'C-1')};
does("BEGIN; $made; ROLLBACK");
is(does($noted), '', 'a key first used in a transaction that is rolled back is not noted');
does($made);
is(does($noted), '1', 'but by the next use, in the same session');
is(does($scan), 'challenge', 'a verdict');
is(does($sealed), '1 1, row 1', 'is sealed with key 1');

SKIP:
{
	my $kept = in_memory($audit_key1);
	skip "a session's memory cannot be read here", 5 if !defined $kept;
	cmp_ok($kept, '>=', 1, 'whose audit key is kept in memory');
	does(q{SELECT qrcred.issue('bank', 'C-1')});
	is(in_memory(derived('ticket', $key1)), 0, 'not so the key that tickets are made with');
	does(q{DO $$ BEGIN PERFORM qrcred.issue('bank', 'C-1'); RAISE division_by_zero; END $$});
	is(in_memory(derived('ticket', $key1)), 0, 'after an error neither');
	reload_with("# none\n");
	like(does($scan), qr/the keyring is empty/, 'without a keyring there is no verdict');
	is(join(' ', map { in_memory($_) } $audit_key1, pack('H*', $key1)), '0 0',
		'and neither key is left in memory');
}

reload_with("1 $key1\n2 $key2\n");
is(does($scan), 'challenge', 'another current key');
is(does($sealed), '1 1 1, row 1', 'seals nothing before the store has noted it');
does(q{SELECT qrcred.register('bank', 'C-2', 'Bob', '1', '2')});
is(does($noted), '1 2', 'noted');
does($scan) foreach 1 .. 2;
is(does($sealed), '1 1 1 2 2, row 2', 'it seals');

reload_with("1 $key2\n2 $key1\n");
like(does($_), qr/ERROR:  master key 2 is not the key that this store was used with/, 'other keys under the same ids')
  foreach $scan, q{SELECT verdict FROM qrcred.verify('x', 'till')};
reload_with("2 $key2\n");
like(does($scan), qr/ERROR:  master key 1 is not in the keyring/, 'with its first key gone a code is not judged');
is(does(q{SELECT verdict FROM qrcred.verify('x', 'till')}), 'rejected', 'but a refusal');
is(does($sealed), '1 1 1 2 2, row 2', 'nothing was counted meanwhile');
is(does($refused), '2', 'and what was, is sealed with key 2');
reload_with("1 $key1 current\n2 $key2\n");
is(does(q{SELECT verdict FROM qrcred.verify('x', 'till')}), 'rejected', 'the first key back');
is(does($refused), '2 1', 'seals again');
is($node->safe_psql('postgres', $audit), '0', 'every seal is that of the key it names');

# the same session in a store that took this one's place, used with another key
does('SET client_min_messages = warning; DROP TABLE card; DROP SCHEMA qrcred_store CASCADE');
does(q{SELECT qrcred.create_store(), qrcred.create_gateway('till', 'Till')});
does('INSERT INTO qrcred_store.key_check (kid, check_value, home) SELECT 1, k.check_value, qrcred.home() FROM qrcred.key_check(2) k');
like(does(q{SELECT verdict FROM qrcred.verify('x', 'till')}),
	qr/ERROR:  master key 1 is not the key that this store was used with/, 'nor by one that another store was used with');
$backend->quit;

$node->stop;
done_testing();
