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
