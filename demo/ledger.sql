--
-- ledger.sql
--	  A small double-entry ledger, and the function with which qrcred debits it.
--	  For the demo, and for a DBA to copy: schema bank.
--
--	  psql -1 -f demo/ledger.sql
--
-- Load it as the role that shall own the ledger.  bank.charge() runs as that
-- owner, whoever calls qrcred.confirm(), so no other role needs a right on schema
-- bank; the owner should be a role of its own, without login, and no superuser.
-- Then the owner of qrcred binds it to an issuer:
--
--	  SELECT qrcred.set_charge_function('bank', 'bank.charge(uuid,text,text,numeric,text,text)');
--
-- What confirm() makes of the function's end:
--
--	  a text		that is the receipt: the payment is charged, in confirm()'s
--					transaction; a rollback there takes back the booking too
--	  null			money moves elsewhere: the payment stays presented until
--					settle_payment() or decline_payment() ends it
--	  QC402			declined, for good; what the function wrote is undone
--	  another error	goes on to confirm()'s caller with its SQLSTATE: the payment
--					stays presented, and confirm() may be called again
--
-- The card is whatever bind_card() was given.  qrcred does not know whose it is:
-- before the bank's server calls bind_card() it makes sure that the card is the
-- customer's own.  Best it mints a token for the card and binds that one.
--

CREATE SCHEMA bank;

-- ---- accounts

-- Only the bank's own accounts may go below zero.  balance is the sum of the
-- account's entries, kept so that one row tells and guards it.
CREATE TABLE bank.account (
	account_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	kind text NOT NULL CHECK (kind IN ('customer', 'payee', 'bank')),
	name text NOT NULL,
	currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
	balance numeric NOT NULL DEFAULT 0,
	UNIQUE (kind, name, currency),
	CONSTRAINT account_must_not_go_negative CHECK (kind = 'bank' OR balance >= 0)
);

-- A card number or token is not stored.  Its digest finds the account; card
-- numbers are few enough to try them all, so the digest has a key.  The last four
-- characters are for people.  Keep the key in a vault or HSM where that matters:
-- here it lies in the same database, and whoever has both can try numbers.
CREATE TABLE bank.card_key (
	one boolean PRIMARY KEY DEFAULT true CHECK (one),
	key bytea NOT NULL CHECK (length(key) = 32)
);
INSERT INTO bank.card_key (key) VALUES (sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())));

CREATE TABLE bank.card (
	digest bytea PRIMARY KEY,
	account_id bigint NOT NULL REFERENCES bank.account,
	last_four text NOT NULL
);

-- hmac() is pgcrypto's, which qrcred needs as well; it is found once, here.
CREATE FUNCTION bank.card_digest(card text) RETURNS bytea
LANGUAGE sql STABLE
RETURN (SELECT hmac(convert_to(card, 'UTF8'), k.key, 'sha256') FROM bank.card_key k);

-- ---- the journal

-- made_in closes a booking: entries are made in its own transaction only.
CREATE TABLE bank.booking (
	booking_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	booked timestamptz NOT NULL DEFAULT clock_timestamp(),
	what text NOT NULL,
	payment_id uuid UNIQUE,
	made_in xid8 NOT NULL DEFAULT pg_current_xact_id()
);

-- Below zero: taken from the account.  NaN and the infinities have no scale.
CREATE TABLE bank.entry (
	booking_id bigint NOT NULL REFERENCES bank.booking,
	account_id bigint NOT NULL REFERENCES bank.account,
	amount numeric NOT NULL CHECK (amount <> 0 AND scale(amount) IS NOT NULL AND scale(amount) <= 4),
	PRIMARY KEY (booking_id, account_id)
);
CREATE INDEX ON bank.entry (account_id);

