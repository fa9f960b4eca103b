/*
 * The store: ordinary tables in schema qrcred_store, made by create_store()
 * and owned by the extension's owner.  They are the bank's data: no member of
 * the extension, so that a dump holds them and DROP EXTENSION leaves them.
 * src/store/relations.c checks their columns; src/core/strike.h mirrors strike
 * and attempt, so a change here is a change there.
 */
CREATE FUNCTION qrcred.create_store() RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $store$
BEGIN
	IF pg_catalog.getdatabaseencoding() <> 'UTF8' THEN
		RAISE EXCEPTION 'a store needs a database with encoding UTF8'
			USING ERRCODE = '55000',
				  HINT = 'Create one with CREATE DATABASE ... ENCODING ''UTF8'' TEMPLATE template0.';
	END IF;
	IF EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'qrcred_store') THEN
		RAISE EXCEPTION 'schema "qrcred_store" exists already'
			USING ERRCODE = '42P06',
				  DETAIL = 'A store is made only in a schema that create_store() makes itself.',
				  HINT = 'An older or restored store is taken up with qrcred.upgrade_store(); a schema that somebody else made has to go first.';
	END IF;
	CREATE SCHEMA qrcred_store;
	COMMENT ON SCHEMA qrcred_store IS 'qrcred''s tables: the bank''s data, written only through the functions of schema qrcred';

	CREATE TABLE qrcred_store.issuer (
		issuer_id int4 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
		code text COLLATE "C" NOT NULL UNIQUE,
		name text NOT NULL,
		purpose text NOT NULL,
		digits int4 NOT NULL CHECK (digits BETWEEN 6 AND 8),
		challenge_seconds int4 NOT NULL CHECK (challenge_seconds BETWEEN 1 AND 3600),
		strike_limit int4 NOT NULL CHECK (strike_limit BETWEEN 1 AND 5),
		freeze_seconds int4 NOT NULL CHECK (freeze_seconds BETWEEN 1 AND 86400),
		freeze_cap_seconds int4 NOT NULL CHECK (freeze_cap_seconds BETWEEN 1 AND 2592000),
		max_freezes int4 NOT NULL CHECK (max_freezes BETWEEN 1 AND 20),
		freeze_memory_days int4 NOT NULL CHECK (freeze_memory_days BETWEEN 1 AND 365),
		wallet_skew_seconds int4 CHECK (wallet_skew_seconds BETWEEN 0 AND 86400),
		skew_ahead bool NOT NULL,
		second_scan_required bool NOT NULL,
		static_alone bool NOT NULL,
		typed bool NOT NULL,
		ask_password bool NOT NULL,
		sync_standby bool NOT NULL,
		notify bool NOT NULL,
		lang text NOT NULL CHECK (lang IN ('en', 'zh')),
		valid_days int4 NOT NULL CHECK (valid_days BETWEEN 1 AND 3660),
		renew_grace_days int4 NOT NULL CHECK (renew_grace_days BETWEEN 0 AND 3660),
		activation text NOT NULL CHECK (activation IN ('id_last4', 'none')),
		ticket_hours int4 NOT NULL CHECK (ticket_hours BETWEEN 1 AND 8760),
		tier_limits jsonb,
		verification text NOT NULL CHECK (verification IN ('sms', 'screen', 'off')),
		store_card_password bool NOT NULL,
		wallet_url text NOT NULL,
		charge_oid oid,
		charge_name text,
		charge_path text
	);
	COMMENT ON TABLE qrcred_store.issuer IS 'Who issues credentials, and the policy they live by, a column a key';

	CREATE TABLE qrcred_store.gateway (
		gateway_id int4 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
		gateway text COLLATE "C" NOT NULL UNIQUE,
		name text NOT NULL,
		role_name name,
		enabled bool NOT NULL DEFAULT true
	);
	COMMENT ON TABLE qrcred_store.gateway IS 'Where scanners call from; a role, when set, is the only session_user that may name the gateway';

	CREATE TABLE qrcred_store.customer (
		customer_id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
		issuer_id int4 NOT NULL REFERENCES qrcred_store.issuer,
		customer_ref text NOT NULL,
		kid int2 NOT NULL,
		full_name bytea NOT NULL,
		id_number bytea NOT NULL,
		phone bytea NOT NULL,
		answer_id_number bytea NOT NULL,
		answer_phone bytea NOT NULL,
		answer_id_last4 bytea NOT NULL,
		password_hash text,
		registered timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
		UNIQUE (issuer_id, customer_ref)
	);
	CREATE INDEX customer_kid ON qrcred_store.customer (kid);
	CREATE INDEX customer_answer_id_number ON qrcred_store.customer (issuer_id, answer_id_number);
	COMMENT ON TABLE qrcred_store.customer IS 'Registration data, sealed with AES-256-GCM; keyed digests of the answers that customer service compares';

	CREATE TABLE qrcred_store.credential (
		credential_id int8 PRIMARY KEY CHECK (credential_id > 0),
		issuer_id int4 NOT NULL REFERENCES qrcred_store.issuer,
		customer_id int8 NOT NULL REFERENCES qrcred_store.customer,
		kind int2 NOT NULL CHECK (kind IN (1, 2)),
		customer_ref text NOT NULL,
		purpose text NOT NULL,
		face_value text NOT NULL,
		valid_from int8 NOT NULL,
		valid_days int4 NOT NULL,
		issued timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
	);
	CREATE INDEX credential_customer ON qrcred_store.credential (customer_id);
	COMMENT ON TABLE qrcred_store.credential IS 'What does not change about a credential; kind 1 with keys of its own, 2 biometric';

	CREATE TABLE qrcred_store.ticket (
		sha256 bytea PRIMARY KEY,
		credential_id int8 NOT NULL REFERENCES qrcred_store.credential,
		generation int2 NOT NULL,
		serial int4 NOT NULL,
		expires int8 NOT NULL
	);
	CREATE INDEX ticket_credential ON qrcred_store.ticket (credential_id);
	COMMENT ON TABLE qrcred_store.ticket IS 'SHA-256 of each download ticket, to find its credential; its use stands in the strike row; expires in unix seconds';

	CREATE TABLE qrcred_store.strike (
		id int8 PRIMARY KEY,
		attempt_no int8 NOT NULL DEFAULT 0,
		valid_until int8 NOT NULL DEFAULT 0,
		frozen_until int8 NOT NULL DEFAULT 0,
		frozen_at int8 NOT NULL DEFAULT 0,
		challenge_no int8 NOT NULL DEFAULT 0,
		challenge_until int8 NOT NULL DEFAULT 0,
		accept_no int8 NOT NULL DEFAULT 0,
		accept_at int8 NOT NULL DEFAULT 0,
		step_rotating int8 NOT NULL DEFAULT 0,
		step_biometric int8 NOT NULL DEFAULT 0,
		step_renewal int8 NOT NULL DEFAULT 0,
		request_no int8 NOT NULL DEFAULT 0,
		request_at int8 NOT NULL DEFAULT 0,
		ticket_used_at int8 NOT NULL DEFAULT 0,
		window_at int8 NOT NULL DEFAULT 0,
		window_count int8 NOT NULL DEFAULT 0,
		window_logged_at int8 NOT NULL DEFAULT 0,
		digest_1 uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
		digest_2 uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
		nonce uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
		text_1 uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
		text_2 uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
		previous_nonce uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
		previous_text_1 uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
		previous_text_2 uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
		request uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
		wallet_nonce uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
		seal uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
		mac uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
		challenge_gateway int4 NOT NULL DEFAULT 0,
		accept_gateway int4 NOT NULL DEFAULT 0,
		ticket_serial int4 NOT NULL DEFAULT 0,
		freeze_no int4 NOT NULL DEFAULT 0,
		flags int4 NOT NULL DEFAULT 0,
		issuer_id int4 NOT NULL DEFAULT 0,
		generation int2 NOT NULL DEFAULT 0,
		kid int2 NOT NULL DEFAULT 0,
		strikes_second int2 NOT NULL DEFAULT 0,
		strikes_password int2 NOT NULL DEFAULT 0,
		strikes_verification int2 NOT NULL DEFAULT 0,
		strikes_biometric int2 NOT NULL DEFAULT 0,
		marks int2 NOT NULL DEFAULT 0,
		freezes int2 NOT NULL DEFAULT 0,
		challenge_state int2 NOT NULL DEFAULT 0,
		challenge_digits int2 NOT NULL DEFAULT 0,
		previous_digits int2 NOT NULL DEFAULT 0,
		ticket_state int2 NOT NULL DEFAULT 0,
		ticket_wrong int2 NOT NULL DEFAULT 0,
		accept_settled int2 NOT NULL DEFAULT 0,
		accept_tier int2 NOT NULL DEFAULT 0,
		request_verdict int2 NOT NULL DEFAULT 0,
		request_reason int2 NOT NULL DEFAULT 0,
		request_next int2 NOT NULL DEFAULT 0,
		request_tier int2 NOT NULL DEFAULT 0,
		request_tries int2 NOT NULL DEFAULT 0,
		seal_kid int2 NOT NULL DEFAULT 0
	);
	COMMENT ON TABLE qrcred_store.strike IS 'One row per credential (its id), gateway (-number) and login, changed in place whatever the caller''s transaction does; times in unix microseconds, valid_until in seconds. Never UPDATE, DELETE or TRUNCATE';

	CREATE TABLE qrcred_store.attempt (
		at timestamptz NOT NULL,
		owner int8 NOT NULL,
		attempt_no int8 NOT NULL,
		moment int8 NOT NULL,
		actor oid NOT NULL,
		gateway int4 NOT NULL,
		seal uuid NOT NULL,
		kind int2 NOT NULL,
		factor int2 NOT NULL,
		verdict int2 NOT NULL,
		reason int2 NOT NULL,
		tier int2 NOT NULL,
		freeze_no int2 NOT NULL,
		generation int2 NOT NULL,
		kid int2 NOT NULL
	) PARTITION BY RANGE (at);
	CREATE INDEX attempt_owner_at ON qrcred_store.attempt (owner, at);
	COMMENT ON TABLE qrcred_store.attempt IS 'The attempt log: one sealed row for every verdict and act, whatever became of the caller''s transaction';

	CREATE TABLE qrcred_store.act (
		owner int8 NOT NULL,
		attempt_no int8 NOT NULL,
		actor name NOT NULL,
		at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
		words text NOT NULL,
		PRIMARY KEY (owner, attempt_no)
	);
	COMMENT ON TABLE qrcred_store.act IS 'Staff''s words to an act of the attempt log, by owner and attempt number';

	CREATE TABLE qrcred_store.release (
		credential_id int8 NOT NULL,
		freeze_no int4 NOT NULL,
		mac uuid NOT NULL,
		kid int2 NOT NULL,
		actor name NOT NULL,
		at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
		reason text NOT NULL,
		PRIMARY KEY (credential_id, freeze_no)
	);
	COMMENT ON TABLE qrcred_store.release IS 'Staff''s releases, each bound to one freeze by its number and a MAC under the audit key';

	CREATE TABLE qrcred_store.anchor (
		owner int8 PRIMARY KEY,
		attempt_no int8 NOT NULL,
		seal uuid NOT NULL,
		mac uuid NOT NULL,
		kid int2 NOT NULL
	);
	COMMENT ON TABLE qrcred_store.anchor IS 'Where an owner''s chain begins after older partitions were retired';

	CREATE TABLE qrcred_store.outbox (
		outbox_id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
		credential_id int8 NOT NULL DEFAULT 0,
		made timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
		idempotency_key uuid NOT NULL DEFAULT pg_catalog.gen_random_uuid(),
		subject uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
		gateway_id int4 NOT NULL DEFAULT 0,
		ticket_serial int4 NOT NULL DEFAULT 0,
		kind int2 NOT NULL,
		failures int2 NOT NULL DEFAULT 0,
		taken timestamptz,
		done timestamptz,
		failure text
	);
	COMMENT ON TABLE qrcred_store.outbox IS 'Messages for the bank''s sender: ids only, never a phone number, link or code; a row that goes with an in-place change is published with it';

	CREATE TABLE qrcred_store.key_check (
		kid int2 PRIMARY KEY CHECK (kid BETWEEN 1 AND 255),
		check_value bytea NOT NULL,
		home text NOT NULL,
		first_used timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
		retired timestamptz
	);
	COMMENT ON TABLE qrcred_store.key_check IS 'Key check value of every master key that the store has used, and in which database: another one means a restored store';

	CREATE TABLE qrcred_store.duty (
		role_name name NOT NULL,
		role_oid oid NOT NULL,
		duty text NOT NULL,
		issuer_id int4 REFERENCES qrcred_store.issuer,
		UNIQUE NULLS NOT DISTINCT (role_oid, duty, issuer_id)
	);
	COMMENT ON TABLE qrcred_store.duty IS 'Who holds which duty; with an issuer, for that issuer''s customers only; the role by its number, and by its name for a dump';

	CREATE TABLE qrcred_store.bucket (
		first int4 NOT NULL CHECK (first BETWEEN 0 AND 4095),
		last int4 NOT NULL CHECK (last BETWEEN 0 AND 4095),
		owned bool NOT NULL,
		PRIMARY KEY (first),
		CHECK (first <= last)
	);
	INSERT INTO qrcred_store.bucket VALUES (0, 4095, true);
	COMMENT ON TABLE qrcred_store.bucket IS 'Which buckets of credential ids live in this database, in ranges';

	CREATE TABLE qrcred_store.spent (
		customer_id int8 NOT NULL REFERENCES qrcred_store.customer,
		day date NOT NULL,
		currency text NOT NULL,
		tier "char" NOT NULL,
		amount numeric NOT NULL DEFAULT 0,
		PRIMARY KEY (customer_id, day, currency, tier)
	);
	COMMENT ON TABLE qrcred_store.spent IS 'A customer''s day (UTC) per currency and tier, raised by each acceptance''s own transaction';

	CREATE TABLE qrcred_store.spent_attempt (
		credential_id int8 NOT NULL REFERENCES qrcred_store.credential,
		attempt_no int8 NOT NULL,
		day date NOT NULL,
		PRIMARY KEY (credential_id, attempt_no)
	);
	COMMENT ON TABLE qrcred_store.spent_attempt IS 'Which acceptances the day''s sums hold, so that a repeated one counts once; yesterday''s rows may go';

	CREATE TABLE qrcred_store.login (
		login_id int4 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
		credential_id int8 NOT NULL UNIQUE REFERENCES qrcred_store.credential,
		kid int2 NOT NULL,
		name bytea NOT NULL,
		name_digest bytea NOT NULL,
		password_hash text NOT NULL,
		device_day date NOT NULL DEFAULT '-infinity',
		device_sendings int4 NOT NULL DEFAULT 0,
		registered timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
		UNIQUE (kid, name_digest)
	);
	COMMENT ON TABLE qrcred_store.login IS 'A payer''s login: its name sealed and as a keyed digest, its password as bcrypt hashes it; wrong guesses stand in the strike row -(2^32 + login_id)';

	CREATE TABLE qrcred_store.session (
		sha256 bytea PRIMARY KEY,
		login_id int4 NOT NULL REFERENCES qrcred_store.login ON DELETE CASCADE,
		gateway_id int4 NOT NULL REFERENCES qrcred_store.gateway,
		started timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
		used timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
		sending int4 NOT NULL DEFAULT 0,
		sent timestamptz NOT NULL DEFAULT '-infinity'
	);
	CREATE INDEX session_login ON qrcred_store.session (login_id);
	CREATE INDEX session_started ON qrcred_store.session (started);
	COMMENT ON TABLE qrcred_store.session IS 'SHA-256 of each session; it ends 5 minutes after its last use and 30 after its start; sending counts the verification codes for its device';

	CREATE TABLE qrcred_store.card (
		credential_id int8 PRIMARY KEY REFERENCES qrcred_store.credential,
		kid int2 NOT NULL,
		card bytea NOT NULL,
		card_password bytea,
		bound timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
	);
	COMMENT ON TABLE qrcred_store.card IS 'A payer''s card number or token, sealed with AES-256-GCM and opened only for the charge function; its password only where the issuer''s policy keeps it';

	CREATE TABLE qrcred_store.biometric (
		credential_id int8 PRIMARY KEY REFERENCES qrcred_store.credential,
		generation int2 NOT NULL,
		kid int2 NOT NULL,
		salt bytea NOT NULL,
		code text,
		model text,
		helper varbit,
		key bytea,
		bound_by bytea,
		changed timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
		CHECK ((helper IS NULL) = (key IS NULL) AND (helper IS NULL) = (code IS NULL) AND (helper IS NULL) = (model IS NULL))
	);
	COMMENT ON TABLE qrcred_store.biometric IS 'A payer''s fuzzy commitment: helper, salt, code and model, and K(biometric) sealed; never a template or a secret; without a helper: a binding under way';

	CREATE TABLE qrcred_store.payment (
		payment_id uuid PRIMARY KEY,
		credential_id int8 NOT NULL REFERENCES qrcred_store.credential,
		generation int2 NOT NULL,
		kid int2 NOT NULL,
		amount numeric NOT NULL CHECK (amount > 0),
		currency text NOT NULL,
		payee text NOT NULL,
		order_ref text NOT NULL,
		nonce bytea NOT NULL,
		request uuid,
		state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'presented', 'charged', 'declined', 'left', 'expired')),
		made timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
		expires timestamptz NOT NULL,
		sending int4 NOT NULL DEFAULT 0,
		sent timestamptz NOT NULL DEFAULT '-infinity',
		attempt_no int8 NOT NULL DEFAULT 0,
		asked timestamptz,
		ended timestamptz,
		receipt text,
		reason text,
		UNIQUE (credential_id, request)
	);
	CREATE INDEX payment_expires ON qrcred_store.payment (expires) WHERE state IN ('open', 'presented');
	COMMENT ON TABLE qrcred_store.payment IS 'Payments: what the biometric code is bound to, and their state; asked: the charge function was called and money moves elsewhere, until settle_payment() or decline_payment()';

	/* rows by which unknown login names wait, as known ones do */
	INSERT INTO qrcred_store.strike (id) SELECT -(8589934592 + n) FROM generate_series(0, 4095) n;

	/* the wallet's own door: refusals that concern no gateway and no credential */
	INSERT INTO qrcred_store.strike (id) VALUES (0);

	CREATE FUNCTION qrcred_store.guard() RETURNS trigger
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
	AS $guard$
	BEGIN
		RAISE EXCEPTION '% of qrcred_store.% is refused', TG_OP, TG_TABLE_NAME
			USING ERRCODE = '55000',
				  DETAIL = 'These rows are written in place by the functions of schema qrcred; another change would break their seals.',
				  HINT = 'Use qrcred.freeze(), release(), void_credential() or maintain().';
	END
	$guard$;
	REVOKE ALL ON FUNCTION qrcred_store.guard() FROM PUBLIC;
	COMMENT ON FUNCTION qrcred_store.guard() IS 'Refuses every change that is not made in place by qrcred';

	CREATE TRIGGER guard_row BEFORE UPDATE OR DELETE ON qrcred_store.strike
		FOR EACH ROW EXECUTE FUNCTION qrcred_store.guard();
	CREATE TRIGGER guard_all BEFORE TRUNCATE ON qrcred_store.strike
		FOR EACH STATEMENT EXECUTE FUNCTION qrcred_store.guard();
	CREATE TRIGGER guard_row BEFORE UPDATE OR DELETE ON qrcred_store.attempt
		FOR EACH ROW EXECUTE FUNCTION qrcred_store.guard();
	CREATE TRIGGER guard_all BEFORE TRUNCATE ON qrcred_store.attempt
		FOR EACH STATEMENT EXECUTE FUNCTION qrcred_store.guard();
	CREATE TRIGGER guard_row BEFORE UPDATE OF credential_id, freeze_no, mac, kid, actor, at OR DELETE ON qrcred_store.release
		FOR EACH ROW EXECUTE FUNCTION qrcred_store.guard();
	CREATE TRIGGER guard_all BEFORE TRUNCATE ON qrcred_store.release
		FOR EACH STATEMENT EXECUTE FUNCTION qrcred_store.guard();

	/* before each row: nothing that was read ahead of the change is used after it, within the statement either */
	CREATE FUNCTION qrcred_store.announce() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS $announce$
	BEGIN
		/* without the extension nobody keeps a copy, and nothing of its schema is called */
		IF EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'qrcred') THEN
			PERFORM qrcred.announce_change(TG_RELID);
		END IF;
		IF TG_OP = 'DELETE' THEN
			RETURN OLD;
		END IF;
		RETURN NEW;
	END
	$announce$;
	REVOKE ALL ON FUNCTION qrcred_store.announce() FROM PUBLIC;
	COMMENT ON FUNCTION qrcred_store.announce() IS 'Lets every session forget its copies of the table''s rows when this transaction commits';

	CREATE TRIGGER announce_row BEFORE INSERT OR UPDATE OR DELETE ON qrcred_store.issuer
		FOR EACH ROW EXECUTE FUNCTION qrcred_store.announce();
	CREATE TRIGGER announce_all BEFORE TRUNCATE ON qrcred_store.issuer
		FOR EACH STATEMENT EXECUTE FUNCTION qrcred_store.announce();
	ALTER TABLE qrcred_store.issuer ENABLE ALWAYS TRIGGER announce_row, ENABLE ALWAYS TRIGGER announce_all;
	CREATE TRIGGER announce_row BEFORE INSERT OR UPDATE OR DELETE ON qrcred_store.gateway
		FOR EACH ROW EXECUTE FUNCTION qrcred_store.announce();
	CREATE TRIGGER announce_all BEFORE TRUNCATE ON qrcred_store.gateway
		FOR EACH STATEMENT EXECUTE FUNCTION qrcred_store.announce();
	ALTER TABLE qrcred_store.gateway ENABLE ALWAYS TRIGGER announce_row, ENABLE ALWAYS TRIGGER announce_all;
	CREATE TRIGGER announce_row BEFORE INSERT OR UPDATE OR DELETE ON qrcred_store.bucket
		FOR EACH ROW EXECUTE FUNCTION qrcred_store.announce();
	CREATE TRIGGER announce_all BEFORE TRUNCATE ON qrcred_store.bucket
		FOR EACH STATEMENT EXECUTE FUNCTION qrcred_store.announce();
	ALTER TABLE qrcred_store.bucket ENABLE ALWAYS TRIGGER announce_row, ENABLE ALWAYS TRIGGER announce_all;

	PERFORM qrcred.maintain('7 days'::interval, NULL::interval);
