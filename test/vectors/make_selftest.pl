#!/usr/bin/perl
#
# Writes src/selftest_vectors.h: the known answers that qrcred.selftest()
# computes anew in the customer's own server.
#
# Usage: make_selftest.pl rfc6287_ocra.tsv rfc4226_rfc6238.tsv protocol_v1.json
#
use strict;
use warnings;

use JSON::PP;
use Math::BigInt;

die "usage: $0 ocra.tsv otp.tsv protocol.json > selftest_vectors.h\n"
  unless @ARGV == 3;
my ($ocra_file, $otp_file, $protocol_file) = @ARGV;

# The rows of a file with a line of column names, as hashes.
sub rows
{
	my ($file) = @_;
	open(my $in, '<', $file) or die "$file: $!\n";
	chomp(my $head = <$in>);
	my @columns = split(/\t/, $head);
	my @rows;
	while (my $line = <$in>)
	{
		chomp $line;
		next if $line eq '';
		my %row;
		@row{@columns} = split(/\t/, $line, -1);
		push @rows, \%row;
	}
	close $in;
	return @rows;
}

# A C string, every byte outside printable ASCII in octal.
sub quoted
{
	my ($text) = @_;
	utf8::encode($text) if utf8::is_utf8($text);
	$text =~ s/([\\"])/\\$1/g;
	$text =~ s/([^\x20-\x7e])/sprintf('\\%03o', ord($1))/ge;
	return qq{"$text"};
}

# Text columns may be empty, numbers are -1 where there is none.
sub number
{
	my ($value) = @_;
	return defined $value && $value ne '' ? $value : -1;
}

my (@ocra, @otp, %seen);

sub unique
{
	my ($name) = @_;
	die "two vectors are named $name\n" if $seen{$name}++;
	return $name;
}

foreach my $row (rows($ocra_file))
{
	my $step = $row->{timesteps_hex};
	$step = Math::BigInt->from_hex($step)->bstr if $step ne '';
	(my $section = $row->{section}) =~ s/^RFC6287-/RFC 6287 /;
	(my $suite = $row->{suite}) =~ s/^OCRA-1:HOTP-//;
	my $name = "$section $suite $row->{question}";
	$name .= " counter $row->{counter}" if $row->{counter} ne '';

	push @ocra,
	  sprintf("\t{%s,\n\t\t%s,\n\t\t%s,\n\t\t%s, INT64CONST(%s), %s, %s, INT64CONST(%s), %s},\n",
		quoted(unique($name)), quoted($row->{suite}), quoted($row->{key_hex}),
		quoted($row->{question}), number($row->{counter}),
		quoted($row->{pin_sha1_hex}), quoted($row->{session_hex}),
		number($step), quoted($row->{expected}));
}

foreach my $row (rows($otp_file))
{
	my $name =
	  $row->{rfc} eq 'RFC4226-AppD'
	  ? "RFC 4226 D $row->{moving_factor}"
	  : "RFC 6238 B $row->{algo} $row->{time_s}";

	push @otp,
	  sprintf("\t{%s, QC_%s,\n\t\t%s,\n\t\tINT64CONST(%s), INT64CONST(%s), %d, %s},\n",
		quoted(unique($name)), uc $row->{algo}, quoted($row->{secret_hex}),
		$row->{moving_factor}, number($row->{time_s}), $row->{digits},
		quoted($row->{expected}));
}

open(my $json, '<', $protocol_file) or die "$protocol_file: $!\n";
my $protocol = do { local $/; JSON::PP->new->utf8->decode(<$json>) };
close $json;
my $v = $protocol->{vectors}[0];

print <<'HEAD';
/*
 * selftest_vectors.h
 *	  Known answers: RFC 6287 appendix C, RFC 4226 appendix D, RFC 6238
 *	  appendix B, and one credential of the protocol, version 1.
 *
 * Written by test/vectors/make_selftest.pl; do not edit.
 */
#ifndef QR_SELFTEST_VECTORS_H
#define QR_SELFTEST_VECTORS_H

/* Bytes are in hexadecimal; "" and -1 stand for an input that is absent. */
typedef struct OcraVector
{
	const char *name;
	const char *suite;
	const char *key;
	const char *question;
	int64		counter;
	const char *pin_hash;
	const char *session;
	int64		time_step;
	const char *expected;
} OcraVector;

/* time is -1 for HOTP; TOTP's step is 30 s, which makes it the counter. */
typedef struct OtpVector
{
	const char *name;
	QcHash		hash;
	const char *key;
	int64		counter;
	int64		time;
	int			digits;
	const char *expected;
} OtpVector;

HEAD
printf "static const OcraVector ocra_vector[%d] = {\n%s};\n\n", scalar(@ocra), join('', @ocra);
printf "static const OtpVector otp_vector[%d] = {\n%s};\n\n", scalar(@otp), join('', @otp);

# Bit strings are packed as varbit is, the texts of the payment get names of
# their own.
$v->{$_} = unpack('H*', pack('B*', $v->{$_}))
  foreach qw(template template_t_errors template_t1_errors);
$v->{"payment_$_"} = $v->{payment}{$_} foreach qw(payee currency amount nonce);
$v->{payment_id} = $v->{payment}{payment_id};

print "/* One credential, from the master key to its codes. */\n";
foreach my $name (qw(master issuer customer_ref full_name id_number phone
	registration_digest check_value ticket static nonce transaction digits
	second typed rotating renewal bch secret template helper_packed
	template_t_errors template_t1_errors biometric_key payment_id payment_payee
	payment_currency payment_amount payment_nonce payment_digest
	biometric_code))
{
	printf "#define V1_%s \\\n\t%s\n", uc $name, quoted($v->{$name});
}
foreach my $name (qw(kid bucket generation ticket_serial expires moment step))
{
	printf "#define V1_%s\tINT64CONST(%s)\n", uc $name, $v->{$name};
}
printf "#define V1_CREDENTIAL_ID\tINT64CONST(%s)\n", $v->{credential_id};
print "\n#endif\n";
