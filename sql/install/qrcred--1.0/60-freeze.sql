/* What staff does. */
CREATE FUNCTION qrcred.freeze(credential_id int8, reason text, seconds int DEFAULT NULL) RETURNS void
LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'qrcred_freeze';
REVOKE ALL ON FUNCTION qrcred.freeze(int8, text, int) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.freeze(int8, text, int) IS 'Freezes at once, whatever the transaction does; for seconds (1 to 316224000) or, by default, until released';

CREATE FUNCTION qrcred.release(credential_id int8, reason text) RETURNS void
LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'qrcred_release';
REVOKE ALL ON FUNCTION qrcred.release(int8, text) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.release(int8, text) IS 'Releases from the freeze in force, with the commit of the caller''s transaction; 55000 when not frozen or void';

CREATE FUNCTION qrcred.void_credential(credential_id int8, reason text) RETURNS void
LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'qrcred_void_credential';
REVOKE ALL ON FUNCTION qrcred.void_credential(int8, text) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.void_credential(int8, text) IS 'Ends a credential for good, at once, whatever the transaction does';

CREATE FUNCTION qrcred.state_of(credential_id int8, OUT state text, OUT valid_until int8, OUT strikes int, OUT freeze_no int)
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'qrcred_state_of';
REVOKE ALL ON FUNCTION qrcred.state_of(int8) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.state_of(int8) IS 'As peek(), for the functions and views that check the caller themselves; owner only';

CREATE FUNCTION qrcred.peek(credential_id int8, OUT state text, OUT valid_until int8, OUT strikes int, OUT freeze_no int)
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'qrcred_peek';
REVOKE ALL ON FUNCTION qrcred.peek(int8) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.peek(int8) IS 'State (waiting, open, frozen, expired, void), expiry in unix seconds, strikes of all factors, number of the last freeze; authorises nothing, works on a standby';

CREATE FUNCTION qrcred.report_lost(issuer text, id_number text, phone text, operator text, OUT credential_id int8, OUT frozen boolean) RETURNS SETOF record
LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'qrcred_report_lost';
REVOKE ALL ON FUNCTION qrcred.report_lost(text, text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.report_lost(text, text, text, text) IS 'Freezes every credential of the customer who knows id number and phone, at once, whatever the transaction does; the empty set for wrong answers and unknown people alike; more than 10 wrong ones of an operator in an hour raise an alert';

CREATE FUNCTION qrcred.freeze_on() RETURNS trigger
LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'qrcred_freeze_on';
REVOKE ALL ON FUNCTION qrcred.freeze_on() FROM PUBLIC;
COMMENT ON FUNCTION qrcred.freeze_on() IS 'Trigger AFTER INSERT OR UPDATE FOR EACH ROW: freeze_on(column, reason [, transactional [, issuer]]) freezes the credential (bigint column) or all of the customer (text column), at once or with the row''s commit';

CREATE FUNCTION qrcred.count_on() RETURNS trigger
LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'qrcred_count_on';
REVOKE ALL ON FUNCTION qrcred.count_on() FROM PUBLIC;
COMMENT ON FUNCTION qrcred.count_on() IS 'Trigger AFTER INSERT FOR EACH ROW: count_on(column [, issuer]) counts a strike for each row, and freezes at the limit';

CREATE FUNCTION qrcred.registration_changed() RETURNS trigger
LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'qrcred_registration_changed';
REVOKE ALL ON FUNCTION qrcred.registration_changed() FROM PUBLIC;
COMMENT ON FUNCTION qrcred.registration_changed() IS 'Trigger AFTER UPDATE FOR EACH ROW: registration_changed(column [, issuer]) ends codes made from the old registration data';
