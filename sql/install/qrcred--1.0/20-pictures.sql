-- Pictures.  The functions are not STRICT: a null argument is an error that
-- names it, except where a line of the card is left out.

CREATE FUNCTION qrcred.qr_svg(content text, level text DEFAULT 'M',
							  module int DEFAULT 4, quiet int DEFAULT 4)
RETURNS text
AS 'MODULE_PATHNAME', 'qrcred_qr_svg'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
REVOKE ALL ON FUNCTION qrcred.qr_svg(text, text, int, int) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.qr_svg(text, text, int, int) IS
'content as a QR code in SVG; module: side of a module in user units, quiet: modules of quiet zone';

CREATE FUNCTION qrcred.qr_png(content text, level text DEFAULT 'M',
							  module int DEFAULT 4, quiet int DEFAULT 4)
RETURNS bytea
AS 'MODULE_PATHNAME', 'qrcred_qr_png'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
REVOKE ALL ON FUNCTION qrcred.qr_png(text, text, int, int) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.qr_png(text, text, int, int) IS
'content as a QR code in PNG, 1 bit grey; module: side of a module in pixels, quiet: modules of quiet zone';

CREATE FUNCTION qrcred.qr_text(content text, level text DEFAULT 'M',
							   invert boolean DEFAULT false)
RETURNS text
AS 'MODULE_PATHNAME', 'qrcred_qr_text'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
REVOKE ALL ON FUNCTION qrcred.qr_text(text, text, boolean) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.qr_text(text, text, boolean) IS
'content as a QR code in half blocks for a terminal of light text on dark ground; invert for dark on light';

CREATE FUNCTION qrcred.card_svg(code text, issuer text, purpose text,
								face_value text, valid_until int8)
RETURNS text
AS 'MODULE_PATHNAME', 'qrcred_card_svg'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
REVOKE ALL ON FUNCTION qrcred.card_svg(text, text, text, text, int8) FROM PUBLIC;
COMMENT ON FUNCTION qrcred.card_svg(text, text, text, text, int8) IS
'the card in SVG: QR, issuer, purpose, face value and last day (UTC); a null purpose, face_value or valid_until leaves its line out';