CREATE FUNCTION bank.on_entry() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF (SELECT b.made_in <> pg_current_xact_id() FROM bank.booking b WHERE b.booking_id = NEW.booking_id) THEN
		RAISE EXCEPTION 'booking % is closed', NEW.booking_id USING ERRCODE = '55000';
	END IF;
	UPDATE bank.account a SET balance = a.balance + NEW.amount WHERE a.account_id = NEW.account_id;
	RETURN NULL;
END
$$;
CREATE TRIGGER moves_balance AFTER INSERT ON bank.entry
FOR EACH ROW EXECUTE FUNCTION bank.on_entry();

-- At the commit, whoever wrote the lines and however.  SECURITY DEFINER: there the
-- function has the rights of whoever commits, not of bank.charge()'s owner.
CREATE FUNCTION bank.check_booking() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM bank.entry e WHERE e.booking_id = NEW.booking_id)
		OR EXISTS (SELECT FROM bank.entry e JOIN bank.account a USING (account_id)
			WHERE e.booking_id = NEW.booking_id GROUP BY a.currency HAVING sum(e.amount) <> 0) THEN
		RAISE EXCEPTION 'the entries of booking % do not sum to zero', NEW.booking_id USING ERRCODE = '23514';
	END IF;
	RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER sums_to_zero AFTER INSERT ON bank.entry
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bank.check_booking();
CREATE CONSTRAINT TRIGGER sums_to_zero AFTER INSERT ON bank.booking
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bank.check_booking();

CREATE FUNCTION bank.refuse() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RAISE EXCEPTION 'only a new booking moves money' USING ERRCODE = '55000',
		DETAIL = format('Table bank.%I takes no such change.', TG_TABLE_NAME);
END
$$;
CREATE TRIGGER never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON bank.booking
FOR EACH STATEMENT EXECUTE FUNCTION bank.refuse();
CREATE TRIGGER never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON bank.entry
FOR EACH STATEMENT EXECUTE FUNCTION bank.refuse();
-- a condition sees the depth around its trigger: 0 is a statement of the caller's own
CREATE TRIGGER begins_at_zero BEFORE INSERT ON bank.account
FOR EACH ROW WHEN (NEW.balance <> 0) EXECUTE FUNCTION bank.refuse();
CREATE TRIGGER moved_by_entries BEFORE UPDATE OF balance ON bank.account
FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION bank.refuse();

-- What must never have a row.
CREATE VIEW bank.discrepancy AS
	SELECT 'booking' AS what, b.booking_id AS id
	FROM bank.booking b LEFT JOIN bank.entry e USING (booking_id) LEFT JOIN bank.account a USING (account_id)
	GROUP BY b.booking_id, a.currency HAVING coalesce(sum(e.amount), 1) <> 0
	UNION ALL
	SELECT 'account', a.account_id
	FROM bank.account a LEFT JOIN bank.entry e USING (account_id)
	GROUP BY a.account_id HAVING a.balance <> coalesce(sum(e.amount), 0)
	UNION ALL
	SELECT 'currency', NULL FROM bank.account a GROUP BY a.currency HAVING sum(a.balance) <> 0;

-- ---- what the bank's own software calls

CREATE FUNCTION bank.open_account(kind text, name text, currency text) RETURNS bigint
LANGUAGE sql
BEGIN ATOMIC
	INSERT INTO bank.account (kind, name, currency) VALUES (open_account.kind, open_account.name, open_account.currency)
	RETURNING account_id;
END;

CREATE FUNCTION bank.link_card(account_id bigint, card text) RETURNS void
LANGUAGE sql
BEGIN ATOMIC
	INSERT INTO bank.card (digest, account_id, last_four)
	VALUES (bank.card_digest(link_card.card), link_card.account_id, right(link_card.card, 4));
END;

