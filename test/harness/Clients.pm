# The programs "guess" and "pay": built, started, watched and ended, and what
# they need in the database.
package Clients;

use strict;
use warnings;

use Exporter qw(import);
use File::Basename;
use File::Path qw(make_path);
use PostgreSQL::Test::Utils;
use Server qw(spawn);

our @EXPORT_OK = qw(build_clients finish_clients progress start_clients undoing_functions);

# In a directory; the program's path.
sub build_clients
{
	my ($program, $where) = @_;
	make_path($where);
	local %ENV = %ENV;
	delete @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES)};
	system('make', '-s', '-C', dirname(__FILE__), "BUILD=$where", $program) == 0
	  or die "the program $program could not be built\n";
	return "$where/$program";
}

# Options of the program as a list.
sub start_clients
{
	my ($program, $directory, @options) = @_;
	make_path($directory);
	return {
		directory => $directory,
		pid => spawn("$directory/output", $program, '-d', $directory, @options)
	};
}

# The four counts: answered, wrong codes, guesses accepted or payments charged,
# calls without an answer.
sub progress
{
	my ($run) = @_;
	open(my $in, '<', "$run->{directory}/progress") or return (0, 0, 0, 0);
	my $line = <$in> // '';
	close $in;
	return $line =~ /^(\d+) (\d+) (\d+) (\d+)$/ ? ($1, $2, $3, $4) : (0, 0, 0, 0);
}

# Waits for its end, or makes one.
sub finish_clients
{
	my ($run, $stop) = @_;
	kill 'TERM', $run->{pid} if $stop;
	waitpid $run->{pid}, 0;
	die "the clients failed: " . slurp_file("$run->{directory}/output") . "\n" if $? != 0;
	return progress($run);
}

# What a caller may wrap a call in, as SQL: functions that call ask() of the
# schema and undo what it did, and the table "noise".  The columns are those of an
# answer in the clients' order, "-" for one that is not there.
sub undoing_functions
{
	my ($schema, $arguments, $type, @columns) = @_;
	my $names = join ', ', map { (split / /)[0] } split /, /, $arguments;
	my %text = ('-' => "''", repeated => "coalesce(left(a.repeated::text, 1), '')");
	my $texts = join ', ', map { $text{$_} // "coalesce(a.${_}::text, '')" } @columns;
	return qq{
CREATE TABLE $schema.noise (n int);
CREATE FUNCTION $schema.caught($arguments) RETURNS $type LANGUAGE plpgsql AS \$\$
DECLARE a $type;
BEGIN
	BEGIN
		a := $schema.ask($names);
		INSERT INTO $schema.noise VALUES (2);
		RAISE EXCEPTION 'taken back' USING ERRCODE = 'UN000';
	EXCEPTION WHEN SQLSTATE 'UN000' THEN NULL;
	END;
	RETURN a;
END \$\$;
CREATE FUNCTION $schema.raised($arguments) RETURNS $type LANGUAGE plpgsql AS \$\$
DECLARE a $type;
BEGIN
	a := $schema.ask($names);
	RAISE EXCEPTION USING MESSAGE = concat_ws('|', 'told', $texts);
END \$\$;
};
}

1;
