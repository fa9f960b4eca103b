# What must be true of payments after any crash, and of what their payers were
# told: a payment is charged once or not at all, the books say the same as the
# store, an answer whose commit was told stays, and no wrong code is forgotten.
package PayCheck;

use strict;
use warnings;

use Digest::SHA qw(hmac_sha256);
use Exporter qw(import);
use Findings qw(check_repeats each_event end_prepared expected_failures finding findings
  new_findings once rows);

our @EXPORT_OK = qw(check_payments finish_payments);

# The numbers that stand in the log.
my ($ACCEPTED, $REJECTED) = (1, 3);
my ($WRONG, $REPEATED) = (6, 18);
my ($BIOMETRIC, $VERIFICATION) = (17, 18);
my %factor = ($VERIFICATION => 2, $BIOMETRIC => 3);
my $CEILING = 5;

# The charge function says at times that the books are closed.
my %expected_failure = expected_failures('BK001');
# a code is sent again, or money settled, of a payment that has ended meanwhile
my %expected_of = (resend => '55000', settle => '55000', decline => '55000');

# ---- the store and the books

sub read_payments
{
	my ($node) = @_;
	my %payments;
	rows($node,
		'SELECT payment_id, credential_id, state, asked IS NOT NULL, receipt FROM qrcred_store.payment',
		sub {
			my ($id, $payer, $state, $asked, $receipt) = @_;
			$payments{$id} = {
				payer => $payer, state => $state, asked => $asked eq 't', receipt => $receipt,
				direct => 0, settled => 0, sent_out => 0 };
		});
	rows($node,
		"SELECT payment_id, is_direct, receipt, count(*) FILTER (WHERE amount < 0), "
		  . "count(*) FILTER (WHERE amount > 0), sum(amount) FROM bank.posting GROUP BY 1, 2, 3",
		sub {
			my ($id, $is_direct, $receipt, $debits, $credits, $sum) = @_;
			my $p = $payments{$id};
			finding('books out of balance', "payment $id: $sum") if $sum != 0;
			return finding('debit without a payment', $id) unless $p;
			$p->{ $is_direct eq 't' ? 'direct' : 'settled' } += $debits;
			push @{ $p->{receipts} }, $receipt;
			finding('debit without its credit', $id) if $debits != $credits;
		});
	rows($node, 'SELECT payment_id, count(*) FROM bank.outgoing GROUP BY 1',
		sub {
			my ($id, $many) = @_;
			$payments{$id} ? $payments{$id}{sent_out} = $many : finding('order without a payment', $id);
		});
	return \%payments;
}

