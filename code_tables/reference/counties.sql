-- The counties of an agency, with the metropolitan area of each, and the agency's judicial district and FBI field office:
-- what areas below states are made of. An agency without a county has one row. county_known is N where the county,
-- its metropolitan division or the area of that is in no reference table: then nobody knows to which area it belongs.
SELECT a.agency_id,
       c.county_id AS county,
       k.county_name,
       k.county_fips_code AS county_fips,
       CASE WHEN c.county_id IS NOT NULL
            THEN CASE WHEN k.county_id IS NULL OR m.msa_id IS NULL THEN 'N' ELSE 'Y' END END AS county_known,
       CASE WHEN v.msa_flag = 'Y' THEN 'Y' WHEN v.metro_div_id IS NOT NULL THEN 'N' END AS metropolitan,
       v.metro_div_name AS metro_division,
       CASE WHEN v.msa_flag = 'Y' THEN coalesce(m.msa_omb_code, m.msa_id::text) END AS msa,
       CASE WHEN v.msa_flag = 'Y' THEN m.msa_name END AS msa_name,
       coalesce(c.core_city_flag, 'N') AS core_city,
       c.population,
       a.judicial_dist_code AS judicial_district,
       coalesce(f.field_office_code, f.field_office_id::text) AS field_office,
       f.field_office_name
FROM ref_agency_population p
JOIN ref_agency a USING (agency_id)
LEFT JOIN ref_field_office f USING (field_office_id)
LEFT JOIN ref_agency_county c ON c.agency_id = p.agency_id AND c.data_year = p.data_year
LEFT JOIN ref_county k USING (county_id)
LEFT JOIN ref_metro_division v USING (metro_div_id)
LEFT JOIN ref_msa m USING (msa_id)
WHERE p.data_year = :year
ORDER BY a.agency_id, c.county_id, c.metro_div_id
