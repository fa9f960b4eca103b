# What must be true of a store after any crash, and of what its clients were
# told: the seals and counts are computed here once more, apart from the C.
package GuessCheck;

use strict;
use warnings;

use Digest::SHA qw(hmac_sha256);
use Exporter qw(import);
use Findings qw(check_repeats each_event end_prepared expected_failures finding findings
  new_findings once rows);

our @EXPORT_OK = qw(check);

# The numbers that stand in the log.
my %verdict_no = (accepted => 1, challenge => 2, rejected => 3, expired => 4,
	frozen => 5, elsewhere => 6);
my ($ACCEPTED, $CHALLENGE) = (1, 2);
my ($WRONG, $TEXT, $REPEATED) = (6, 11, 18);
my ($STATIC, $ROTATING, $SECOND, $TYPED, $FREEZE, $VOID) = (1, 2, 3, 4, 8, 9);

sub bytes
{
	my ($uuid) = @_;
	return pack 'H*', $uuid =~ tr/-//dr;
}

# Expand(master, "qrcred/1 audit")
sub audit_key
{
	my ($master) = @_;
	return hmac_sha256("qrcred/1 audit\x01", pack 'H*', $master);
}

# ---- the strike rows

# The MAC goes over every column but itself, in the table's order.
my %pack = (int8 => 'q>', int4 => 'l>', int2 => 's>');

sub read_strikes
{
	my ($node, $key) = @_;
	my (@columns, %strikes);

	rows(
		$node,
		"SELECT attname, typname FROM pg_attribute JOIN pg_type t ON t.oid = atttypid "
		  . "WHERE attrelid = 'qrcred_store.strike'::regclass AND attnum > 0 ORDER BY attnum",
		sub { push @columns, [@_] });
	rows(
		$node,
		'SELECT ' . join(', ', map { $_->[0] } @columns) . ' FROM qrcred_store.strike',
		sub {
			my %row;
			my $message = '';
			foreach my $column (@columns)
			{
				my ($name, $type) = @$column;
				$row{$name} = shift;
				$message .= $pack{$type} ? pack($pack{$type}, $row{$name}) : bytes($row{$name})
				  if $name ne 'mac';
			}

			# a gateway's row without a log row has no MAC yet
			finding('mac', "strike row $row{id}")
			  if substr(hmac_sha256($message, $key), 0, 16) ne bytes($row{mac})
			  && ($row{attempt_no} > 0 || $row{id} > 0);
			finding('double strike row', $row{id}) if $strikes{ $row{id} };
			$strikes{ $row{id} } = {
				map { $_ => $row{$_} }
				  qw(attempt_no seal freeze_no strikes_second marks freezes flags
				  challenge_state step_rotating)
			};
		});
	return \%strikes;
}

# ---- the log, replayed

# The state of an owner before its first log row.
sub new_state
{
	my ($owner, $key) = @_;
	return {
		owner => $owner,
		seal => substr(hmac_sha256(pack('q>', $owner), $key), 0, 16),
		attempt_no => 0, strikes => 0, marked => 0, freezes => 0,
		freeze_no => 0, void => 0, open => 0, run => 0, step => 0
	};
}

