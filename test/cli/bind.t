# A payer's template and its binding, against system B as Payer.pm computes it.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use JSON::PP ();
use Payer;
use Test::More;
use Wallet;

my @vectors = vectors();
my ($rc, $out, $err);
srand(7);

# The second implementation is checked before it checks anything.
my $agreed = grep {
	my $secret = pack('H*', $_->{secret});
	my $v = $_;
	my ($code) = grep { $_->{name} eq $v->{bch} } @code;
	my ($opened, $word) = decode_opened($code, $v->{helper}, $v->{template});
	     $opened eq $secret
	  && is_code_word($code, $word)
	  && !is_code_word($code, flip($word, 1))
	  && unpack('H*', biometric_key($secret, $v->{credential_id}, $v->{generation})) eq $v->{biometric_key}
	  && unpack('H*', payment_digest($v->{payment})) eq $v->{payment_digest}
	  && biometric_code($v, pack('H*', $v->{biometric_key}), $v->{step}, $v->{payment}) eq $v->{biometric_code}
} @vectors[ 0 .. 9 ];
is($agreed, 10, 'the tests compute ten vectors');
my $p = projection_vector();
is(project(pack('H*', $p->{seed}), $p->{descriptor}, $p->{mu}, $p->{n}), $p->{template},
	'and the projection');

# bind, with every code; pay opens what it made, from a template with t wrong bits.
for my $code (@code)
{
	my ($v) = grep { $_->{bch} eq $code->{name} } @vectors;
	my $binding = write_json(binding_of($v));
	my $template = write_input("$v->{template}\n");
	my %seen;
	for my $round (1 .. 2)
	{
		($rc, $out, $err) = wallet('', 'bind', '--binding', $binding, '--template', $template,
			'--model', 'finger "2"', '--code', $code->{name});
		is("$rc$err", '0', "$code->{name}: bind");
		my $bound = JSON::PP->new->utf8->decode($out);
		is(join(' ', sort keys %$bound), 'code helper key model salt', '... all that bind_helper() takes');
		is("$bound->{model} $bound->{code} $bound->{salt}",
			"finger \"2\" $code->{name} 00112233445566778899aabbccddeeff", '... names and salt');
		my ($secret, $word) = decode_opened($code, $bound->{helper}, $v->{template});
		ok(is_code_word($code, $word), '... helper XOR template is of the code');
		is($bound->{key}, unpack('H*', biometric_key($secret, $v->{credential_id}, $v->{generation})),
			'... and the key is of the secret in it');
		ok(!$seen{$secret}++, '... which is a new one each time');

		my $package = write_package(payer_package($v,
				biometric => { helper => unpack('H*', packed($bound->{helper})) }));
		($rc, $out) = wallet('', 'pay', '--yes', '--plain', '--package', $package,
			'--payment', write_json(payment_of($v)),
			'--template', write_input(flip($v->{template}, $code->{t})));
		chomp $out;
		is($out, code_at($out, $v, pack('H*', $bound->{key}), $v->{payment}),
			"... and opens from a template with $code->{t} wrong bits");
	}
}

# The face's template, by PBKDF2 and the projection; straight into bind and pay.
{
	my ($v) = grep { $_->{bch} eq 'bch511_76' } @vectors;
	my $password = "correct horse \x{e9}";
	my @descriptor = map { rand() - 0.5 } 1 .. 300;
	my @mean = map { (rand() - 0.5) / 8 } 1 .. 300;
	my @again = map { $_ + (rand() - 0.5) / 4 } @descriptor;
	my $seed = projection_seed($password, pack('H*', '00112233445566778899aabbccddeeff'),
		$v->{credential_id}, $v->{generation});
	my $expected = project($seed, \@descriptor, \@mean, 511);
	my @face = ('--descriptor', write_input(join("\n", map { sprintf '%.17g', $_ } @descriptor)),
		'--mean', write_input(JSON::PP->new->encode(\@mean)), '--password-fd', 0);
	my $binding = write_json(binding_of($v, credential_id => $v->{credential_id},
			salt => '00112233445566778899AABBCCDDEEFF'));

	($rc, $out, $err) = wallet("$password\n", 'template', '--binding', $binding, @face, '--code', 'bch511_76');
	is($out, "$expected\n", 'template: the bits of a face') or diag($err);
	my $package = write_package(payer_package($v));
	(undef, $out) = wallet("$password\n", 'template', '--package', $package, @face);
	is($out, "$expected\n", '... for a package, with its salt and code');
	(undef, $out) = wallet("$password\n", 'template', '--binding', $binding, @face);
	is(substr($out, 0, 511) . length $out, $expected . 1024, '... more of them for the longer code');
	(undef, $out) = wallet("$password\n", 'template', '--binding', write_json(binding_of($v, generation => 200)), @face);
	isnt(substr($out, 0, 511), $expected, '... others for another generation');

	(undef, $out) = wallet("$password\n", 'bind', '--binding', $binding, @face, '--model', 'face-1', '--code', 'bch511_76');
	my $bound = JSON::PP->new->utf8->decode($out);
	my ($secret) = decode_opened($code[1], $bound->{helper}, $expected);
	is($bound->{key}, unpack('H*', biometric_key($secret, $v->{credential_id}, $v->{generation})),
		'bind takes the face itself');
	$package = write_package(payer_package($v, biometric => { helper => unpack('H*', packed($bound->{helper})) }));
	$face[1] = write_input(join(', ', @again));
	my @pay = ('pay', '--yes', '--plain', '--package', $package, '--payment', write_json(payment_of($v)), @face);
	($rc, $out, $err) = wallet("$password\n", @pay);
	chomp $out;
	is($out, code_at($out, $v, pack('H*', $bound->{key}), $v->{payment}), 'pay takes another capture of it')
	  or diag($err);
	($rc, $out, $err) = wallet("another password\n", @pay);
	is("$rc$out", '6', 'not with another login password');
	like($err, qr/login password/, '... and says so');
	($rc, $out) = wallet("\n", @pay);
	is("$rc$out", '1', 'nor without one');
}

