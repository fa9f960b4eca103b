# What never leaves: after every kind of call, made with bind parameters, neither
# the server's log at log_statement = all, nor a dump, nor pg_stat_statements, nor
# an error message, nor a file of the cluster holds a key, a code, a ticket,
# challenge digits, a password or a person's data, in any of four forms; nor a
# payer's template, secret, key, card, login, session or verification code.
use strict;
use warnings;
use utf8;

use DBI;
use Digest::SHA qw(hmac_sha256 sha256);
use Encode qw(encode);
use File::Find;
use JSON::PP;
use MIME::Base64;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $master = join '', map { chr int rand 256 } 1 .. 32;
my $master2 = join '', map { chr int rand 256 } 1 .. 32;
my $tmp = PostgreSQL::Test::Utils::tempdir();
my $keys = "$tmp/master.keys";
append_to_file($keys, '1 ' . unpack('H*', $master) . "\n");
chmod 0600, $keys;

my $node = PostgreSQL::Test::Cluster->new('leak');
$node->init(extra => [ '-E', 'UTF8' ]);
$node->append_conf('postgresql.conf', qq{
shared_preload_libraries = 'pg_stat_statements, qrcred'
pg_stat_statements.track = all
qrcred.keyring_file = '$keys'
log_statement = all
log_min_duration_statement = 0
log_min_messages = debug1
log_error_verbosity = verbose
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
});
$node->start;

# ---- calling

my @messages;					# whatever the server said to its client
local $SIG{__WARN__} = sub { push @messages, @_ };
my $db = DBI->connect(
	sprintf('dbi:Pg:dbname=postgres;host=%s;port=%d', $node->host, $node->port),
	'', '', { AutoCommit => 1, PrintError => 0, RaiseError => 0, pg_errorlevel => 2 });
my $failed = 0;

# The first row of a statement, by column; errors are kept.
sub call
{
	my ($sql, @values) = @_;
	my $statement = $db->prepare($sql);
	if (!$statement->execute(@values))
	{
		$failed++;
		push @messages, encode('UTF-8', $db->errstr);
		return {};
	}
	return $statement->{NUM_OF_FIELDS} ? $statement->fetchrow_hashref // {} : {};
}

# One that must succeed.
sub works
{
	my ($sql, @values) = @_;
	my $before = $failed;
	my $row = call($sql, @values);
	$failed == $before or BAIL_OUT("$sql: $messages[-1]");
	return $row;
}

# ---- what must not be found

my %secret;						# bytes => what they are

sub keep
{
	my ($what, @values) = @_;
	foreach my $value (grep { defined } @values)
	{
		$secret{ encode('UTF-8', $value) } = $what;
	}
	return $values[0];
}

sub keep_bytes
{
	my ($what, $bytes) = @_;
	$secret{$bytes} = $what;
	return $bytes;
}

sub expand
{
	my ($key, $info) = @_;
	return hmac_sha256("$info\x01", $key);
}

sub lp
{
	return join '', map { my $bytes = encode('UTF-8', $_); pack('n', length $bytes) . $bytes } @_;
}

keep_bytes('the master key', $_) foreach $master, $master2;
foreach my $key ($master, $master2)
{
	keep_bytes("the key \"$_\"", expand($key, "qrcred/1 $_"))
	  foreach qw(registration answer seal ticket login verification audit check);
}

# All keys of a credential, from its package; those in it prove the others.
sub keep_package
{
	my ($json, $key, @registration) = @_;
	my $p = decode_json(encode('UTF-8', $json));
	my $digest = hmac_sha256(lp('bank', @registration), expand($key, 'qrcred/1 registration'));
	my %key;
	foreach my $label (qw(static challenge second rotating ocra renewal))
	{
		$key{$label} = expand($key, "qrcred/1 $label\0" . pack('Q>C', $p->{credential_id}, $p->{generation}) . $digest);
		keep_bytes("a credential's key \"$label\"", $key{$label});
	}
	is(unpack('H*', $key{$_}), $p->{keys}{$_}, "the key \"$_\" is computed here as there") foreach sort keys %{ $p->{keys} };
	keep('a first code', $p->{static});
	return $p;
}

