/* Pure functions: what is in a code, where it belongs, the wallet's side */

CREATE FUNCTION qrcred.code_parse(code text, OUT kind text, OUT kid int, OUT credential_id int8, OUT generation int, OUT moment int8)
RETURNS record
AS 'MODULE_PATHNAME', 'qrcred_code_parse'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
REVOKE ALL ON FUNCTION qrcred.code_parse(text) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.code_parse(text) IS
'Reads the header of a code (QC1. and 50 characters of base32; 22P02 otherwise) and checks no MAC. kind: static, second, rotating, biometric or renewal; kid and generation 1..255; moment: static = expiry and second = the wallet''s clock, both in unix seconds; rotating, biometric and renewal = unix seconds / 30';

CREATE FUNCTION qrcred.bucket(customer_ref text)
RETURNS int
AS 'MODULE_PATHNAME', 'qrcred_bucket'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
REVOKE ALL ON FUNCTION qrcred.bucket(text) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.bucket(text) IS
'Bucket of a customer, 0..4095: the first 12 bits of the SHA-256 of customer_ref in UTF-8. customer_ref: 1 to 64 bytes, no control characters, in Unicode normalisation form C';

CREATE FUNCTION qrcred.code_bucket(code text)
RETURNS int
AS 'MODULE_PATHNAME', 'qrcred_code_bucket'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
REVOKE ALL ON FUNCTION qrcred.code_bucket(text) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.code_bucket(text) IS
'Bucket, 0..4095, that a code (QC1.), ticket (QT1.) or session (QS1.) belongs to, for routers: nothing but its form is checked (22P02)';

CREATE FUNCTION qrcred.ocra(suite text, key bytea, question text, counter int8 DEFAULT NULL, pin_hash bytea DEFAULT NULL, session bytea DEFAULT NULL, time_step int8 DEFAULT NULL)
RETURNS text
AS 'MODULE_PATHNAME', 'qrcred_ocra'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
REVOKE ALL ON FUNCTION qrcred.ocra(text, bytea, text, int8, bytea, bytea, int8) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.ocra(text, bytea, text, int8, bytea, bytea, int8) IS
'OCRA (RFC 6287), 4 to 9 digits with leading zeros. key: 1 to 1024 bytes; counter: 0 or more, where the suite has C; pin_hash: exactly the hash of the suite''s P; session: exactly the nnn bytes of the suite''s Snnn; time_step: a count of steps since 1970, where the suite has T. An input that the suite does not name must be null';

CREATE FUNCTION qrcred.hotp(key bytea, counter int8, digits int, algorithm text)
RETURNS text
AS 'MODULE_PATHNAME', 'qrcred_hotp'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
REVOKE ALL ON FUNCTION qrcred.hotp(bytea, int8, int, text) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.hotp(bytea, int8, int, text) IS
'HOTP (RFC 4226), with leading zeros. key: 1 to 1024 bytes; counter: 0 or more; digits: 4 to 9; algorithm: sha1, sha256 or sha512';

CREATE FUNCTION qrcred.totp(key bytea, at int8, step int, digits int, algorithm text)
RETURNS text
AS 'MODULE_PATHNAME', 'qrcred_totp'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
REVOKE ALL ON FUNCTION qrcred.totp(bytea, int8, int, int, text) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.totp(bytea, int8, int, int, text) IS
'TOTP (RFC 6238), with leading zeros. key: 1 to 1024 bytes; at: unix seconds, 0 or more; step: seconds, 1 or more, usually 30; digits: 4 to 9; algorithm: sha1, sha256 or sha512';

CREATE FUNCTION qrcred.second_code(key bytea, credential_id int8, kid int, generation int, moment int8, digits text)
RETURNS text
AS 'MODULE_PATHNAME', 'qrcred_second_code'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
REVOKE ALL ON FUNCTION qrcred.second_code(bytea, int8, int, int, int8, text) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.second_code(bytea, int8, int, int, int8, text) IS
'The second code, as a wallet makes it after scan 1. key: the package''s 32-byte key "second"; credential_id: 1 or more; kid and generation: 1..255; moment: the wallet''s clock in unix seconds, 0..4294967295; digits: the 6 to 8 challenge digits';

CREATE FUNCTION qrcred.rotating_code(key bytea, credential_id int8, kid int, generation int, step int8)
RETURNS text
AS 'MODULE_PATHNAME', 'qrcred_rotating_code'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
REVOKE ALL ON FUNCTION qrcred.rotating_code(bytea, int8, int, int, int8) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.rotating_code(bytea, int8, int, int, int8) IS
'The rotating code of a time step, as a wallet makes it. key: the package''s 32-byte key "rotating"; credential_id: 1 or more; kid and generation: 1..255; step: unix seconds / 30, 0..4294967295';

