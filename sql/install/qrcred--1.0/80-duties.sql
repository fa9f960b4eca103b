/* Duties of people and programs, apart from each other; and which ids live here. */
CREATE FUNCTION qrcred.duty_functions(duty text) RETURNS SETOF regprocedure
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $duty_functions$
	SELECT f::regprocedure FROM (VALUES
		('issuer', 'qrcred.register(text,text,text,text,text)'),
		('issuer', 'qrcred.update_registration(text,text,text,text,text)'),
		('issuer', 'qrcred.set_password(text,text,text)'),
		('issuer', 'qrcred.find_customer(text,text)'),
		('issuer', 'qrcred.credentials_of(text,text)'),
		('issuer', 'qrcred.issue(text,text,text,text,int4)'),
		('issuer', 'qrcred.issue_many(text,text[])'),
		('issuer', 'qrcred.resend_link(int8)'),
		('issuer', 'qrcred.cancel_ticket(int8)'),
		('issuer', 'qrcred.reissue(int8)'),
		('issuer', 'qrcred.expiring(int4)'),
		('issuer', 'qrcred.forget(text,text,text)'),
		('issuer', 'qrcred.card_svg(int8)'),
		('issuer', 'qrcred.enrol_payer(text,text)'),
		('issuer', 'qrcred.settle_payment(uuid,text)'),
		('issuer', 'qrcred.decline_payment(uuid,text)'),
		('wallet', 'qrcred.download(text,text,bytea)'),
		('wallet', 'qrcred.renew(text,bytea)'),
		('wallet', 'qrcred.register_login(text,text,text,text)'),
		('wallet', 'qrcred.login(text,text,text)'),
		('wallet', 'qrcred.logout(text)'),
		('wallet', 'qrcred.change_login_password(text,text)'),
		('wallet', 'qrcred.bind_card(text,text,text)'),
		('wallet', 'qrcred.unbind_card(text)'),
		('wallet', 'qrcred.begin_binding(text)'),
		('wallet', 'qrcred.bind_biometric(text,varbit,bytea,text,text)'),
		('wallet', 'qrcred.bind_helper(text,varbit,bytea,bytea,text,text)'),
		('wallet', 'qrcred.unbind_biometric(text)'),
		('wallet', 'qrcred.biometric_package(text,text)'),
		('wallet', 'qrcred.begin_payment(text,numeric,text,text,text,uuid)'),
		('wallet', 'qrcred.present(text,uuid,text,text,uuid)'),
		('wallet', 'qrcred.resend(text,uuid)'),
		('wallet', 'qrcred.confirm(text,uuid,text,uuid)'),
		('wallet', 'qrcred.cancel_payment(text,uuid)'),
		('wallet', 'qrcred.payment_status(text,uuid)'),
		('scanner', 'qrcred.verify(text,text,text,uuid)'),
		('scanner', 'qrcred.verify_second(int8,text,text,text,uuid)'),
		('scanner', 'qrcred.verify_many(text[],int8[],text)'),
		('scanner', 'qrcred.check_password(int8,int8,text,text,uuid)'),
		('support', 'qrcred.report_lost(text,text,text,text)'),
		('support', 'qrcred.freeze(int8,text,int4)'),
		('support', 'qrcred.release(int8,text)'),
		('support', 'qrcred.void_credential(int8,text)'),
		('support', 'qrcred.peek(int8)'),
		('support', 'qrcred.history(int8)'),
		('auditor', 'qrcred.audit(int8)'),
		('auditor', 'qrcred.audit_anchor(timestamptz,timestamptz)'),
		('auditor', 'qrcred.list_credential_status()'),
		('auditor', 'qrcred.list_attempt_daily(date)'),
		('auditor', 'qrcred.list_stats()'),
		('relay', 'qrcred.outbox_take(int4)'),
		('relay', 'qrcred.outbox_done(int8[])'),
		('relay', 'qrcred.outbox_failed(int8,text)')
	) AS t (d, f) WHERE t.d = duty_functions.duty
$duty_functions$;
REVOKE ALL ON FUNCTION qrcred.duty_functions(text) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.duty_functions(text) IS 'The functions of a duty; none for an unknown word';

