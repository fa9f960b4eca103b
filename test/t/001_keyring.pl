# The keyring: where master keys come from, what is refused, when they are read
# again, and that neither keys nor their place are shown to anyone.
use strict;
use warnings;

use File::Copy;
use FindBin;
use JSON::PP;
use POSIX qw(mkfifo);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# Two master keys with published check values.
sub slurp_json
{
	my ($file) = @_;
	open(my $in, '<', $file) or die "$file: $!";
	local $/;
	return JSON::PP->new->utf8->decode(<$in>);
}
my $vectors =
  slurp_json("$FindBin::RealBin/../vectors/protocol_v1.json")->{vectors};
my ($key1, $check1) = @{ $vectors->[0] }{qw(master check_value)};
my ($key2, $check2) = @{ $vectors->[1] }{qw(master check_value)};

my $node = PostgreSQL::Test::Cluster->new('keyring');
$node->init;
$node->append_conf('postgresql.conf',
	"log_statement = 'all'\nqrcred.keyring_file = ''\nqrcred.keyring_command = ''\n");
$node->start;
$node->safe_psql('postgres',
		"SET client_min_messages = warning; CREATE EXTENSION qrcred CASCADE;"
	  . "CREATE ROLE scanner LOGIN;"
	  . "GRANT EXECUTE ON FUNCTION qrcred.key_check(int) TO scanner;");

my $file = $node->data_dir . '/master.keys';
my @heard;    # all that any client was told