CREATE FUNCTION qrcred.renewal_code(key bytea, credential_id int8, kid int, generation int, step int8)
RETURNS text
AS 'MODULE_PATHNAME', 'qrcred_renewal_code'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
REVOKE ALL ON FUNCTION qrcred.renewal_code(bytea, int8, int, int, int8) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.renewal_code(bytea, int8, int, int, int8) IS
'The renewal request of a time step, as a wallet makes it; it is sent and never drawn. key: the package''s 32-byte key "renewal"; credential_id: 1 or more; kid and generation: 1..255; step: unix seconds / 30, 0..4294967295';

CREATE FUNCTION qrcred.biometric_code(key bytea, credential_id int8, kid int, generation int, step int8, payment_digest bytea)
RETURNS text
AS 'MODULE_PATHNAME', 'qrcred_biometric_code'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
REVOKE ALL ON FUNCTION qrcred.biometric_code(bytea, int8, int, int, int8, bytea) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.biometric_code(bytea, int8, int, int, int8, bytea) IS
'The biometric code of a time step and a payment, as a payer''s wallet makes it. key: the 32-byte key recovered from the biometric; credential_id: 1 or more; kid and generation: 1..255; step: unix seconds / 30, 0..4294967295; payment_digest: the 32 bytes of payment_digest()';

CREATE FUNCTION qrcred.payment_digest(payment_id text, payee text, currency text, amount text, nonce text)
RETURNS bytea
AS 'MODULE_PATHNAME', 'qrcred_payment_digest'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
REVOKE ALL ON FUNCTION qrcred.payment_digest(text, text, text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.payment_digest(text, text, text, text, text) IS
'What a biometric code is bound to, 32 bytes. payment_id: a uuid in lower case; payee: as it was given, hashed in UTF-8; currency: three capitals; amount: above 0, digits with exactly the decimals of ISO 4217 ("88.50", "12000" for JPY), no sign, grouping or leading zero, 15 digits before the point at most; nonce: 32 lower-case hexadecimal digits, hashed as text';

CREATE FUNCTION qrcred.fuzzy_commit(template varbit, secret bytea, code text)
RETURNS varbit
AS 'MODULE_PATHNAME', 'qrcred_fuzzy_commit'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
REVOKE ALL ON FUNCTION qrcred.fuzzy_commit(varbit, bytea, text) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.fuzzy_commit(varbit, bytea, text) IS
'Helper of a template: the template XOR the code word of the secret. code: bch1023_123 (template of 1023 bits, secret of 123 bits in 16 bytes) or bch511_76 (511 bits, 76 bits in 10 bytes); the secret''s unused low bits are zero, and its bits must be random: helper and secret together give the template';

CREATE FUNCTION qrcred.fuzzy_open(helper varbit, template varbit, code text)
RETURNS bytea
AS 'MODULE_PATHNAME', 'qrcred_fuzzy_open'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
REVOKE ALL ON FUNCTION qrcred.fuzzy_open(varbit, varbit, text) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.fuzzy_open(varbit, varbit, text) IS
'The secret that a helper hides, or null when the template differs in too many bits from the one it was made of. code: bch1023_123 (1023 bits, corrects 170) or bch511_76 (511 bits, corrects 85)';

CREATE FUNCTION qrcred.biometric_key(secret bytea, credential_id int8, generation int)
RETURNS bytea
AS 'MODULE_PATHNAME', 'qrcred_biometric_key'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
REVOKE ALL ON FUNCTION qrcred.biometric_key(bytea, int8, int) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.biometric_key(bytea, int8, int) IS
'The key of biometric codes, 32 bytes, from the secret of fuzzy_open(). secret: 16 bytes (bch1023_123) or 10 bytes (bch511_76), unused low bits zero; credential_id: 1 or more; generation: 1..255';

CREATE FUNCTION qrcred.selftest(OUT name text, OUT ok boolean)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'qrcred_selftest'
LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION qrcred.selftest() FROM PUBLIC;
COMMENT ON FUNCTION qrcred.selftest() IS
'Computes every published vector of RFC 6287 (appendix C), RFC 4226 (appendix D), RFC 6238 (appendix B) and one credential of the protocol in this server, one row each; warns when the session''s settings would write bind values to the log';