# ---- a credential's life

works($_) foreach 'SET client_min_messages = debug1', 'CREATE EXTENSION qrcred CASCADE', 'CREATE EXTENSION pg_stat_statements',
  'SELECT qrcred.create_store()',
  q{SELECT qrcred.create_issuer('bank', 'Bank', '', '{"ask_password": true, "freeze_seconds": 1, "wallet_url": "https://wallet.example/"}')},
  q{SELECT qrcred.create_gateway('till-1', 'Till')};

my @person = ('张三丰之样本', '110105194912310021', '+8613912345678');
my @later = ('张三丰之样本二世', '11010519491231002X', '+8613987654321');
my @other = ("Zoë O'Sample", 'ID-55501234567', '+4915112345678');
keep('a name', $person[0], $later[0], $other[0]);
keep('an id number', $person[1], $later[1], $other[1]);
keep('a phone', map { $_, /(\d+)/ } $person[2], $later[2], $other[2]);
works('SELECT qrcred.register(?, ?, ?, ?, ?)', 'bank', 'C-1', @person);
works('SELECT qrcred.register(?, ?, ?, ?, ?)', 'bank', 'C-2', @other);
my $password = keep('a password', 'correct horse 电池');
works('SELECT qrcred.set_password(?, ?, ?)', 'bank', 'C-1', $password);

my $card = works('SELECT * FROM qrcred.issue(?, ?)', 'bank', 'C-1');
my $id = $card->{credential_id};
keep('a ticket', $card->{ticket});
my $message = works('SELECT phone, body FROM qrcred.outbox_take(1)');
is($message->{phone}, $person[2], 'the relay gets the phone');
like($message->{body}, qr/\Q$card->{link}\E$/, 'and the link');

my $nonce = join '', map { chr int rand 256 } 1 .. 16;
call('SELECT qrcred.download(?, ?)', $card->{ticket}, 'nope');
my $json = works("SELECT qrcred.download(?, ?, decode(?, 'hex')) AS p", $card->{ticket}, '0021', unpack('H*', $nonce))->{p};
my $p = keep_package($json, $master, 'C-1', @person);

# Scan 1; the digits must not be found either.
sub scan
{
	my ($code) = @_;
	my $seen = works('SELECT * FROM qrcred.verify(?, ?, ?)', $code, 'till-1', 'CNY 88.50 Shop');
	keep('challenge digits', $seen->{challenge});
	return $seen;
}

sub second
{
	my ($package, $digits) = @_;
	return keep('a second code', works(
		"SELECT qrcred.second_code(decode(?, 'hex'), ?, ?, ?, ?, ?) AS c", $package->{keys}{second},
		$package->{credential_id}, $package->{kid}, $package->{generation}, time, $digits)->{c});
}

my $verdict = 'SELECT * FROM qrcred.verify_second(?, ?, ?, ?)';
my @till = ('till-1', 'CNY 88.50 Shop');
my $seen = scan($p->{static});
is($seen->{verdict}, 'challenge', 'a challenge');
is(works($verdict, $id, keep('a typed code', '73915620'), @till)->{verdict}, 'rejected', 'a wrong typed code');
is(works($verdict, $id, second($p, '87654321'), @till)->{verdict}, 'rejected', 'a wrong second code');
$seen = works($verdict, $id, second($p, $seen->{challenge}), @till);
is($seen->{next}, 'password', 'a right one');
my $check = 'SELECT * FROM qrcred.check_password(?, ?, ?, ?)';
is(works($check, $id, $seen->{attempt_no}, keep('a password', 'wrong horse 电池'), 'till-1')->{verdict},
	'rejected', 'a wrong password');
is(works($check, $id, $seen->{attempt_no}, $password, 'till-1')->{verdict}, 'accepted', 'the right one');

$seen = scan($p->{static});
my $typed = keep('a typed code',
	works("SELECT qrcred.ocra('OCRA-1:HOTP-SHA256-8:QN08', decode(?, 'hex'), ?) AS c", $p->{keys}{ocra}, $seen->{challenge})->{c});
