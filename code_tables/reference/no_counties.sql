-- The same of a database that has no field offices, as one that was filled before areas were estimated.
SELECT NULL::bigint AS agency_id,
       NULL::bigint AS county,
       NULL::varchar(100) AS county_name,
       NULL::varchar(5) AS county_fips,
       NULL::char(1) AS county_known,
       NULL::char(1) AS metropolitan,
       NULL::varchar(100) AS metro_division,
       NULL::varchar(5) AS msa,
       NULL::varchar(100) AS msa_name,
       NULL::char(1) AS core_city,
       NULL::bigint AS population,
       NULL::varchar(4) AS judicial_district,
       NULL::varchar(10) AS field_office,
       NULL::varchar(100) AS field_office_name
WHERE false
