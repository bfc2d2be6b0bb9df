-- The same of a database that has no table for it: nothing is known.
SELECT NULL::bigint AS agency_id,
       NULL::double precision AS age_under_5,
       NULL::double precision AS age_5_to_14,
       NULL::double precision AS age_15,
       NULL::double precision AS age_16,
       NULL::double precision AS age_17,
       NULL::double precision AS age_18_to_24,
       NULL::double precision AS age_25_to_34,
       NULL::double precision AS age_65_and_over,
       NULL::double precision AS sex_female,
       NULL::double precision AS race_black,
       NULL::double precision AS race_aian,
       NULL::double precision AS race_asian,
       NULL::double precision AS race_nhpi,
       NULL::double precision AS income_under_poverty,
       NULL::double precision AS income_twice_poverty
WHERE false
