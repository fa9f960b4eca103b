# A private copy of the installed server, into which a build of the extension
# goes without touching PostgreSQL's own directories.  PostgreSQL finds its
# libraries and shared files relative to its program, so the programs are
# copied and everything else is linked to.
package ServerTree;

use strict;
use warnings;

use Cwd qw(abs_path);
use Exporter qw(import);
use File::Basename;
use File::Copy;
use File::Path qw(make_path);

our @EXPORT_OK = qw(make_server_tree install_build);

sub pg_config
{
	my ($option) = @_;
	my $pg_config = $ENV{PG_CONFIG} // 'pg_config';
	my $value = `$pg_config $option`;
	die "$pg_config $option failed\n" if $? != 0;
	chomp $value;
	return $value;
}

sub link_all
{
	my ($from, $to, %except) = @_;
	make_path($to);
	opendir(my $dir, $from) or die "$from: $!";
	foreach my $name (grep { !/^\.\.?$/ && !$except{$_} } readdir $dir)
	{
		symlink("$from/$name", "$to/$name") or die "$to/$name: $!";
	}
	closedir $dir;
	return;
}

# Under $root, which must not exist; returns what Cluster->new() calls
# install_path.
sub make_server_tree
{
	my ($root) = @_;
	my $bin = abs_path(pg_config('--bindir'));
	my $lib = abs_path(pg_config('--pkglibdir'));
	my $share = abs_path(pg_config('--sharedir'));
	my $include = pg_config('--includedir');
	my $common = $bin;
	$common = dirname($common)
	  until "$share/" =~ m{^\Q$common\E/} && "$lib/" =~ m{^\Q$common\E/};
	my ($my_bin, $my_lib, $my_share) =
	  map { $root . substr($_, length $common) } $bin, $lib, $share;

	make_path($my_bin);
	foreach my $program (
		qw(initdb pg_basebackup pg_config pg_controldata pg_ctl pg_isready
		postgres psql))
	{
		copy("$bin/$program", "$my_bin/$program") or die "$bin/$program: $!";
		chmod 0755, "$my_bin/$program";
	}
	link_all($lib, $my_lib, map { $_ => 1 } qw(bitcode qrcred.so));
	link_all($share, $my_share, extension => 1);
	link_all("$share/extension", "$my_share/extension");
	unlink glob "$my_share/extension/qrcred*";
	my $my_include = $root . substr($include, length $common);
	make_path(dirname($my_include));
	symlink($include, $my_include) or die "$my_include: $!";
	return dirname($my_bin);
}

sub run
{
	my ($what, @command) = @_;
	my $log = "$what.log";
	my $pid = fork // die "fork: $!";
	if ($pid == 0)
	{
		# what an outer make was told is not for this one
		delete @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES)};
		open(STDOUT, '>>', $log);
		open(STDERR, '>&', \*STDOUT);
		exec @command or exit 127;
	}
	waitpid($pid, 0);
	return if $? == 0;
	open(my $in, '<', $log);
	my @lines = <$in>;
	die "$what failed:\n" . join('', @lines > 40 ? @lines[-40 .. -1] : @lines);
}

# Builds the extension of the tree $top in $work (copied when it is missing;
# then only what the definitions touch is built again), and installs it into the
# server at $install_path.
sub install_build
{
	my ($top, $work, $install_path, @definitions) = @_;
	my @make = (
		'make', '-s', '-j2', '-C', $work,
		"PG_CONFIG=$install_path/bin/pg_config",
		'COPT=' . join(' ', map { "-D$_" } @definitions));

	if (!-d $work)
	{
		make_path($work);
		run("$work-copy", 'cp', '-a', "$top/src", "$top/sql", "$top/Makefile",
			"$top/qrcred.control", "$work/");
	}
	foreach my $source (glob "$work/src/*.c $work/src/*/*.c")
	{
		open(my $in, '<', $source) or die "$source: $!";
		unlink $source =~ s/c$/o/r if grep { /"store\/control\.h"/ } <$in>;
	}
	unlink glob "$work/*.so";
	run("$work-build", @make);
	run("$work-build", @make, 'install');
	return;
}

1;
