# What a checker finds broken, how it reads the store and what clients wrote
# down, and how a test tells.
package Findings;

use strict;
use warnings;

use Exporter qw(import);
use Test::More;

our @EXPORT_OK = qw(check_repeats each_event end_prepared expected_failures finding findings
  is_whole lines_of_findings lines_of_totals new_findings once rows);

my %findings;

sub new_findings
{
	%findings = ();
	return;
}

sub finding
{
	my ($what, $detail) = @_;
	push @{ $findings{$what} }, $detail;
	return;
}

# A hash from what is broken to a list of where.
sub findings
{
	return {%findings};
}

# ---- the store

# Calls $each with the fields of every row; "-" stands for null.
sub rows
{
	my ($node, $query, $each) = @_;
	open(my $in, '-|', 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', "COPY ($query) TO STDOUT (NULL '-')")
	  or die "psql: $!";
	while (my $line = <$in>)
	{
		chomp $line;
		$each->(split /\t/, $line, -1);
	}
	close $in or die "psql failed on: $query\n";
	return;
}

# Whatever is prepared holds locks, and is nobody's any more.
sub end_prepared
{
	my ($node) = @_;
	rows($node, 'SELECT gid FROM pg_prepared_xacts',
		sub { $node->safe_psql('postgres', "ROLLBACK PREPARED '$_[0]'") });
	return;
}

# ---- what the clients wrote down

# SQLSTATEs that a client may meet in a server that crashes, restarts, cancels or
# waits, and others.
sub expected_failures
{
	return map { $_ => 1 } qw(lost 57P01 57P02 57P03 57P05 57014 40001 40P01 42704
	  55P03 08P01 08006 53300), @_;
}

# Calls $each with a hash of the named fields for each line of each client.
sub each_event
{
	my ($directory, $fields, $each) = @_;
	foreach my $file (sort glob "$directory/client-*.log")
	{
		open(my $in, '<', $file) or die "$file: $!";
		while (my $line = <$in>)
		{
			chomp $line;
			my %event;
			@event{@$fields} = split /\t/, $line;
			$each->(\%event);
		}
		close $in;
	}
	return;
}

# $seen->{accepted}: by what a right code was for, the attempt that it was.
sub once
{
	my ($seen, $attempt_no, $where, @for) = @_;
	foreach my $key (@for)
	{
		my $before = $seen->{accepted}{$key} //= $attempt_no;
		finding('accepted twice', "$where, $key, attempts $before and $attempt_no")
		  if $before != $attempt_no;
	}
	return;
}

# $seen->{repeats}: lists of a log row, what was told again, where;
# $seen->{first}: what was told of the row at first, where anybody heard it.
sub check_repeats
{
	my ($seen) = @_;
	foreach my $repeat (@{ $seen->{repeats} })
	{
		my ($key, $told, $where) = @$repeat;
		finding('repeat differs from the first', "$where: $told, first $seen->{first}{$key}")
		  if defined $seen->{first}{$key} && $seen->{first}{$key} ne $told;
	}
	return;
}

# ---- telling

# Findings by kind, with some places.
sub lines_of_findings
{
	my ($broken) = @_;
	my @lines;
	foreach my $what (sort keys %$broken)
	{
		my @where = @{ $broken->{$what} };
		push @lines, "$what, " . scalar(@where) . ' times: ' . join('; ', grep { defined } @where[ 0 .. 4 ]);
	}
	return @lines;
}

# What was looked at: numbers, and hashes of numbers.
sub lines_of_totals
{
	my ($totals) = @_;
	my @lines = join ', ', map { "$_ $totals->{$_}" } grep { !ref $totals->{$_} } sort keys %$totals;
	foreach my $list (grep { ref $totals->{$_} } sort keys %$totals)
	{
		push @lines, "$list: " . join ', ', map { "$_ $totals->{$list}{$_}" } sort keys %{ $totals->{$list} };
	}
	return @lines;
}

# A test that nothing is broken; says what is, and what was looked at.
sub is_whole
{
	my ($name, $broken, $totals) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	ok(!%$broken, $name);
	diag($_) foreach lines_of_findings($broken);
	note($_) foreach lines_of_totals($totals);
	return $totals;
}

1;