CREATE FUNCTION qrcred.grant_duty(role regrole, duty text, issuer text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $grant_duty$
DECLARE
	name name := (SELECT r.rolname FROM pg_roles r WHERE r.oid = role);
	number int4;
	f regprocedure;
	v text;
BEGIN
	IF name IS NULL THEN
		RAISE EXCEPTION 'argument "role" names no role' USING ERRCODE = '22023';
	END IF;
	IF NOT EXISTS (SELECT FROM qrcred.duty_functions(duty)) THEN
		RAISE EXCEPTION 'argument "duty" must be issuer, scanner, wallet, support, auditor or relay' USING ERRCODE = '22023';
	END IF;
	IF issuer IS NOT NULL THEN
		IF duty NOT IN ('issuer', 'support') THEN
			RAISE EXCEPTION 'argument "issuer" goes with the duties issuer and support only' USING ERRCODE = '22023';
		END IF;
		SELECT i.issuer_id INTO number FROM qrcred_store.issuer i WHERE i.code = grant_duty.issuer;
		IF NOT FOUND THEN
			RAISE EXCEPTION 'argument "issuer" names no issuer' USING ERRCODE = '22023';
		END IF;
	END IF;
	FOR f IN SELECT * FROM qrcred.duty_functions(duty) LOOP
		EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', f, name);
	END LOOP;
	IF duty = 'auditor' THEN
		FOREACH v IN ARRAY '{credential_status,attempt_daily,stats}'::text[] LOOP
			EXECUTE format('GRANT SELECT ON qrcred.%I TO %I', v, name);
		END LOOP;
	END IF;
	/* rows of a role that had this name before, dropped or renamed, are not this role's */
	DELETE FROM qrcred_store.duty d
	WHERE d.role_oid <> role AND d.role_name = name AND NOT EXISTS (SELECT FROM pg_roles r WHERE r.oid = d.role_oid);
	UPDATE qrcred_store.duty d SET role_name = r.rolname
	FROM pg_roles r WHERE r.oid = d.role_oid AND d.role_name <> r.rolname;
	INSERT INTO qrcred_store.duty VALUES (name, role, duty, number) ON CONFLICT DO NOTHING;
END
$grant_duty$;
REVOKE ALL ON FUNCTION qrcred.grant_duty(regrole, text, text) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.grant_duty(regrole, text, text) IS 'Lets a role do a duty: issuer, scanner, wallet, support, auditor or relay; issuer and support may be bounded to one issuer''s customers';

CREATE FUNCTION qrcred.revoke_duty(role regrole, duty text, issuer text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $revoke_duty$
DECLARE
	name name := (SELECT r.rolname FROM pg_roles r WHERE r.oid = role);
	f regprocedure;
	v text;
BEGIN
	IF name IS NULL THEN
		RAISE EXCEPTION 'argument "role" names no role' USING ERRCODE = '22023';
	END IF;
	IF NOT EXISTS (SELECT FROM qrcred.duty_functions(duty)) THEN
		RAISE EXCEPTION 'argument "duty" must be issuer, scanner, wallet, support, auditor or relay' USING ERRCODE = '22023';
	END IF;
	IF issuer IS NOT NULL AND NOT EXISTS (SELECT FROM qrcred_store.issuer i WHERE i.code = revoke_duty.issuer) THEN
		RAISE EXCEPTION 'argument "issuer" names no issuer' USING ERRCODE = '22023';
	END IF;
	DELETE FROM qrcred_store.duty d
	WHERE d.role_oid = role AND d.duty = revoke_duty.duty
	  AND d.issuer_id IS NOT DISTINCT FROM (SELECT i.issuer_id FROM qrcred_store.issuer i WHERE i.code = revoke_duty.issuer);
	IF EXISTS (SELECT FROM qrcred_store.duty d WHERE d.role_oid = role AND d.duty = revoke_duty.duty) THEN
		RETURN;
	END IF;
	FOR f IN SELECT * FROM qrcred.duty_functions(duty) LOOP
		EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM %I', f, name);
	END LOOP;
	IF duty = 'auditor' THEN
		FOREACH v IN ARRAY '{credential_status,attempt_daily,stats}'::text[] LOOP
			EXECUTE format('REVOKE SELECT ON qrcred.%I FROM %I', v, name);
		END LOOP;
	END IF;
END
$revoke_duty$;
REVOKE ALL ON FUNCTION qrcred.revoke_duty(regrole, text, text) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.revoke_duty(regrole, text, text) IS 'Takes back what grant_duty() gave with the same arguments';

CREATE FUNCTION qrcred.may_issuer(number int4, duty text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $may_issuer$
	/* a superuser may act as any role, which is no bound; a role without a duty was granted by hand */
	SELECT coalesce(bool_or(d.issuer_id IS NULL OR d.issuer_id = number), true)
	FROM qrcred_store.duty d
	WHERE d.duty = may_issuer.duty
	  AND EXISTS (SELECT FROM pg_catalog.pg_roles r
				  WHERE (r.oid = d.role_oid
						 /* in a restored store the numbers are another cluster's until upgrade_store() */
						 OR (r.rolname = d.role_name AND NOT EXISTS (SELECT FROM pg_catalog.pg_roles x WHERE x.oid = d.role_oid)))
					AND pg_has_role(session_user, r.oid, 'MEMBER'))
	  AND NOT (SELECT s.rolsuper FROM pg_catalog.pg_roles s WHERE s.rolname = session_user)
$may_issuer$;
REVOKE ALL ON FUNCTION qrcred.may_issuer(int4, text) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.may_issuer(int4, text) IS 'Whether session_user, as far as it holds the duty, holds it for this issuer';

CREATE FUNCTION qrcred.require_issuer(number int4, duty text) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $require_issuer$
BEGIN
	IF NOT qrcred.may_issuer(number, duty) THEN
		RAISE EXCEPTION 'permission denied for this issuer''s customers' USING ERRCODE = '42501';
	END IF;
END
$require_issuer$;
REVOKE ALL ON FUNCTION qrcred.require_issuer(int4, text) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.require_issuer(int4, text) IS 'Refuses (42501) a session_user who holds the duty for other issuers only';

CREATE FUNCTION qrcred.set_buckets(first int, last int, owned boolean) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $set_buckets$
DECLARE
	ranges qrcred_store.bucket[];
BEGIN
	IF first IS NULL OR last IS NULL OR first NOT BETWEEN 0 AND 4095 OR last NOT BETWEEN first AND 4095 THEN
		RAISE EXCEPTION 'arguments "first" and "last" must be a range within 0 and 4095' USING ERRCODE = '22023';
	END IF;
	IF owned IS NULL THEN
		RAISE EXCEPTION 'argument "owned" must not be null' USING ERRCODE = '22023';
	END IF;
	LOCK TABLE qrcred_store.bucket IN SHARE ROW EXCLUSIVE MODE;
	/* every bucket by itself, then runs of equal ones */
	WITH old AS (DELETE FROM qrcred_store.bucket o RETURNING o.first, o.last, o.owned),
	each AS (
		SELECT b, CASE WHEN b BETWEEN set_buckets.first AND set_buckets.last THEN set_buckets.owned
			ELSE EXISTS (SELECT FROM old WHERE b BETWEEN old.first AND old.last AND old.owned) END AS mine
		FROM generate_series(0, 4095) b),
	runs AS (SELECT b, mine, b - row_number() OVER (PARTITION BY mine ORDER BY b) AS run FROM each)
	SELECT array_agg(ROW(min_b, max_b, mine)::qrcred_store.bucket) INTO ranges
	FROM (SELECT min(b) AS min_b, max(b) AS max_b, mine FROM runs GROUP BY run, mine) g;
	INSERT INTO qrcred_store.bucket SELECT (unnest(ranges)).*;
END
$set_buckets$;
REVOKE ALL ON FUNCTION qrcred.set_buckets(int, int, boolean) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.set_buckets(int, int, boolean) IS 'Says whether the buckets first to last (0 to 4095) live in this database; the others'' ids are answered elsewhere';