# One log row of a credential, by the rules of counting.
sub replay
{
	my ($s, $limit, $max_freezes, $kind, $verdict, $reason, $moment, $freeze_no) = @_;
	my $where = "credential $s->{owner}, attempt $s->{attempt_no}";

	if ($reason == $REPEATED) { }
	elsif ($kind == $STATIC && $verdict == $CHALLENGE)
	{
		finding('challenge while void', $where) if $s->{void};
		$s->{open} = 1;
	}
	elsif ($kind == $ROTATING && $verdict == $ACCEPTED)
	{
		finding('step accepted twice', $where) if $moment <= $s->{step};
		$s->{step} = $moment;
	}
	elsif (($kind == $SECOND || $kind == $TYPED) && $verdict == $ACCEPTED)
	{
		finding('accepted without an open challenge', $where)
		  if !$s->{open} || $s->{void};
		@{$s}{qw(open strikes marked)} = (0, 0, 0);
		$s->{run}++;
	}
	elsif ($reason == $WRONG)
	{
		finding('counted without an open challenge', $where)
		  if !$s->{open} || $s->{void};
		if (++$s->{strikes} >= $limit || $s->{marked})
		{
			@{$s}{qw(open strikes marked)} = (0, 0, 1);
			$s->{freeze_no}++;
			$s->{void} = 1 if ++$s->{freezes} > $max_freezes;
			$s->{run}++;
		}
	}
	elsif ($reason == $TEXT)
	{
		$s->{open} = 0;
	}
	elsif ($kind == $FREEZE && !$s->{void})
	{
		@{$s}{qw(open strikes marked)} = (0, 0, 1);
		$s->{freeze_no}++;
		$s->{run}++;
	}
	elsif ($kind == $VOID)
	{
		@{$s}{qw(open void)} = (0, 1);
	}
	if ($freeze_no != $s->{freeze_no})
	{
		finding('freeze not as counted', "$where: $freeze_no, not $s->{freeze_no}");
		$s->{freeze_no} = $freeze_no;
	}
	return;
}

sub compare_end
{
	my ($s, $row) = @_;
	my $owner = $s->{owner};

	finding('log incomplete',
		"owner $owner: the last is $s->{attempt_no}, the strike row says $row->{attempt_no}")
	  if $s->{attempt_no} != $row->{attempt_no};
	finding('seal of the strike row', "owner $owner")
	  if $s->{attempt_no} > 0 && $s->{seal} ne bytes($row->{seal});
	return if $owner <= 0;
	my %stored = (
		freeze_no => $row->{freeze_no},
		strikes => $row->{strikes_second},
		marked => $row->{marks} & 1,
		freezes => $row->{freezes},
		void => $row->{flags} & 1,
		open => $row->{challenge_state} == 1 ? 1 : 0,
		step => $row->{step_rotating});
	foreach my $what (sort keys %stored)
	{
		finding('strike row not as counted',
			"credential $owner: $what is $stored{$what}, not $s->{$what}")
		  if $stored{$what} != $s->{$what};
	}
	return;
}

