# What the tests of the command line wallet share: packages made from the
# protocol's vectors, codes computed a second time, calls of the program.
package Wallet;

use strict;
use warnings;
use Digest::SHA qw(hmac_sha256 sha256);
use Exporter 'import';
use File::Basename qw(dirname);
use File::Temp ();
use IPC::Run ();
use JSON::PP ();
use POSIX ();

our @EXPORT = qw(
  $PIN vectors package_of write_package write_input wallet kept slurp spew
  base32_decode code_of fields second_code typed_code read_qr reseal_digest
  read_terminal_qr have_terminal on_terminal
);

our $PIN = '246810';

my $top = dirname(__FILE__) . '/../..';
my $program = $ENV{QRWALLET} // "$top/client/cli/qrwallet";
my $dir = File::Temp->newdir;
my $json = JSON::PP->new->utf8->canonical;
my $files = 0;

sub slurp
{
	my ($path) = @_;
	open(my $fh, '<:raw', $path) or die "$path: $!";
	local $/;
	return scalar <$fh>;
}

sub spew
{
	my ($path, $bytes) = @_;
	open(my $fh, '>:raw', $path) or die "$path: $!";
	print $fh $bytes;
	close($fh) or die "$path: $!";
	chmod 0600, $path;
}

# A name in the scratch directory that nobody has used.
sub scratch
{
	my ($ending) = @_;
	return sprintf('%s/%d%s', $dir, ++$files, $ending);
}

sub top { return $top }

sub program { return $program }

sub vectors
{
	my $path = $ENV{QRCRED_VECTORS} // "$top/test/vectors/protocol_v1.json";
	return @{ $json->decode(slurp($path))->{vectors} };
}

# The package that a bank would make for a vector; %change replaces members.
sub package_of
{
	my ($v, %change) = @_;
	my %package = (
		v => 1,
		credential_id => "$v->{credential_id}",
		generation => $v->{generation} + 0,
		kid => $v->{kid} + 0,
		static => $v->{static},
		keys => { map { $_ => $v->{keys}{$_} } qw(second rotating ocra renewal) },
		digits => length $v->{digits},
		valid_from => 0,
		valid_until => 4294967295,
		issuer => { code => $v->{issuer}, name => "\x{6d4b}\x{8bd5}\x{94f6}\x{884c} Test Bank" },
		purpose => 'Withdrawals at the counter',
		face_value => '100.00 CNY',
		server_time => time,
		%change);
	return \%package;
}

sub write_package
{
	my ($package) = @_;
	my $path = scratch('.json');
	spew($path, ref $package ? $json->encode($package) : $package);
	return $path;
}

sub write_input
{
	my ($text) = @_;
	my $path = scratch('.in');
	spew($path, $text);
	return $path;
}

# Runs the program with text on its standard input, as a file, since it may end
# without reading it; (exit code, output, errors).
# A program that a signal ended dies here, so no test can take it for a refusal.
sub wallet
{
	my ($in, @args) = @_;
	my ($out, $err) = ('', '');
	IPC::Run::run([ $program, @args ], '<', write_input($in), '>', \$out, '2>', \$err);
	die "signal $?: @args: $err" if $? & 127;
	return ($? >> 8, $out, $err);
}

# A fresh store with the package in it, under $PIN.
sub kept
{
	my ($package, @args) = @_;
	my $store = scratch('.d') . '/wallet';
	my ($rc, undef, $err) = wallet("$PIN\n", 'download', '--yes', '--pin-fd', 0, '--store', $store,
		'--package', write_package($package), @args);
	die "download: $rc $err" if $rc != 0;
	return $store;
}

sub base32_encode
{
	my $bits = unpack('B*', $_[0]);
	$bits .= '0' x (-length($bits) % 5);
	return join '', map { substr('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', oct("0b$_"), 1) } $bits =~ /(.{5})/g;
}

sub base32_decode
{
	my ($text) = @_;
	my $bits = join '', map { sprintf('%05b', index('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', $_)) } split //, $text;
	return pack('B*', substr($bits, 0, length($bits) - length($bits) % 8));
}

