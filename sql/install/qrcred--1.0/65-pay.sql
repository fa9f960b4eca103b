/*
 * System B: payers, their logins and sessions, cards, biometrics, payments.
 * All of it runs as the extension's owner; a session says who calls.
 */
CREATE FUNCTION qrcred.enrol_payer(issuer text, customer_ref text, OUT credential_id int8, OUT ticket text, OUT link text) RETURNS record
LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'qrcred_enrol_payer';
REVOKE ALL ON FUNCTION qrcred.enrol_payer(text, text) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.enrol_payer(text, text) IS 'Makes a customer a payer: a credential of its own and the ticket with which register_login() sets up the login; link is null without wallet_url';

CREATE FUNCTION qrcred.register_login(ticket text, answer text, login text, password text, OUT verdict text) RETURNS text
LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'qrcred_register_login';
REVOKE ALL ON FUNCTION qrcred.register_login(text, text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.register_login(text, text, text, text) IS 'A payer''s login (1 to 64 bytes, printable, NFC) and password (1 to 72 bytes) by the ticket of enrol_payer() or reissue(): accepted, rejected whatever the reason, or login_taken, which leaves the ticket unused; an accepted ticket is used whatever becomes of the caller''s transaction';

CREATE FUNCTION qrcred.login(login text, password text, gateway text, OUT verdict text, OUT session text) RETURNS record
LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'qrcred_login';
REVOKE ALL ON FUNCTION qrcred.login(text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.login(text, text, text) IS 'A session of 5 minutes without use, 30 in all, bound to the gateway; accepted or rejected. Wrong passwords make the login wait (1 s, 2 s, 4 s to 15 minutes), unknown names alike, whatever the caller''s transaction does; a credential is never frozen by them';

CREATE FUNCTION qrcred.logout(session text) RETURNS void
LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'qrcred_logout';
REVOKE ALL ON FUNCTION qrcred.logout(text) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.logout(text) IS 'Ends a session';

CREATE FUNCTION qrcred.change_login_password(session text, password text) RETURNS void
LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'qrcred_change_login_password';
REVOKE ALL ON FUNCTION qrcred.change_login_password(text, text) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.change_login_password(text, text) IS 'Another password (1 to 72 bytes); the login''s other sessions end, and so does a binding, whose template was projected under the old one';

CREATE FUNCTION qrcred.bind_card(session text, card text, card_password text DEFAULT NULL) RETURNS void
LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'qrcred_bind_card';
REVOKE ALL ON FUNCTION qrcred.bind_card(text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.bind_card(text, text, text) IS 'The card number or token (1 to 256 bytes) to pay with, sealed, in place of the one before; its payment password only where the issuer''s policy has store_card_password (PCI DSS: the card''s own issuer)';

CREATE FUNCTION qrcred.unbind_card(session text) RETURNS void
LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'qrcred_unbind_card';
REVOKE ALL ON FUNCTION qrcred.unbind_card(text) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.unbind_card(text) IS 'Forgets the card';

CREATE FUNCTION qrcred.begin_binding(session text, OUT credential_id int8, OUT kid int, OUT generation int, OUT salt bytea) RETURNS record
LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'qrcred_begin_binding';
REVOKE ALL ON FUNCTION qrcred.begin_binding(text) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.begin_binding(text) IS 'Begins to bind a biometric: draws a salt of 16 bytes; what was bound before ends and the generation is raised, whatever becomes of the caller''s transaction';

CREATE FUNCTION qrcred.bind_biometric(session text, template varbit, salt bytea, model text, code text DEFAULT 'bch1023_123') RETURNS void
LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'qrcred_bind_biometric';
REVOKE ALL ON FUNCTION qrcred.bind_biometric(text, varbit, bytea, text, text) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.bind_biometric(text, varbit, bytea, text, text) IS 'Commits to a template here: 1023 bits (bch1023_123) or 511 (bch511_76), the salt of begin_binding(), the model''s name (1 to 64 bytes); template and secret are not kept';

CREATE FUNCTION qrcred.bind_helper(session text, helper varbit, key bytea, salt bytea, model text, code text) RETURNS void
LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'qrcred_bind_helper';
REVOKE ALL ON FUNCTION qrcred.bind_helper(text, varbit, bytea, bytea, text, text) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.bind_helper(text, varbit, bytea, bytea, text, text) IS 'The same where the wallet has committed by itself: its helper, and K(biometric) of 32 bytes, which is sealed';

CREATE FUNCTION qrcred.unbind_biometric(session text) RETURNS void
LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'qrcred_unbind_biometric';
REVOKE ALL ON FUNCTION qrcred.unbind_biometric(text) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.unbind_biometric(text) IS 'Ends what is bound: the generation is raised, whatever becomes of the caller''s transaction, and no code made from it is good any more';

CREATE FUNCTION qrcred.biometric_package(session text, verification_code text DEFAULT NULL) RETURNS jsonb
LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'qrcred_biometric_package';
REVOKE ALL ON FUNCTION qrcred.biometric_package(text, text) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.biometric_package(text, text) IS 'The payer''s package with helper and salt. To the session that bound it at once; to another device, unless the policy''s verification is off, with a code: without one a code is sent and the answer is null. Three a day, each told to the customer; a wrong code counts';

CREATE FUNCTION qrcred.begin_payment(session text, amount numeric, currency text, payee text, order_ref text, request_id uuid DEFAULT NULL, OUT payment_id uuid, OUT payee text, OUT currency text, OUT amount text, OUT nonce text, OUT expires_in int, OUT kid int, OUT generation int) RETURNS record
LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'qrcred_begin_payment';
REVOKE ALL ON FUNCTION qrcred.begin_payment(text, numeric, text, text, text, uuid) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.begin_payment(text, numeric, text, text, text, uuid) IS 'A payment to be signed: the five texts that the biometric code covers, seconds until it expires, and the code''s kid and generation; amount above 0 with no more than the currency''s decimals (ISO 4217); the same request_id begins it once';

CREATE FUNCTION qrcred.present(session text, payment_id uuid, code text, gateway text, request_id uuid DEFAULT NULL) RETURNS qrcred.verification
LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'qrcred_present';
REVOKE ALL ON FUNCTION qrcred.present(text, uuid, text, text, uuid) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.present(text, uuid, text, text, uuid) IS 'The biometric code of a payment, at the session''s gateway: accepted (tier B) makes it presented and sends a verification code, or shows it as challenge where the policy says screen; a wrong one counts whatever the caller''s transaction does, and the third leaves the payment';

CREATE FUNCTION qrcred.resend(session text, payment_id uuid) RETURNS void
LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'qrcred_resend';
REVOKE ALL ON FUNCTION qrcred.resend(text, uuid) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.resend(text, uuid) IS 'Another verification code for a presented payment, three in all; the one before is worthless then';

CREATE FUNCTION qrcred.confirm(session text, payment_id uuid, verification_code text, request_id uuid DEFAULT NULL, OUT verdict text, OUT status text, OUT receipt text, OUT tries_left int) RETURNS record
LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'qrcred_confirm';
REVOKE ALL ON FUNCTION qrcred.confirm(text, uuid, text, uuid) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.confirm(text, uuid, text, uuid) IS 'The verification code (null where the policy''s verification is off), and the charge in this transaction, once per payment. Paid is: verdict accepted and status charged; accepted and presented: money moves elsewhere, see settle_payment(). A wrong code counts whatever the caller''s transaction does; a right one may be given again for the same receipt';

CREATE FUNCTION qrcred.cancel_payment(session text, payment_id uuid, OUT status text) RETURNS text
LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'qrcred_cancel_payment';
REVOKE ALL ON FUNCTION qrcred.cancel_payment(text, uuid) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.cancel_payment(text, uuid) IS 'Leaves a payment that is open or presented; its state afterwards';

CREATE FUNCTION qrcred.payment_status(session text, payment_id uuid, OUT status text) RETURNS text
LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'qrcred_payment_status';
REVOKE ALL ON FUNCTION qrcred.payment_status(text, uuid) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.payment_status(text, uuid) IS 'open, presented, charged, declined, left or expired';

/*
 * Not SECURITY DEFINER: the search_path that the owner has now is noted, and is
 * the one under which the function will run unless it sets its own.  Temporary
 * objects come last in it: they are the payer's gateway's, not the owner's.
 */
CREATE FUNCTION qrcred.set_charge_function(issuer text, function regprocedure) RETURNS void
LANGUAGE plpgsql VOLATILE
AS $set_charge_function$
DECLARE
	p pg_catalog.pg_proc;
	path text := pg_catalog.current_setting('search_path');
BEGIN
	IF issuer IS NULL OR function IS NULL THEN
		RAISE EXCEPTION 'argument "%" must not be null', CASE WHEN issuer IS NULL THEN 'issuer' ELSE 'function' END
			USING ERRCODE = '22023';
	END IF;
	SELECT * INTO p FROM pg_catalog.pg_proc f WHERE f.oid OPERATOR(pg_catalog.=) function;
	IF NOT FOUND OR p.prokind OPERATOR(pg_catalog.<>) 'f' OR p.proretset
		OR p.prorettype OPERATOR(pg_catalog.<>) 'pg_catalog.text'::pg_catalog.regtype
		OR pg_catalog.oidvectortypes(p.proargtypes) OPERATOR(pg_catalog.<>) 'uuid, text, text, numeric, text, text' THEN
		RAISE EXCEPTION 'argument "function" must be a function (payment_id uuid, card text, card_password text, amount numeric, currency text, payee text) that returns text'
			USING ERRCODE = '22023';
	END IF;
	IF p.proisstrict THEN
		RAISE EXCEPTION 'argument "function" must not be STRICT' USING ERRCODE = '22023',
			DETAIL = 'card_password is null unless the policy keeps it, and such a call would be taken for a payment under way.';
	END IF;
	/* where it is not named, PostgreSQL looks there for tables first */
	IF path OPERATOR(pg_catalog.!~) '\mpg_temp\M' THEN
		path := path OPERATOR(pg_catalog.||) ', pg_temp';
	END IF;
	UPDATE qrcred_store.issuer i
	SET charge_oid = function, charge_path = path,
		charge_name = pg_catalog.format('%I.%I', (SELECT n.nspname FROM pg_catalog.pg_namespace n WHERE n.oid OPERATOR(pg_catalog.=) p.pronamespace), p.proname)
	WHERE i.code OPERATOR(pg_catalog.=) issuer;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'argument "issuer" names no issuer' USING ERRCODE = '22023';
	END IF;
END
$set_charge_function$;
REVOKE ALL ON FUNCTION qrcred.set_charge_function(text, regprocedure) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.set_charge_function(text, regprocedure) IS 'What confirm() calls to debit, as that function''s own owner: (payment_id uuid, card text, card_password text, amount numeric, currency text, payee text) returns text, the receipt; SQLSTATE QC402 declines, null means that money moves elsewhere. It runs under the search_path of this call, temporary objects last, unless it sets its own';

/* The end of a payment whose money moves elsewhere; answers whether it is new. */
CREATE FUNCTION qrcred.end_payment(payment_id uuid, state text, receipt text, reason text) RETURNS boolean
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $end_payment$
DECLARE
	p record;
BEGIN
	IF payment_id IS NULL THEN
		RAISE EXCEPTION 'argument "payment_id" must not be null' USING ERRCODE = '22023';
	END IF;
	IF end_payment.state = 'declined' THEN
		/* the day's rows before the payment's, as confirm() takes them */
		PERFORM FROM qrcred_store.payment y JOIN qrcred_store.credential c USING (credential_id)
			JOIN qrcred_store.spent s USING (customer_id)
		WHERE y.payment_id = end_payment.payment_id AND s.day >= (y.asked AT TIME ZONE 'UTC')::date AND s.tier = 'B'
		FOR UPDATE OF s;
	END IF;
	SELECT y.state, y.receipt, y.asked, y.credential_id, y.attempt_no, y.amount, y.currency, c.issuer_id, c.customer_id INTO p
	FROM qrcred_store.payment y JOIN qrcred_store.credential c USING (credential_id)
	WHERE y.payment_id = end_payment.payment_id FOR UPDATE OF y;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'argument "payment_id" names no payment' USING ERRCODE = '22023';
	END IF;
	PERFORM qrcred.require_issuer(p.issuer_id, 'issuer');
	IF p.state = end_payment.state AND p.asked IS NOT NULL AND p.receipt IS NOT DISTINCT FROM end_payment.receipt THEN
		RETURN false;
	END IF;
	IF p.state <> 'presented' OR p.asked IS NULL THEN
		RAISE EXCEPTION 'the payment is not being charged' USING ERRCODE = '55000',
			DETAIL = format('Its state is "%s".', p.state);
	END IF;
	UPDATE qrcred_store.payment y
	SET state = end_payment.state, receipt = end_payment.receipt, reason = end_payment.reason, ended = clock_timestamp()
	WHERE y.payment_id = end_payment.payment_id;
	IF end_payment.state = 'declined' THEN
		/* what did not move counts for no day's limit */
		WITH noted AS (
			DELETE FROM qrcred_store.spent_attempt t
			WHERE t.credential_id = p.credential_id AND t.attempt_no = p.attempt_no RETURNING t.day)
		UPDATE qrcred_store.spent s SET amount = s.amount - p.amount FROM noted n
		WHERE s.customer_id = p.customer_id AND s.day = n.day AND s.currency = p.currency AND s.tier = 'B';
	END IF;
	RETURN true;
END
$end_payment$;
REVOKE ALL ON FUNCTION qrcred.end_payment(uuid, text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.end_payment(uuid, text, text, text) IS 'Part of settle_payment() and decline_payment(); owner only';

CREATE FUNCTION qrcred.settle_payment(payment_id uuid, receipt text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $settle_payment$
BEGIN
	IF receipt IS NULL OR receipt = '' THEN
		RAISE EXCEPTION 'argument "receipt" must not be empty' USING ERRCODE = '22023';
	END IF;
	PERFORM qrcred.end_payment(payment_id, 'charged', receipt, NULL);
END
$settle_payment$;
REVOKE ALL ON FUNCTION qrcred.settle_payment(uuid, text) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.settle_payment(uuid, text) IS 'The money of a payment whose charge function answered null has moved; the same call again changes nothing';

CREATE FUNCTION qrcred.decline_payment(payment_id uuid, reason text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $decline_payment$
BEGIN
	IF reason IS NULL OR octet_length(reason) NOT BETWEEN 1 AND 1000 THEN
		RAISE EXCEPTION 'argument "reason" must be 1 to 1000 bytes' USING ERRCODE = '22023';
	END IF;
	PERFORM qrcred.end_payment(payment_id, 'declined', NULL, reason);
END
$decline_payment$;
REVOKE ALL ON FUNCTION qrcred.decline_payment(uuid, text) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.decline_payment(uuid, text) IS 'The money of a payment whose charge function answered null will not move; final';
