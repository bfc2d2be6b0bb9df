-- The same of a database that has no table for it: nothing is known.
SELECT NULL::text AS state, NULL::text AS kind, NULL::text AS table_name, NULL::bigint AS rows, NULL::text AS note
WHERE false
