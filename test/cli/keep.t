# The kept key of a payer: the store's second kind, its PIN, and the commands
# that are not for it.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use File::Temp ();
use MIME::Base64 qw(decode_base64);
use Payer;
use Test::More;
use Wallet;

my @vectors = vectors();
my $v = $vectors[0];
my $key = pack('H*', $v->{biometric_key});
my ($rc, $out, $err);
my $rooms = 0;
my $dir = File::Temp->newdir;
my $payment = write_json(payment_of($v));

# A fresh store with the key of the package, kept with a template that is gone then.
sub kept_key
{
	my ($package, @args) = @_;
	my $store = "$dir/" . ++$rooms . '/wallet';
	my $template = write_input($v->{template_t_errors});
	my ($rc, undef, $err) = wallet("$PIN\n", 'keep', '--package', write_package($package),
		'--template', $template, '--store', $store, '--pin-fd', 0, @args);
	die "keep: $rc $err" if $rc != 0;
	unlink $template;
	return $store;
}

sub pay_kept
{
	my ($store, $pin, @args) = @_;
	return wallet("$pin\n", 'pay', '--payment', $payment, '--store', $store, '--pin-fd', 0, '--plain', '--yes', @args);
}

my $store = kept_key(payer_package($v));
($rc, $out) = pay_kept($store, $PIN);
chomp $out;
is($out, code_at($out, $v, $key, $v->{payment}), 'the kept key pays');
cmp_ok(abs((fields($out))[4] - time / 30), '<=', 2, '... at the bank\'s clock');
my $offset = $v->{step} * 30 + 5 - time;
($rc, $out) = pay_kept($store, $PIN, '--clock-offset', $offset);
is($out, "$v->{biometric_code}\n", '... the vector\'s code');
($rc, $out, $err) = wallet("OK\n$PIN\n", 'pay', '--payment', $payment, '--store', $store, '--pin-fd', 0, '--plain');
ok($rc == 0 && $out =~ /^QC1/ && $err =~ /shop-0.*97\.882 KWD.*Pay\?/s, '... after the question');
($rc, $out, $err) = wallet("Cancel\n$PIN\n", 'pay', '--payment', $payment, '--store', $store, '--pin-fd', 0, '--plain');
ok($rc == 0 && $out eq '' && $err =~ /Nothing was paid/, '... or not');

# Nothing that could be used is readable in the file.
{
	my $bytes = slurp($store);
	my @secret = map { pack('H*', $_) } $v->{secret}, $v->{biometric_key}, $v->{helper_packed};
	push @secret, map { packed($_) } $v->{template}, $v->{template_t_errors};
	# nor any eight bytes in a row of them, which the whole would hide behind one flipped bit
	my @parts = map { my $s = $_; map { substr($s, $_, 8) } grep { $_ + 8 <= length $s } 0 .. length $s } @secret;
	is(scalar(grep { index($bytes, $_) >= 0 } @parts), 0, 'no template, helper, secret or key in the file');
	is(scalar(grep { index($bytes, $_) >= 0 } map { unpack('H*', $_) } @parts), 0, '... nor in hex');
	is(scalar(grep { index($bytes, $_) >= 0 } substr($v->{template}, 0, 64), $v->{static}, '100.00 CNY', $PIN), 0,
		'... nor as text');
	is(join(' ', map { s{.*/}{}r } glob("$dir/$rooms/*")), 'wallet wallet.lock', '... and no other file beside it');
}

