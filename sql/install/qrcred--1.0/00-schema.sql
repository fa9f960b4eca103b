/* qrcred 1.0 */

-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION qrcred CASCADE" to load this file. \quit

-- A schema that somebody else made could hold functions that ours would call.
DO $squatted$
BEGIN
	IF EXISTS (SELECT FROM pg_catalog.pg_namespace n
			   WHERE n.nspname OPERATOR(pg_catalog.=) 'qrcred'
			     AND (pg_catalog.pg_get_userbyid(n.nspowner) OPERATOR(pg_catalog.<>) current_user
			          OR EXISTS (SELECT FROM pg_catalog.pg_proc p WHERE p.pronamespace OPERATOR(pg_catalog.=) n.oid)
			          OR EXISTS (SELECT FROM pg_catalog.pg_type t WHERE t.typnamespace OPERATOR(pg_catalog.=) n.oid)
			          OR EXISTS (SELECT FROM pg_catalog.pg_operator o WHERE o.oprnamespace OPERATOR(pg_catalog.=) n.oid))) THEN
		RAISE EXCEPTION 'schema "qrcred" exists already and is not an empty one of this user'
			USING ERRCODE = '42P06', HINT = 'Drop it; CREATE EXTENSION makes it.';
	END IF;
END
$squatted$;

COMMENT ON SCHEMA qrcred IS 'QR credentials: the functions that banks, scanners and wallets call';
GRANT USAGE ON SCHEMA qrcred TO PUBLIC;
