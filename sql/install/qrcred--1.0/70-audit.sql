/* The attempt log, for support and auditors. */
CREATE FUNCTION qrcred.log_word(sort text, number int) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'qrcred_log_word';
REVOKE ALL ON FUNCTION qrcred.log_word(text, int) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.log_word(text, int) IS 'The word of a number in the log; sort is kind, verdict, reason or notice';

CREATE FUNCTION qrcred.history(credential_id int8, OUT attempt_no int8, OUT at text, OUT gateway text, OUT kind text, OUT verdict text, OUT reason text, OUT tier text) RETURNS SETOF record
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $history$
BEGIN
	IF history.credential_id IS NULL THEN
		RAISE EXCEPTION 'argument "credential_id" must not be null' USING ERRCODE = '22023';
	END IF;
	IF NOT EXISTS (SELECT FROM qrcred_store.credential c WHERE c.credential_id = history.credential_id) THEN
		RAISE EXCEPTION 'argument "credential_id" names no credential' USING ERRCODE = '22023';
	END IF;
	PERFORM qrcred.require_issuer((SELECT c.issuer_id FROM qrcred_store.credential c WHERE c.credential_id = history.credential_id), 'support');
	RETURN QUERY
	SELECT a.attempt_no, to_char(a.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), g.gateway,
		qrcred.log_word('kind', a.kind), qrcred.log_word('verdict', a.verdict),
		CASE WHEN t.words IS NULL THEN qrcred.log_word('reason', a.reason) ELSE t.words || ' (' || t.actor || ')' END,
		CASE WHEN a.tier > 0 THEN chr(a.tier) END
	FROM qrcred_store.attempt a
	LEFT JOIN qrcred_store.gateway g ON g.gateway_id = a.gateway
	LEFT JOIN qrcred_store.act t ON t.owner = a.owner AND t.attempt_no = a.attempt_no
	WHERE a.owner = history.credential_id
	UNION ALL
	SELECT NULL, to_char(r.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), NULL, 'release', 'done',
		r.reason || ' (' || r.actor || ')', NULL
	FROM qrcred_store.release r
	WHERE r.credential_id = history.credential_id
	ORDER BY 2, 1;
END
$history$;
REVOKE ALL ON FUNCTION qrcred.history(int8) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.history(int8) IS 'Every verdict and act on a credential, with the exact reason (for an act, staff''s words), and releases, which have no attempt number; at is ISO 8601, UTC';

CREATE FUNCTION qrcred.audit(credential_id int8, OUT ok boolean, OUT first_bad int8, OUT finding text)
LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'qrcred_audit';
REVOKE ALL ON FUNCTION qrcred.audit(int8) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.audit(int8) IS 'Whether the log of a credential (or of a gateway, by -number) is whole: every row once, every seal and the strike row''s MAC right';

