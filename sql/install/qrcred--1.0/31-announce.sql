/* Called by the store's own triggers on tables whose rows backends keep copies of. */
CREATE FUNCTION qrcred.announce_change(relation oid) RETURNS void
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'qrcred_announce_change';
REVOKE ALL ON FUNCTION qrcred.announce_change(oid) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.announce_change(oid) IS 'Part of the store''s triggers: this transaction changes rows of the table; every session looks at them anew once it has committed';