# A code made here, with Perl's own HMAC.
sub code_of
{
	my ($v, $kind, $key, $moment, $extra) = @_;
	my $head = pack('C C Q> C N', $kind, $v->{kid}, $v->{credential_id}, $v->{generation}, $moment);
	my $mac = hmac_sha256($head . ($extra // ''), pack('H*', $v->{keys}{$key}));
	return 'QC1.' . base32_encode($head . substr($mac, 0, 16));
}

sub second_code
{
	my ($v, $moment, $digits) = @_;
	return code_of($v, 0x12, 'second', $moment, chr(length $digits) . $digits);
}

# OCRA-1:HOTP-SHA256-8:QN0n.
sub typed_code
{
	my ($v, $digits) = @_;
	my $question = sprintf('%x', $digits);
	my $message = sprintf("OCRA-1:HOTP-SHA256-8:QN%02d\0", length $digits)
	  . pack('H*', $question . '0' x (256 - length $question));
	my $mac = hmac_sha256($message, pack('H*', $v->{keys}{ocra}));
	my $at = ord(substr($mac, -1)) & 15;
	return sprintf('%08d', (unpack('N', substr($mac, $at, 4)) & 0x7fffffff) % 100_000_000);
}

# (kind, kid, credential id, generation, moment) of a code's text.
sub fields
{
	my ($code) = @_;
	return unpack('C C Q> C N', base32_decode(substr($code, 4)));
}

# What two independent decoders read from a picture.
sub read_qr
{
	my ($path) = @_;
	my ($zbar, $zxing, $err) = ('', '', '');
	IPC::Run::run([ 'zbarimg', '-q', '--raw', $path ], '>', \$zbar, '2>', \$err);
	IPC::Run::run([ 'ZXingReader', $path ], '>', \$zxing, '2>', \$err);
	chomp $zbar;
	($zxing) = $zxing =~ /^Text:\s+"(.*)"$/m;
	return ($zbar, $zxing // '');
}

# What a decoder reads from the lines of half blocks in a terminal, as a scanner
# sees them, 8 pixels a module.
sub read_terminal_qr
{
	my @rows;
	for (@_)
	{
		(my $upper = $_) =~ tr/\x{2580}\x{2588}\x{2584} /1100/;
		(my $lower = $_) =~ tr/\x{2584}\x{2588}\x{2580} /1100/;
		push @rows, $upper, $lower;
	}
	my $pgm = sprintf("P5 %d %d 255\n", 8 * length($rows[0] // ''), 8 * @rows);
	for my $row (@rows)
	{
		$pgm .= join('', map { ($_ ? "\xff" : "\0") x 8 } split //, $row) x 8;
	}
	my $path = scratch('.pgm');
	spew($path, $pgm);
	return (read_qr($path))[0];
}

sub have_terminal { return eval { require IO::Pty; 1 } }

# Runs the program on a terminal, answering each expected text; (status, all
# that was seen, whether the echo is on).
sub on_terminal
{
	my ($args, @steps) = @_;
	my $pty = IO::Pty->new;
	my $slave = $pty->slave;
	my $pid = fork // die "fork: $!";
	if ($pid == 0)
	{
		$pty->make_slave_controlling_terminal;
		POSIX::dup2(fileno $slave, $_) for 0 .. 2;
		exec($program, @$args) or POSIX::_exit(127);
	}
	my $seen = '';
	my $new = '';
	local $SIG{ALRM} = sub { kill 'KILL', $pid; die "no answer to: $seen" };
	alarm 30;
	while (my ($expect, $answer) = splice @steps, 0, 2)
	{
		until ($new =~ s/.*?$expect//s)
		{
			sysread($pty, my $part, 4096) or last;
			$new .= $part;
			$seen .= $part;
		}
		syswrite($pty, $answer);
	}
	waitpid($pid, 0);
	my $status = $?;
	alarm 0;
	my $termios = POSIX::Termios->new;
	$termios->getattr(fileno $slave);
	my $echo = $termios->getlflag & POSIX::ECHO();
	close $slave;
	while (sysread($pty, my $part, 4096)) { $seen .= $part }
	return ($status, $seen, $echo);
}

# A store file changed by hand, with the digest at its end made right again.
sub reseal_digest
{
	my ($bytes) = @_;
	my $body = substr($bytes, 0, length($bytes) - 32);
	return $body . sha256($body);
}

1;
