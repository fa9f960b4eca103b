-- Runs last: takes back what a00_setup did to the server.
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS qrcred_store, qt CASCADE;
LOAD 'qrcred';
ALTER SYSTEM RESET qrcred.keyring_file;
ALTER SYSTEM RESET qrcred.keyring_command;
\set ECHO none
SELECT format('ALTER SYSTEM SET %s = %L', name, setting) FROM public.qrcred_settings_before \gexec
\set ECHO all
DROP TABLE public.qrcred_settings_before;
SELECT pg_reload_conf();
COPY (SELECT) TO PROGRAM 'cat >/dev/null; rm -f qrcred_test_keys qrcred_test_keys_7';
\c -
SELECT current_setting('qrcred.keyring_file', true) = 'qrcred_test_keys' AS still_set,
    pg_stat_file('qrcred_test_keys', true) IS NULL AS removed;
