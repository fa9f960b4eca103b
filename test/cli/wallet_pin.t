# The PIN: counting, closing, parallel tries, kills; the sealed file: nothing
# readable, damage and forgery found; the terminal.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use IPC::Run ();
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep);
use Wallet;

my ($v) = vectors();
my ($rc, $out, $err);

sub plain
{
	my ($store, $pin) = @_;
	return wallet("$pin\n", 'show', '--plain', '--pin-fd', 0, '--store', $store);
}

sub status_of { return (wallet('', 'status', '--store', $_[0]))[1] }

# Starts a try that runs beside the test; the PIN comes from a file, for a
# string would be fed only while somebody waits.
sub start_try
{
	my ($store, $pin) = @_;
	my $path = write_input("$pin\n");
	my %run = (out => '', err => '');
	$run{handle} = IPC::Run::start([ Wallet::program(), 'show', '--plain', '--pin-fd', 0, '--store', $store ],
		'<', $path, '>', \$run{out}, '2>', \$run{err});
	return \%run;
}

# Counting.
my $store = kept(package_of($v));
($rc, $out) = plain($store, '111111');
is("$rc$out", '2', 'a wrong PIN');
like(status_of($store), qr/^Wrong PINs: +1 of 3, 2 left$/m, 'is counted');
($rc, $out) = plain($store, $PIN);
is("$rc$out", "0$v->{static}\n", 'the right one opens');
like(status_of($store), qr/^Wrong PINs: +0 of 3/m, 'and clears the count');
($rc) = wallet("\n", 'show', '--pin-fd', 0, '--store', $store);
is($rc, 1, 'an empty line is no try');
($rc) = wallet('', 'show', '--pin-fd', 0, '--store', $store);
is($rc, 1, 'nor is the end of input');

# Nothing of what is sealed can be read in the file.
{
	my $bytes = slurp($store);
	my @secrets = (map { pack('H*', $_) } values %{ $v->{keys} });
	is(scalar(grep { index($bytes, $_) >= 0 } @secrets, $v->{static}, 'Withdrawals', '100.00', $PIN),
		0, 'keys, first code and card texts are sealed');
	wallet("$PIN\n", 'option', 'first-code', 'on', '--pin-fd', 0, '--store', $store);
	$bytes = slurp($store);
	is(scalar(grep { index($bytes, $_) >= 0 } @secrets), 0, 'keys stay so with the first code open');
	ok(index($bytes, $v->{static}) > 0, 'the first code does not');
	wallet("$PIN\n", 'option', 'first-code', 'off', '--pin-fd', 0, '--store', $store);
}

# Changing the PIN.
($rc) = wallet("$PIN\n123\n", 'change-pin', '--pin-fd', 0, '--store', $store);
is($rc, 1, 'a bad new PIN is refused');
($rc) = wallet("$PIN\n975310\n", 'change-pin', '--pin-fd', 0, '--store', $store);
is($rc, 0, 'the PIN is changed');
($rc) = plain($store, $PIN);
is($rc, 2, 'the former one is wrong now');
($rc, $out) = plain($store, '975310');
is($out, "$v->{static}\n", 'the new one opens');

# Six wrong tries at once: three are looked at.
{
	my $copy = slurp($store);
	my @running = map { start_try($store, "11111$_") } 1 .. 6;
	$_->{handle}->finish for @running;
	is(scalar(grep { $_->{err} =~ /wrong PIN;/ } @running), 3, 'six at once: three are looked at');
	is(join('', sort map { $_->{handle}->result } @running), '223333', 'three find it closed, or close it');
	($rc, $out, $err) = plain($store, '975310');
	ok($rc == 3 && $out eq '' && $err =~ /closed/ && $err =~ /bank/, 'then the right one opens nothing');
	is(index(slurp($store), substr($copy, -100, 40)), -1, 'what was sealed is gone');
	($rc, $out) = wallet('', 'status', '--store', $store);
	ok($rc == 3 && $out =~ /3 of 3, closed/, 'status says closed');
	($rc) = wallet("$PIN\n", 'download', '--yes', '--pin-fd', 0, '--store', $store,
		'--package', write_package(package_of($v)));
	is($rc, 0, 'a download opens it anew');
	($rc, $out) = plain($store, $PIN);
	is($out, "$v->{static}\n", 'with a PIN of its own');
}

# A kill in the middle of a try: it counts, and the third one closes.
for my $n (1 .. 3)
{
	my $run = start_try($store, "00000$n");
	my $seen;
	for (1 .. 1000)
	{
		$seen = ord(substr(slurp($store), 9, 1)) == $n;
		last if $seen;
		sleep 0.002;
	}
	$run->{handle}->kill_kill(grace => 0);
	ok($seen, "kill $n: counted before the PIN is looked at");
}
($rc) = plain($store, $PIN);
is($rc, 3, 'three kills close it');
is(unpack('N', substr(slurp($store), 14, 4)), 0, 'and the next call takes the sealed part away');

