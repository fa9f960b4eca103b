# Documents whose blocks are a session: those marked `sql` go into one psql, those
# marked `sh` into a shell each, and a block marked `text` right behind one is
# what it prints.
package DocSession;

use strict;
use warnings;

use Exporter qw(import);
use IPC::Run;
use Time::HiRes qw(time);

our @EXPORT_OK = qw(blocks_of plain);

use constant PATIENCE => 60;	# seconds for one block

# Lists { lang, code, shown } in the order of the text.
sub blocks_of
{
	my ($text) = @_;
	my @blocks;
	while ($text =~ /^```(sql|sh)\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?/msg)
	{
		push @blocks, { lang => $1, code => $2, shown => plain($3 // '') };
	}
	return @blocks;
}

# What a reader does not need goes: command tags, the empty rows of functions that
# return nothing, blanks at the ends of lines.  What differs each time is masked:
# digits, ids, dates, the user's name, with the widths that follow from them.
sub plain
{
	my ($text) = @_;
	$text =~ s/[ \t]+$//mg;
	$text =~ s/^(?:BEGIN|COMMIT|ROLLBACK|LOAD|SET|RESET|GRANT|REVOKE|(?:CREATE|ALTER|DROP) (?:DATABASE|EXTENSION|ROLE|SCHEMA|SYSTEM|TABLE|TRIGGER|FUNCTION|INDEX|VIEW)|(?:SELECT|INSERT 0) \d+|DO)\n//mg;
	$text =~ s/^You are now connected to database .*\n//mg;
	$text =~ s/^.*NOTICE:  installing required extension "pgcrypto"\n//mg;
	$text =~ s/^ \w+\n-+\n\n\(1 row\)\n\n?//mg;
	$text =~ s/\b\d{16,19}\b/(id)/g;
	$text =~ s/\b(?:\d{4}-\d\d-\d\d|\d{8})\b/########/g;
	$text =~ s/\b(Q[CT]1\.)[A-Z2-7]+/$1*/g;
	$text =~ s/ \(\w+\)( +\||$)/ (user)$1/mg;
	$text =~ s/role "\w+" already exists/role "(user)" already exists/g;
	$text =~ s/ +/ /g;
	$text =~ s/-+/-/g;
	$text =~ s/ +$//mg;
	$text =~ s/\A\n+|\n+\z//g;
	return $text;
}

# A psql at $connstr; %env is for it and for the shells, which run in $directory.
sub new
{
	my ($class, $connstr, $directory, %env) = @_;
	my $self = bless
	  { directory => $directory, env => \%env, in => '', out => '', n => 0 }, $class;
	local %ENV = (%ENV, %env);
	$self->{psql} = IPC::Run::start([ 'psql', '-X', '-d', $connstr ],
		'<', \$self->{in}, '>', \$self->{out}, '2>&1');
	return $self;
}

# What the block prints, complaints among it.
sub sql
{
	my ($self, $code) = @_;
	my $mark = '@@' . ++$self->{n};
	my $until = time + PATIENCE;
	$self->{in} .= "$code\n\\echo '$mark'\n";
	until ($self->{out} =~ /^\Q$mark\E$/m)
	{
		die "psql is stuck or gone after: $code\n$self->{out}"
		  if time > $until || !$self->{psql}->pumpable;
		$self->{psql}->pump_nb;
		select undef, undef, undef, 0.002;
	}
	$self->{out} =~ s/\A(.*?)^\Q$mark\E\n//ms;
	return $1;
}

sub sh
{
	my ($self, $code) = @_;
	my $out = '';
	local %ENV = (%ENV, %{ $self->{env} });
	IPC::Run::run(
		[ 'bash', '-euo', 'pipefail', '-c', "exec 2>&1\n$code" ],
		'<', \'', '>', \$out,
		init => sub { chdir $self->{directory} or die "$self->{directory}: $!" },
		IPC::Run::timeout(PATIENCE))
	  or $out .= "the shell ended with status " . ($? >> 8) . "\n";
	return $out;
}

sub run
{
	my ($self, $block) = @_;
	my $lang = $block->{lang};
	return $self->$lang($block->{code});
}

sub finish
{
	my ($self) = @_;
	$self->{in} .= "\\q\n";
	$self->{psql}->finish;
	return;
}

1;