CREATE FUNCTION qrcred.audit_anchor(since timestamptz, until timestamptz, OUT attempts int8, OUT digest bytea)
LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'qrcred_audit_anchor';
REVOKE ALL ON FUNCTION qrcred.audit_anchor(timestamptz, timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.audit_anchor(timestamptz, timestamptz) IS 'Count and SHA-256 over owner, attempt number and seal of all rows with since <= at < until, in this order; to be kept outside';

CREATE FUNCTION qrcred.anchor_mac(owner int8, attempt_no int8, seal uuid, OUT mac uuid, OUT kid int2)
LANGUAGE c VOLATILE STRICT
AS 'MODULE_PATHNAME', 'qrcred_anchor_mac';
REVOKE ALL ON FUNCTION qrcred.anchor_mac(int8, int8, uuid) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.anchor_mac(int8, int8, uuid) IS 'Part of maintain(): the MAC of an anchor under the current audit key, and its kid; owner only';

CREATE FUNCTION qrcred.pause() RETURNS void
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'qrcred_pause';
REVOKE ALL ON FUNCTION qrcred.pause() FROM PUBLIC;
COMMENT ON FUNCTION qrcred.pause() IS 'Verification waits until resume(), or until this session ends or rolls a transaction back: for a pg_dump that is an exact copy';

CREATE FUNCTION qrcred.resume() RETURNS void
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'qrcred_resume';
REVOKE ALL ON FUNCTION qrcred.resume() FROM PUBLIC;
COMMENT ON FUNCTION qrcred.resume() IS 'Ends pause() of this session';

CREATE FUNCTION qrcred.list_credential_status(OUT credential_id int8, OUT issuer text, OUT customer_ref text, OUT state text, OUT generation int, OUT valid_until int8, OUT strikes int, OUT freeze_no int) RETURNS SETOF record
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $credential_status$
BEGIN
	RETURN QUERY
	SELECT c.credential_id, i.code, c.customer_ref, p.state, s.generation::int, p.valid_until, p.strikes, p.freeze_no
	FROM qrcred_store.credential c
	JOIN qrcred_store.issuer i USING (issuer_id)
	JOIN qrcred_store.strike s ON s.id = c.credential_id,
	LATERAL qrcred.state_of(c.credential_id) p;
END
$credential_status$;
REVOKE ALL ON FUNCTION qrcred.list_credential_status() FROM PUBLIC;
COMMENT ON FUNCTION qrcred.list_credential_status() IS 'The rows of view qrcred.credential_status';
CREATE VIEW qrcred.credential_status AS SELECT * FROM qrcred.list_credential_status();
COMMENT ON VIEW qrcred.credential_status IS 'State of every credential as of now; no personal data';

CREATE FUNCTION qrcred.list_attempt_daily(since date DEFAULT NULL, OUT day date, OUT gateway text, OUT kind text, OUT verdict text, OUT reason text, OUT attempts int8) RETURNS SETOF record
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $attempt_daily$
BEGIN
	RETURN QUERY
	SELECT (a.at AT TIME ZONE 'UTC')::date, g.gateway, qrcred.log_word('kind', a.kind),
		qrcred.log_word('verdict', a.verdict), qrcred.log_word('reason', a.reason), count(*)
	FROM qrcred_store.attempt a
	LEFT JOIN qrcred_store.gateway g ON g.gateway_id = a.gateway
	WHERE since IS NULL OR a.at >= since::timestamp AT TIME ZONE 'UTC'
	GROUP BY 1, g.gateway, a.kind, a.verdict, a.reason
	ORDER BY 1, 2, 3, 4, 5;
END
$attempt_daily$;
REVOKE ALL ON FUNCTION qrcred.list_attempt_daily(date) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.list_attempt_daily(date) IS 'The rows of view qrcred.attempt_daily, of the days from since on';
CREATE VIEW qrcred.attempt_daily AS SELECT * FROM qrcred.list_attempt_daily();
COMMENT ON VIEW qrcred.attempt_daily IS 'Log rows by day (UTC), gateway, kind, verdict and reason; reads the whole log';

CREATE FUNCTION qrcred.list_stats(OUT name text, OUT value numeric, OUT warning text) RETURNS SETOF record
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	SET datestyle = 'ISO, YMD' SET timezone = 'UTC'
AS $stats$
DECLARE
	moment int8 := (extract(epoch FROM clock_timestamp()) * 1000000)::int8;
BEGIN
	SELECT round(extract(epoch FROM max((regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO [(]''([^'']+)''[)]'))[1]::timestamptz)
					- clock_timestamp()) / 86400, 2) INTO value
	FROM pg_inherits h JOIN pg_class c ON c.oid = h.inhrelid
	WHERE h.inhparent = 'qrcred_store.attempt'::regclass;
	name := 'log_days_ahead';
	value := coalesce(value, 0);
	warning := CASE WHEN value <= 0 THEN 'verification is refused: call qrcred.maintain() now'
		WHEN value < 4 THEN 'call qrcred.maintain(): verification stops when the partitions end' END;
	RETURN NEXT;
	name := 'frozen'; warning := NULL;
	SELECT count(*) INTO value FROM qrcred_store.strike s WHERE s.id > 0 AND s.frozen_until > moment AND s.flags & 1 = 0
		AND NOT EXISTS (SELECT FROM qrcred_store.release r WHERE r.credential_id = s.id AND r.freeze_no = s.freeze_no);
	RETURN NEXT;
	name := 'void';
	SELECT count(*) INTO value FROM qrcred_store.strike s WHERE s.id > 0 AND s.flags & 1 = 1;
	RETURN NEXT;
	name := 'outbox_waiting';
	SELECT count(*), CASE WHEN min(o.made) < clock_timestamp() - interval '1 hour' THEN 'the oldest message waits for more than an hour' END
		INTO value, warning FROM qrcred_store.outbox o WHERE o.done IS NULL AND o.kind <> 0;
	RETURN NEXT;
	name := 'outbox_oldest_seconds';
	SELECT coalesce(floor(extract(epoch FROM clock_timestamp() - min(o.made))), 0), NULL
		INTO value, warning FROM qrcred_store.outbox o WHERE o.done IS NULL AND o.kind <> 0;
	RETURN NEXT;
	name := 'payments_moving';
	SELECT count(*), CASE WHEN min(y.asked) < clock_timestamp() - interval '1 day' THEN 'money of the oldest moves for more than a day: settle_payment() or decline_payment()' END
		INTO value, warning FROM qrcred_store.payment y WHERE y.state = 'presented' AND y.asked IS NOT NULL;
	RETURN NEXT;
	name := 'oldest_key_days';
	SELECT coalesce(floor(extract(epoch FROM clock_timestamp() - min(k.first_used)) / 86400), 0) INTO value
		FROM qrcred_store.key_check k WHERE k.retired IS NULL;
	warning := NULL;
	RETURN NEXT;
END
$stats$;
REVOKE ALL ON FUNCTION qrcred.list_stats() FROM PUBLIC;
COMMENT ON FUNCTION qrcred.list_stats() IS 'The rows of view qrcred.stats';
CREATE VIEW qrcred.stats AS SELECT * FROM qrcred.list_stats();
COMMENT ON VIEW qrcred.stats IS 'What a monitor watches: days of log partitions ahead, credentials frozen and void, messages waiting and how long, payments whose money moves elsewhere, age of the oldest key; warning is null while all is well';
