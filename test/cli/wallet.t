# The wallet's commands: download, codes against known answers, pictures,
# renewal, expiry.  QRWALLET names the program, QRCRED_VECTORS the vectors.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use File::Temp ();
use IPC::Run ();
use Test::More;
use Wallet;

my @vectors = vectors();
my $v = $vectors[0];
my ($rc, $out, $err);

# The second implementation, in Wallet.pm, is checked before it checks anything.
my $agreed = grep {
	     second_code($_, $_->{moment}, $_->{digits}) eq $_->{second}
	  && typed_code($_, $_->{digits}) eq $_->{typed}
	  && code_of($_, 0x13, 'rotating', $_->{step}) eq $_->{rotating}
	  && code_of($_, 0x15, 'renewal', $_->{step}) eq $_->{renewal}
} @vectors;
is($agreed, scalar @vectors, 'the tests compute every vector');

# Known answers: one vector for each number of digits.
for my $n (6 .. 8)
{
	my ($w) = grep { length $_->{digits} == $n } @vectors;
	my $store = kept(package_of($w));
	my @common = ('--store', $store, '--pin-fd', 0, '--plain');

	# the middle of the step leaves 15 s for the call
	my $offset = $w->{step} * 30 + 5 - time;
	(undef, $out) = wallet("$PIN\n", 'rotate', '--clock-offset', $offset, @common);
	is($out, "$w->{rotating}\n", "$n digits: rotating code");
	$offset = $w->{step} * 30 + 5 - time;
	(undef, $out) = wallet("$PIN\n", 'renewal', '--clock-offset', $offset, @common);
	is($out, "$w->{renewal}\n", "$n digits: renewal code");

	$offset = $w->{moment} - time;
	(undef, $out) = wallet("$PIN\n", 'answer', '--clock-offset', $offset, @common, $w->{digits});
	my ($second, $typed) = split /\n/, $out;
	my $moment = (fields($second))[4];
	cmp_ok(abs($moment - $w->{moment}), '<=', 20, "$n digits: the second code has the clock in it");
	is($second, second_code($w, $moment, $w->{digits}), "$n digits: second code");
	is($typed, $w->{typed}, "$n digits: typed code");
}

# The clock is the bank's, as it was at the download.
{
	my $store = kept(package_of($v, server_time => time - 500_000));
	(undef, $out) = wallet("$PIN\n", 'answer', '87 65-43', '21', '--plain', '--pin-fd', 0, '--store', $store);
	my ($second) = split /\n/, $out;
	my $moment = (fields($second))[4];
	cmp_ok(abs($moment - (time - 500_000)), '<=', 20, 'the clock is corrected to the bank\'s');
	is($second, second_code($v, $moment, '87654321'), 'digits may be grouped');
	my $before = int((time - 500_000) / 30);
	(undef, $out) = wallet("$PIN\n", 'rotate', '--plain', '--pin-fd', 0, '--store', $store);
	my $step = (fields($out))[4];
	ok($step - $before <= 1 && $step >= $before, 'the rotating code is of this step');
	is($out, code_of($v, 0x13, 'rotating', $step) . "\n", 'and right');
}

# What is asked for wrongly is told before a PIN is read, and nothing counts.
my $store = kept(package_of($v));
for my $digits ('12345', '123456789', '12345a', '')
{
	($rc, $out) = wallet("999999\n", 'answer', $digits, '--pin-fd', 0, '--store', $store);
	is("$rc$out", '1', "digits \"$digits\" are refused");
}
for my $args (
	[], ['nothing'], ['show', 'more'], ['renewal', '--png', 'x.png'],
	['status', '--yes'], ['show', '--card', 'x.gif'], ['rotate', '--pin-fd', 'x'], ['rotate', '--nothing'])
{
	($rc, undef, $err) = wallet('', @$args);
	is($rc, 1, "usage: @$args");
	like($err, qr/--help/, '... and where to look');
}
($rc, $out) = wallet('', '--help');
ok($rc == 0 && $out =~ /^Usage: qrwallet/, '--help');
cmp_ok(index(slurp("$FindBin::Bin/../../client/cli/README.md"), "```\n$out```\n"), '>', 0, '... as the README has it');
($rc, $out) = wallet('', '--version');
ok($rc == 0 && $out =~ /^qrwallet \d/, '--version');