is(works($verdict, $id, $typed, @till)->{verdict}, 'accepted', 'the right typed code');

my $rotating = keep('a rotating code', works("SELECT qrcred.rotating_code(decode(?, 'hex'), ?, 1, 1, ?) AS c",
		$p->{keys}{rotating}, $id, int(time / 30))->{c});
is(works('SELECT * FROM qrcred.verify(?, ?)', $rotating, 'till-1')->{verdict}, 'accepted', 'a rotating code');
is(works('SELECT * FROM qrcred.verify(?, ?)', $rotating, 'till-1')->{verdict}, 'rejected', 'which is used up');
is(works('SELECT * FROM qrcred.verify(?, ?)', keep('a forged code', substr($p->{static}, 0, -4) . 'AAAA'), 'till-1')->{verdict},
	'rejected', 'a forged code');

# frozen by guesses, with the messages to the customer
scan($p->{static});
works($verdict, $id, $_, @till) foreach map { keep('a typed code', $_) } qw(11223345 22334456 33445567);
is(works('SELECT state FROM qrcred.peek(?)', $id)->{state}, 'frozen', 'three wrong codes freeze');
works('SELECT qrcred.release(?, ?)', $id, 'known caller');
works('SELECT count(*) FROM qrcred.outbox_take(1000)');

my $renewal = keep('a renewal code', works("SELECT qrcred.renewal_code(decode(?, 'hex'), ?, 1, 1, ?) AS c",
		$p->{keys}{renewal}, $id, int(time / 30))->{c});
$p = keep_package(works('SELECT qrcred.renew(?) AS p', $renewal)->{p}, $master, 'C-1', @person);
is($p->{generation}, 2, 'renewed');
like(works('SELECT qrcred.card_svg(?) AS svg', $id)->{svg}, qr/<svg/, 'a card');
keep('a ticket', works('SELECT * FROM qrcred.resend_link(?)', works('SELECT * FROM qrcred.issue(?, ?)', 'bank', 'C-2')->{credential_id})->{ticket});

works('SELECT qrcred.update_registration(?, ?, ?, ?, ?)', 'bank', 'C-1', @later);
my $ticket = keep('a ticket', works('SELECT * FROM qrcred.reissue(?)', $id)->{ticket});
keep_package(works('SELECT qrcred.download(?, ?) AS p', $ticket, '002X')->{p}, $master, 'C-1', @later);

# ---- a payer's life

my @payer = ('王小明之样本', '110105198801010033', '+8613712345678');
keep('a name', $payer[0]);
keep('an id number', $payer[1]);
keep('a phone', map { $_, /(\d+)/ } $payer[2]);
my $login = keep('a login name', 'Wang.Xiaoming@例');
my $login_password = keep('a login password', 'staple battery 马');
my $card_number = keep('a card number', '6222021234567890128');
my $card_password = keep('a card password', 'kp-48213-密');
works($_) foreach
  q{SELECT qrcred.create_issuer('paying', 'Bank', '', '{"store_card_password": true, "freeze_seconds": 1, "freeze_cap_seconds": 1, "skew_ahead": true}')},
  'CREATE SCHEMA books', 'CREATE TABLE books.posting (payment_id uuid, account text, amount numeric)',
  q{CREATE FUNCTION books.charge(payment_id uuid, card text, card_password text, amount numeric, currency text, payee text) RETURNS text LANGUAGE plpgsql AS $$
	BEGIN
		IF payee = 'Error' THEN RAISE EXCEPTION 'card % with %', card, card_password USING DETAIL = card, HINT = card_password; END IF;
		IF payee = 'Statement' THEN EXECUTE format('SELECT 1 / 0 WHERE %L <> %L', card, card_password); END IF;
		IF payee = 'No' THEN RAISE EXCEPTION 'not with %', card USING ERRCODE = 'QC402'; END IF;
		INSERT INTO books.posting VALUES (payment_id, 'payers', -amount), (payment_id, payee, amount);
		RETURN 'R-' || md5(payment_id::text);
	END $$},
  q{SELECT qrcred.set_charge_function('paying', 'books.charge(uuid,text,text,numeric,text,text)')};

