# A server with a store, sessions on it, and the ways to crash it.
package Server;

use strict;
use warnings;

use Exporter qw(import);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use POSIX ();
use Time::HiRes qw(sleep time);

our @EXPORT_OK = qw(background configure end_background forget_prepared kill_backend kill_cluster
  new_server spawn sql start_pgbouncer stop_immediate wait_up $master);

our $master = join '', map { sprintf '%02x', int rand 256 } 1 .. 32;

sub configure
{
	my ($node, %extra) = @_;
	my $keys = $node->basedir . '/master.keys';
	if (!-e $keys)
	{
		open(my $out, '>', $keys) or die "$keys: $!";
		print $out "1 $master\n";
		close $out;
		chmod 0600, $keys;
	}

	# a slow WAL writer, so that a flush left out shows
	my %settings = (
		'qrcred.keyring_file' => "'$keys'",
		restart_after_crash => 'on',
		wal_writer_delay => '10s',
		max_connections => 60,
		max_prepared_transactions => 60,
		shared_buffers => '16MB',
		max_wal_size => '1GB',
		autovacuum_naptime => '5s',
		log_min_messages => 'warning',
		log_statement => 'none',
		log_min_error_statement => 'panic',
		%extra);
	$node->append_conf('postgresql.conf',
		join '', map { "$_ = $settings{$_}\n" } sort keys %settings);
	return;
}

sub new_server
{
	my ($name, $install_path, %extra) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name,
		$install_path ? (install_path => $install_path) : ());
	$node->init(
		extra => [ '-E', 'UTF8' ],
		allows_streaming => delete $extra{streaming} // 0);
	configure($node, %extra);
	return $node;
}

# ---- sessions

# A program on its own, which may be killed; its words go to $output.
sub spawn
{
	my ($output, @command) = @_;
	my $pid = fork // die "fork: $!";
	return $pid if $pid != 0;
	open(STDIN, '<', '/dev/null');
	open(STDOUT, '>', $output);
	open(STDERR, '>&', \*STDOUT);
	{ no warnings; exec @command }
	POSIX::_exit(127);
}

# One session's statements; the output, or undef when the server went away or
# refused.
sub sql
{
	my ($node, $text, $timeout) = @_;
	my ($out, $err, $late) = ('', '', 0);
	my $rc = $node->psql(
		'postgres', $text,
		stdout => \$out,
		stderr => \$err,
		on_error_stop => 0,
		timeout => $timeout // 60,
		timed_out => \$late);
	return defined $rc && $rc == 0 && !$late && $err !~ /ERROR|FATAL/ ? $out : undef;
}

# Statements in a session of their own, which may last, fail or be killed.
my $sessions = 0;

sub background
{
	my ($node, $text) = @_;
	my $file = PostgreSQL::Test::Utils::tempdir() . '/session-' . ++$sessions;
	open(my $out, '>', $file) or die "$file: $!";
	print $out $text;
	close $out;
	return spawn("$file.out", 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-f', $file);
}

sub end_background
{
	my ($session) = @_;
	waitpid $session, 0;
	return;
}

# What a client prepared some seconds ago and did not live to end, which holds locks.
sub forget_prepared
{
	my ($node, $seconds) = @_;
	sql($node,
		"SELECT format('ROLLBACK PREPARED %L', gid) FROM pg_prepared_xacts "
		  . "WHERE prepared < now() - interval '$seconds s' \\gexec\n");
	return;
}

# In transaction mode, on a socket in its own directory; returns the
# connection string and what ends it.
sub start_pgbouncer
{
	my ($node) = @_;
	my $dir = PostgreSQL::Test::Utils::tempdir_short();
	my $user = (getpwuid($<))[0];
	my ($host, $port) = ($node->host, $node->port);
	my %files = (
		'bouncer.ini' => "[databases]\n"
		  . "postgres = host=$host port=$port dbname=postgres user=$user\n"
		  . "[pgbouncer]\nlisten_addr =\nlisten_port = 6432\nunix_socket_dir = $dir\n"
		  . "auth_type = trust\nauth_file = $dir/users\npool_mode = transaction\n"
		  . "default_pool_size = 6\nmax_client_conn = 100\nserver_login_retry = 0.2\n"
		  . "logfile = $dir/log\npidfile = $dir/pid\nlog_connections = 0\n"
		  . "log_disconnections = 0\nlog_pooler_errors = 0\n",
		users => "\"$user\" \"\"\n");
	foreach my $name (keys %files)
	{
		open(my $out, '>', "$dir/$name") or die "$dir/$name: $!";
		print $out $files{$name};
		close $out;
	}
	local $ENV{PATH} = "$ENV{PATH}:/usr/sbin";
	my $pid = spawn("$dir/output", 'pgbouncer', '-q', "$dir/bouncer.ini");
	foreach (1 .. 100)
	{
		last if -S "$dir/.s.PGSQL.6432";
		sleep 0.05;
	}
	-S "$dir/.s.PGSQL.6432" or die "pgbouncer did not start\n";
	return ("host=$dir port=6432 dbname=postgres user=$user",
		sub { kill 'INT', $pid; waitpid $pid, 0 });
}

# ---- crashes

sub wait_up
{
	my ($node) = @_;
	my $until = time + 90;
	while (time < $until)
	{
		return 1 if defined sql($node, 'SELECT 1');
		sleep 0.1;
	}
	die "the server is not back\n";
}

sub children_of
{
	my ($parent) = @_;
	my @found;
	foreach my $stat (glob '/proc/[0-9]*/stat')
	{
		open(my $in, '<', $stat) or next;
		my $line = <$in> // '';
		push @found, $1 if $line =~ /^(\d+) \(.*\) \S $parent /;
	}
	return @found;
}

sub is_zombie
{
	my ($pid) = @_;
	open(my $in, '<', "/proc/$pid/stat") or return 1;
	return (<$in> // '') =~ /^\d+ \(.*\) Z /;
}

# One backend of the clients; the postmaster then restarts all.
sub kill_backend
{
	my ($node) = @_;
	foreach (1 .. 50)
	{
		my $pid = sql($node,
			"SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' "
			  . "AND pid <> pg_backend_pid() AND query LIKE '%qrcred.%' ORDER BY random() LIMIT 1"
		);
		if ($pid && grep { $_ == $pid } children_of($node->{_pid}))
		{
			kill 'KILL', $pid;
			sleep 0.2;
			return wait_up($node);
		}
		sleep 0.1;
	}
	return 0;
}

# The postmaster and all its children at once, as a power cut does to processes.
sub kill_cluster
{
	my ($node, %option) = @_;
	my $postmaster = $node->{_pid};
	kill 'STOP', $postmaster;
	my @pids = ($postmaster, children_of($postmaster));
	kill 'KILL', @pids;
	foreach (1 .. 200)
	{
		last unless grep { -d "/proc/$_" } @pids;
		sleep 0.05;
	}

	# where nobody reaps orphans, a dead postmaster's number seems alive
	unlink $node->data_dir . '/postmaster.pid'
	  unless grep { -d "/proc/$_" && !is_zombie($_) } @pids;
	$node->{_pid} = undef;
	return 1 if $option{stay_down};
	$node->start;
	return wait_up($node);
}

sub stop_immediate
{
	my ($node) = @_;
	$node->stop('immediate');
	$node->start;
	return wait_up($node);
}

1;