# Card and pictures.
{
	my $dir = File::Temp->newdir;
	my @common = ('--store', $store, '--pin-fd', 0);

	($rc, undef, $err) = wallet('', 'show', '--no-pin', @common);
	is($rc, 1, 'the first code needs the PIN');
	($rc) = wallet("$PIN\n", 'option', 'first-code', 'on', @common);
	is($rc, 0, 'option first-code on');
	(undef, $out) = wallet('', 'show', '--no-pin', '--plain', @common);
	is($out, "$v->{static}\n", 'then the first code needs none');

	(undef, $out) = wallet('', 'show', @common);
	utf8::decode($out);
	my @lines = split /\n/, $out;
	my @off = grep {
		my $wide = () = /[\x{2e80}-\x{9fff}]/g;
		length($_) + $wide != 80
	} @lines;
	is(scalar @off, 0, 'every line of the card has the same width');
	like($out, qr/\x{6d4b}\x{8bd5}\x{94f6}\x{884c} Test Bank/, 'the card has the issuer');
	like($out, qr/^\x{2502} Withdrawals at the counter +\x{2502}$/m, 'the purpose');
	like($out, qr/^\x{2502} 100\.00 CNY +\x{2502}$/m, 'the face value');
	like($out, qr/Valid until 2106-02-07/, 'the validity');

	is(read_terminal_qr(map { /^\x{2502}([\x{2580}\x{2584}\x{2588} ]{37})/ } @lines),
		$v->{static}, 'the terminal\'s QR reads back');

	($rc) = wallet('', 'show', '--png', "$dir/first.png", '--card', "$dir/card.svg", @common);
	is($rc, 0, 'PNG and SVG');
	is_deeply([ read_qr("$dir/first.png") ], [ ($v->{static}) x 2 ], 'the PNG reads back with two decoders');
	is((stat "$dir/first.png")[2] & 0777, 0600, 'only the user may read it');
	like(slurp("$dir/card.svg"), qr/<svg.*100\.00 CNY/s, 'the card as SVG');
	($rc) = wallet('', 'show', '--card', "$dir/card.png", @common);
	is_deeply([ read_qr("$dir/card.png") ], [ ($v->{static}) x 2 ], 'the card\'s PNG reads back');

	(undef, $out) = wallet("$PIN\n", 'answer', $v->{digits}, '--png', "$dir/second.png", @common);
	my ($zbar, $zxing) = read_qr("$dir/second.png");
	is($zbar, second_code($v, (fields($zbar))[4], $v->{digits}), 'the second code as PNG');
	is($zxing, $zbar, '... with two decoders');
	my $typed = substr($v->{typed}, 0, 4) . ' ' . substr($v->{typed}, 4);
	like($out, qr/\Q$typed\E/, 'the code to type stands beside it');

	($rc, undef, $err) = wallet('', 'show', '--png', "$dir/no/such.png", @common);
	is($rc, 1, 'a picture that cannot be written');

	($rc) = wallet("$PIN\n", 'option', 'first-code', 'off', @common);
	($rc) = wallet('', 'show', '--no-pin', @common);
	is($rc, 1, 'option first-code off');
}

# Download: Cancel, refusals, replacement.
{
	my $dir = File::Temp->newdir;
	my $at = "$dir/new/wallet";
	my @common = ('--store', $at, '--pin-fd', 0);
	my $path = write_package(package_of($v));

	for my $word ('Cancel', 'no', '')
	{
		($rc, $out) = wallet("$word\n$PIN\n", 'download', '--package', $path, @common);
		ok($rc == 0 && $out =~ /Download the credential\? OK \/ Cancel/ && !-e $at, "\"$word\" keeps nothing");
	}
	($rc) = wallet("ok\n12345\n", 'download', '--package', $path, @common);
	ok($rc == 1 && !-e $at, 'a PIN of five digits is refused');
	($rc) = wallet("ok\n12345x\n", 'download', '--package', $path, @common);
	ok($rc == 1 && !-e $at, 'so is one that is not all digits');
	($rc) = wallet("ok\n$PIN\n", 'download', '--package', $path, @common);
	is($rc, 0, 'OK keeps the credential');
	is((stat $at)[2] & 07777, 0600, 'the file is the user\'s alone');
	is((stat "$dir/new")[2] & 07777, 0700, 'and so is a directory made for it');

	my $before = slurp($at);
	($rc) = wallet("$PIN\n", 'download', '--yes', '--package', $path, @common);
	ok($rc == 5 && slurp($at) eq $before, 'the same again is refused');
	my $other = write_package(package_of($vectors[1]));
	($rc) = wallet("$PIN\n", 'download', '--yes', '--package', $other, @common);
	ok($rc == 5 && slurp($at) eq $before, 'so is another credential');
	($rc) = wallet("135791\n", 'download', '--yes', '--replace', '--package', $other, @common);
	is($rc, 0, 'but not with --replace');
	(undef, $out) = wallet("135791\n", 'show', '--plain', @common);
	is($out, "$vectors[1]{static}\n", 'and it is the other one now');

	# a renewal: a code of the next generation, made here
	my %next = (%$v, generation => $v->{generation} + 1);
	my $static = code_of({ %next, keys => { static => $v->{keys}{static} } }, 0x11, 'static', 1);
	my $renewed = write_package(package_of(\%next, static => $static));
	$at = kept(package_of($v), '--open-first-code');
	($rc) = wallet("135791\n", 'download', '--yes', '--package', $renewed, '--store', $at, '--pin-fd', 0);
	is($rc, 0, 'a higher generation replaces by itself');
	(undef, $out) = wallet('', 'show', '--no-pin', '--plain', '--store', $at);
	is($out, "$static\n", 'and keeps the option');
	($rc) = wallet("$PIN\n", 'download', '--yes', '--package', $path, '--store', $at, '--pin-fd', 0);
	is($rc, 5, 'a lower one does not');

	($rc, undef, $err) = wallet('{"v":1,"verdict":"rejected"}', 'download', '--yes', '--store', "$dir/none");
	ok($rc == 5 && $err =~ /the bank rejected/ && !-e "$dir/none", 'a rejection is said in plain words');
}

