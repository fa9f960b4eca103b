/*
 * Issuers with their policies, and gateways.  Configuration of the owner:
 * ordinary rows, transactional.
 */

/* One policy key's value as an integer in lo..hi, or a clear refusal. */
CREATE FUNCTION qrcred.policy_int(policy jsonb, key text, old int, lo int, hi int) RETURNS int
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $policy_int$
DECLARE
	v jsonb := policy -> key;
BEGIN
	IF v IS NULL THEN
		RETURN old;
	END IF;
	IF jsonb_typeof(v) <> 'number' OR v::text !~ '^-?[0-9]{1,9}$' OR v::text::int NOT BETWEEN lo AND hi THEN
		RAISE EXCEPTION 'policy key "%" must be an integer between % and %', key, lo, hi USING ERRCODE = '22023';
	END IF;
	RETURN v::text::int;
END
$policy_int$;
REVOKE ALL ON FUNCTION qrcred.policy_int(jsonb, text, int, int, int) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.policy_int(jsonb, text, int, int, int) IS 'Part of set_policy(): an integer key, validated';

CREATE FUNCTION qrcred.policy_bool(policy jsonb, key text, old bool) RETURNS bool
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $policy_bool$
DECLARE
	v jsonb := policy -> key;
BEGIN
	IF v IS NULL THEN
		RETURN old;
	END IF;
	IF jsonb_typeof(v) <> 'boolean' THEN
		RAISE EXCEPTION 'policy key "%" must be true or false', key USING ERRCODE = '22023';
	END IF;
	RETURN v::text::bool;
END
$policy_bool$;
REVOKE ALL ON FUNCTION qrcred.policy_bool(jsonb, text, bool) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.policy_bool(jsonb, text, bool) IS 'Part of set_policy(): a boolean key, validated';

CREATE FUNCTION qrcred.policy_word(policy jsonb, key text, old text, words text[]) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $policy_word$
DECLARE
	v jsonb := policy -> key;
