/* Master keys, as far as an owner may see them */

CREATE FUNCTION qrcred.key_check(kid int DEFAULT NULL, OUT kid int, OUT check_value bytea, OUT current boolean)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'qrcred_key_check'
LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION qrcred.key_check(int) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.key_check(int) IS
'The master keys in this server''s keyring, or the one of kid (1..255): id, check value (8 bytes of an HMAC under a derived key, the same wherever the key is the same; it tells nothing of the key), and whether it is current';