works('SELECT qrcred.register(?, ?, ?, ?, ?)', 'paying', 'P-1', @payer);
my $payer_ticket = keep('a ticket', works('SELECT * FROM qrcred.enrol_payer(?, ?)', 'paying', 'P-1')->{ticket});
works('SELECT count(*) FROM qrcred.outbox_take(1000)');
my $register_login = 'SELECT qrcred.register_login(?, ?, ?, ?) AS v';
is(works($register_login, $payer_ticket, '9999', $login, $login_password)->{v}, 'rejected', 'a wrong answer');
is(works($register_login, $payer_ticket, '0033', $login, $login_password)->{v}, 'accepted', 'a login');
my $enter = 'SELECT * FROM qrcred.login(?, ?, ?)';
is(works($enter, $login, keep('a login password', 'wrong staple 马'), 'till-1')->{verdict}, 'rejected', 'a wrong login password');
is(works($enter, keep('a login name', 'Nobody.Atall@例'), $login_password, 'till-1')->{verdict}, 'rejected', 'nobody\'s login');
works('SELECT pg_sleep(1.1)');
my $session = keep('a session', works($enter, $login, $login_password, 'till-1')->{session});
works('SELECT qrcred.bind_card(?, ?, ?)', $session, keep('a card number', '6222029999888877776'), $card_password);
works('SELECT qrcred.bind_card(?, ?, ?)', $session, $card_number, $card_password);

# A template in every form, and a part of it; the secret and the key that it opens.
sub keep_template
{
	my ($bits) = @_;
	keep('a template', $bits, substr($bits, 0, 64), substr($bits, -64));
	my $packed = pack 'B*', $bits;
	keep_bytes('a template', $_) foreach $packed, substr($packed, 0, 24), substr($packed, 32, 24);
	return $bits;
}

sub keep_opened
{
	my ($p, $bits) = @_;
	my $b = $p->{biometric};
	my $helper = substr unpack('B*', pack 'H*', $b->{helper}), 0, length $bits;
	my $secret = keep_bytes('a committed secret', pack 'H*',
		works("SELECT encode(qrcred.fuzzy_open(?, ?, ?), 'hex') AS s", $helper, $bits, $b->{code})->{s});
	my $key = expand(sha256($secret), 'qrcred/1 biometric' . pack 'Q>C', $p->{credential_id}, $p->{generation});
	return keep_bytes('a biometric key', $key);
}

my $template = keep_template(join '', map { int rand 2 } 1 .. 1023);
my $binding = works('SELECT credential_id, kid, generation, encode(salt, \'hex\') AS salt FROM qrcred.begin_binding(?)', $session);
works("SELECT qrcred.bind_biometric(?, ?, decode(?, 'hex'), ?)", $session, $template, $binding->{salt}, 'face-1');
my $package = decode_json(works('SELECT qrcred.biometric_package(?) AS p', $session)->{p});
my $pay_key = keep_opened($package, $template);

# One payment, up to its code; what begin_payment() said of it.
sub present
{
	my ($key, $step, $session, $payee) = @_;
	my $y = works('SELECT * FROM qrcred.begin_payment(?, ?, ?, ?, ?)', $session, '88.5', 'CNY', $payee, 'order 1');
	my $code = keep('a biometric code', works("SELECT qrcred.biometric_code(decode(?, 'hex'), ?, ?, ?, ?, qrcred.payment_digest(?, ?, ?, ?, ?)) AS c",
			unpack('H*', $key), $binding->{credential_id}, $y->{kid}, $y->{generation}, $step,
			@{$y}{qw(payment_id payee currency amount nonce)})->{c});
	$y->{verdict} = works('SELECT * FROM qrcred.present(?, ?, ?, ?)', $session, $y->{payment_id}, $code, 'till-1')->{verdict};
	return $y;
}

# The digits of the newest message of the kind.
sub code_sent
{
	my ($kind) = @_;
	my ($body) = map { $_->[0] } @{ $db->selectall_arrayref('SELECT body FROM qrcred.outbox_take(1000) WHERE kind = ?', {}, $kind) };
	return keep('a verification code', $body =~ /\b(\d{6})\b/ ? $1 : BAIL_OUT("no $kind code"));
}

