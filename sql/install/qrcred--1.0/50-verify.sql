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