# What is refused, and that nothing comes out then.
{
	my $v = $vectors[0];
	my %binding = %{ binding_of($v) };
	my $binding = write_json(\%binding);
	my $template = write_input($v->{template});
	my $good = write_input('1 2 3');
	my @common = ('bind', '--binding', $binding, '--template', $template);
	my @bind = (@common, '--model', 'm');
	my @face = ('template', '--binding', $binding, '--password-fd', 0);

	for my $case (
		[ 1, 'no model', @common ],
		[ 1, 'an empty model', @common, '--model', '' ],
		[ 1, 'a model with a control character', @common, '--model', "a\nb" ],
		[ 1, 'a long model', @common, '--model', 'm' x 65 ],
		[ 1, 'an unknown code', @bind, '--code', 'bch255_9' ],
		[ 1, 'no capture', 'bind', '--binding', $binding, '--model', 'm' ],
		[ 1, 'two captures', @bind, '--descriptor', $good, '--mean', $good ],
		[ 1, 'no mean', @face, '--descriptor', $good ],
		[ 1, 'no binding', 'template', '--descriptor', $good, '--mean', $good, '--password-fd', 0 ],
		[ 1, 'an option of others', @bind, '--png', 'x.png' ],
		[ 5, 'no file', 'bind', '--binding', '/nonexistent', '--template', $template, '--model', 'm' ],
		[ 5, 'a template for the other code', @bind, '--code', 'bch511_76' ],
		[ 5, 'a bit too few', 'bind', '--binding', $binding, '--model', 'm',
			'--template', write_input(substr $v->{template}, 1) ],
		[ 5, 'a bit too many', 'bind', '--binding', $binding, '--model', 'm',
			'--template', write_input("$v->{template}0") ],
		[ 5, 'a character that is no bit', 'bind', '--binding', $binding, '--model', 'm',
			'--template', write_input(substr($v->{template}, 1) . '2') ],
		[ 5, 'fewer numbers than the mean has', @face, '--descriptor', $good, '--mean', write_input('1 2 3 4') ],
		(map { [ 5, "the number $_", @face, '--descriptor', write_input("1 $_ 3"), '--mean', $good ] }
			  'nan', 'inf', '1e999', '0x10', '1-2', '--1', '1.2.3', '9' x 80, "\0"),
		[ 5, 'no number', @face, '--descriptor', write_input(" \n"), '--mean', $good ],
		(map { [ 5, "the binding $_->[0]", 'bind', '--template', $template, '--model', 'm',
					'--binding', write_json($_->[1]) ] }
			  [ 'without an id', do { my %b = %binding; delete $b{credential_id}; \%b } ],
			[ 'with id 0', { %binding, credential_id => 0 } ],
			[ 'with a signed id', { %binding, credential_id => '+1' } ],
			[ 'of generation 0', { %binding, generation => 0 } ],
			[ 'of kid 256', { %binding, kid => 256 } ],
			[ 'with a short salt', { %binding, salt => '\\x0011' } ],
			[ 'with a salt of other letters', { %binding, salt => '\\x' . 'zz' x 16 } ],
			[ 'that is an array', [ \%binding ] ],
			[ 'that is no JSON', 'salt' ]),
	  )
	{
		my ($status, $name, @args) = @$case;
		($rc, $out, $err) = wallet("a password\n", @args);
		is("$rc$out", $status, "refused: $name") or diag($err);
		like($err, qr/is not a list of/, '... as not a number') if $name =~ /^the number/;
	}
	for my $args ([ '--binding', '-', '--template', '-' ], [ '--binding', '-', '--template', $template, '--password-fd', 0 ])
	{
		($rc, $out) = wallet('', 'bind', '--model', 'm', @$args);
		is("$rc$out", '1', "refused: @$args[2 .. $#$args] beside a binding from standard input");
	}
	SKIP:
	{
		skip 'no IO::Pty', 2 unless have_terminal();
		my ($status, $seen) = on_terminal(\@bind);
		is($status >> 8, 1, 'a key is not shown on a screen');
		unlike($seen, qr/helper/, '... nor is the helper');
	}
}

done_testing();
