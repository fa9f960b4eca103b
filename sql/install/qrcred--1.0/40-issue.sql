/* Issuing and downloading: run as the extension's owner over the store. */
CREATE FUNCTION qrcred.register(issuer text, customer_ref text, full_name text, id_number text, phone text) RETURNS void
LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'qrcred_register';
REVOKE ALL ON FUNCTION qrcred.register(text, text, text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.register(text, text, text, text, text) IS 'Takes a customer''s registration data, normalised to NFC and sealed; 1 to 512 bytes each';

CREATE FUNCTION qrcred.issue(issuer text, customer_ref text, purpose text DEFAULT NULL, face_value text DEFAULT NULL, valid_days int DEFAULT NULL,
	OUT credential_id int8, OUT ticket text, OUT link text)
LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'qrcred_issue';
REVOKE ALL ON FUNCTION qrcred.issue(text, text, text, text, int) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.issue(text, text, text, text, int) IS 'Makes a credential for a registered customer, waiting for download; valid 1 to 3660 days, by default as the policy says';

CREATE FUNCTION qrcred.issue_many(issuer text, customer_refs text[],
	OUT customer_ref text, OUT credential_id int8, OUT ticket text, OUT link text, OUT error text) RETURNS SETOF record
LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'qrcred_issue_many';
REVOKE ALL ON FUNCTION qrcred.issue_many(text, text[]) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.issue_many(text, text[]) IS 'A credential for each of up to 5000000 customers, with notices of the progress; what is wrong with one stands in error and costs the others nothing';

CREATE FUNCTION qrcred.resend_link(INOUT credential_id int8, OUT ticket text, OUT link text)
LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'qrcred_resend_link';
REVOKE ALL ON FUNCTION qrcred.resend_link(int8) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.resend_link(int8) IS 'A new ticket for the same generation; the ticket before it ends at once, whatever the transaction does';

CREATE FUNCTION qrcred.download(ticket text, answer text DEFAULT NULL, wallet_nonce bytea DEFAULT NULL) RETURNS jsonb
LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'qrcred_download';
REVOKE ALL ON FUNCTION qrcred.download(text, text, bytea) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.download(text, text, bytea) IS 'The wallet package for a ticket, once, and again within 10 minutes for the same 16-byte wallet_nonce; {"v":1,"verdict":"rejected"} whatever the reason';

CREATE FUNCTION qrcred.set_password(issuer text, customer_ref text, password text) RETURNS void
LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'qrcred_set_password';
REVOKE ALL ON FUNCTION qrcred.set_password(text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.set_password(text, text, text) IS 'Sets the customer''s account password, 1 to 72 bytes, hashed with bcrypt';

CREATE FUNCTION qrcred.renew(code text, wallet_nonce bytea DEFAULT NULL) RETURNS jsonb
LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'qrcred_renew';
REVOKE ALL ON FUNCTION qrcred.renew(text, bytea) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.renew(text, bytea) IS 'The package of a new generation for a renewal code of the present one, until renew_grace_days after expiry; never while frozen, void, or after the registration changed; {"v":1,"verdict":"rejected"} whatever the reason';

CREATE FUNCTION qrcred.reissue(INOUT credential_id int8, OUT ticket text, OUT link text)
LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'qrcred_reissue';
REVOKE ALL ON FUNCTION qrcred.reissue(int8) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.reissue(int8) IS 'Makes the credential anew from the registration data, with a new ticket; every older code and ticket ends at once, whatever the transaction does';

CREATE FUNCTION qrcred.find_customer(issuer text, customer_ref text, OUT registered int8, OUT credentials int)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $find_customer$
BEGIN
	IF issuer IS NULL OR customer_ref IS NULL THEN
		RAISE EXCEPTION 'argument "%" must not be null', CASE WHEN issuer IS NULL THEN 'issuer' ELSE 'customer_ref' END
			USING ERRCODE = '22023';
	END IF;
	IF NOT EXISTS (SELECT FROM qrcred_store.issuer i WHERE i.code = find_customer.issuer) THEN
		RAISE EXCEPTION 'argument "issuer" names no issuer' USING ERRCODE = '22023';
	END IF;
	PERFORM qrcred.require_issuer((SELECT i.issuer_id FROM qrcred_store.issuer i WHERE i.code = find_customer.issuer), 'issuer');
	SELECT extract(epoch FROM c.registered)::int8,
		(SELECT count(*) FROM qrcred_store.credential x WHERE x.customer_id = c.customer_id)::int
	INTO registered, credentials
	FROM qrcred_store.customer c JOIN qrcred_store.issuer i USING (issuer_id)
	WHERE i.code = find_customer.issuer AND c.customer_ref = find_customer.customer_ref;
END
$find_customer$;
REVOKE ALL ON FUNCTION qrcred.find_customer(text, text) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.find_customer(text, text) IS 'When the customer was registered (unix seconds) and how many credentials it has; nulls when it is not registered';

CREATE FUNCTION qrcred.credentials_of(issuer text, customer_ref text, OUT credential_id int8, OUT state text, OUT generation int, OUT valid_until int8) RETURNS SETOF record
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $credentials_of$
BEGIN
	IF issuer IS NULL OR customer_ref IS NULL THEN
		RAISE EXCEPTION 'argument "%" must not be null', CASE WHEN issuer IS NULL THEN 'issuer' ELSE 'customer_ref' END
			USING ERRCODE = '22023';
	END IF;
	PERFORM qrcred.require_issuer((SELECT i.issuer_id FROM qrcred_store.issuer i WHERE i.code = credentials_of.issuer), 'issuer');
	IF NOT EXISTS (SELECT FROM qrcred_store.customer c JOIN qrcred_store.issuer i USING (issuer_id)
				   WHERE i.code = credentials_of.issuer AND c.customer_ref = credentials_of.customer_ref) THEN
		RAISE EXCEPTION 'argument "customer_ref" names no customer of the issuer' USING ERRCODE = '22023';
	END IF;
	RETURN QUERY
	SELECT x.credential_id, p.state, s.generation::int, p.valid_until
	FROM qrcred_store.customer c
	JOIN qrcred_store.issuer i USING (issuer_id)
	JOIN qrcred_store.credential x USING (customer_id)
	JOIN qrcred_store.strike s ON s.id = x.credential_id,
	LATERAL qrcred.state_of(x.credential_id) p
	WHERE i.code = credentials_of.issuer AND c.customer_ref = credentials_of.customer_ref
	ORDER BY x.issued, x.credential_id;
END
$credentials_of$;
REVOKE ALL ON FUNCTION qrcred.credentials_of(text, text) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.credentials_of(text, text) IS 'The customer''s credentials with their states, oldest first; valid_until in unix seconds';

CREATE FUNCTION qrcred.expiring(days int, OUT credential_id int8, OUT valid_until int8) RETURNS SETOF record
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $expiring$
BEGIN
	IF days IS NULL OR days NOT BETWEEN 0 AND 3660 THEN
		RAISE EXCEPTION 'argument "days" must be between 0 and 3660' USING ERRCODE = '22023';
	END IF;
	RETURN QUERY
	SELECT s.id, s.valid_until
	FROM qrcred_store.strike s JOIN qrcred_store.credential c ON c.credential_id = s.id
	WHERE s.flags & 1 = 0 AND qrcred.may_issuer(c.issuer_id, 'issuer')
	  AND s.valid_until > extract(epoch FROM clock_timestamp())
	  AND s.valid_until <= extract(epoch FROM clock_timestamp()) + days::int8 * 86400
	ORDER BY s.valid_until, s.id;
END
$expiring$;
REVOKE ALL ON FUNCTION qrcred.expiring(int) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.expiring(int) IS 'Credentials that expire within so many days (0 to 3660) and are not void, of the issuers that the caller may act for; reads the whole strike table';

CREATE FUNCTION qrcred.cancel_ticket(credential_id int8) RETURNS void
LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'qrcred_cancel_ticket';
REVOKE ALL ON FUNCTION qrcred.cancel_ticket(int8) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.cancel_ticket(int8) IS 'Ends the credential''s open ticket at once, whatever the transaction does; resend_link() makes another';

CREATE FUNCTION qrcred.static_code(credential_id int8) RETURNS text
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'qrcred_static_code';
REVOKE ALL ON FUNCTION qrcred.static_code(int8) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.static_code(int8) IS 'The first code of the credential''s present generation; owner only, for card_svg(credential_id)';

CREATE FUNCTION qrcred.card_svg(credential_id int8) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $card_svg$
DECLARE
	r record;
BEGIN
	SELECT i.issuer_id, i.name, c.purpose, c.face_value, s.valid_until INTO r
	FROM qrcred_store.credential c JOIN qrcred_store.issuer i USING (issuer_id)
	JOIN qrcred_store.strike s ON s.id = c.credential_id
	WHERE c.credential_id = card_svg.credential_id AND c.kind = 1;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'argument "credential_id" names no credential with a card' USING ERRCODE = '22023';
	END IF;
	PERFORM qrcred.require_issuer(r.issuer_id, 'issuer');
	RETURN qrcred.card_svg(qrcred.static_code(card_svg.credential_id), r.name, r.purpose, r.face_value, r.valid_until);
END
$card_svg$;
REVOKE ALL ON FUNCTION qrcred.card_svg(int8) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.card_svg(int8) IS 'The card of a credential as SVG, with its first code: a secret of the customer''s';

CREATE FUNCTION qrcred.update_registration(issuer text, customer_ref text, full_name text, id_number text, phone text) RETURNS void
LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'qrcred_update_registration';
REVOKE ALL ON FUNCTION qrcred.update_registration(text, text, text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.update_registration(text, text, text, text, text) IS 'Replaces a customer''s registration data; codes made from other data end at once, reissue() makes new ones; sends no link by itself';