# With the package on standard input and no terminal, nobody can be asked.
{
	my $dir = File::Temp->newdir;
	IPC::Run::run([ 'setsid', '-w', Wallet::program(), 'download', '--store', "$dir/wallet" ],
		'<', write_package(package_of($v)), '>', \$out, '2>', \$err);
	ok($? >> 8 == 1 && $err =~ /no terminal to ask at/ && !-e "$dir/wallet", 'nobody to ask: nothing is kept');
	unlike($out, qr/Cancelled/, '... which is no Cancel');
}

# Packages that no bank makes.
{
	my $dir = File::Temp->newdir;
	my $good = package_of($v);
	my %bad = (
		'not JSON' => '{"v":1,',
		'an array' => '[]',
		'nothing' => '',
		'text behind it' => JSON::PP->new->utf8->encode($good) . 'x',
		'a member twice' => JSON::PP->new->utf8->encode($good) =~ s/^\{/{"kid":$v->{kid},/r,
		'another version' => { %$good, v => 2 },
		'a number as text' => { %$good, kid => "$v->{kid}" },
		'an id that is a number' => { %$good, credential_id => $v->{credential_id} + 0 },
		'an id that overflows' => { %$good, credential_id => '9223372036854775808' },
		'an id with a sign' => { %$good, credential_id => "+$v->{credential_id}" },
		'kid 0' => { %$good, kid => 0 },
		'generation 256' => { %$good, generation => 256 },
		'another kid than the code' => { %$good, kid => $v->{kid} ^ 1 },
		'another generation' => { %$good, generation => $v->{generation} + 1 },
		'5 digits' => { %$good, digits => 5 },
		'a fraction' => { %$good, valid_until => 4294967295.5 },
		'after 2106' => { %$good, valid_until => 4294967296 },
		'a short key' => { %$good, keys => { %{ $good->{keys} }, ocra => 'ab' x 31 } },
		'a key not in hex' => { %$good, keys => { %{ $good->{keys} }, ocra => 'xy' x 32 } },
		'a rotating code as first code' => { %$good, static => $v->{rotating} },
		'no code' => { %$good, static => 'QC1.' },
		'a payer\'s' => do { my %p = (%$good, biometric => {}); delete $p{keys}; \%p },
		map { my %p = %$good; my $name = $_; delete $p{$name}; ("no $name" => \%p) }
		  qw(v credential_id generation kid static keys digits valid_from valid_until issuer server_time),
	);
	for my $name (sort keys %bad)
	{
		my $at = "$dir/wallet";
		($rc, undef, $err) = wallet("$PIN\n", 'download', '--yes', '--store', $at, '--pin-fd', 0,
			'--package', write_package($bad{$name}));
		ok($rc == 5 && !-e $at, "refused: $name") or diag("$rc $err");
		unlike($err, qr/$v->{keys}{second}|$v->{keys}{ocra}/, '... without a key in the message');
	}
	my $dangerous = kept(package_of($v, purpose => "a\x1b[31mb\nc\x{202e}d", face_value => undef), '--open-first-code');
	(undef, $out) = wallet('', 'show', '--store', $dangerous);
	like($out, qr/a \[31mb cd/, 'what would steer the terminal is taken out');
	unlike($out, qr/\x1b/, '... all of it');
}

# Expiry: said without a PIN; only the renewal goes on.
{
	my $at = kept(package_of($v, valid_until => time - 5));
	for my $command ([ 'show' ], [ 'answer', '12345678' ], [ 'rotate' ])
	{
		($rc, $out, $err) = wallet('', @$command, '--pin-fd', 0, '--store', $at);
		ok($rc == 4 && $err =~ /has expired on/ && $err =~ /qrwallet renewal/, "expired: @$command");
		is($out, '', '... and no code');
	}
	($rc, $out) = wallet('', 'status', '--store', $at);
	ok($rc == 4 && $out =~ /, expired$/m, 'expired: status');
	($rc, $out) = wallet("$PIN\n", 'renewal', '--plain', '--pin-fd', 0, '--store', $at);
	is($out, code_of($v, 0x15, 'renewal', (fields($out))[4]) . "\n", 'expired: the renewal request still works');
}

($rc, undef, $err) = wallet('', 'show', '--store', '/nonexistent/wallet');
ok($rc == 5 && $err =~ /qrwallet download/, 'no store: what to do');

done_testing();
