#!/usr/bin/perl
#
# differential.pl
#	  Works out every case that differential.c prints, from the texts of the
#	  protocol and of RFC 4226, 6238 and 6287 and with Perl's own hashes, and
#	  compares.  With oathtool (OATHTOOL in the environment, else in the path)
#	  a sample of the HOTP and TOTP cases is compared with that too.
#
# usage: differential.pl < cases
#
use strict;
use warnings;

use Digest::SHA qw(hmac_sha1 hmac_sha256 hmac_sha512 sha256);
use Math::BigInt;

my %hmac = (
	sha1   => \&hmac_sha1,
	sha256 => \&hmac_sha256,
	sha512 => \&hmac_sha512);
my $oath_sample = 200;

sub bytes { return pack 'H*', $_[0] }
sub u64 { return pack 'Q>', $_[0] }
sub lp { return join '', map { pack('n', length) . $_ } @_ }

# RFC 4226, 5.3 and 5.4
sub truncated
{
	my ($mac, $digits) = @_;
	my $offset = unpack('C', substr($mac, -1)) % 16;
	my $number = unpack('N', substr($mac, $offset, 4)) % 2**31;

	return sprintf '%0*d', $digits, $number % 10**$digits;
}

sub hotp
{
	my ($hash, $key, $counter, $digits) = @_;
	return truncated($hmac{$hash}->(u64($counter), bytes($key)), $digits);
}

sub totp
{
	my ($hash, $key, $at, $step, $digits) = @_;
	my $steps = Math::BigInt->new($at)->bdiv($step);
	return hotp($hash, $key, "$steps" + 0, $digits);
}

# The question as a string of hexadecimal digits, padded to 128 bytes.
sub question_hex
{
	my ($format, $question) = @_;
	my $hex =
	    $format eq 'H' ? $question
	  : $format eq 'A' ? unpack('H*', $question)
	  : substr(Math::BigInt->new($question)->as_hex, 2);
	return $hex . '0' x (256 - length $hex);
}

sub ocra
{
	my ($suite, $key, $question, $counter, $pin, $session, $step) = @_;
	my (undef, $function, $inputs) = split /:/, $suite;
	my (undef, $hash, $digits) = split /-/, $function;
	my $message = $suite . "\0";

	foreach my $input (split /-/, $inputs)
	{
		my $type = substr $input, 0, 1;
		$message .=
		    $type eq 'C' ? u64($counter)
		  : $type eq 'Q' ? bytes(question_hex(substr($input, 1, 1), $question))
		  : $type eq 'P' ? bytes($pin)
		  : $type eq 'S' ? bytes($session)
		  :                u64($step);
	}
	return truncated($hmac{ lc $hash }->($message, bytes($key)), $digits);
}

sub expand
{
	my ($key, $info) = @_;
	return hmac_sha256($info . "\x01", $key);
}

# The digits, in arithmetic without a width.
sub digits
{
	my ($key, $nonce, $text, $n) = @_;
	my ($lo, $hi) = @{
		{
			6 => [ 100000,   999999 ],
			7 => [ 1048576,  9999999 ],
			8 => [ 16777216, 99999999 ]
		}->{$n}
	};
	my $range = Math::BigInt->new($hi - $lo + 1);
	my $limit = Math::BigInt->new(2)->bpow(64)->bdiv($range)->bmul($range);

	foreach my $c (0 .. 255)
	{
		my $block = hmac_sha256(
			chr($c) . bytes($nonce) . sha256(bytes($text)), bytes($key));
		foreach my $hex (unpack '(H16)4', $block)
		{
			my $x = Math::BigInt->from_hex($hex);
			return $x->bmod($range)->badd($lo)->bstr if $x < $limit;
		}
	}
	return 'none';
}

sub base32
{
	my $bits = unpack 'B*', $_[0];
	my @alphabet = ('A' .. 'Z', 2 .. 7);

	$bits .= '0' x (-length($bits) % 5);
	return join '', map { $alphabet[ oct "0b$_" ] } $bits =~ /(.{5})/g;
}