my $confirm = 'SELECT * FROM qrcred.confirm(?, ?, ?)';
works('SELECT pg_sleep(30 - extract(epoch FROM clock_timestamp())::numeric % 30 + 0.1)') if time % 30 > 25;
my $step = int(time / 30) - 1;
is(present('not this key, not this key, no..', $step, $session, 'Shop')->{verdict}, 'rejected', 'a modified wallet');
my $y = present($pay_key, $step, $session, 'Shop');
is($y->{verdict}, 'accepted', 'the right code');
my $digits = code_sent('verification');
is(works($confirm, $session, $y->{payment_id}, keep('a verification code', sprintf '%06d', ($digits + 7) % 1_000_000))->{verdict},
	'rejected', 'a wrong verification code');
is(works($confirm, $session, $y->{payment_id}, $digits)->{status}, 'charged', 'the right one');

# a second device, a second binding by the wallet itself, and a charge function that tells too much
my $session_2 = keep('a session', works($enter, $login, $login_password, 'till-1')->{session});
is(works('SELECT qrcred.biometric_package(?) AS p', $session_2)->{p}, undef, 'a code for a second device');
my $device_code = code_sent('device_code');
works('SELECT qrcred.biometric_package(?, ?) AS p', $session_2, keep('a verification code', sprintf '%06d', ($device_code + 7) % 1_000_000));
$package = decode_json(works('SELECT qrcred.biometric_package(?, ?) AS p', $session_2, $device_code)->{p});
ok($package->{biometric}{helper}, 'its package');
$binding = works('SELECT credential_id, kid, generation, encode(salt, \'hex\') AS salt FROM qrcred.begin_binding(?)', $session);
my $finger = keep_template(join '', map { int rand 2 } 1 .. 511);
my $own_secret = keep_bytes('a committed secret', pack 'B*', (join '', map { int rand 2 } 1 .. 76) . '0000');
$pay_key = keep_bytes('a biometric key',
	expand(sha256($own_secret), 'qrcred/1 biometric' . pack 'Q>C', $binding->{credential_id}, $binding->{generation}));
my $bind_helper = "SELECT qrcred.bind_helper(?, qrcred.fuzzy_commit(?, decode(?, 'hex'), 'bch511_76'), decode(?, 'hex'), decode(?, 'hex'), ?, 'bch511_76')";
works($bind_helper, $session, $finger, unpack('H*', $own_secret), unpack('H*', $pay_key), $binding->{salt}, 'finger-1');
is(unpack('H*', keep_opened(decode_json(works('SELECT qrcred.biometric_package(?) AS p', $session)->{p}), $finger)),
	unpack('H*', $pay_key), 'the key is computed here as there');
my $digits_again;
foreach my $payee ('Error', 'Statement')
{
	$y = present($pay_key, ++$step, $session, $payee);
	is($y->{verdict}, 'accepted', "presented: $payee");
	$failed = 0;
	$digits_again = code_sent('verification');
	call($confirm, $session, $y->{payment_id}, $digits_again);
	is($failed, 1, 'the charge function failed');
}
like(join('', @messages), qr/left out: it held card data/, 'what it said of the card is left out');

