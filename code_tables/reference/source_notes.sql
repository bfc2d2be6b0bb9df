-- What is known of the sources of the year's states: simulated, reporters only, ...
SELECT state, kind, table_name, rows, note
FROM source_note
WHERE data_year = :year
ORDER BY state, kind, table_name, note