sub write_keyring
{
	my ($text, $mode) = @_;
	unlink $file;
	open(my $out, '>', $file) or die "$file: $!";
	binmode $out;
	print $out $text;
	close $out;
	chmod($mode // 0600, $file) or die "$file: $!";
	return;
}

sub configure
{
	my (%setting) = @_;
	foreach my $name (qw(keyring_file keyring_command))
	{
		my $value = $setting{$name} // '';
		$value =~ s/'/''/g;
		$node->adjust_conf('postgresql.conf', "qrcred.$name", "'$value'");
	}
	my $log_start = -s $node->logfile;
	$node->reload;

	# new sessions inherit the postmaster's settings
	$node->wait_for_log(qr/received SIGHUP, reloading configuration files/,
		$log_start);
	return;
}

# One statement in a session of its own: its output, or its error with SQLSTATE.
sub ask
{
	my ($sql, $role) = @_;
	my ($rc, $stdout, $stderr) = $node->psql(
		'postgres',
		"\\set VERBOSITY verbose\n$sql",
		extra_params => $role ? [ '-U', $role ] : [],
		timeout => 60);
	push @heard, $stdout, $stderr;
	return $rc == 0 ? $stdout : $stderr;
}

my $all = 'SELECT * FROM qrcred.key_check()';

sub refused
{
	my ($pattern, $name) = @_;
	my $got = ask($all);
	like($got, qr/^psql:.*ERROR:  55000: $pattern/m, $name);
	return $got;
}

# ---- none, both

like(
	refused('there is no master key', 'no keyring is set'),
	qr/HINT: .*openssl rand -hex 32.*qrcred\.keyring_file/,
	'the hint says how to make a key and where to name it');
write_keyring("1 $key1\n");
configure(keyring_file => $file, keyring_command => "cat '$file'");
refused('qrcred.keyring_file and qrcred.keyring_command are both set',
	'both settings at once');

# ---- what is read

configure(keyring_file => $file);
is(ask($all), "1|\\x$check1|t", 'one key, and the check value it must have');
is(ask('SELECT * FROM qrcred.key_check(1)'), "1|\\x$check1|t", 'by its id');
like(
	ask('SELECT * FROM qrcred.key_check(2)'),
	qr/ERROR:  55000: master key 2 is not in the keyring/,
	'an id that is not there');
like(
	ask("SELECT * FROM qrcred.key_check($_)"),
	qr/ERROR:  22023: argument "kid" must be between 1 and 255/,
	"id $_ is none") foreach (0, 256, -1);

write_keyring("1 $key1\n2 $key2\n");
is(ask($all), "1|\\x$check1|f\n2|\\x$check2|t", 'the highest id is current');
write_keyring("255 $key2\n1 $key1 current\n");
is(ask($all), "1|\\x$check1|t\n255|\\x$check2|f", 'but for a mark');
write_keyring("# ours\r\n\r\n \t1\t " . uc($key1) . "  current # the first\r\n"
	  . "  # 3 $key1\n007 $key2#7");
is(ask($all), "1|\\x$check1|t\n7|\\x$check2|f",
	'comments, blanks, CR, upper case, leading zeros, no last newline');
write_keyring(join('', map { "$_ $key1\n" } (1 .. 255)));
is(ask('SELECT count(*), max(kid) FILTER (WHERE current) FROM qrcred.key_check()'),
	'255|255', 'a keyring with every id');

# ---- what is malformed, with its line; never a byte of it

foreach my $case (
	[ 'key id 0', 1, "0 $key1\n" ],
	[ 'key id 256', 2, "1 $key1\n256 $key2\n" ],
	[ 'key id 1e1', 1, "1e1 $key1\n" ],
	[ 'negative key id', 1, "-1 $key1\n" ],
	[ 'key id of many digits', 1, "00000000001 $key1\n" ],
	[ 'no key id', 1, "$key1\n" ],
	[ 'no key', 3, "1 $key1\n\n2\n" ],
	[ 'short key', 1, '1 ' . substr($key1, 1) . "\n" ],
	[ 'long key', 1, "1 ${key1}0\n" ],
	[ 'key with a wrong digit', 1, '1 ' . substr($key1, 1) . "g\n" ],
	[ 'key with a digit of another script', 1, '1 ' . substr($key1, 2) . "\xc3\xa9\n" ],
	[ 'key with 0x', 1, '1 0x' . substr($key1, 2) . "\n" ],
	[ 'key with a NUL', 1, '1 ' . substr($key1, 1) . "\0\n" ],
	[ 'byte order mark', 1, "\xef\xbb\xbf1 $key1\n" ],
	[ 'twice the same id', 3, "1 $key1\n2 $key2\n01 $key1\n" ],
	[ 'two marks', 2, "1 $key1 current\n2 $key2 current\n" ],
	[ 'another mark', 1, "1 $key1 Current\n" ],
	[ 'a word after the mark', 1, "1 $key1 current 2\n" ],
	[ 'two keys in a line', 1, "1 $key1 $key2\n" ],
	[ 'CR alone', 1, "1 $key1\r2 $key2\r" ],
	[ 'long line', 2, "1 $key1\n#" . ('x' x 1100) . "\n" ])
{
	my ($name, $line, $text) = @$case;
	write_keyring($text);
	refused("line $line of the keyring is wrong", "malformed: $name");
}
write_keyring("1 $key1\n" . ("# 23456789\n" x 7000));
refused('the keyring that qrcred.keyring_file names is not shorter', 'large');
foreach my $text ('', "\n\n", "# 1 $key1\n")
{
	write_keyring($text);
	like(refused('the keyring is empty', 'empty'),
		qr/HINT: .*openssl rand -hex 32/, 'with the hint to make a key');
}

# ---- who may read and write the file

my $wide = 'the permissions of the file that qrcred.keyring_file names are too wide';
foreach my $mode (0640, 0604, 0660, 0620, 0610, 0666, 0700, 0777)
{
	write_keyring("1 $key1\n", $mode);
	refused($wide, sprintf('mode %04o', $mode));
}
foreach my $mode (0600, 0400)
{
	write_keyring("1 $key1\n", $mode);
	is(ask($all), "1|\\x$check1|t", sprintf('mode %04o', $mode));
}
configure(keyring_file => '/etc/passwd');
refused($wide, "root's file that all can read");

# ---- what it may be

configure(keyring_file => $node->data_dir . '/nothing');
refused('could not open the file that qrcred.keyring_file names: No such file',
	'missing');
configure(keyring_file => $node->data_dir);
refused('qrcred.keyring_file does not name a regular file', 'a directory');
mkfifo($node->data_dir . '/fifo', 0600) or die "mkfifo: $!";
configure(keyring_file => $node->data_dir . '/fifo');
refused('qrcred.keyring_file does not name a regular file',
	'a FIFO, without waiting for its writer');
configure(keyring_file => '/dev/zero');
refused('qrcred.keyring_file does not name a regular file', 'a device');
write_keyring("1 $key1\n");
symlink($file, $node->data_dir . '/link') or die "symlink: $!";
configure(keyring_file => $node->data_dir . '/link');
is(ask($all), "1|\\x$check1|t", 'a symbolic link');
chmod(0644, $file);
refused($wide, 'a symbolic link to a file that all can read');
chmod(0600, $file);
configure(keyring_file => 'master.keys');
is(ask($all), "1|\\x$check1|t", 'a relative path starts at the data directory');

# ---- a command

configure(keyring_command => "cat '$file'");
is(ask($all), "1|\\x$check1|t", 'from a command');
configure(keyring_command => "cat '$file'; exit 3");
like(
	refused('qrcred.keyring_command failed', 'a command that fails'),
	qr/DETAIL:  child process exited with exit code 3/,
	'with its exit code, although it printed a key');
configure(keyring_command => "cat '$file'; kill -9 \$\$");
like(
	refused('qrcred.keyring_command failed', 'a command that is killed'),
	qr/DETAIL:  child process was terminated by signal 9/,
	'with the signal');
configure(keyring_command => '/nonexistent/program');
refused('qrcred.keyring_command failed', 'a command that is not there');
configure(keyring_command => 'true');
refused('the keyring is empty', 'a command that prints nothing');
configure(keyring_command => "echo \"\$(cat '$file') now\"");
refused('line 1 of the keyring is wrong', 'a command that prints nonsense');
configure(keyring_command => "yes \"\$(cat '$file')\"");
refused('the keyring that qrcred.keyring_command names is not shorter',
	'a command without end');

# ---- when it is read

sub in_session
{
	my ($session) = @_;
	my $out = $session->query($all);
	push @heard, $out, $session->{stderr};
	my $error = $session->{stderr};
	$session->{stderr} = '';
	return $error ne '' ? $error : $out;
}

# A session notices a reload between two statements, not at once.
sub becomes
{
	my ($session, $pattern, $name) = @_;
	my $got = '';
	for (my $i = 0; $i < 300 && $got !~ $pattern; $i++)
	{
		select(undef, undef, undef, 0.1) if $i;
		$got = in_session($session);
	}
	like($got, $pattern, $name);
	return;
}

my $other = $node->data_dir . '/other.keys';
configure(keyring_file => $file);
copy($file, $other) or die "copy: $!";
my $session = $node->background_psql('postgres', on_error_stop => 0);
is(in_session($session), "1|\\x$check1|t", 'a session reads the keyring');
write_keyring("1 $key1\n2 $key2\n");
is(in_session($session), "1|\\x$check1|t", 'and keeps what it read');
is(ask($all), "1|\\x$check1|f\n2|\\x$check2|t", 'a new session reads anew');
$node->reload;
becomes($session, qr/^1\|\\x$check1\|f\n2\|\\x$check2\|t$/,
	'after a reload, though no setting changed, so does the old one');
write_keyring("2 $key2\n3 bad\n");
is(in_session($session), "1|\\x$check1|f\n2|\\x$check2|t",
	'a keyring spoilt later is not noticed');
$node->reload;
becomes($session, qr/line 2 of the keyring is wrong/, 'before a reload');
like(in_session($session), qr/line 2 of the keyring is wrong/,
	'neither the old keyring nor half of the new one is used');
write_keyring("2 $key2\n");
is(in_session($session), "2|\\x$check2|t", 'mended, it works at once');
configure(keyring_command => "cat '$other'");
becomes($session, qr/^1\|\\x$check1\|t$/, 'another source after a reload');
configure();
becomes($session, qr/there is no master key/, 'no source after a reload');
configure(keyring_file => $file);
becomes($session, qr/^2\|\\x$check2\|t$/, 'the first source again');
$session->query('BEGIN');
$session->query('SAVEPOINT s');
$session->query('ROLLBACK');
is(in_session($session), "2|\\x$check2|t", 'a rollback loses no key');
$session->quit;

# ---- whose settings they are

write_keyring("1 $key1\n");
my $own = $node->basedir . '/own.keys';
open(my $out, '>', $own) or die "$own: $!";
print $out "9 $key2\n";
close $out;
chmod 0600, $own;
configure(keyring_file => $file);
my $load = 'DO $$BEGIN PERFORM qrcred.key_check(); END$$;';

foreach my $name (qw(keyring_file keyring_command))
{
	like(ask("$load SHOW qrcred.$name", 'scanner'),
		qr/ERROR:  42501: .*"qrcred.$name"/,
		"$name cannot be shown by a scanner");
	like(ask("$load SELECT current_setting('qrcred.$name')", 'scanner'),
		qr/ERROR:  42501: .*"qrcred.$name"/, "$name cannot be selected");
	is(ask("$load SELECT count(*) FROM pg_settings WHERE name = 'qrcred.$name'", 'scanner'),
		'0', "$name is not in a scanner's pg_settings");
	like(ask("$load SET qrcred.$name = 'x'", 'scanner'),
		qr/ERROR:  55P02: parameter "qrcred.$name" cannot be changed now/,
		"$name cannot be set by a scanner");
	like(ask("$load SET qrcred.$name = 'x'"),
		qr/ERROR:  55P02: parameter "qrcred.$name" cannot be changed now/,
		"$name cannot be set in a superuser's session");
	like(ask("ALTER SYSTEM SET qrcred.$name = 'x'", 'scanner'),
		qr/ERROR:  42501: /, "$name cannot be set for the system by a scanner");
	like(ask("$load SELECT short_desc || extra_desc FROM pg_settings WHERE name = 'qrcred.$name'"),
		qr/master keys.*read/s, "$name is described");
}

# before the library is loaded the names are anybody's; loading takes them back
my $got = ask("SET qrcred.keyring_file = '$own'; $all", 'scanner');
like($got, qr/^1\|\\x$check1\|t$/m, "a scanner's file set before loading is not used");
$got = ask("SET qrcred.keyring_file = ''; SET qrcred.keyring_command = 'cat $own'; $all",
	'scanner');
like($got, qr/^1\|\\x$check1\|t$/m, "nor is a scanner's command");
ask("ALTER ROLE scanner SET qrcred.keyring_file = '$own'", 'scanner');
$got = ask($all, 'scanner');
like($got, qr/^1\|\\x$check1\|t$/m, 'nor a file kept for the role');
ask('ALTER ROLE scanner RESET qrcred.keyring_file');

# a scanner hears of a fault, not of its place
chmod 0644, $file;
$got = ask($all, 'scanner');
like($got, qr/ERROR:  55000: $wide/, 'a scanner is told what is wrong');
unlike($got, qr/\Q$file\E/, 'but not the path');
like(slurp_file($node->logfile), qr/DETAIL:  The file is "\Q$file\E"/,
	'which is in the log');
configure(keyring_command => "cat '$own'; exit 1");
unlike(ask($all, 'scanner'), qr/\Q$own\E/, 'nor the command');

$node->safe_psql('postgres',
	'REVOKE EXECUTE ON FUNCTION qrcred.key_check(int) FROM scanner');
like(ask($all, 'scanner'), qr/ERROR:  42501: permission denied for function key_check/,
	'without a grant nobody but the owner calls it');

# ---- nothing of a key was ever said

$node->stop;
my $log = slurp_file($node->logfile);
foreach my $key ($key1, $key2)
{
	my $found = 0;
	foreach my $text ($log, @heard)
	{
		for (my $i = 0; $i + 12 <= length($key); $i += 4)
		{
			$found++ if index(lc $text, substr($key, $i, 12)) >= 0;
		}
	}
	is($found, 0, 'no part of a key in the log or in a message');
}

done_testing();
