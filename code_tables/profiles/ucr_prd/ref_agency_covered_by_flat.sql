-- An agency may be covered by several others in a year; the months do not matter.
SELECT DISTINCT t.data_year, t.agency_id, t.covered_by_agency_id
FROM ucr_prd.ref_agency_month_covered t
WHERE t.covered_by_agency_id <> t.agency_id