# The commands of a holder say what this is, before a PIN is asked for.
for my $command ([ 'show' ], [ 'answer', '12345678' ], [ 'rotate' ], [ 'renewal' ], [ 'option', 'first-code', 'on' ])
{
	($rc, $out, $err) = wallet("999999\n", @$command, '--store', $store, '--pin-fd', 0);
	is("$rc$out", '1', "@$command: not for a payer");
	like($err, qr/payer's credential.*\n.*qrwallet pay/, '... and what to do');
}
($rc, $out) = wallet('', 'status', '--store', $store);
ok($rc == 0 && $out =~ /^Kind: +a payer's/m && $out =~ /^Wrong PINs: +0 of 3, 3 left$/m
	  && $out =~ /^Credential: +$v->{credential_id}$/m && $out !~ /First code/, 'status');
($rc, undef, $err) = wallet("$PIN\n", 'download', '--yes', '--pin-fd', 0, '--store', "$dir/none",
	'--package', write_package(payer_package($v)));
ok($rc == 5 && $err =~ /payer's credential.*\n.*qrwallet pay --package/ && !-e "$dir/none", 'download: not for a payer');
{
	my $holder = kept(package_of($v));
	($rc, $out, $err) = pay_kept($holder, '999999');
	ok("$rc$out" eq '1' && $err =~ /holder's credential/, 'pay: not for a holder');
	($rc, $out) = wallet('', 'status', '--store', $holder);
	like($out, qr/^Wrong PINs: +0 of 3/m, '... and no PIN was tried');
	($rc, $out, $err) = wallet("$PIN\n", 'keep', '--package', write_package(payer_package($v)),
		'--template', write_input($v->{template}), '--store', $holder, '--pin-fd', 0);
	is($rc, 5, 'a payer\'s does not take a holder\'s place by itself');
	($rc, $out) = wallet("$PIN\n", 'show', '--plain', '--store', $holder, '--pin-fd', 0);
	is($out, "$v->{static}\n", '... which is whole');
	($rc, $out, $err) = wallet("$PIN\n", 'download', '--yes', '--store', $store, '--pin-fd', 0, '--package',
		write_package(package_of($v, generation => 2, static => code_of({ %$v, generation => 2 }, 0x11, 'static', 1))));
	is($rc, 5, 'nor a holder\'s a payer\'s');
}

# What does not fit is told before a PIN is asked for.
for my $case (
	[ 5, 'another generation', generation => $v->{generation} + 1 ],
	[ 5, 'another kid', kid => $v->{kid} ^ 1 ],
	[ 4, 'an expired payment', expires_in => -1 ],
	[ 5, 'another currency\'s decimals', currency => 'JPY' ])
{
	my ($status, $name, @change) = @$case;
	($rc, $out, $err) = wallet("999999\n", 'pay', '--payment', write_json(payment_of($v, @change)),
		'--store', $store, '--pin-fd', 0, '--plain', '--yes');
	is("$rc$out", $status, "refused: $name") or diag($err);
}
like((wallet('', 'status', '--store', $store))[1], qr/^Wrong PINs: +0 of 3/m, '... and no PIN was tried');

# Binding again: a higher generation takes the place, the same one does not.
{
	my %next = (%$v, generation => $v->{generation} + 1);
	my $next_key = biometric_key(pack('H*', $v->{secret}), $v->{credential_id}, $next{generation});
	my $package = payer_package(\%next, static => code_of({ %next, keys => $v->{keys} }, 0x11, 'static', 1));
	my @keep = ('keep', '--template', write_input($v->{template}), '--store', $store, '--pin-fd', 0);

	($rc, undef, $err) = wallet("135791\n", @keep, '--package', write_package(payer_package($v)));
	ok($rc == 5 && $err =~ /is here already/, 'the same again is refused');
	($rc, undef, $err) = wallet("135791\n", 'keep', '--template', write_input($v->{template_t1_errors}),
		'--store', $store, '--pin-fd', 0, '--package', write_package(payer_package($v)));
	is($rc, 5, '... before the capture is looked at');
	($rc, undef, $err) = wallet("135791\n", @keep, '--package', write_package($package), '--model', 'face-2');
	is($rc, 5, 'and another model');
	($rc, undef, $err) = wallet("135791\n", 'keep', '--template', write_input($v->{template_t1_errors}),
		'--store', $store, '--pin-fd', 0, '--package', write_package($package));
	is($rc, 6, 'and a template too far off');
	($rc, $out) = pay_kept($store, $PIN);
	is($rc, 0, '... which leaves what was kept');
	($rc, undef, $err) = wallet("135791\n", @keep, '--package', write_package($package));
	is($rc, 0, 'a higher generation is kept by itself');
	($rc, $out) = pay_kept($store, '135791');
	is("$rc$out", '5', 'the former generation cannot be paid for then');
	my $row = payment_of(\%next);
	(undef, $out) = wallet("135791\n", 'pay', '--payment', write_json($row), '--store', $store,
		'--pin-fd', 0, '--plain', '--yes');
	chomp $out;
	is($out, code_at($out, \%next, $next_key, $row), '... but the new one');
	($rc) = wallet("$PIN\n", @keep, '--package', write_package(payer_package($v)), '--replace');
	is($rc, 0, '--replace takes any');
}

# Paying and keeping in one.
{
	my $at = "$dir/both/wallet";
	my @pay = ('pay', '--payment', $payment, '--package', write_package(payer_package($v)), '--keep',
		'--template', write_input($v->{template}), '--store', $at, '--pin-fd', 0, '--plain');
	($rc, $out) = wallet("Cancel\n$PIN\n", @pay);
	ok("$rc$out" eq '0' && !-e $at, 'pay --keep, Cancel: neither');
	($rc, $out) = wallet("OK\n12345\n", @pay);
	ok("$rc$out" eq '1' && !-e $at, 'pay --keep, a bad PIN: neither');
	($rc, $out) = wallet("OK\n$PIN\n", @pay);
	chomp $out;
	is($out, code_at($out, $v, $key, $v->{payment}), 'pay --keep: paid');
	($rc, $out) = pay_kept($at, $PIN);
	chomp $out;
	is($out, code_at($out, $v, $key, $v->{payment}), '... and kept');
	($rc, $out) = wallet('', 'pay', '--payment', $payment, '--keep', '--store', $at);
	is("$rc$out", '1', '--keep needs a capture');
}

# The PIN counts as for the other kind.
($rc) = wallet("$PIN\n975310\n", 'change-pin', '--store', $store, '--pin-fd', 0);
is($rc, 0, 'the PIN is changed');
for my $left (2, 1)
{
	($rc, $out) = pay_kept($store, $PIN);
	is("$rc$out", '2', 'a wrong PIN');
	like((wallet('', 'status', '--store', $store))[1], qr/^Wrong PINs: +\d of 3, $left left$/m, '... is counted');
}
my $before = slurp($store);
($rc, $out, $err) = pay_kept($store, $PIN);
ok("$rc$out" eq '3' && $err =~ /closed now/, 'the third one closes');
is(index(slurp($store), substr($before, -100, 40)), -1, '... and takes the sealed key away');
($rc, $out) = pay_kept($store, '975310');
is("$rc$out", '3', 'then the right one opens nothing');

# Expired: said without a PIN.
{
	my $soon = time + 2;
	my $at = kept_key(payer_package($v, valid_until => $soon));
	sleep 1 while time < $soon;
	($rc, $out, $err) = pay_kept($at, '999999');
	ok("$rc$out" eq '4' && $err =~ /has expired on/ && $err =~ /bind a template/, 'expired');
	($rc) = wallet("$PIN\n", 'keep', '--package', write_package(payer_package($v, valid_until => time - 5)),
		'--template', write_input($v->{template}), '--store', "$dir/none", '--pin-fd', 0);
	ok($rc == 4 && !-e "$dir/none", 'an expired one is not kept');
}

# The kind is behind the seal: it cannot be exchanged by hand.
{
	my $at = kept_key(payer_package($v));
	my $bytes = slurp($at);
	my $kind = 62 + 28;
	is(ord substr($bytes, $kind, 1), 2, 'the kind stands in the open part');
	substr($bytes, $kind, 1) = "\1";
	spew($at, reseal_digest($bytes));
	($rc, $out) = wallet("$PIN\n", 'show', '--plain', '--store', $at, '--pin-fd', 0);
	is("$rc$out", '5', 'forged into a holder\'s: found');
	substr($bytes, $kind, 1) = "\3";
	spew($at, reseal_digest($bytes));
	($rc) = wallet('', 'status', '--store', $at);
	is($rc, 5, 'a kind that there is not: damaged');
}

# A store of format 1, made before there were kinds, opens and goes on.
{
	my $at = "$dir/format1";
	spew($at, decode_base64(slurp("$FindBin::Bin/format1.b64")));
	is(ord substr(slurp($at), 8, 1), 1, 'a store of format 1');
	(undef, $out) = wallet('', 'show', '--no-pin', '--plain', '--store', $at);
	is($out, "$v->{static}\n", '... shows its first code');
	($rc, $out) = wallet("111111\n", 'rotate', '--plain', '--pin-fd', 0, '--store', $at);
	is("$rc$out", '2', '... counts a wrong PIN');
	$offset = $v->{step} * 30 + 5 - time;
	(undef, $out) = wallet("$PIN\n", 'rotate', '--plain', '--pin-fd', 0, '--store', $at, '--clock-offset', $offset);
	is($out, "$v->{rotating}\n", '... opens');
	($rc) = wallet("$PIN\n", 'option', 'first-code', 'off', '--pin-fd', 0, '--store', $at);
	is($rc . ord substr(slurp($at), 8, 1), '02', '... and is of format 2 once it is sealed anew');
	(undef, $out) = wallet("$PIN\n", 'rotate', '--plain', '--pin-fd', 0, '--store', $at, '--clock-offset', $offset);
	is($out, "$v->{rotating}\n", '... with the same keys');
}

done_testing();