BEGIN
	IF v IS NULL THEN
		RETURN old;
	END IF;
	IF jsonb_typeof(v) <> 'string' OR (v #>> '{}') <> ALL (words) THEN
		RAISE EXCEPTION 'policy key "%" must be one of %', key, array_to_string(words, ', ') USING ERRCODE = '22023';
	END IF;
	RETURN v #>> '{}';
END
$policy_word$;
REVOKE ALL ON FUNCTION qrcred.policy_word(jsonb, text, text, text[]) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.policy_word(jsonb, text, text, text[]) IS 'Part of set_policy(): a key with a few words, validated';

CREATE FUNCTION qrcred.set_policy(code text, policy jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $set_policy$
DECLARE
	r record;
	bad text;
	url jsonb := policy -> 'wallet_url';
	skew jsonb := policy -> 'wallet_skew_seconds';
	limits jsonb := policy -> 'tier_limits';
BEGIN
	IF set_policy.code IS NULL THEN
		RAISE EXCEPTION 'argument "code" must not be null' USING ERRCODE = '22023';
	END IF;
	IF policy IS NULL OR jsonb_typeof(policy) <> 'object' THEN
		RAISE EXCEPTION 'argument "policy" must be a JSON object' USING ERRCODE = '22023';
	END IF;
	SELECT k INTO bad FROM jsonb_object_keys(policy) k
	WHERE k <> ALL ('{digits,challenge_seconds,strike_limit,freeze_seconds,freeze_cap_seconds,max_freezes,freeze_memory_days,skew_ahead,wallet_skew_seconds,second_scan,static_alone,typed,ask_password,valid_days,renew_grace_days,activation,ticket_hours,tier_limits,verification,store_card_password,wallet_url,sync_standby,notify,lang}'::text[])
	LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'policy key "%" does not exist', bad USING ERRCODE = '22023',
			HINT = 'The keys stand in view qrcred.policies.';
	END IF;
	SELECT * INTO r FROM qrcred_store.issuer i WHERE i.code = set_policy.code FOR UPDATE;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'argument "code" names no issuer' USING ERRCODE = '22023';
	END IF;
	IF url IS NOT NULL AND (jsonb_typeof(url) <> 'string' OR octet_length(url #>> '{}') > 2000
							OR (url #>> '{}') !~ '^(https?://[[:graph:]]+)?$') THEN
		RAISE EXCEPTION 'policy key "wallet_url" must be empty or an http(s) address of at most 2000 bytes' USING ERRCODE = '22023';
	END IF;
	IF limits IS NOT NULL AND jsonb_typeof(limits) <> 'null' THEN
		IF jsonb_typeof(limits) <> 'object'
			OR EXISTS (SELECT FROM jsonb_each(limits) l
					   WHERE l.key NOT IN ('B', 'C', 'D') OR jsonb_typeof(l.value) <> 'number'
						  OR (l.value)::text::numeric < 0) THEN
			RAISE EXCEPTION 'policy key "tier_limits" must be null or an object of tiers B, C, D with amounts of 0 or more' USING ERRCODE = '22023';
		END IF;
	END IF;
	UPDATE qrcred_store.issuer i SET
		digits = qrcred.policy_int(policy, 'digits', r.digits, 6, 8),
		challenge_seconds = qrcred.policy_int(policy, 'challenge_seconds', r.challenge_seconds, 1, 3600),
		strike_limit = qrcred.policy_int(policy, 'strike_limit', r.strike_limit, 1, 5),
		freeze_seconds = qrcred.policy_int(policy, 'freeze_seconds', r.freeze_seconds, 1, 86400),
		freeze_cap_seconds = qrcred.policy_int(policy, 'freeze_cap_seconds', r.freeze_cap_seconds, 1, 2592000),
		max_freezes = qrcred.policy_int(policy, 'max_freezes', r.max_freezes, 1, 20),
		freeze_memory_days = qrcred.policy_int(policy, 'freeze_memory_days', r.freeze_memory_days, 1, 365),
		skew_ahead = qrcred.policy_bool(policy, 'skew_ahead', r.skew_ahead),
		wallet_skew_seconds = CASE WHEN jsonb_typeof(skew) = 'null' THEN NULL
			ELSE qrcred.policy_int(policy, 'wallet_skew_seconds', r.wallet_skew_seconds, 0, 86400) END,
		second_scan_required = qrcred.policy_word(policy, 'second_scan',
			CASE WHEN r.second_scan_required THEN 'required' ELSE 'optional' END, '{required,optional}') = 'required',
		static_alone = qrcred.policy_bool(policy, 'static_alone', r.static_alone),
		typed = qrcred.policy_bool(policy, 'typed', r.typed),
		ask_password = qrcred.policy_bool(policy, 'ask_password', r.ask_password),
		valid_days = qrcred.policy_int(policy, 'valid_days', r.valid_days, 1, 3660),
		renew_grace_days = qrcred.policy_int(policy, 'renew_grace_days', r.renew_grace_days, 0, 3660),
		activation = qrcred.policy_word(policy, 'activation', r.activation, '{id_last4,none}'),
		ticket_hours = qrcred.policy_int(policy, 'ticket_hours', r.ticket_hours, 1, 8760),
		tier_limits = CASE WHEN limits IS NULL THEN r.tier_limits
			WHEN jsonb_typeof(limits) = 'null' THEN NULL ELSE limits END,
		verification = qrcred.policy_word(policy, 'verification', r.verification, '{sms,screen,off}'),
		store_card_password = qrcred.policy_bool(policy, 'store_card_password', r.store_card_password),
		wallet_url = coalesce(url #>> '{}', r.wallet_url),
		sync_standby = qrcred.policy_bool(policy, 'sync_standby', r.sync_standby),
		notify = qrcred.policy_bool(policy, 'notify', r.notify),
		lang = qrcred.policy_word(policy, 'lang', r.lang, '{en,zh}')
	WHERE i.issuer_id = r.issuer_id;
END
$set_policy$;
REVOKE ALL ON FUNCTION qrcred.set_policy(text, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.set_policy(text, jsonb) IS 'Changes the given keys of an issuer''s policy; an unknown key or a value out of range is 22023 naming it';

CREATE FUNCTION qrcred.create_issuer(code text, name text, purpose text DEFAULT '', policy jsonb DEFAULT '{}') RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $create_issuer$
BEGIN
	PERFORM qrcred.check_reference(code, 'code');
	IF name IS NULL OR name = '' OR octet_length(name) > 200 OR name ~ '[[:cntrl:]]' THEN
		RAISE EXCEPTION 'argument "name" must be 1 to 200 bytes without control characters' USING ERRCODE = '22023';
	END IF;
	IF purpose IS NULL OR octet_length(purpose) > 1000 OR purpose ~ '[[:cntrl:]]' THEN
		RAISE EXCEPTION 'argument "purpose" must be at most 1000 bytes without control characters' USING ERRCODE = '22023';
	END IF;
	INSERT INTO qrcred_store.issuer AS i (code, name, purpose, digits, challenge_seconds, strike_limit,
		freeze_seconds, freeze_cap_seconds, max_freezes, freeze_memory_days, wallet_skew_seconds, skew_ahead,
		second_scan_required, static_alone, typed, ask_password, sync_standby, notify, lang, valid_days,
		renew_grace_days, activation, ticket_hours, tier_limits, verification, store_card_password, wallet_url)
	VALUES (create_issuer.code, create_issuer.name, create_issuer.purpose, 8, 120, 3,
		300, 86400, 4, 30, NULL, false,
		true, false, true, false, false, false, 'en', 365,
		30, 'id_last4', 24, NULL, 'sms', false, '')
	ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is an issuer of this code already' USING ERRCODE = '23505';
	END IF;
	PERFORM qrcred.set_policy(code, policy);
END
$create_issuer$;
REVOKE ALL ON FUNCTION qrcred.create_issuer(text, text, text, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.create_issuer(text, text, text, jsonb) IS 'Makes an issuer: code of 1 to 64 bytes in NFC, name and purpose as the card shows them, policy keys that differ from the defaults';

CREATE FUNCTION qrcred.check_reference(value text, argument text) RETURNS void
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'qrcred_check_reference';
REVOKE ALL ON FUNCTION qrcred.check_reference(text, text) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.check_reference(text, text) IS 'Refuses (22023, naming the argument) what is no reference: 1 to 64 bytes, printable, in NFC';

CREATE FUNCTION qrcred.create_gateway(gateway text, name text, role regrole DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $create_gateway$
DECLARE
	n int4;
BEGIN
	PERFORM qrcred.check_reference(gateway, 'gateway');
	IF name IS NULL OR name = '' OR octet_length(name) > 200 OR name ~ '[[:cntrl:]]' THEN
		RAISE EXCEPTION 'argument "name" must be 1 to 200 bytes without control characters' USING ERRCODE = '22023';
	END IF;
	IF role IS NOT NULL AND NOT EXISTS (SELECT FROM pg_roles r WHERE r.oid = role) THEN
		RAISE EXCEPTION 'argument "role" names no role' USING ERRCODE = '22023';
	END IF;
	INSERT INTO qrcred_store.gateway AS g (gateway, name, role_name)
	VALUES (create_gateway.gateway, create_gateway.name, (SELECT r.rolname FROM pg_roles r WHERE r.oid = role))
	ON CONFLICT DO NOTHING
	RETURNING g.gateway_id INTO n;
	IF n IS NULL THEN
		RAISE EXCEPTION 'there is a gateway of this name already' USING ERRCODE = '23505';
	END IF;
	INSERT INTO qrcred_store.strike (id) VALUES (-n);
END
$create_gateway$;
REVOKE ALL ON FUNCTION qrcred.create_gateway(text, text, regrole) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.create_gateway(text, text, regrole) IS 'Makes a gateway; with a role, only that session_user may name it';

CREATE FUNCTION qrcred.set_gateway(gateway text, enabled boolean) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $set_gateway$
BEGIN
	IF enabled IS NULL THEN
		RAISE EXCEPTION 'argument "enabled" must not be null' USING ERRCODE = '22023';
	END IF;
	UPDATE qrcred_store.gateway g SET enabled = set_gateway.enabled WHERE g.gateway = set_gateway.gateway;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'argument "gateway" names no gateway' USING ERRCODE = '22023';
	END IF;
END
$set_gateway$;
REVOKE ALL ON FUNCTION qrcred.set_gateway(text, boolean) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.set_gateway(text, boolean) IS 'Closes a gateway by hand (every scan rejected, next stop) or opens it again';

CREATE FUNCTION qrcred.list_policies(OUT issuer text, OUT key text, OUT value jsonb, OUT default_value jsonb, OUT allowed text, OUT meaning text) RETURNS SETOF record
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $list_policies$
BEGIN
	RETURN QUERY
	SELECT i.code, k.key, CASE k.key
			WHEN 'second_scan' THEN to_jsonb(CASE WHEN i.second_scan_required THEN 'required' ELSE 'optional' END)
			ELSE coalesce(to_jsonb(i) -> k.key, 'null'::jsonb) END,
		k.def::jsonb, k.allowed, k.meaning
	FROM qrcred_store.issuer i, (VALUES
		('digits', '8', '6 to 8', 'challenge digits that the customer types'),
		('challenge_seconds', '120', '1 to 3600', 'how long a challenge stays open'),
		('strike_limit', '3', '1 to 5', 'wrong guesses of one factor that freeze; all factors together freeze at 5'),
		('freeze_seconds', '300', '1 to 86400', 'the first freeze; each further one lasts twice as long'),
		('freeze_cap_seconds', '86400', '1 to 2592000', 'the longest freeze'),
		('max_freezes', '4', '1 to 20', 'freezes remembered; the next one voids the credential'),
		('freeze_memory_days', '30', '1 to 365', 'days without a freeze after which none is remembered'),
		('skew_ahead', 'false', 'true, false', 'accept a rotating code one step (30 s) ahead of the server''s clock'),
		('wallet_skew_seconds', 'null', 'null, 0 to 86400', 'largest difference between wallet and server for a second code; null: not enforced'),
		('second_scan', '"required"', 'required, optional', 'whether a first code always needs a second scan'),
		('static_alone', 'false', 'true, false', 'with second_scan optional: a first code is accepted alone, tier D'),
		('typed', 'true', 'true, false', 'admit 8 typed digits in place of the second picture'),
		('ask_password', 'false', 'true, false', 'an acceptance is payable only after check_password()'),
		('valid_days', '365', '1 to 3660', 'validity of a credential where issue() is not told'),
		('renew_grace_days', '30', '0 to 3660', 'days after expiry in which a wallet may still renew'),
		('activation', '"id_last4"', 'id_last4, none', 'what a download asks besides the ticket'),
		('ticket_hours', '24', '1 to 8760', 'how long a download ticket lasts'),
		('tier_limits', 'null', 'null, {"B": n, "C": n, "D": n}', 'a customer''s day per tier, where the transaction carries an amount'),
		('verification', '"sms"', 'sms, screen, off', 'how a payment''s verification code reaches the customer'),
		('store_card_password', 'false', 'true, false', 'keep a card''s payment password (for the card''s own issuer only)'),
		('wallet_url', '""', 'empty or http(s) address', 'the wallet''s page; a link is this, # and the ticket'),
		('sync_standby', 'false', 'true, false', 'a verdict waits for a synchronous standby'),
		('notify', 'false', 'true, false', 'NOTIFY on channel qrcred_outbox with each message'),
		('lang', '"en"', 'en, zh', 'language of the messages for persons')
	) AS k (key, def, allowed, meaning)
	ORDER BY i.code, k.key;
END
$list_policies$;
REVOKE ALL ON FUNCTION qrcred.list_policies() FROM PUBLIC;
COMMENT ON FUNCTION qrcred.list_policies() IS 'The rows of view qrcred.policies';
CREATE VIEW qrcred.policies AS SELECT * FROM qrcred.list_policies();
COMMENT ON VIEW qrcred.policies IS 'Every policy key of every issuer: value, default, what is allowed, what it means';
