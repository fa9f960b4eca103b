/* Rotation of master keys, and erasure of a person. */
CREATE FUNCTION qrcred.rekey(batch int) RETURNS void
LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'qrcred_rekey';
REVOKE ALL ON FUNCTION qrcred.rekey(int) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.rekey(int) IS 'Re-seals up to batch (1 to 1000000) customers, and as many payers, under the current master key and asks as many wallets on an older one to renew; a notice says what is left: call it again until nothing is';

CREATE FUNCTION qrcred.retire_key(kid int) RETURNS void
LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'qrcred_retire_key';
REVOKE ALL ON FUNCTION qrcred.retire_key(int) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.retire_key(int) IS 'Retires a master key for good: refused (55000) while credentials, customers or payers need it; each log goes on behind an anchor under the current key';

CREATE FUNCTION qrcred.keyring_has(kid int) RETURNS boolean
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'qrcred_keyring_has';
REVOKE ALL ON FUNCTION qrcred.keyring_has(int) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.keyring_has(int) IS 'Whether the keyring holds a master key of this number; owner only';

CREATE FUNCTION qrcred.list_key_usage(OUT kid int, OUT in_keyring boolean, OUT customers int8, OUT payers int8, OUT credentials int8, OUT logs int8, OUT first_used timestamptz, OUT retired timestamptz) RETURNS SETOF record
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $key_usage$
BEGIN
	RETURN QUERY
	SELECT k.kid::int, qrcred.keyring_has(k.kid),
		(SELECT count(*) FROM qrcred_store.customer c WHERE c.kid = k.kid AND c.full_name <> ''),
		(SELECT count(*) FROM (SELECT l.credential_id FROM qrcred_store.login l WHERE l.kid = k.kid
			UNION SELECT d.credential_id FROM qrcred_store.card d WHERE d.kid = k.kid
			UNION SELECT b.credential_id FROM qrcred_store.biometric b WHERE b.kid = k.kid) p),
		(SELECT count(*) FROM qrcred_store.strike s WHERE s.id > 0 AND s.kid = k.kid AND s.flags & 1 = 0),
		(SELECT count(*) FROM qrcred_store.strike s WHERE s.seal_kid = k.kid),
		k.first_used, k.retired
	FROM qrcred_store.key_check k ORDER BY k.kid;
END
$key_usage$;
REVOKE ALL ON FUNCTION qrcred.list_key_usage() FROM PUBLIC;
COMMENT ON FUNCTION qrcred.list_key_usage() IS 'The rows of view qrcred.key_usage';
CREATE VIEW qrcred.key_usage AS SELECT * FROM qrcred.list_key_usage();
COMMENT ON VIEW qrcred.key_usage IS 'What hangs on each master key: customers and payers sealed, credentials that are not void, logs whose last seal it made';

CREATE FUNCTION qrcred.forget(issuer text, customer_ref text, confirm text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $forget$
DECLARE
	person int8;
	ids int8[];
	id int8;
BEGIN
	IF confirm IS NULL OR confirm IS DISTINCT FROM customer_ref THEN
		RAISE EXCEPTION 'argument "confirm" must repeat the customer_ref' USING ERRCODE = '22023',
			DETAIL = 'The customer''s data is erased and every credential void for good.';
	END IF;
	PERFORM qrcred.require_issuer((SELECT i.issuer_id FROM qrcred_store.issuer i WHERE i.code = forget.issuer), 'issuer');
	SELECT c.customer_id INTO person
	FROM qrcred_store.customer c JOIN qrcred_store.issuer i USING (issuer_id)
	WHERE i.code = forget.issuer AND c.customer_ref = forget.customer_ref FOR UPDATE OF c;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'argument "customer_ref" names no customer of the issuer' USING ERRCODE = '22023';
	END IF;
	ids := array(SELECT x.credential_id FROM qrcred_store.credential x WHERE x.customer_id = person);
	FOR id IN SELECT s.id FROM qrcred_store.strike s WHERE s.id = ANY (ids) AND s.flags & 1 = 0 LOOP
		PERFORM qrcred.void_forgotten(id);
	END LOOP;
	UPDATE qrcred_store.customer c
	SET customer_ref = 'forgotten ' || person, full_name = '', id_number = '', phone = '',
		answer_id_number = '', answer_phone = '', answer_id_last4 = '', password_hash = NULL
	WHERE c.customer_id = person;
	UPDATE qrcred_store.credential x SET customer_ref = 'forgotten ' || person, purpose = '', face_value = ''
	WHERE x.customer_id = person;
	UPDATE qrcred_store.act a SET words = 'forgotten' WHERE a.owner = ANY (ids);
	UPDATE qrcred_store.release r SET reason = 'forgotten' WHERE r.credential_id = ANY (ids);
	DELETE FROM qrcred_store.biometric b WHERE b.credential_id = ANY (ids);
	DELETE FROM qrcred_store.card d WHERE d.credential_id = ANY (ids);
	DELETE FROM qrcred_store.login l WHERE l.credential_id = ANY (ids);
	UPDATE qrcred_store.payment y SET order_ref = '', reason = NULL WHERE y.credential_id = ANY (ids);
	DELETE FROM qrcred_store.ticket t WHERE t.credential_id = ANY (ids);
	DELETE FROM qrcred_store.outbox o WHERE o.credential_id = ANY (ids);
END
$forget$;
REVOKE ALL ON FUNCTION qrcred.forget(text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.forget(text, text, text) IS 'Erases a person: credentials void at once, sealed data, digests, password, reference, login, card, biometric, staff''s words and messages gone; the attempt log stays and stays verifiable, and payments stay without their order reference';

CREATE FUNCTION qrcred.void_forgotten(credential_id int8) RETURNS void
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'qrcred_void_forgotten';
REVOKE ALL ON FUNCTION qrcred.void_forgotten(int8) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.void_forgotten(int8) IS 'Part of forget(): void_credential() for the duty of issuing, with the word forgotten; owner only';