END
$store$;
REVOKE ALL ON FUNCTION qrcred.create_store() FROM PUBLIC;
COMMENT ON FUNCTION qrcred.create_store() IS 'Makes the store in schema qrcred_store; needs no key; refuses a schema that is there already (42P06)';

CREATE FUNCTION qrcred.maintain(ahead interval DEFAULT '7 days', keep interval DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	SET lock_timeout = '1s' SET datestyle = 'ISO, YMD' SET timezone = 'UTC'
AS $maintain$
DECLARE
	from_day timestamptz := date_trunc('day', clock_timestamp(), 'UTC');
	leaf name;
	tries int;
BEGIN
	IF ahead IS NULL OR ahead < '1 day' OR ahead > '400 days' THEN
		RAISE EXCEPTION 'argument "ahead" must be between 1 day and 400 days' USING ERRCODE = '22023';
	END IF;
	IF keep < '1 day' THEN
		RAISE EXCEPTION 'argument "keep" must be 1 day or more, or null' USING ERRCODE = '22023';
	END IF;
	WHILE from_day <= clock_timestamp() + ahead LOOP
		leaf := 'attempt_' || to_char(from_day AT TIME ZONE 'UTC', 'YYYYMMDD');
		IF to_regclass('qrcred_store.' || leaf) IS NULL THEN
			/* made apart, then attached under a CHECK: a weak lock, no scan */
			EXECUTE format('CREATE TABLE qrcred_store.%I (LIKE qrcred_store.attempt INCLUDING INDEXES INCLUDING COMMENTS, CHECK (at >= %L AND at < %L))',
				leaf, from_day, from_day + interval '24 hours');
			EXECUTE format('ALTER TABLE qrcred_store.attempt ATTACH PARTITION qrcred_store.%I FOR VALUES FROM (%L) TO (%L)',
				leaf, from_day, from_day + interval '24 hours');
			EXECUTE format('CREATE TRIGGER guard_all BEFORE TRUNCATE ON qrcred_store.%I FOR EACH STATEMENT EXECUTE FUNCTION qrcred_store.guard()', leaf);
		END IF;
		from_day := from_day + interval '24 hours';
	END LOOP;

	/* messages made in case, of which nothing came, and yesterday's marks of the day's sums */
	DELETE FROM qrcred_store.outbox WHERE kind = 0;
	INSERT INTO qrcred_store.outbox (kind, credential_id)
	SELECT 10, s.id FROM qrcred_store.strike s
	WHERE s.id > 0 AND s.flags & 17 = 16
	  AND s.valid_until > extract(epoch FROM clock_timestamp())
	  AND s.valid_until <= extract(epoch FROM clock_timestamp()) + 14 * 86400
	  AND NOT EXISTS (SELECT FROM qrcred_store.outbox o
					  WHERE o.credential_id = s.id AND o.kind = 10 AND o.made > to_timestamp(s.valid_until) - interval '15 days')
	LIMIT 100000;
	/* what a transaction holds just now is left to the next call */
	UPDATE qrcred_store.payment SET state = 'expired', ended = clock_timestamp()
	WHERE payment_id IN (SELECT p.payment_id FROM qrcred_store.payment p
						 WHERE p.state IN ('open', 'presented') AND p.asked IS NULL AND p.expires <= clock_timestamp()
						 FOR UPDATE SKIP LOCKED);
	DELETE FROM qrcred_store.session
	WHERE sha256 IN (SELECT s.sha256 FROM qrcred_store.session s
					 WHERE s.started < clock_timestamp() - interval '30 minutes' FOR UPDATE SKIP LOCKED);
	DELETE FROM qrcred_store.spent_attempt WHERE day < (clock_timestamp() AT TIME ZONE 'UTC')::date - 1;

	/* a waiting exclusive lock would stop every verification behind it: short waits, several tries */
	FOR leaf IN
		SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
		WHERE i.inhparent = 'qrcred_store.attempt'::regclass
		  AND (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO [(]''([^'']+)''[)]'))[1]::timestamptz <= clock_timestamp() - keep
		ORDER BY 1
	LOOP
		FOR tries IN 1..10 LOOP
			BEGIN
				EXECUTE format('INSERT INTO qrcred_store.anchor AS a (owner, attempt_no, seal, mac, kid)'
					' SELECT l.owner, l.attempt_no, l.seal, m.mac, m.kid'
					' FROM (SELECT DISTINCT ON (owner) owner, attempt_no, seal FROM qrcred_store.%I ORDER BY owner, attempt_no DESC) l,'
					' LATERAL qrcred.anchor_mac(l.owner, l.attempt_no, l.seal) m'
					' ON CONFLICT (owner) DO UPDATE SET attempt_no = excluded.attempt_no, seal = excluded.seal, mac = excluded.mac, kid = excluded.kid'
					' WHERE excluded.attempt_no > a.attempt_no', leaf);
				EXECUTE format('DROP TABLE qrcred_store.%I', leaf);
				EXIT;
			EXCEPTION WHEN lock_not_available THEN
				IF tries = 10 THEN
					RAISE;
				END IF;
				PERFORM pg_sleep(0.2);
			END;
		END LOOP;
	END LOOP;
END
$maintain$;
REVOKE ALL ON FUNCTION qrcred.maintain(interval, interval) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.maintain(interval, interval) IS 'Makes the attempt log''s daily partitions (UTC) from today to now + ahead (1 to 400 days); retires those older than keep (1 day or more; null keeps all), leaving each chain''s last seal as its anchor; queues a message for wallets whose credential expires within 14 days; ends payments and sessions whose time has passed';

CREATE FUNCTION qrcred.drop_store(confirm text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $drop$
BEGIN
	IF confirm IS DISTINCT FROM 'drop ' || current_database() THEN
		RAISE EXCEPTION 'argument "confirm" must be ''drop %''', current_database()
			USING ERRCODE = '22023',
				  DETAIL = 'Every credential, count and log row of this database would be gone.';
	END IF;
	DROP SCHEMA qrcred_store CASCADE;
END
$drop$;
REVOKE ALL ON FUNCTION qrcred.drop_store(text) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.drop_store(text) IS 'Drops schema qrcred_store and everything in it; confirm must be ''drop '' and the database''s name';

CREATE FUNCTION qrcred.home() RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $home$
	SELECT s.system_identifier::text || '/' || d.oid::text || '/' || pg_catalog.to_regclass('qrcred_store.strike')::oid::text
	FROM pg_catalog.pg_control_system() s, pg_catalog.pg_database d
	WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
$home$;
REVOKE ALL ON FUNCTION qrcred.home() FROM PUBLIC;
COMMENT ON FUNCTION qrcred.home() IS 'Cluster, database and strike table by their numbers: a store that notes others came out of a dump';

CREATE FUNCTION qrcred.upgrade_store() RETURNS void
LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'qrcred_upgrade_store';
REVOKE ALL ON FUNCTION qrcred.upgrade_store() FROM PUBLIC;
COMMENT ON FUNCTION qrcred.upgrade_store() IS 'Takes a store up: checks its tables; after a restore ends open challenges and lets each log that the dump caught in motion go on behind a sealed epoch row';