my %answer = (
	hotp   => \&hotp,
	totp   => \&totp,
	ocra   => \&ocra,
	digits => \&digits,
	typed  => sub {
		my ($key, $digits) = @_;
		return ocra('OCRA-1:HOTP-SHA256-8:QN0' . length $digits, $key, $digits);
	},
	key => sub {
		my ($master, $label, $id, $generation, $digest) = @_;
		return unpack 'H*',
		  expand(bytes($master), "qrcred/1 $label\0" . u64($id) .
			  chr($generation) . bytes($digest));
	},
	code => sub {
		my ($key, $kind, $kid, $id, $generation, $moment, $extra) = @_;
		my $header = pack 'C C Q> C N', $kind, $kid, $id, $generation, $moment;
		my $mac = hmac_sha256($header . bytes($extra), bytes($key));
		return 'QC1.' . base32($header . substr $mac, 0, 16);
	},
	registration => sub {
		my ($master, @texts) = @_;
		return unpack 'H*', hmac_sha256(lp(map { bytes($_) } @texts),
			expand(bytes($master), 'qrcred/1 registration'));
	},
	answer => sub {
		my ($master, $label, @texts) = @_;
		return unpack 'H*', hmac_sha256(lp($label, map { bytes($_) } @texts),
			expand(bytes($master), 'qrcred/1 answer'));
	},
	check => sub {
		my ($master) = @_;
		return unpack 'H16',
		  hmac_sha256('', expand(bytes($master), 'qrcred/1 check'));
	},
	ticket => sub {
		my ($master, $id, $generation, $serial) = @_;
		my $mac = hmac_sha256(u64($id) . pack('C N', $generation, $serial),
			expand(bytes($master), 'qrcred/1 ticket'));
		my $bucket = oct '0b' . substr unpack('B64', u64($id)), 1, 12;
		return 'QT1.' . base32(pack('n', $bucket) . substr $mac, 0, 16);
	});

# oathtool's answer, or undef where it has none: it knows 6 to 8 digits, HOTP
# with SHA-1, and dates of a few thousand years.
sub oath
{
	my ($kind, $hash, $key, $moving, @rest) = @_;
	my $tool = $ENV{OATHTOOL} || 'oathtool';
	my $digits = $rest[-1];
	my @arguments;

	return undef if $digits < 6 || $digits > 8;
	if ($kind eq 'hotp')
	{
		return undef if $hash ne 'sha1';
		@arguments = ('--hotp', '-c', $moving);
	}
	else
	{
		return undef if $moving > 2**35;
		@arguments = ("--totp=$hash", '-s', "$rest[0]s", '-N', "\@$moving");
	}
	open my $pipe, '-|', $tool, @arguments, '-d', $digits, $key
	  or return undef;
	my $line = <$pipe>;
	close $pipe;
	$line = '' unless defined $line;
	chomp $line;
	return $line;
}

my ($passed, $failed, $cases, $ended, $sampled) = (0, 0, 0, 0, 0);
my $has_oath = grep { -x "$_/oathtool" } split /:/, $ENV{PATH} || '';
$has_oath = 1 if $ENV{OATHTOOL};
print "oathtool is not installed: nothing is compared with it\n"
  unless $has_oath;

my $seed = '';
while (my $line = <STDIN>)
{
	chomp $line;
	my ($kind, @fields) = split /\t/, $line, -1;

	$seed = $fields[0], next if $kind eq 'seed';
	$ended = 1, last if $kind eq 'end';

	my $got = pop @fields;
	my $want = $answer{$kind} ? $answer{$kind}->(@fields) : 'no such case';
	$cases++;
	if ($got eq $want)
	{
		$passed++;
	}
	else
	{
		$failed++;
		print "seed $seed: $kind @fields: the core says $got, not $want\n";
	}

	if ($has_oath && $sampled < $oath_sample && $kind =~ /^[ht]otp$/)
	{
		my $third = oath($kind, @fields);
		next unless defined $third;
		$sampled++;
		if ($got eq $third)
		{
			$passed++;
		}
		else
		{
			$failed++;
			print "$kind @fields: the core says $got, oathtool $third\n";
		}
	}
}

if (!$ended || $cases < 5000)
{
	$failed++;
	print "the cases end early, after $cases\n";
}
if ($has_oath && $sampled < $oath_sample)
{
	$failed++;
	print "only $sampled cases could be compared with oathtool\n";
}
print "seed $seed: $cases cases, $sampled of them compared with oathtool\n";
print "$passed passed, $failed failed\n";
exit($failed > 0);