# Asked once, booked once, and only when it says so.
sub check_books
{
	my ($payments) = @_;
	foreach my $id (sort keys %$payments)
	{
		my $p = $payments->{$id};
		my $asked = $p->{direct} + $p->{sent_out};
		my $booked = $p->{direct} + $p->{settled};
		my $where = "payment $id: $p->{state}, " . ($p->{asked} ? '' : 'not ')
		  . "asked, $p->{direct} direct, $p->{sent_out} sent out, $p->{settled} settled";
		finding('booked twice', $where) if $booked > 1;
		finding('asked twice', $where) if $asked > 1;
		finding('charged without a debit', $where) if $p->{state} eq 'charged' && $booked < 1;
		finding('debit without a charge', $where) if $p->{state} ne 'charged' && $booked > 0;
		finding('another receipt than the books', "$where: $p->{receipt}, @{ $p->{receipts} }")
		  if $p->{state} eq 'charged' && grep { $_ ne $p->{receipt} } @{ $p->{receipts} // [] };
		finding('asked and not noted', $where) if $asked > 0 && !$p->{asked};
		finding('noted and not asked', $where)
		  if $asked < 1 && $p->{asked} && $p->{state} ne 'declined';
		finding('no end known', $where)
		  if $p->{state} !~ /^(?:open|presented|charged|declined|left|expired)$/;
	}
	return;
}

# ---- the attempt log, replayed by the rules of counting

sub new_state
{
	my ($limit) = @_;
	return {
		limit => $limit, last => 0, step => 0, freeze_no => 0, run => 0,
		strikes => { 2 => 0, 3 => 0 }, marked => { 2 => 0, 3 => 0 } };
}

sub replay
{
	my ($s, $owner, $no, $kind, $verdict, $reason, $moment) = @_;
	my $where = "payer $owner, attempt $no";
	my $factor = $factor{$kind};

	finding('gap in the log', "$where after $s->{last}") if $no != $s->{last} + 1;
	$s->{last} = $no;
	return if !defined $factor || $reason == $REPEATED;
	if ($verdict == $ACCEPTED)
	{
		if ($kind == $BIOMETRIC)
		{
			finding('step accepted twice', $where) if $moment <= $s->{step};
			$s->{step} = $moment;
		}
		return if $kind == $VERIFICATION && !$s->{has_codes};
		$s->{strikes}{$factor} = $s->{marked}{$factor} = 0;
	}
	elsif ($reason == $WRONG)
	{
		my $sum = ++$s->{strikes}{$factor} + $s->{strikes}{ 5 - $factor };
		finding('more wrong codes than the limit', "$where, freeze $s->{freeze_no}")
		  if $s->{strikes}{$factor} > $s->{limit} || $sum > $CEILING;
		if ($s->{strikes}{$factor} >= $s->{limit} || $sum >= $CEILING || $s->{marked}{$factor})
		{
			$s->{strikes} = { 2 => 0, 3 => 0 };
			$s->{marked} = { 2 => 1, 3 => 1 };
			$s->{freeze_no}++;
		}
	}
	return;
}

# $limits: by issuer; $silent: issuers without a verification code.
sub read_log
{
	my ($node, $limits) = @_;
	my (%state, %log);
	rows($node,
		'SELECT credential_id, i.code, i.verification FROM qrcred_store.credential c JOIN qrcred_store.issuer i USING (issuer_id)',
		sub {
			my ($id, $issuer, $verification) = @_;
			$state{$id} = new_state($limits->{$issuer});
			$state{$id}{has_codes} = $verification ne 'off';
		});
	rows(
		$node,
		'SELECT owner, attempt_no, (extract(epoch FROM at) * 1000000)::int8, moment, kind, verdict, reason '
		  . 'FROM qrcred_store.attempt WHERE owner > 0 ORDER BY owner, attempt_no',
		sub {
			my ($owner, $no, $at, $moment, $kind, $verdict, $reason) = @_;
			my $s = $state{$owner} // return finding('log of nobody', $owner);
			replay($s, $owner, $no, $kind, $verdict, $reason, $moment);
			$log{row}{"$owner $no"} = { at => $at, kind => $kind, verdict => $verdict, reason => $reason };
			$log{wrong}++ if $reason == $WRONG && defined $factor{$kind};
			push @{ $log{verification}{"$owner wrong"} }, $at
			  if $kind == $VERIFICATION && $verdict == $REJECTED && ($reason == $WRONG || $reason == $REPEATED);
			push @{ $log{verification}{"$owner accepted"} }, $at
			  if $kind == $VERIFICATION && $verdict == $ACCEPTED;
		});
	rows(
		$node,
		'SELECT id, attempt_no, strikes_verification, strikes_biometric, marks, freeze_no, step_biometric, flags & 1 '
		  . 'FROM qrcred_store.strike WHERE id > 0',
		sub {
			my ($id, $no, $verification, $biometric, $marks, $freeze_no, $step, $void) = @_;
			my $s = $state{$id} // return finding('strike row of nobody', $id);
			my $stored = "$no $verification $biometric " . ($marks >> 2 & 3) . " $freeze_no $step";
			my $counted = "$s->{last} $s->{strikes}{2} $s->{strikes}{3} "
			  . ($s->{marked}{2} + 2 * $s->{marked}{3}) . " $s->{freeze_no} $s->{step}";
			finding('strike row not as counted', "payer $id: $stored, counted $counted") if $stored ne $counted;
			finding('void', "payer $id") if $void;
		});
	rows($node,
		'SELECT s.id, a.first_bad, a.finding FROM qrcred_store.strike s, LATERAL qrcred.audit(s.id) a '
		  . 'WHERE NOT a.ok',
		sub { finding('audit', join ' ', @_) });
	return \%log;
}

# ---- what was told

sub read_answers
{
	my ($directory, $log, $totals) = @_;
	my (@answers, %number);

	each_event(
		$directory,
		[qw(sent received client number payer payment verb mode request asked
			  verdict status receipt tries_left attempt_no repeated)],
		sub {
			my ($a) = @_;
			if ($a->{verdict} eq '!')
			{
				$totals->{failures}{ $a->{status} }++;
				finding('unexpected error', "$a->{status} at $a->{verb} by $a->{mode}")
				  unless $expected_failure{ $a->{status} } || $a->{status} eq ($expected_of{ $a->{verb} } // '');
			}
			elsif ($a->{verdict} eq 'committed' || $a->{verdict} eq 'undone')
			{
				my $told = $number{"$a->{client} $a->{number}"}
				  // die "fate of no answer: client $a->{client}, $a->{number}\n";
				@{$told}{qw(fate ended)} = @{$a}{qw(verdict received)};
			}
			else
			{
				$a->{fate} = 'unknown';
				$a->{where} = "payment $a->{payment}, client $a->{client} by $a->{mode}: "
				  . "$a->{verb} $a->{verdict} $a->{status} $a->{receipt}";
				$number{"$a->{client} $a->{number}"} = $a;
				push @answers, $a;
				$totals->{answers}++;
				$totals->{verbs}{ $a->{verb} }++;
				$totals->{modes}{ $a->{mode} }++;
			}
		});
	return \@answers;
}

# A verdict on a biometric code: its log row, once per code and request.
sub check_presented
{
	my ($a, $log, $seen) = @_;
	return if $a->{attempt_no} eq '-';
	my $row = $log->{row}{"$a->{payer} $a->{attempt_no}"};
	return finding('revealed and lost', $a->{where}) unless $row;
	my $told = "$a->{verdict} $a->{status} $a->{tries_left}";
	my $key = "$a->{payer} $a->{attempt_no}";
	if ($a->{repeated} eq 't')
	{
		push @{ $seen->{repeats} }, [ $key, $told, $a->{where} ];
	}
	else
	{
		finding('told twice as the first', $a->{where}) if $seen->{first}{$key};
		$seen->{first}{$key} = $told;
		finding('logged at another time', $a->{where})
		  if $row->{at} < $a->{sent} || $row->{at} > $a->{received};
		finding('verdict differs from the log', $a->{where})
		  if $row->{kind} != $BIOMETRIC
		  || $row->{verdict} != ($a->{verdict} eq 'accepted' ? $ACCEPTED : $REJECTED)
		  || ($a->{tries_left} ne '-' && $row->{reason} != $WRONG);
	}
	return if $a->{verdict} ne 'accepted';
	finding('a wrong code accepted', $a->{where}) if $a->{asked} eq '-';
	$seen->{accepted_at}{"$a->{payer} $a->{attempt_no}"} = 1;
	my @for = "$a->{payer} for step $a->{asked}";
	push @for, "$a->{payer} by request $a->{request}" if $a->{request} ne '-';
	once($seen, $a->{attempt_no}, $a->{where}, @for);
	return;
}

# What a confirmation says of itself, and of a payment whose end is known.
sub check_confirmed
{
	my ($a, $p) = @_;
	my $is_yes = $a->{verdict} eq ($a->{verb} eq 'confirm' ? 'accepted' : 'done') && $a->{verb} ne 'decline';
	finding('a yes without money', $a->{where}) if $is_yes && $a->{status} !~ /^(?:charged|presented)$/;
	finding('a wrong code accepted', $a->{where})
	  if $a->{verdict} eq 'accepted' && $a->{asked} eq '-';
	finding('charged without a receipt', $a->{where})
	  if $is_yes && $a->{status} eq 'charged' && $a->{receipt} eq '-';
	finding('a receipt without a yes', $a->{where}) if !$is_yes && $a->{receipt} ne '-';
	return if $a->{fate} ne 'committed' || $a->{verdict} eq 'frozen';
	if ($a->{status} eq 'charged' || $a->{status} eq 'declined')
	{
		finding('an end that was told is lost', "$a->{where}, stored $p->{state}")
		  if $p->{state} ne $a->{status};
	}
	if ($is_yes && $a->{status} eq 'charged')
	{
		finding('a receipt that was told is lost', "$a->{where}, stored $p->{receipt}")
		  if $p->{receipt} ne $a->{receipt};
	}
	elsif ($is_yes)
	{
		finding('an order that was told is lost', $a->{where})
		  if !$p->{asked} || $p->{sent_out} != 1;
	}
	return;
}

# Nobody is told otherwise who asks after the end of a payment has been told.
sub check_order
{
	my ($answers) = @_;
	my %end;
	foreach my $a (@$answers)
	{
		next if $a->{fate} ne 'committed' || $a->{status} !~ /^(?:charged|declined)$/;
		my $end = $end{ $a->{payment} };
		$end{ $a->{payment} } = $a if !$end || $a->{ended} < $end->{ended};
	}
	foreach my $a (@$answers)
	{
		my $end = $end{ $a->{payment} };
		next if !$end || $a->{verb} ne 'confirm' || $a->{sent} <= $end->{ended} || $a->{status} eq '-';
		finding('an end that is none', "$a->{where}, after $end->{where}")
		  if $a->{status} ne $end->{status};
		$end->{known} = $a->{receipt} if $end->{receipt} eq '-' && $a->{receipt} ne '-';
		finding('two receipts', "$a->{where}, after $end->{where}")
		  if $a->{receipt} ne '-' && $a->{receipt} ne ($end->{known} // $end->{receipt});
	}
	return;
}

# Each answer about a verification code has a log row of its own, of a moment
# between question and answer: the earliest to end takes the first that fits.
sub check_verifications
{
	my ($answers, $log) = @_;
	my %told;
	foreach my $a (grep { $_->{verb} eq 'confirm' } @$answers)
	{
		push @{ $told{"$a->{payer} wrong"} }, $a if $a->{tries_left} ne '-';
		push @{ $told{"$a->{payer} accepted"} }, $a if $a->{verdict} eq 'accepted';
	}
	foreach my $key (sort keys %told)
	{
		my @waiting = sort { $a->{sent} <=> $b->{sent} } @{ $told{$key} };
		my @open;
		foreach my $at (@{ $log->{verification}{$key} // [] }, 9e18)
		{
			push @open, shift @waiting while @waiting && $waiting[0]{sent} <= $at;
			@open = sort { $a->{received} <=> $b->{received} } @open;
			while (@open && $open[0]{received} < $at)
			{
				my $a = shift @open;
				finding('revealed and lost', "$a->{where} $a->{tries_left}");
			}
			shift @open;
		}
	}
	return;
}

# Everything.  Answers (findings, totals): findings is a hash from what is broken
# to a list of where, totals what was looked at.
sub check_payments
{
	my ($node, $directory, $limits) = @_;
	my %totals = (answers => 0, wrong_told => 0, charged_told => 0);
	my %seen = (repeats => []);

	new_findings();
	end_prepared($node);
	my $payments = read_payments($node);
	my $log = read_log($node, $limits);
	my $answers = read_answers($directory, $log, \%totals);
	check_books($payments);
	foreach my $a (@$answers)
	{
		my $p = $payments->{ $a->{payment} };
		if (!$p)
		{
			finding('no such payment', $a->{where});
			next;
		}
		$a->{payer} = $p->{payer};
		if ($a->{tries_left} ne '-' && $a->{repeated} ne 't')
		{
			$totals{wrong_told}++;
			$totals{wrong}{ $a->{verb} }++;
		}
		$totals{charged_told}++ if $a->{status} eq 'charged';
		check_presented($a, $log, \%seen) if $a->{verb} eq 'present';
		check_confirmed($a, $p) if $a->{verb} =~ /^(?:confirm|settle|decline)$/;
	}
	check_order($answers);
	check_verifications($answers, $log);
	check_repeats(\%seen);
	$totals{accepted} = keys %{ $seen{accepted_at} // {} };
	$totals{wrong_stored} = $log->{wrong} // 0;
	$totals{payments} = keys %$payments;
	$totals{states}{ $_->{state} }++ foreach values %$payments;
	$totals{asked} = grep { $_->{asked} } values %$payments;
	return (findings(), \%totals);
}

# ---- nobody is stuck

# The verification code of a sending, computed here once more.
sub verification_code
{
	my ($master, $payment, $sending) = @_;
	my $key = hmac_sha256("qrcred/1 verification\x01", pack 'H*', $master);
	my $mac = hmac_sha256(pack('H*', $payment =~ tr/-//dr) . pack('N', $sending), $key);
	return sprintf '%06d', unpack('Q>', $mac) % 1_000_000;
}

# Every payment that was left presented is confirmed with its code, and every
# one left open cancelled, by its payer's session, once the books are calm and
# the freezes over; what money is asked for elsewhere is settled.  Answers how
# many, and what did not end so.
sub finish_payments
{
	my ($node, $directory, $master, $wallet, $issuer) = @_;
	my (%session, @stuck, $script, @expected);
	my $settle = '';

	open(my $in, '<', "$directory/payers") or die "$directory/payers: $!";
	while (my $line = <$in>)
	{
		my ($id, undef, undef, $session) = split / /, $line;
		$session{$id} = $session;
	}
	close $in;
	rows(
		$node,
		'SELECT payment_id, credential_id, state, asked IS NOT NULL, sending, i.verification FROM qrcred_store.payment '
		  . "JOIN qrcred_store.credential USING (credential_id) JOIN qrcred_store.issuer i USING (issuer_id) "
		  . "WHERE state IN ('open', 'presented')",
		sub {
			my ($id, $payer, $state, $asked, $sending, $verification) = @_;
			my $session = $session{$payer} // return;
			if ($asked eq 't')
			{
				$settle .= "BEGIN; SELECT bank.settled('$id', 'S-end-$id'), qrcred.settle_payment('$id', 'S-end-$id'), "
				  . "bank.done('$id') \\g /dev/null\nCOMMIT;\n";
			}
			elsif ($state eq 'open')
			{
				$script .= "SELECT status FROM qrcred.cancel_payment('$session', '$id');\n";
				push @expected, "left $id";
				return;
			}
			my $code = $verification eq 'off' ? 'NULL' : "'" . verification_code($master, $id, $sending) . "'";
			$script .= "SELECT verdict || ' ' || status FROM qrcred.confirm('$session', '$id', $code);\n";
			push @expected, "accepted charged $id";
		});
	foreach my $run ([ $issuer, $settle ], [ $wallet, $script // '' ])
	{
		my ($connstr, $text) = @$run;
		my ($out, $err);
		IPC::Run::run([ 'psql', '-XAtq', '-d', $connstr ], '<', \$text, '>', \$out, '2>', \$err);
		push @stuck, $err if $err ne '';
		next if $connstr ne $wallet;
		my @got = split /\n/, $out;
		foreach my $expected (@expected)
		{
			my $got = shift @got // 'nothing';
			push @stuck, "$expected: $got" if $expected !~ /^\Q$got\E \S+$/;
		}
	}
	return (scalar @expected, @stuck);
}

1;
