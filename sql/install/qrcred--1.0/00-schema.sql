/* qrcred 1.0 */

-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION qrcred CASCADE" to load this file. \quit

COMMENT ON SCHEMA qrcred IS 'QR credentials: the functions that banks, scanners and wallets call';
GRANT USAGE ON SCHEMA qrcred TO PUBLIC;
