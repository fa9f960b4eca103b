-- Every published vector, computed by this server.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS qrcred CASCADE;
RESET client_min_messages;

-- a server that logs no bind values: no warning
SET log_statement = 'none';
SET log_min_duration_statement = -1;
SET log_min_duration_sample = -1;
SET log_transaction_sample_rate = 0;
SET log_parameter_max_length = -1;
SET log_parameter_max_length_on_error = 0;

SELECT substring(name FROM '^(RFC \d+ \w(?:\.\d)?|protocol \d)') AS source,
    count(*), bool_and(ok) AS ok, count(DISTINCT name) AS names
FROM qrcred.selftest() GROUP BY 1 ORDER BY 1;
SELECT name FROM qrcred.selftest() WHERE ok IS NOT TRUE;
SELECT name FROM qrcred.selftest() WHERE name LIKE 'protocol%' OR name ~ ' (0|59|00000000)$';

-- one warning, and none again when the length is 0
SET log_min_duration_statement = '1h';
SELECT bool_and(ok) FROM qrcred.selftest();
SET log_parameter_max_length = 0;
SELECT bool_and(ok) FROM qrcred.selftest();
RESET log_parameter_max_length;
SET log_min_duration_statement = -1;
SET log_min_duration_sample = '1h';
SELECT bool_and(ok) FROM qrcred.selftest();
SET log_min_duration_sample = -1;
SET log_parameter_max_length_on_error = 10;
SELECT bool_and(ok) FROM qrcred.selftest();
SET log_parameter_max_length_on_error = 0;
SELECT bool_and(ok) FROM qrcred.selftest();

SELECT provolatile, proacl::text ~ '[{,]=' AS public FROM pg_proc WHERE oid = 'qrcred.selftest'::regproc;
