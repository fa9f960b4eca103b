#!/usr/bin/perl
#
# protocol.pl
#	  Writes the vectors of protocol_v1.json as a table of tab-separated values
#	  for test_protocol.c.  Texts are in hexadecimal, since they hold anything.
#	  What registration normalises to NFC is normalised here: the core is
#	  promised NFC, and some names of the vectors are not.
#
use strict;
use warnings;

use JSON::PP;
use Unicode::Normalize qw(NFC);

my %is_text = map { $_ => 1 }
  qw(issuer customer_ref full_name id_number phone transaction
  payment_id payee currency amount nonce_text);
my @columns = (
	qw(master kid issuer customer_ref full_name id_number phone bucket
	  credential_id generation registration_digest check_value ticket_serial
	  ticket expires static moment nonce transaction digits second typed step
	  rotating renewal secret biometric_key payment_digest biometric_code
	  payment_id payee currency amount nonce_text),
	map { "key_$_" } qw(static challenge second rotating ocra renewal));

my ($in) = @ARGV;
open my $fh, '<:raw', $in or die "$in: $!\n";
my $vectors = JSON::PP->new->utf8->decode(do { local $/; <$fh> })->{vectors};

print join("\t", @columns), "\n";
foreach my $v (@$vectors)
{
	my %flat = (%$v, %{ $v->{payment} }, nonce => $v->{nonce},
		nonce_text => $v->{payment}{nonce});
	$flat{"key_$_"} = $v->{keys}{$_} foreach keys %{ $v->{keys} };
	$flat{$_} = NFC($flat{$_}) foreach qw(full_name id_number phone);
	foreach my $text (keys %is_text)
	{
		utf8::encode($flat{$text});
		$flat{$text} = unpack 'H*', $flat{$text};
	}
	foreach my $column (@columns)
	{
		die "no $column\n" unless defined $flat{$column};
	}
	print join("\t", @flat{@columns}), "\n";
}
