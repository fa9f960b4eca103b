/* The relay's three calls. */
CREATE FUNCTION qrcred.outbox_take(max int, OUT outbox_id int8, OUT kind text, OUT phone text, OUT body text, OUT idempotency_key uuid) RETURNS SETOF record
LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'qrcred_outbox_take';
REVOKE ALL ON FUNCTION qrcred.outbox_take(int) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.outbox_take(int) IS 'Takes up to max (1 to 10000) messages; each is offered again after 5 minutes until outbox_done(); an alert has no phone';

CREATE FUNCTION qrcred.outbox_done(outbox_ids int8[]) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $outbox_done$
BEGIN
	IF outbox_ids IS NULL THEN
		RAISE EXCEPTION 'argument "outbox_ids" must not be null' USING ERRCODE = '22023';
	END IF;
	UPDATE qrcred_store.outbox o SET done = clock_timestamp() WHERE o.outbox_id = ANY (outbox_ids) AND o.done IS NULL;
END
$outbox_done$;
REVOKE ALL ON FUNCTION qrcred.outbox_done(int8[]) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.outbox_done(int8[]) IS 'These messages were sent';

CREATE FUNCTION qrcred.outbox_failed(outbox_id int8, reason text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $outbox_failed$
BEGIN
	IF outbox_id IS NULL OR reason IS NULL THEN
		RAISE EXCEPTION 'argument "%" must not be null', CASE WHEN outbox_id IS NULL THEN 'outbox_id' ELSE 'reason' END
			USING ERRCODE = '22023';
	END IF;
	UPDATE qrcred_store.outbox o SET failures = least(o.failures + 1, 32767), failure = left(outbox_failed.reason, 500)
	WHERE o.outbox_id = outbox_failed.outbox_id AND o.done IS NULL;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'argument "outbox_id" names no open message' USING ERRCODE = '22023';
	END IF;
END
$outbox_failed$;
REVOKE ALL ON FUNCTION qrcred.outbox_failed(int8, text) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.outbox_failed(int8, text) IS 'A message could not be sent; it is offered again 5 minutes after it was taken';
