#!/usr/bin/perl
#
# protocol.pl
#	  Writes the vectors of protocol_v1.json as a table of tab-separated values
#	  for test_protocol.c.  Texts are in hexadecimal, since they hold anything.
#	  What registration normalises to NFC is normalised here: the core is
#	  promised NFC, and some names of the vectors are not.
#
#	  With "projection" the one vector of the projection, for test_projection.c;
#	  its numbers keep all of their bits.
#
# usage: protocol.pl protocol_v1.json [projection]
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
	  payment_id payee currency amount nonce_text
	  bch template helper helper_packed template_t_errors template_t1_errors),
	map { "key_$_" } qw(static challenge second rotating ocra renewal));

my ($in, $what) = @ARGV;
open my $fh, '<:raw', $in or die "$in: $!\n";
my $protocol = JSON::PP->new->utf8->decode(do { local $/; <$fh> });

if (($what // '') eq 'projection')
{
	my $p = $protocol->{projection};
	my @lists = map { join ' ', map { sprintf '%.17g', $_ } @{ $p->{$_} } }
	  qw(descriptor mu);

	print join("\t", qw(seed n template d descriptor mu)), "\n";
	print join("\t", @{$p}{qw(seed n template)},
		scalar @{ $p->{descriptor} }, @lists), "\n";
	exit;
}

print join("\t", @columns), "\n";
foreach my $v (@{ $protocol->{vectors} })
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
