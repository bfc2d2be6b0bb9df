-- The same of a database that has no table for it: nothing is known.
SELECT NULL::bigint AS agency_id,
       NULL::char(1) AS sex,
       NULL::varchar(2) AS race,
       NULL::char(1) AS ethnicity,
       NULL::integer AS age_under_5,
       NULL::integer AS age_5_to_11,
       NULL::integer AS age_12_to_14,
       NULL::integer AS age_15,
       NULL::integer AS age_16,
       NULL::integer AS age_17,
       NULL::integer AS age_18_to_24,
       NULL::integer AS age_25_to_34,
       NULL::integer AS age_35_to_64,
       NULL::integer AS age_65_and_over
WHERE false