# nor does the session see the card in trees of the function's statements, where bytes are decimal
my @trees = qw(debug_print_parse debug_print_rewritten debug_print_plan);
my $told = @messages;
works("SET $_ = on") foreach @trees;
call($confirm, $session, $y->{payment_id}, $digits_again);
works("SET $_ = off") foreach @trees;
my $trees = join ' ', @messages[ $told .. $#messages ];
$trees =~ s/\s+//g;
like($trees, qr/\{PLANNEDSTMT/, 'trees are told');
unlike($trees, qr/\Q$_\E/, 'without the card') foreach map { join '', unpack 'c*', encode('UTF-8', $_) } $card_number, $card_password;

# ---- another master key

append_to_file($keys, '2 ' . unpack('H*', $master2) . "\n");
$node->reload;
$node->poll_query_until('postgres', 'SELECT count(*) = 2 FROM qrcred.key_check()') or die 'no second key';
works('SELECT 1') foreach 1 .. 2;
works('SELECT qrcred.rekey(?)', 10);
is(works('SELECT customers FROM qrcred.key_usage WHERE kid = 2')->{customers}, 3, 'sealed anew under another master key');
works('SELECT count(*) FROM qrcred.outbox_take(1000)');

is(works('SELECT count(*) AS n FROM qrcred.report_lost(?, ?, ?, ?)', 'bank', $later[1], keep('a phone', '+8613600009999'), 'Wang')->{n},
	0, 'a wrong caller');
is(works('SELECT count(*) AS n FROM qrcred.report_lost(?, ?, ?, ?)', 'bank', $later[1], $later[2], 'Wang')->{n}, 1, 'a lost phone');
works('SELECT qrcred.forget(?, ?, ?)', 'bank', 'C-2', 'C-2');
works('SELECT qrcred.change_login_password(?, ?)', $session, keep('a login password', 'other staple 马'));
works('SELECT qrcred.logout(?)', $session);
$session = keep('a session', works($enter, $login, 'other staple 马', 'till-1')->{session});

# ---- misuse: errors name arguments and hold none

my $bad = keep('a code', substr($p->{static}, 0, -1) . '!');
my $key = $p->{keys}{second};
$failed = 0;
my @misuse = (
	[ 'SELECT qrcred.code_parse(?)', $bad ],
	[ 'SELECT qrcred.code_bucket(?)', $bad ],
	[ 'SELECT * FROM qrcred.verify(?, NULL)', $p->{static} ],
	[ 'SELECT * FROM qrcred.verify(?, ?)', $p->{static}, 'nowhere' ],
	[ 'SELECT * FROM qrcred.verify_second(NULL, ?, ?)', $bad, 'till-1' ],
	[ 'SELECT * FROM qrcred.check_password(?, NULL, ?, ?)', $id, $password, 'till-1' ],
	[ 'SELECT qrcred.register(?, ?, ?, ?, ?)', 'bank', 'C-1', @person ],
	[ 'SELECT qrcred.register(?, ?, ?, ?, ?)', 'bank', 'C-3', $person[0], $person[1], keep('a phone', "+8613912345670\t") ],
	[ 'SELECT qrcred.register(?, ?, ?, ?, NULL)', 'bank', 'C-3', $person[0], $person[1] ],
	[ 'SELECT qrcred.register(?, ?, ?, ?, ?)', 'bank', 'C-3', $person[0], keep('an id number', '4' x 600), $person[2] ],
	[ 'SELECT qrcred.set_password(?, ?, ?)', 'bank', 'C-1', keep('a password', 'long horse ' x 9) ],
	[ 'SELECT qrcred.set_password(?, ?, ?)', 'bank', 'C-9', $password ],
	[ 'SELECT qrcred.report_lost(?, ?, ?, NULL)', 'bank', $later[1], $later[2] ],
	[ "SELECT qrcred.download(?, ?, decode(?, 'hex'))", $ticket, '002X', 'aabb' ],
	[ "SELECT qrcred.second_code(decode(?, 'hex'), ?, 1, 1, 1, ?)", substr($key, 2), $id, '12345678' ],
	[ "SELECT qrcred.second_code(decode(?, 'hex'), ?, 1, 1, 1, ?)", $key, $id, keep('challenge digits', '998877665') ],
	[ "SELECT qrcred.ocra('OCRA-1:HOTP-SHA256-8:QN08', decode(?, 'hex'), ?)", $key, keep('challenge digits', '88776655a') ],
	[ "SELECT qrcred.hotp(decode(?, 'hex'), -1, 6, 'sha1')", $key ],
	[ 'SELECT qrcred.qr_svg(?)', $renewal ],
	[ 'SELECT qrcred.qr_text(?)', $p->{static} x 100 ],
	[ 'SELECT qrcred.card_svg(?, NULL, ?, ?, 1)', $p->{static}, 'x', 'y' ],
	[ 'SELECT qrcred.card_svg(?, ?, ?, ?, 1)', $bad, 'x', 'y', 'z' ],
	[ "SELECT qrcred.challenge_number(?, decode(?, 'hex'), ?)", $id, unpack('H*', $nonce) . '00', 'x' ],
	[ $register_login, $payer_ticket, '0033', $login, keep('a login password', 'long staple ' x 9) ],
	[ $register_login, $payer_ticket, '0033', keep('a login name', 'Wang Xiao Ming' x 7), $login_password ],
	[ $enter, $login, $login_password, 'nowhere' ],
	[ 'SELECT qrcred.change_login_password(?, ?)', $session_2, $login_password ],
	[ 'SELECT qrcred.bind_card(?, ?, ?)', $session_2, $card_number, $card_password ],
	[ 'SELECT qrcred.bind_card(?, ?, ?)', $session, $card_number, keep('a card password', 'kp-x-' x 70) ],
	[ 'SELECT qrcred.bind_card(?, ?)', $session, keep('a card number', '62220299998888' x 20) ],
	[ "SELECT qrcred.bind_biometric(?, ?, decode(?, 'hex'), ?)", $session, $template, $binding->{salt}, 'face-1' ],
	[ "SELECT qrcred.bind_biometric(?, ?, decode(?, 'hex'), ?)", $session, substr($template, 1), $binding->{salt}, 'face-1' ],
	[ "SELECT qrcred.bind_biometric(?, ?, decode(?, 'hex'), ?)", $session, substr($template, 0, 1022) . '2', $binding->{salt}, 'face-1' ],
	[ $bind_helper, $session, $finger, unpack('H*', $own_secret), substr(unpack('H*', $pay_key), 2), $binding->{salt}, 'finger-1' ],
	[ $bind_helper, $session, $finger, unpack('H*', $own_secret) . '00', unpack('H*', $pay_key), $binding->{salt}, 'finger-1' ],
	[ "SELECT qrcred.fuzzy_open(?, ?, ?)", $finger, $template, 'bch1023_123' ],
	[ "SELECT qrcred.biometric_key(decode(?, 'hex'), ?, 0)", unpack('H*', $own_secret), $id ],
	[ "SELECT qrcred.biometric_code(decode(?, 'hex'), 1, 1, 1, 1, '')", unpack('H*', $pay_key) ],
	[ 'SELECT * FROM qrcred.present(?, ?, ?, ?)', $session, $y->{payment_id}, $bad, 'nowhere' ],
	[ 'SELECT * FROM qrcred.confirm(?, NULL, ?)', $session, $device_code ],
	[ 'SELECT qrcred.resend(?, ?)', $session_2, $y->{payment_id} ]);
foreach my $call (@misuse)
{
	my $before = $failed;
	call(@$call);
	ok($failed > $before, "an error: $call->[0]") or diag(explain($call));
}

# the same from a function of the bank's, called in a read-only transaction, and timed out
works(q{CREATE FUNCTION ask(c text) RETURNS text LANGUAGE plpgsql AS $$ DECLARE v text;
	BEGIN SELECT verdict INTO v FROM qrcred.verify(c, 'nowhere'); RETURN v; END $$});
call('SELECT ask(?)', $p->{static});
works('SET default_transaction_read_only = on');
call('SELECT * FROM qrcred.verify(?, ?)', $p->{static}, 'till-1');
works('SET default_transaction_read_only = off');
my $at = @messages;
works("SET statement_timeout = '100ms'");
call('SELECT verdict, pg_sleep(1) FROM qrcred.verify(?, ?)', $p->{static}, 'till-1');
works('SET statement_timeout = 0');
like(join('', @messages[ $at .. $#messages ]), qr/statement timeout/, 'a statement cancelled after its verdict');

# ---- the search

my (%form, @digits);			# what is searched for => what it is
foreach my $bytes (keys %secret)
{
	my $base64 = encode_base64($bytes, '');
	$base64 =~ s/.?=*$//;			# its last character depends on what follows
	if ($bytes =~ /^\d{1,9}$/)
	{
		push @digits, $bytes;
		$form{ unpack 'H*', $bytes } = "$secret{$bytes} (hex)";
		next;
	}
	$form{$bytes} = $secret{$bytes};
	$form{ unpack 'H*', $bytes } = $form{ uc unpack 'H*', $bytes } = "$secret{$bytes} (hex)";
	$form{$base64} = "$secret{$bytes} (base64)" if length $base64 >= 10;
}
my $any = join '|', map { quotemeta } sort { length $b <=> length $a } keys %form;
my $number = join '|', @digits;

# What is found in $text, as a list for people; short numbers only as words.
sub found
{
	my ($text, $is_text) = @_;
	my %found;
	$found{ $form{$1} }++ while $text =~ /($any)/g;
	if ($is_text)
	{
		$found{ $secret{$1} }++ while $text =~ /(?<![0-9A-Za-z.])($number)(?![0-9A-Za-z])/g;
	}
	return join ', ', map { "$_: $found{$_}" } sort keys %found;
}

sub bytes_of
{
	my ($file) = @_;
	open my $in, '<:raw', $file or return '';
	local $/;
	return <$in> // '';
}

my $statements = encode('UTF-8', join "\n",
	map { $_->[0] } @{ $db->selectall_arrayref('SELECT query FROM pg_stat_statements') });
my $running = encode('UTF-8', join "\n",
	map { $_->[0] // '' } @{ $db->selectall_arrayref('SELECT query FROM pg_stat_activity') });
my ($dump) = run_command([ 'pg_dump', '-d', $node->connstr('postgres') ]);
my $log = bytes_of($node->logfile);
my $messages = join "\n", @messages;

cmp_ok(scalar keys %secret, '>=', 120, 'many secrets are known');
like($dump, qr/COPY qrcred_store\.customer .*\tC-1\t/s, 'the dump has its rows');
like($dump, qr/COPY qrcred_store\.\Q$_\E \(.*?\) FROM stdin;\n\d/s, "... of $_ too") foreach qw(login card payment);
like($log, qr/execute \S+: SELECT \* FROM qrcred\.verify_second\(\$1/, 'the log has the statements');
like($statements, qr/qrcred\.check_password\(\$1/, 'so has pg_stat_statements');
like($statements, qr/crypt\(/, 'those within functions too');
cmp_ok(scalar @messages, '>=', scalar @misuse, 'there are error messages');

is(found($dump, 1), '', 'nothing in the dump');
is(found($log, 1), '', 'nothing in the log');
is(found($statements, 1), '', 'nothing in pg_stat_statements');
is(found($running, 1), '', 'nothing in pg_stat_activity');
is(found($messages, 1), '', 'nothing in a message');

# ---- the search finds what is there

works('SET log_parameter_max_length = -1');
call('SELECT * FROM qrcred.verify(?, ?)', $p->{static}, 'till-1');
call('SELECT * FROM qrcred.verify_second(?, ?, ?)', $id, '73915620', 'till-1');
call('SELECT qrcred.register(?, ?, ?, ?, ?)', 'bank', 'C-4', @person);
call('SELECT ?, ?', $template, unpack('H*', pack 'B*', $template));
call('SELECT qrcred.bind_card(?, ?)', $session, $card_number);
call($confirm, $session, $y->{payment_id}, $device_code);
my $control = found(bytes_of($node->logfile), 1);
like($control, qr/$_: [1-9]/, "with log_parameter_max_length = -1 the log has $_")
  foreach 'a first code', 'a typed code', 'an id number', 'a name', 'a template', 'a template \(hex\)', 'a card number', 'a session', 'a verification code';

# ---- the cluster's own files: tables, WAL, statistics

$db->disconnect;
$node->stop;
my ($files, $in_files) = (0, '');
find(
	{
		no_chdir => 1,
		wanted => sub {
			return if !-f $_;
			$files++;
			my $found = found(bytes_of($_), 0);
			$in_files .= "$File::Find::name: $found\n" if $found ne '';
		}
	},
	$node->data_dir);
cmp_ok($files, '>', 500, 'the cluster has files');
is($in_files, '', 'nothing in any of them');

done_testing();
