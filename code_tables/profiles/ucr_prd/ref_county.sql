SELECT t.county_id, t.state_id, t.name::text AS county_name,
       lpad(s.fips_code::text, 2, '0') || lpad(t.fips_code::text, 3, '0') AS county_fips_code
FROM ucr_prd.ref_county t
LEFT JOIN ucr_prd.ref_state s ON s.state_id = t.state_id