# Damage is found before it costs a PIN.
$store = kept(package_of($v), '--open-first-code');
my $whole = slurp($store);
srand(42);
{
	my @rc;
	for my $len (0, 1, 61, 62, 100, map { int rand length $whole } 1 .. 20)
	{
		spew($store, substr($whole, 0, $len));
		push @rc, (plain($store, $PIN))[0];
	}
	is(scalar(grep { $_ != 5 } @rc), 0, 'truncated: damaged');
	@rc = ();
	for (1 .. 40)
	{
		my $bytes = $whole;
		vec($bytes, int rand 8 * length $bytes, 1) ^= 1;
		spew($store, $bytes);
		push @rc, (plain($store, $PIN))[0];
	}
	is(scalar(grep { $_ != 5 } @rc), 0, 'a bit flipped: damaged');
	spew($store, $whole . "\0");
	is((plain($store, $PIN))[0], 5, 'a byte too many: damaged');
}

# Forged, with a right digest: found when the PIN is right.
{
	for my $what ([ 'issuer', index($whole, 'Test Bank') ], [ 'a sealed byte', length($whole) - 60 ],
		[ 'the tag', length($whole) - 40 ])
	{
		my $bytes = $whole;
		vec($bytes, 8 * $what->[1], 1) ^= 1;
		spew($store, reseal_digest($bytes));
		($rc, $out) = wallet("$PIN\n", 'rotate', '--plain', '--pin-fd', 0, '--store', $store);
		is("$rc$out", '5', "forged: $what->[0]");
	}
	# changed salt or check: no PIN is right, and that counts
	my $bytes = $whole;
	vec($bytes, 8 * 50, 1) ^= 1;
	spew($store, reseal_digest($bytes));
	is((plain($store, $PIN))[0], 0, 'the open first code asks no PIN');
	is((wallet("$PIN\n", 'rotate', '--pin-fd', 0, '--store', $store))[0], 2, 'forged: the check of the PIN');
	# whatever stands there, the program ends by itself (a signal dies in wallet())
	my %seen;
	for (1 .. 120)
	{
		my $bytes = $whole;
		for (0 .. rand 4)
		{
			substr($bytes, rand(rand() < 0.5 ? 120 : length $bytes), 1) = chr rand 256;
		}
		$bytes = substr($bytes, 0, 94 + rand length $bytes) if rand() < 0.2;
		spew($store, reseal_digest($bytes));
		$seen{ (wallet('', 'show', '--no-pin', '--store', $store))[0] }++;
		$seen{ (wallet('', 'status', '--store', $store))[0] }++;
	}
	is(join(' ', grep { !/^[01345]$/ } keys %seen), '', 'random forgeries end with a known exit code');
	ok($seen{5}, '... and many are refused');
	spew($store, $whole);
}

# The file's surroundings.
chmod 0644, $store;
(undef, undef, $err) = wallet('', 'status', '--store', $store);
ok((stat $store)[2] % 0100 == 0 && $err =~ /by others/, 'a file that others can read is told and closed to them');
rename $store, "$store.real";
symlink "$store.real", $store;
is((wallet('', 'status', '--store', $store))[0], 5, 'a symbolic link is refused');
unlink $store;
rename "$store.real", $store;
SKIP:
{
	skip 'root may write anywhere', 2 if $> == 0;
	(my $dir = $store) =~ s{/[^/]*$}{};
	chmod 0500, $dir;
	($rc, $out) = wallet("$PIN\n", 'rotate', '--plain', '--pin-fd', 0, '--store', $store);
	chmod 0700, $dir;
	is("$rc$out", '5', 'where a try cannot be counted, no PIN is looked at');
	($rc) = wallet("$PIN\n", 'rotate', '--plain', '--pin-fd', 0, '--store', $store);
	is($rc, 0, 'and it goes on where it can');
}

# The terminal: asked twice, nothing echoed, the echo given back.
SKIP:
{
	skip 'no IO::Pty', 6 unless have_terminal();

	my $path = write_package(package_of($v));
	my @download = ('download', '--package', $path, '--store', "$store.tty");

	my ($status, $seen) = on_terminal([@download], 'Cancel: ' => "Cancel\n");
	ok($status == 0 && !-e "$store.tty" && $seen =~ /Nothing was kept/, 'terminal: Cancel');
	($status, $seen) = on_terminal([@download], 'Cancel: ' => "OK\n", 'digits\): ' => "864209\n",
		'again: ' => "864200\n", 'digits\): ' => "864209\n", 'again: ' => "864209\n");
	ok($status == 0 && $seen =~ /the two PINs differ/, 'terminal: the PIN is asked for twice');
	unlike($seen, qr/8642/, 'terminal: and not echoed');
	($status, $seen) = on_terminal([ 'show', '--text', '--store', "$store.tty" ], 'PIN: ' => "864209\n");
	ok($status == 0 && $seen =~ /\Q$v->{static}\E/, 'terminal: show');
	($status, $seen, my $echo) = on_terminal([ 'show', '--store', "$store.tty" ], 'PIN: ' => "\x03");
	is($status & 127, POSIX::SIGINT(), 'terminal: interrupted at the PIN');
	ok($echo, 'terminal: the echo is back');
}

done_testing();
