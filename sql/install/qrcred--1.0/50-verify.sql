/* Scanning.  C opens the store's tables itself, so the caller needs no right on them. */
CREATE TYPE qrcred.verification AS (
	verdict text,
	next text,
	credential_id int8,
	customer_ref text,
	issuer text,
	tier text,
	challenge text,
	challenge_seconds int,
	tries_left int,
	message text,
	attempt_no int8,
	repeated boolean
);
REVOKE ALL ON TYPE qrcred.verification FROM PUBLIC;
GRANT USAGE ON TYPE qrcred.verification TO PUBLIC;
COMMENT ON TYPE qrcred.verification IS 'The answer to a scan: verdict accepted, challenge, rejected, expired, frozen or elsewhere; next none, second_code, password, renew or stop';

CREATE FUNCTION qrcred.verify(code text, gateway text, transaction_text text DEFAULT NULL, request_id uuid DEFAULT NULL) RETURNS qrcred.verification
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'qrcred_verify';
REVOKE ALL ON FUNCTION qrcred.verify(text, text, text, uuid) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.verify(text, text, text, uuid) IS 'Scan 1: a first code opens a challenge (or is accepted alone where the policy says so), a rotating code is accepted; durable before it is told. Call it in FROM';

CREATE FUNCTION qrcred.verify_second(credential_id int8, code text, gateway text, transaction_text text DEFAULT NULL, request_id uuid DEFAULT NULL) RETURNS qrcred.verification
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'qrcred_verify_second';
REVOKE ALL ON FUNCTION qrcred.verify_second(int8, text, text, text, uuid) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.verify_second(int8, text, text, text, uuid) IS 'Scan 2: the second code, or the 8 typed digits, for the challenge open at this gateway; a wrong one counts whatever the caller''s transaction does';

CREATE FUNCTION qrcred.verify_many(codes text[], seen_at int8[], gateway text) RETURNS SETOF qrcred.verification
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'qrcred_verify_many';
REVOKE ALL ON FUNCTION qrcred.verify_many(text[], int8[], text) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.verify_many(text[], int8[], text) IS 'Codes collected earlier, in their order: step judged at seen_at (unix seconds, at most 24 hours ago), state as of now, tier D at most, no challenge';

CREATE FUNCTION qrcred.check_password(credential_id int8, attempt_no int8, password text, gateway text, request_id uuid DEFAULT NULL) RETURNS qrcred.verification
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'qrcred_check_password';
REVOKE ALL ON FUNCTION qrcred.check_password(int8, int8, text, text, uuid) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.check_password(int8, int8, text, text, uuid) IS 'The account password for the credential''s latest acceptance (attempt_no), at the same gateway, within 120 seconds, until a right one; a wrong one counts';

CREATE FUNCTION qrcred.expected_second(credential_id int8, moment int8) RETURNS text
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'qrcred_expected_second';
REVOKE ALL ON FUNCTION qrcred.expected_second(int8, int8) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.expected_second(int8, int8) IS 'The second code that the open challenge asks for at a wallet clock of moment (unix seconds, 0 to 4294967295); owner only';

CREATE FUNCTION qrcred.challenge_number(credential_id int8, nonce bytea, transaction_text text) RETURNS text
LANGUAGE c STABLE
AS 'MODULE_PATHNAME', 'qrcred_challenge_number';
REVOKE ALL ON FUNCTION qrcred.challenge_number(int8, bytea, text) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.challenge_number(int8, bytea, text) IS 'The challenge digits for a nonce of 16 bytes and a transaction text (null and empty are the same); owner only';

/* The limits of a day; called by verify() and verify_second() as the owner. */
CREATE FUNCTION qrcred.is_over_limit(credential_id int8, tier text, transaction_text text, holds boolean) RETURNS boolean
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $is_over_limit$
DECLARE
	m text[] := regexp_match(transaction_text, '^([A-Z]{3}) ([0-9]{1,15}(?:[.][0-9]{1,4})?) ');
	today date := (clock_timestamp() AT TIME ZONE 'UTC')::date;
	r record;
	sum numeric;
BEGIN
	IF m IS NULL THEN
		RETURN NULL;
	END IF;
	SELECT c.customer_id, (i.tier_limits ->> is_over_limit.tier)::numeric AS top INTO r
	FROM qrcred_store.credential c JOIN qrcred_store.issuer i USING (issuer_id)
	WHERE c.credential_id = is_over_limit.credential_id;
	IF r.top IS NULL THEN
		RETURN NULL;
	END IF;
	/* what opens a challenge at best would make the customer wait for nothing */
	IF NOT holds THEN
		SELECT s.amount INTO sum FROM qrcred_store.spent s
		WHERE s.customer_id = r.customer_id AND s.day = today AND s.currency = m[1] AND s.tier = is_over_limit.tier::"char";
		RETURN coalesce(sum, 0) + m[2]::numeric > r.top;
	END IF;
	INSERT INTO qrcred_store.spent AS s (customer_id, day, currency, tier)
	VALUES (r.customer_id, today, m[1], is_over_limit.tier::"char") ON CONFLICT DO NOTHING;
	SELECT s.amount INTO sum FROM qrcred_store.spent s
	WHERE s.customer_id = r.customer_id AND s.day = today AND s.currency = m[1] AND s.tier = is_over_limit.tier::"char"
	FOR UPDATE;
	RETURN sum + m[2]::numeric > r.top;
END
$is_over_limit$;
REVOKE ALL ON FUNCTION qrcred.is_over_limit(int8, text, text, boolean) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.is_over_limit(int8, text, text, boolean) IS 'Part of verify(): whether "CCY amount payee" would exceed the tier''s day; null where no amount or no limit is; where it holds, locks the day''s row';

CREATE FUNCTION qrcred.note_spent(credential_id int8, attempt_no int8, tier text, transaction_text text) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $note_spent$
#variable_conflict use_column
DECLARE
	m text[] := regexp_match(transaction_text, '^([A-Z]{3}) ([0-9]{1,15}(?:[.][0-9]{1,4})?) ');
	today date := (clock_timestamp() AT TIME ZONE 'UTC')::date;
BEGIN
	INSERT INTO qrcred_store.spent_attempt VALUES (note_spent.credential_id, note_spent.attempt_no, today) ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		RETURN;
	END IF;
	INSERT INTO qrcred_store.spent AS s (customer_id, day, currency, tier, amount)
	SELECT c.customer_id, today, m[1], note_spent.tier::"char", m[2]::numeric
	FROM qrcred_store.credential c WHERE c.credential_id = note_spent.credential_id
	ON CONFLICT (customer_id, day, currency, tier) DO UPDATE SET amount = s.amount + excluded.amount;
END
$note_spent$;
REVOKE ALL ON FUNCTION qrcred.note_spent(int8, int8, text, text) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.note_spent(int8, int8, text, text) IS 'Part of verify(): adds an acceptance''s amount to the day, once per attempt number';