sub read_log
{
	my ($node, $key, $strikes, $terms) = @_;
	my %log = (row => {}, at => {}, told => {}, rows => 0, wrong => 0);
	my %ended;
	my $s;
	my $end = sub {
		return unless $s;
		my $row = $strikes->{ $s->{owner} };
		$ended{ $s->{owner} } = 1;
		$row ? compare_end($s, $row) : finding('log without a strike row', $s->{owner});
	};

	rows(
		$node,
		'SELECT owner, attempt_no, (extract(epoch FROM at) * 1000000)::int8, moment, actor, '
		  . 'gateway, seal, kind, factor, verdict, reason, tier, freeze_no, generation, kid '
		  . 'FROM qrcred_store.attempt ORDER BY owner, attempt_no, at',
		sub {
			my ($owner, $no, $at, $moment, $actor, $gateway, $seal, $kind, $factor,
				$verdict, $reason, $tier, $freeze_no, $generation, $kid) = @_;

			if (!$s || $s->{owner} != $owner)
			{
				$end->();
				$s = new_state($owner, $key);
			}
			$log{rows}++;
			finding($no == $s->{attempt_no} ? 'double log row' : 'gap in the log',
				"owner $owner: $no after $s->{attempt_no}")
			  if $no != $s->{attempt_no} + 1;
			$s->{attempt_no} = $no;
			my $must = substr(
				hmac_sha256(
					$s->{seal}
					  . pack('q>4 L> l> s>8', $owner, $no, $at, $moment, $actor,
						$gateway, $kind, $factor, $verdict, $reason, $tier,
						$freeze_no, $generation, $kid),
					$key),
				0, 16);
			$s->{seal} = bytes($seal);
			finding('seal', "owner $owner, attempt $no") if $must ne $s->{seal};

			my $run = $s->{run};
			my $cap = 0;
			if ($owner > 0)
			{
				my ($limit, $max_freezes) = @{ $terms->{$owner} // [ 0, 0 ] };
				$cap = $s->{marked} ? 1 : $limit;
				$log{wrong}++ if $reason == $WRONG;
				replay($s, $limit, $max_freezes, $kind, $verdict, $reason,
					$moment, $freeze_no);
			}
			$log{row}{"$owner $no"} = "$verdict $reason $run $cap $at $kind";
			push @{ $log{at}{"$owner $verdict"} }, $at;
			$log{told}{"$gateway $verdict"}++;
		});
	$end->();
	foreach my $owner (grep { !$ended{$_} } keys %$strikes)
	{
		compare_end(new_state($owner, $key), $strikes->{$owner});
	}
	@$_ = sort { $a <=> $b } @$_ foreach values %{ $log{at} };
	return \%log;
}

# ---- what the clients were told

sub has_within
{
	my ($times, $from, $to) = @_;
	my ($lo, $hi) = (0, scalar @{ $times // [] });
	while ($lo < $hi)
	{
		my $middle = int(($lo + $hi) / 2);
		if ($times->[$middle] < $from) { $lo = $middle + 1 }
		else { $hi = $middle }
	}
	return $times && $lo < @$times && $times->[$lo] <= $to;
}

sub check_answer
{
	my ($log, $gateways, $seen, $a) = @_;
	my $id = $a->{credential};
	my $where = "credential $id, attempt $a->{attempt_no}, "
	  . "client $a->{client} by $a->{mode}: $a->{verdict}";
	my $verdict = $verdict_no{ $a->{verdict} };

	if ($a->{attempt_no} eq '-')
	{
		$seen->{told}{"$gateways->{$a->{gateway}} $verdict"}++;

		# which row it is cannot be said, but there must be one of that time
		finding('verdict without a log row', $where)
		  unless has_within($log->{at}{"$id $verdict"}, $a->{sent}, $a->{received})
		  || has_within($log->{at}{"-$gateways->{$a->{gateway}} $verdict"},
			$a->{sent}, $a->{received});
		return;
	}

	my $row = $log->{row}{"$id $a->{attempt_no}"};
	if (!defined $row)
	{
		finding('revealed and lost', $where);
		return;
	}
	$seen->{told}{"$gateways->{$a->{gateway}} $verdict"}++;
	my ($stored, $reason, $run, $cap, $at, $kind) = split / /, $row;
	finding('verdict differs from the log', "$where, stored $stored") if $stored != $verdict;
	my $told = "$a->{verdict} $a->{next} $a->{tries_left}";
	if ($a->{repeated} eq 't')
	{
		push @{ $seen->{repeats} }, [ "$id $a->{attempt_no}", $told, $where ];
	}
	else
	{
		finding($a->{tries_left} eq '-' ? 'told twice as the first' : 'strike lost', $where)
		  if $seen->{first}{"$id $a->{attempt_no}"};
		$seen->{first}{"$id $a->{attempt_no}"} = $told;
		finding('logged at another time', $where)
		  if $at < $a->{sent} || $at > $a->{received};
		if ($a->{tries_left} ne '-')
		{
			$seen->{wrong}++;
			finding('told wrong, not counted', "$where, reason $reason") if $reason != $WRONG;
			finding('more wrong codes told than the limit', "$where, run $run")
			  if ++$seen->{run}{"$id $run"} > $cap;
		}
	}
	if ($a->{verdict} eq 'accepted')
	{
		my @for = $a->{asked} eq '-' ? () : "$id for $a->{asked}";
		push @for, "$id by request $a->{request} $a->{asked}" if $a->{request} ne '-';
		once($seen, $a->{attempt_no}, $where, @for);
	}
	return;
}

sub check_answers
{
	my ($directory, $log, $gateways, $paid, %expected) = @_;
	my %seen = (wrong => 0, repeats => [], answers => 0, guesses => 0, failures => {});

	each_event(
		$directory,
		[qw(sent received client credential gateway kind mode request asked
			  verdict next tries_left attempt_no repeated)],
		sub {
			my ($a) = @_;
			if ($a->{verdict} eq '!')
			{
				$seen{failures}{ $a->{next} }++;
				finding('unexpected error', "$a->{next} by $a->{mode}") unless $expected{ $a->{next} };
				return;
			}
			if ($a->{verdict} eq 'paid')
			{
				$seen{paid}++;
				finding('commit lost', "client $a->{client}, row $a->{attempt_no}")
				  unless $paid->{ $a->{attempt_no} } || $expected{paid};
				return;
			}
			$seen{answers}++;
			$seen{guesses}++ if $a->{kind} eq 'second' || $a->{kind} eq 'typed';
			$seen{modes}{ $a->{mode} }++;
			check_answer($log, $gateways, \%seen, $a) if $a->{verdict} ne 'otherwise';
		});
	check_repeats(\%seen);
	foreach my $key (keys %{ $seen{told} })
	{
		finding('more verdicts told than logged', "gateway and verdict $key")
		  if $seen{told}{$key} > ($log->{told}{$key} // 0);
	}
	return \%seen;
}

# Heaps against their indexes, by the server's own checker.
sub amcheck
{
	my ($node) = @_;
	my $connstr = $node->connstr('postgres');
	my @relations;

	rows(
		$node,
		"SELECT c.oid, c.relname, c.relkind FROM pg_class c WHERE relnamespace = "
		  . "'qrcred_store'::regnamespace AND relkind IN ('r', 'i') ORDER BY 2",
		sub { push @relations, [@_] });
	finding('amcheck', 'there is nothing to check') if @relations < 20;
	foreach my $relation (@relations)
	{
		my ($oid, $name, $kind) = @$relation;
		my $query =
		  $kind eq 'i'
		  ? "SELECT bt_index_check($oid, true)"
		  : "SELECT blkno, offnum, attnum, msg FROM verify_heapam($oid)";
		my $answer = `psql -XAtq -d '$connstr' -c "$query" 2>&1`;

		# an index without a finding answers with an empty line
		finding('amcheck', "$name: " . ($answer =~ s/\s+/ /gr))
		  if $? != 0 || $answer =~ /\S/;
	}
	return;
}

# Everything.  Answers (findings, totals): findings is a hash from what is
# broken to a list of where, totals what was looked at.  @expected: SQLSTATEs
# that clients may meet besides the usual, and "paid" where a cancelled wait for
# a standby may have ended a commit of the callers' own writes.
sub check
{
	my ($node, $directory, $master, $limits, $max_freezes, @expected) = @_;
	my $key = audit_key($master);
	my (%terms, %gateways, %paid);

	new_findings();
	end_prepared($node);
	rows(
		$node,
		'SELECT credential_id, code FROM qrcred_store.credential JOIN qrcred_store.issuer USING (issuer_id)',
		sub { $terms{ $_[0] } = [ $limits->{ $_[1] }, $max_freezes->{ $_[1] } ] });
	rows($node, 'SELECT gateway, gateway_id FROM qrcred_store.gateway',
		sub { $gateways{ $_[0] } = $_[1] });
	rows($node, 'SELECT n FROM guess.paid', sub { $paid{ $_[0] } = 1 });

	my $strikes = read_strikes($node, $key);
	my $log = read_log($node, $key, $strikes, \%terms);
	my $seen = check_answers($directory, $log, \%gateways, \%paid,
		expected_failures(25006, @expected));
	amcheck($node);
	my %totals = (
		answers => $seen->{answers},
		guesses => $seen->{guesses},
		paid => $seen->{paid} // 0,
		told_wrong => $seen->{wrong},
		stored_wrong => $log->{wrong},
		rows => $log->{rows},
		credentials => scalar keys %terms,
		repeats => scalar @{ $seen->{repeats} },
		modes => $seen->{modes},
		failures => $seen->{failures});
	finding('fewer strikes stored than told', "$log->{wrong} < $seen->{wrong}")
	  if $log->{wrong} < $seen->{wrong};
	return (findings(), \%totals);
}

1;
