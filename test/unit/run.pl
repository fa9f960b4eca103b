#!/usr/bin/perl
#
# run.pl
#	  Runs the test programs and the differential test, looks at the sources
#	  and objects of src/core, and prints one line with the sum.
#
# usage: run.pl core-directory vectors build cases seed test...
#
use strict;
use warnings;

my ($core, $vectors, $build, $cases, $seed, @tests) = @ARGV;
my ($passed, $failed) = (0, 0);

sub check
{
	my ($ok, $what) = @_;
	$ok ? $passed++ : $failed++;
	print "$what\n" unless $ok;
}

# Takes the sum from a program's last line, and shows its other lines.  One
# that says nothing of the kind, or dies of a signal, has failed.
sub run
{
	my ($name, $command) = @_;
	my $sum;

	open my $pipe, '-|', "$command 2>&1" or die "$command: $!\n";
	while (my $line = <$pipe>)
	{
		if ($line =~ /^(\d+) passed, (\d+) failed$/)
		{
			$sum = [ $1, $2 ];
		}
		else
		{
			print $line;
		}
	}
	close $pipe;
	my $status = $?;

	if (!$sum || $sum->[0] + $sum->[1] == 0)
	{
		check(0, "$name came to no result");
		return;
	}
	$passed += $sum->[0];
	$failed += $sum->[1];
	check(0, "$name ended with status $status")
	  if ($status != 0) != ($sum->[1] > 0);
	print "$name: ", $sum->[0] + $sum->[1], " checks",
	  $sum->[1] ? ", $sum->[1] of them not met\n" : "\n";
}

sub lines_of
{
	my ($path) = @_;
	open my $fh, '<', $path or return;
	return <$fh>;
}

# C99 and libcrypto, nothing else: no header of the server among them.
sub check_includes
{
	my %standard = map { $_ => 1 }
	  qw(inttypes.h limits.h stdbool.h stddef.h stdint.h string.h);

	foreach my $path (sort glob "$core/*.[ch]")
	{
		foreach my $line (lines_of($path))
		{
			next unless $line =~ /^\s*#\s*include\b(.*)/;
			my $what = $1;
			my $ok =
			    $what =~ /"([a-z_]+\.h)"/ ? -e "$core/$1"
			  : $what =~ /<(openssl\/[a-z_]+\.h)>/ ? 1
			  : $what =~ /<([a-z]+\.h)>/ ? $standard{$1}
			  :                            0;
			check($ok && $what !~ /postgres/, "$path includes$what");
		}
	}
}

# No warning, no allocation, no clock, nothing that can be written to.
sub check_objects
{
	my $barred = qr/^(?:__)?(?:
		malloc | calloc | realloc | reallocarray | aligned_alloc | memalign |
		posix_memalign | free | strn?dup |
		CRYPTO_(?:secure_)?(?:m|z|re|clear_re)alloc | CRYPTO_(?:clear_)?free |
		time | ftime | gettimeofday | clock | clock_gettime | timespec_get |
		(?:local|gm|mk)time(?:_r)? | getenv | secure_getenv |
		s?rand | random | [sf]?printf | v?sn?printf | setlocale
	)(?:_chk)?$/x;

	foreach my $source (sort glob "$core/*.c")
	{
		my ($name) = $source =~ m{([^/]+)\.c$};
		my $object = "$build/plain/$name.o";
		my @log = lines_of("$build/plain/$name.log");

		check(-e $object && !@log, "$source does not compile cleanly");
		print @log;
		next unless -e $object;

		my @symbols = qx(nm '$object');
		check($? == 0 && @symbols > 0, "nm cannot read $object");
		my @used = grep { /$barred/ } map { /\bU (\S+)/ ? $1 : () } @symbols;
		check(!@used, "$source refers to @used");
		my @data = map { /\s[BbDdCGgSs] (\S+)/ ? $1 : () } @symbols;
		check(!@data, "$source has data that can be written to: @data");
	}
}

$| = 1;
$ENV{LC_ALL} = 'C';
my $home = $build =~ m{^/} ? $build : "./$build";
run($_, "'$home/$_' '$vectors' '$build'") foreach @tests;
run('differential',
	"'$home/differential' $cases $seed | perl differential.pl");
check_includes();
check_objects();
print "$passed passed, $failed failed\n";
exit($failed > 0);
