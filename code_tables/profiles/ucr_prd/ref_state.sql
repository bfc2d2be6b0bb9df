-- States with their own numbers; codes that the production schema does not have are those of the list.
SELECT t.state_id, coalesce(t.division_id, 99) AS division_id, t.name::text AS state_name, l.state_code,
       t.abbr::text AS state_abbr, t.postal_abbr::text AS state_postal_abbr,
       lpad(t.fips_code::text, 2, '0') AS state_fips_code, l.state_pub_freq_months
FROM ucr_prd.ref_state t
LEFT JOIN list(ref_state) l ON l.state_postal_abbr = t.postal_abbr::text
