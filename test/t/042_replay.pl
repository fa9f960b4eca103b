# What a standby makes of verdicts: no page that differs under
# wal_consistency_checking, though hint bits that nobody logs stand on the
# primary's; and, where records hold pieces of rows instead of page images, the
# same rows to the last column.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

my $keys = PostgreSQL::Test::Utils::tempdir() . '/master.keys';
append_to_file($keys, '1 ' . '7c' x 32 . "\n");
chmod 0600, $keys;
my $node = PostgreSQL::Test::Cluster->new('primary');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', qq{
qrcred.keyring_file = '$keys'
wal_consistency_checking = 'all'
wal_log_hints = off
autovacuum = off
checkpoint_timeout = 1h
max_wal_size = 1GB
});
$node->start;
$node->safe_psql('postgres', q{
SET client_min_messages = warning;
CREATE EXTENSION qrcred CASCADE;
CREATE EXTENSION pageinspect;
SELECT qrcred.create_store(), qrcred.create_gateway('till', 'Till'),
	qrcred.create_issuer('bank', 'Bank', '', '{"activation": "none", "strike_limit": 2, "freeze_seconds": 3600}');
SELECT qrcred.register('bank', 'C-' || n, 'Ada', '1', '2') FROM generate_series(1, 6) n;
CREATE TABLE card (n serial, id int8, code text)});
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;

# A credential for each customer named; the rows stand on pages that are there already.
sub issue
{
	$node->safe_psql('postgres', q{INSERT INTO card (id, code) SELECT credential_id, qrcred.download(ticket) ->> 'static'
		FROM unnest(ARRAY[} . join(', ', @_) . q{]) n, LATERAL qrcred.issue('bank', 'C-' || n)});
	return;
}

# Scans and guesses of the last cards made: one rolled back, one that freezes and sends a
# message, a forged code, a refusal at the gateway.
sub use_them
{
	$node->safe_psql('postgres', q{
SELECT verdict FROM (SELECT code FROM card ORDER BY n DESC LIMIT 3) c, LATERAL qrcred.verify(code, 'till', 'CNY 1.00 Shop');
BEGIN;
SELECT verdict FROM (SELECT id FROM card ORDER BY n DESC LIMIT 2) c, LATERAL qrcred.verify_second(id, '00000000', 'till', 'CNY 1.00 Shop');
ROLLBACK;
SELECT verdict FROM (SELECT id FROM card ORDER BY n DESC LIMIT 1) c, LATERAL qrcred.verify_second(id, '00000001', 'till', 'CNY 1.00 Shop');
SELECT verdict FROM (SELECT id FROM card ORDER BY n DESC LIMIT 3) c, LATERAL qrcred.verify_second(id, qrcred.expected_second(id, extract(epoch FROM clock_timestamp())::int8), 'till', 'CNY 1.00 Shop')
	WHERE EXISTS (SELECT FROM qrcred_store.strike s WHERE s.id = c.id AND challenge_state = 1);
SELECT qrcred.freeze(id, 'lost') FROM (SELECT id FROM card ORDER BY n DESC LIMIT 1 OFFSET 2) c;
SELECT verdict FROM qrcred.verify('x', 'till')});
	return;
}

# The store's rows, every column of them.
sub rows
{
	my ($at, $table) = @_;
	return $at->safe_psql('postgres', "SELECT t::text FROM qrcred_store.$table t ORDER BY 1");
}

# Where the last record of each page of a table, or of its partitions, ends.
sub page_lsns
{
	my ($at, $table) = @_;
	return $at->safe_psql('postgres', qq{SELECT c.oid, n, (page_header(get_raw_page(c.oid::regclass::text, n::int))).lsn
		FROM pg_class c, LATERAL generate_series(0, pg_relation_size(c.oid) / 8192 - 1) n
		WHERE relnamespace = 'qrcred_store'::regnamespace AND relkind = 'r' AND relname ~ '^$table(_\\d+)?\$' ORDER BY 1, 2});
}

sub is_replayed
{
	my ($how) = @_;
	my $lsn = $node->lsn('insert');
	my $there = '';
	for (my $i = 0; $i < 300 && $there ne 't' && $there ne 'gone'; $i++)
	{
		sleep 0.1 if $i;
		my ($rc, $out) = $standby->psql('postgres', "SELECT pg_last_wal_replay_lsn() >= '$lsn'");
		$there = $rc == 0 ? $out : 'gone';
	}
	is($there, 't', "$how: a standby replays it");
	unlike(slurp_file($standby->logfile), qr/inconsistent page found/, 'and finds no page that differs');
	return if $there ne 't';
	foreach my $table (qw(strike attempt outbox))
	{
		my $rows = rows($node, $table);
		cmp_ok(($rows =~ tr/\n//), '>=', 5, "there are rows in $table");
		is(rows($standby, $table), $rows, 'the same on the standby');
		is(page_lsns($standby, $table), page_lsns($node, $table), 'and its pages are of the same age');
	}
	return;
}

# From here on no page is written whole for the checkpoint's sake once it was changed.
issue(1, 2, 3);
$node->safe_psql('postgres', 'CHECKPOINT');
use_them();
issue(4, 5, 6);
use_them();
is_replayed('page images');

$node->append_conf('postgresql.conf', "wal_consistency_checking = ''\n");
$node->reload;
$node->poll_query_until('postgres', q{SELECT current_setting('wal_consistency_checking') = ''});
my $from = $node->lsn('insert');
issue(1, 2, 3);
use_them();
is_replayed('pieces of rows');
my $records = `pg_waldump --path='@{[ $node->data_dir ]}/pg_wal' --start=$from --rmgr=Generic 2>&1`;
cmp_ok(() = $records =~ /^rmgr: Generic/mg, '>=', 10, 'of which there were some');
unlike($records, qr/FPW|FPI/, 'all without a page image');

# what was rolled back is there as well
is( $standby->safe_psql('postgres', q{SELECT count(*) FROM qrcred_store.attempt a JOIN card ON id = owner WHERE kind = 4 AND reason = 6}),
	'9', 'and the guesses that were rolled back');
$standby->stop;
$node->stop;
done_testing();
