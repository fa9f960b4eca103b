# What the tests of a payer's credential share: system B computed a second time,
# with Perl's own SHA-256, and the files that a payer's phone is given.
package Payer;

use strict;
use warnings;
use Digest::SHA qw(hmac_sha256 sha256);
use Exporter 'import';
use JSON::PP ();
use Wallet;

our @EXPORT = qw(
  projection_vector bits_of packed flip decode_opened is_code_word
  biometric_key payment_digest biometric_code code_at projection_seed project
  payer_package payment_of binding_of write_json @code
);

# n, k, t, and the field: m and its polynomial.
our @code = (
	{ name => 'bch1023_123', n => 1023, k => 123, t => 170, m => 10, polynomial => 0x409 },
	{ name => 'bch511_76', n => 511, k => 76, t => 85, m => 9, polynomial => 0x211 });

my $json = JSON::PP->new->utf8->canonical;

sub projection_vector
{
	my $path = $ENV{QRCRED_VECTORS} // Wallet::top() . '/test/vectors/protocol_v1.json';
	return $json->decode(slurp($path))->{projection};
}

sub write_json { return write_input(ref $_[0] ? $json->encode($_[0]) : $_[0]) }

# Bits as characters from packed bytes in hex, and back to bytes.
sub bits_of
{
	my ($hex, $n) = @_;
	return substr(unpack('B*', pack('H*', $hex)), 0, $n);
}

sub packed { return pack('B*', $_[0] . '0' x (-length($_[0]) % 8)) }

# The template with that many different bits flipped, anywhere.
sub flip
{
	my ($template, $count) = @_;
	my @at = (0 .. length($template) - 1);
	for my $i (0 .. $count - 1)
	{
		my $j = $i + int rand(@at - $i);
		@at[ $i, $j ] = @at[ $j, $i ];
		substr($template, $at[$i], 1) =~ tr/01/10/;
	}
	return $template;
}

# The secret in a helper, by the template it was made with: the code is
# systematic, so it stands first in the code word.
sub decode_opened
{
	my ($code, $helper, $template) = @_;
	my $word = packed($helper) ^ packed($template);
	return (packed(substr(unpack('B*', $word), 0, $code->{k})), substr(unpack('B*', $word), 0, $code->{n}));
}

# A word is one of the code when a, a^2, ..., a^2t are roots of it.
sub is_code_word
{
	my ($code, $word) = @_;
	my $order = (1 << $code->{m}) - 1;
	my @power = (1);
	for (1 .. $order - 1)
	{
		my $next = $power[-1] << 1;
		$next ^= $code->{polynomial} if $next > $order;
		push @power, $next;
	}
	my @at = grep { substr($word, $code->{n} - 1 - $_, 1) } 0 .. $code->{n} - 1;
	for my $root (1 .. 2 * $code->{t})
	{
		my $sum = 0;
		$sum ^= $power[ $root * $_ % $order ] for @at;
		return 0 if $sum;
	}
	return length $word == $code->{n};
}

sub biometric_key
{
	my ($secret, $id, $generation) = @_;
	return hmac_sha256('qrcred/1 biometric' . pack('Q> C', $id, $generation) . "\1", sha256($secret));
}

sub payment_digest
{
	my ($payment) = @_;
	my $message = '';
	for my $name (qw(payment_id payee currency amount nonce))
	{
		my $text = $payment->{$name};
		utf8::encode($text);
		$message .= pack('n/a*', $text);
	}
	return sha256($message);
}

# The code of a payment for a vector's credential, with a key of one's own.
sub biometric_code
{
	my ($v, $key, $step, $payment) = @_;
	return code_of({ %$v, keys => { biometric => unpack('H*', $key) } }, 0x14, 'biometric', $step,
		payment_digest($payment));
}

# What the code would be at the step that a printed code was made at.
sub code_at
{
	my ($printed, $v, $key, $payment) = @_;
	return biometric_code($v, $key, (fields($printed))[4], $payment);
}

# PBKDF2-HMAC-SHA-256 with 600000 rounds, and the seed.
sub projection_seed
{
	my ($password, $salt, $id, $generation) = @_;
	my $block = hmac_sha256($salt . pack('N', 1), $password);
	my $stretched = $block;
	for (2 .. 600_000)
	{
		$block = hmac_sha256($block, $password);
		$stretched ^= $block;
	}
	return hmac_sha256('qrcred/1 projection' . pack('Q> C', $id, $generation), $stretched);
}

sub project
{
	my ($seed, $descriptor, $mean, $n) = @_;
	my $blocks = int((@$descriptor + 255) / 256);
	my $template = '';
	for my $j (0 .. $n - 1)
	{
		my @sign = split //, unpack('B*', join '', map { hmac_sha256(pack('n C', $j, $_), $seed) } 0 .. $blocks - 1);
		my $sum = 0;
		$sum += ($sign[$_] ? 1 : -1) * ($descriptor->[$_] - $mean->[$_]) for 0 .. $#$descriptor;
		$template .= $sum > 0 ? '1' : '0';
	}
	return $template;
}

# What biometric_package() answers; %change replaces members, of "biometric" too.
sub payer_package
{
	my ($v, %change) = @_;
	my $package = package_of($v);
	delete $package->{keys};
	$package->{biometric} = {
		helper => $v->{helper_packed},
		salt => '00112233445566778899aabbccddeeff',
		code => $v->{bch},
		model => 'face-1',
		%{ delete $change{biometric} // {} } };
	return { %$package, %change };
}

# The row of begin_payment().
sub payment_of
{
	my ($v, %change) = @_;
	return { %{ $v->{payment} }, expires_in => 300, kid => $v->{kid} + 0, generation => $v->{generation} + 0, %change };
}

# The row of begin_binding(), as PostgreSQL makes JSON of it.
sub binding_of
{
	my ($v, %change) = @_;
	return {
		credential_id => $v->{credential_id} + 0, kid => $v->{kid} + 0, generation => $v->{generation} + 0,
		salt => '\\x00112233445566778899aabbccddeeff', %change };
}

1;