-- Accounts are locked in one order everywhere, so that no two bookings wait for
-- each other.  A payee's row is locked until the commit: where one payee gets
-- hundreds of payments a second, credit several accounts of his in turn.
CREATE FUNCTION bank.lock_accounts(accounts bigint[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM FROM bank.account a WHERE a.account_id = ANY (accounts) ORDER BY a.account_id FOR NO KEY UPDATE;
END
$$;

-- amounts[i] moves accounts[i]; they sum to zero.  The booking's number.
CREATE FUNCTION bank.book(what text, accounts bigint[], amounts numeric[], payment_id uuid DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	booking bigint;
BEGIN
	PERFORM bank.lock_accounts(accounts);
	INSERT INTO bank.booking (what, payment_id) VALUES (book.what, book.payment_id) RETURNING booking_id INTO booking;
	INSERT INTO bank.entry (booking_id, account_id, amount)
	SELECT booking, line.account_id, line.amount FROM unnest(accounts, amounts) AS line(account_id, amount);
	RETURN booking;
END
$$;

-- ---- what qrcred calls

-- Once per payment_id: the same call again gets the same receipt.  A payee who has
-- no account here is credited to the bank's account "payees to be paid", and paid
-- from there by other means.  card_password is null unless the issuer's policy has
-- store_card_password; this ledger is the card's own and asks for none.  It could
-- not count wrong ones either: a declined charge leaves nothing behind.
CREATE FUNCTION bank.charge(payment_id uuid, card text, card_password text, amount numeric, currency text, payee text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	payer bank.account;
	credited bigint;
	booked record;
BEGIN
	IF payment_id IS NULL OR amount IS NULL OR NOT (amount > 0 AND amount < 'Infinity') THEN
		RAISE EXCEPTION 'a charge needs a payment and an amount above 0' USING ERRCODE = '22023';
	END IF;
	SELECT a.* INTO payer FROM bank.card c JOIN bank.account a USING (account_id)
	WHERE c.digest = bank.card_digest(card);
	SELECT a.account_id INTO credited FROM bank.account a
	WHERE a.currency = charge.currency
		AND ((a.kind = 'payee' AND a.name = payee) OR (a.kind = 'bank' AND a.name = 'payees to be paid'))
	ORDER BY a.kind DESC LIMIT 1;
	PERFORM bank.lock_accounts(ARRAY[payer.account_id, credited]);

	-- not sooner: a call for the same payment may just have ended
	SELECT b.booking_id, b.what, a.currency, -e.amount AS amount INTO booked
	FROM bank.booking b JOIN bank.entry e ON e.booking_id = b.booking_id AND e.amount < 0
		JOIN bank.account a USING (account_id)
	WHERE b.payment_id = charge.payment_id;
	IF FOUND THEN
		IF (booked.what, booked.currency, booked.amount) IS DISTINCT FROM (payee, charge.currency, charge.amount) THEN
			RAISE EXCEPTION 'payment % was booked with another payee or amount', payment_id USING ERRCODE = '22023';
		END IF;
		RETURN 'B-' || booked.booking_id;
	END IF;

	IF payer.account_id IS NULL THEN
		RAISE EXCEPTION 'the card is not known' USING ERRCODE = 'QC402';
	END IF;
	IF payer.currency <> charge.currency THEN
		RAISE EXCEPTION 'the card''s account is kept in %, not in %', payer.currency, charge.currency USING ERRCODE = 'QC402';
	END IF;
	IF payer.kind <> 'bank' AND (SELECT a.balance < charge.amount FROM bank.account a WHERE a.account_id = payer.account_id) THEN
		RAISE EXCEPTION 'the funds do not suffice' USING ERRCODE = 'QC402';
	END IF;
	IF credited IS NULL THEN
		RAISE EXCEPTION 'no account can be credited in %', charge.currency USING ERRCODE = '55000',
			HINT = format('SELECT bank.open_account(''bank'', ''payees to be paid'', %L);', charge.currency);
	END IF;
	RETURN 'B-' || bank.book(payee, ARRAY[payer.account_id, credited], ARRAY[-charge.amount, charge.amount], charge.payment_id);
END
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA bank FROM PUBLIC;
