# Paying with a capture: codes against known answers, what the payer is shown
# and asked, and what is refused.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use File::Temp ();
use IPC::Run ();
use JSON::PP ();
use Payer;
use Test::More;
use Wallet;

my @vectors = vectors();
my ($rc, $out, $err);
srand(11);

# The arguments of a payment of the vector from its template.
sub pay_args
{
	my ($v, %with) = @_;
	return ('pay', '--package', write_package($with{package} // payer_package($v)),
		'--payment', write_json($with{payment} // payment_of($v)),
		'--template', write_input($with{template} // $v->{template}));
}

# Known answers, from a template with exactly as many wrong bits as are corrected.
for my $v (@vectors[ 0 .. 5 ])
{
	my $offset = $v->{step} * 30 + 5 - time;
	($rc, $out, $err) = wallet('', pay_args($v, template => $v->{template_t_errors}),
		'--yes', '--plain', '--clock-offset', $offset);
	is("$rc$out", "0$v->{biometric_code}\n", "$v->{bch}, $v->{payment}{currency}: the vector's code")
	  or diag($err);
	($rc, $out, $err) = wallet('', pay_args($v, template => $v->{template_t1_errors}), '--yes', '--plain');
	is("$rc$out", '6', '... and none with one wrong bit more');
}
my $v = $vectors[0];
my $key = pack('H*', $v->{biometric_key});
like($err, qr/too far off.*\nCapture again/, 'what to do is said');
unlike($err, qr/$v->{secret}|$v->{biometric_key}/, '... without the secret');
for my $n (1 .. 5)
{
	my $stranger = join '', map { int rand 2 } 1 .. 1023;
	($rc, $out) = wallet('', pay_args($v, template => $stranger), '--yes', '--plain');
	is("$rc$out", '6', "stranger $n");
}

# The clock is the bank's, from the package; a file's age counts for nothing.
{
	my $package = payer_package($v, server_time => time - 500_000);
	my $path = write_package($package);
	my @args = ('--payment', write_json(payment_of($v)), '--template', write_input($v->{template}),
		'--yes', '--plain');
	my $near = sub {
		my ($expected, $name) = @_;
		chomp $out;
		my $step = (fields($out))[4];
		ok($step - int($expected / 30) <= 1 && $step >= int($expected / 30), $name);
		is($out, biometric_code($v, $key, $step, $v->{payment}), '... and it is right');
	};
	(undef, $out) = wallet('', 'pay', '--package', $path, @args);
	$near->(time - 500_000, 'the clock is corrected to the bank\'s');
	utime time, time - 86_400, $path;
	(undef, $out) = wallet('', 'pay', '--package', $path, @args);
	$near->(time - 500_000 + 86_400, 'so it is a day after the package was written');
	utime time, time + 86_400, $path;
	(undef, $out) = wallet('', 'pay', '--package', $path, @args);
	$near->(time - 500_000, 'a file of tomorrow is one of now');
	(undef, $out) = wallet(JSON::PP->new->utf8->encode($package), 'pay', '--package', '-', @args);
	$near->(time - 500_000, 'standard input is of now');
	(undef, $out) = wallet('', 'pay', '--package', $path, @args, '--clock-offset', 0);
	$near->(time, '--clock-offset is before all');
}

# What is shown and asked; nothing of it stands beside the code.
for my $answer ('OK', 'yes', 'Cancel', 'no', 'perhaps', '')
{
	($rc, $out, $err) = wallet("$answer\n", pay_args($v), '--plain');
	chomp $out;
	like($err, qr/^Payee: +shop-0\nAmount: +97\.882 KWD\nFrom: .*Test Bank.*\nPay\? OK \/ Cancel: /,
		"\"$answer\": asked");
	my $paid = $answer =~ /OK|yes/;
	is("$rc$out", '0' . ($paid ? code_at($out, $v, $key, $v->{payment}) : ''),
		$paid ? '... and paid' : '... and not paid');
	is($err =~ /Nothing was paid/, !$paid, '... and said so');
}
($rc, $out, $err) = wallet('', pay_args($v), '--yes', '--plain');
like($err, qr/^Payee: +shop-0\nAmount: +97\.882 KWD\n/, '--yes shows it');
unlike($err, qr/OK/, '... and does not ask');
{
	# without a terminal, nobody can be asked when standard input is the payment
	my @args = pay_args($v);
	splice @args, 3, 2;
	IPC::Run::run([ 'setsid', '-w', Wallet::program(), @args, '--plain' ],
		'<', write_json(payment_of($v)), '>', \$out, '2>', \$err);
	is(($? >> 8) . $out, '1', 'nobody to ask: not paid');
	like($err, qr/no terminal to ask at/, '... and said so');
	(undef, $out) = wallet(JSON::PP->new->utf8->encode(payment_of($v)), @args, '--plain', '--yes');
	chomp $out;
	is($out, code_at($out, $v, $key, $v->{payment}), 'a payment from standard input');
}
SKIP:
{
	skip 'no IO::Pty', 2 unless have_terminal();
	my ($status, $seen) = on_terminal([ pay_args($v), '--text' ], 'Cancel: ' => "OK\n");
	my ($code) = $seen =~ /^Biometric code: (QC1\.\S+)\r$/m;
	is($code, code_at($code // '', $v, $key, $v->{payment}), 'terminal: OK');
	($status, $seen) = on_terminal([ pay_args($v), '--text' ], 'Cancel: ' => "\n");
	unlike($seen, qr/QC1/, 'terminal: an empty line is Cancel');
}

# The very texts are hashed, whatever the screen can show of them.
for my $case (
	[ 'Chinese', "\x{5317}\x{4eac}\x{5546}\x{5e97} \x{1f600}", qr/^Payee: +\x{5317}\x{4eac}\x{5546}\x{5e97} \x{1f600}$/m, 0 ],
	[ 'quotes', q{Joe's "Bar" \\ %s}, qr/^Payee: +Joe's "Bar" \\ %s$/m, 0 ],
	[ 'control characters', "a\x1b[31mb\nAmount: 1.00\tc\x{9b}d", qr/^Payee: +a \[31mb Amount: 1\.00 c d$/m, 1 ],
	[ 'reversed text', "pohs\x{202e}", qr/^Payee: +pohs$/m, 1 ])
{
	my ($name, $payee, $shown, $changed) = @$case;
	my $payment = payment_of($v, payee => $payee);
	($rc, $out, $err) = wallet('', pay_args($v, payment => $payment), '--yes', '--plain');
	chomp $out;
	utf8::decode($err);
	is($out, code_at($out, $v, $key, $payment), "payee, $name: hashed as it is");
	like($err, $shown, '... shown');
	unlike($err, qr/[\x00-\x09\x0b-\x1f\x7f-\x9f\x{202e}]/, '... without what steers a terminal');
	is($err =~ /characters that are not shown/, !!$changed, '... and what is not shown is told');
	is(() = $err =~ /^Amount:/mg, 1, '... on one line');
}

{
	my $payee = 'Shop' . ' ' x 61 . 'Amount:        1.00 KWD ' . "\x{5317}\x{4eac}" x 100;
	($rc, $out, $err) = wallet('', pay_args($v, payment => payment_of($v, payee => $payee)), '--yes', '--plain');
	utf8::decode($err);
	is($rc . join('', $err =~ /^(\S+)/mg), '0Payee:Amount:From:', 'a payee never looks like another line');
	is(scalar(grep { length($_) + (() = /[\x{4e00}-\x{9fff}]/g) > 80 } split /\n/, $err), 0, '... nor is longer than one');
}

# Pictures.
{
	my $dir = File::Temp->newdir;
	my $code;
	($rc, $out, $err) = wallet('', pay_args($v), '--yes', '--text', '--png', "$dir/pay.png");
	($code) = $out =~ /^Biometric code: (QC1\.\S+)$/m;
	is($code, code_at($code // '', $v, $key, $v->{payment}), '--text');
	is(join(' ', read_qr("$dir/pay.png")), "$code $code", '--png reads back');
	($rc, $out) = wallet('', pay_args($v), '--yes');
	utf8::decode($out);
	$code = read_terminal_qr($out =~ /^([\x{2580}\x{2584}\x{2588} ]{37})$/mg);
	is($code, code_at($code, $v, $key, $v->{payment}), 'the terminal\'s QR reads back');
	like($out, qr/for this payment only/, '... with a word on it');
	($rc, $out) = wallet('', pay_args($v), '--yes', '--png', '-');
	spew("$dir/out.png", $out);
	$code = (read_qr("$dir/out.png"))[0];
	is($code, code_at($code, $v, $key, $v->{payment}), '--png - has nothing beside it');
}

# What is refused, without a code.
my %package = %{ payer_package($v) };
my %payment = %{ payment_of($v) };
my %biometric = %{ $package{biometric} };
sub changed { return (biometric => { %biometric, @_ }) }
sub without { my ($from, $name) = @_; my %copy = %$from; delete $copy{$name}; return \%copy }
for my $case (
	[ 5, 'another generation', payment => { %payment, generation => $payment{generation} + 1 } ],
	[ 5, 'another kid', payment => { %payment, kid => $payment{kid} ^ 1 } ],
	[ 4, 'an expired package', package => { %package, valid_until => time - 5 } ],
	[ 4, 'an expired payment', payment => { %payment, expires_in => 0 } ],
	[ 5, 'an amount with a decimal too few', payment => { %payment, amount => '97.88' } ],
	[ 5, 'a grouped amount', payment => { %payment, amount => '1,097.882' } ],
	[ 5, 'a signed amount', payment => { %payment, amount => '+97.882' } ],
	[ 5, 'an amount with a leading zero', payment => { %payment, amount => '097.882' } ],
	[ 5, 'an amount of nothing', payment => { %payment, amount => '0.000' } ],
	[ 5, 'an amount that is a number', payment => { %payment, amount => 97.882 } ],
	[ 5, 'a currency in small letters', payment => { %payment, currency => 'kwd' } ],
	[ 5, 'a long currency', payment => { %payment, currency => 'KWDX' } ],
	[ 5, 'a payment_id in capitals', payment => { %payment, payment_id => uc $payment{payment_id} } ],
	[ 5, 'a short nonce', payment => { %payment, nonce => substr $payment{nonce}, 1 } ],
	[ 5, 'a nonce in capitals', payment => { %payment, nonce => uc $payment{nonce} } ],
	[ 5, 'an empty payee', payment => { %payment, payee => '' } ],
	[ 5, 'a payee of spaces', payment => { %payment, payee => " \n" } ],
	[ 5, 'a payee that no screen holds', payment => { %payment, payee => 'x' x 1025 } ],
	[ 5, 'a payee with a NUL', payment => { %payment, payee => "a\0b" } ],
	[ 5, 'a payment that is an array', payment => [ \%payment ] ],
	[ 5, 'a payment that is no JSON', payment => 'pay' ],
	[ 5, 'a member twice', payment => JSON::PP->new->utf8->encode(\%payment) =~ s/^\{/{"amount":"1.000",/r ],
	(map { [ 5, "a payment without $_", payment => without(\%payment, $_) ] }
		  qw(payment_id payee currency amount nonce expires_in kid generation)),
	[ 5, 'a holder\'s package', package => package_of($v) ],
	[ 5, 'keys beside the biometric', package => { %package, keys => package_of($v)->{keys} } ],
	[ 5, 'another id than the first code', package => { %package, credential_id => "$vectors[1]{credential_id}" } ],
	[ 5, 'a short helper', package => { %package, changed(helper => substr $biometric{helper}, 2) } ],
	[ 5, 'a helper of the other code', package => { %package, changed(code => 'bch511_76') } ],
	[ 5, 'a helper with a bit behind its end', package => { %package, changed(helper => substr($biometric{helper}, 0, -1)
				. sprintf('%x', 1 | hex substr $biometric{helper}, -1)) } ],
	[ 5, 'an unknown code', package => { %package, changed(code => 'bch255_9') } ],
	[ 5, 'a salt not in hex', package => { %package, changed(salt => 'zz' x 16) } ],
	[ 5, 'a package without a model', package => { %package, biometric => without(\%biometric, 'model') } ],
	[ 5, 'biometric null', package => { %package, biometric => undef } ],
	[ 5, 'nothing for a package', package => '' ],
	[ 5, 'a rejection for a package', package => { v => 1, verdict => 'rejected' } ])
{
	my ($status, $name, @with) = @$case;
	($rc, $out, $err) = wallet('', pay_args($v, @with), '--yes', '--plain');
	is("$rc$out", $status, "refused: $name") or diag($err);
	like($err, qr/^qrwallet: .+\n[A-Z].+\.$/m, '... with what to do');
}
($rc, $out, $err) = wallet('', pay_args($v, payment => { %payment, expires_in => 0 }), '--yes', '--plain');
unlike($err, qr/Payee/, 'an expired payment is not shown');
($rc, $out, $err) = wallet('', pay_args($v, package => { %package, changed(helper => 'ff' x 128) }), '--yes', '--plain');
like($err, qr/"helper" is missing or wrong/, 'a bit behind the end of a helper is told as such');
{
	(my $helper = $biometric{helper}) =~ tr/0-9a-f/f0-9a-e/;
	($rc, $out) = wallet('', pay_args($v, package => { %package, changed(helper => substr($helper, 0, -1) . 'e') }),
		'--yes', '--plain');
	is("$rc$out", '6', 'refused: another helper');
	($rc, $out) = wallet('', pay_args($v), '--yes', '--plain', '--model', 'face-1');
	is($rc, 0, 'the model of the binding');
	($rc, $out, $err) = wallet('', pay_args($v), '--yes', '--plain', '--model', 'face-2');
	is("$rc$out", '5', 'refused: another model');
	like($err, qr/two devices of a payer use the same model/, '... and why');
	($rc, $out) = wallet('', 'pay', '--yes', '--payment', write_json(\%payment), '--template', write_input($v->{template}));
	is("$rc$out", '1', 'refused: a capture without its package');
	($rc, $out) = wallet('', 'pay', '--yes', '--payment', write_json(\%payment), '--package', write_package(\%package));
	is("$rc$out", '1', 'refused: a package without a capture');
}
{
	# the question stays open past the end of the payment
	my $input = '';
	my $run = IPC::Run::start([ Wallet::program(), pay_args($v, payment => { %payment, expires_in => 1 }), '--plain' ],
		'<', \$input, '>', \$out, '2>', \$err);
	$run->pump until $err =~ /Cancel:/;
	sleep 2;
	$input = "OK\n";
	$run->finish;
	is($run->result . $out, '4', 'refused: a payment that has expired meanwhile');
}

done_testing();
