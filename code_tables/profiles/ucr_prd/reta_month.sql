-- Months with a Return A, or with NIBRS from the agency's start on, of which the FBI makes one; a form of Return A
-- counts where there are both.
SELECT DISTINCT ON (t.agency_id, t.data_year, t.data_month)
       t.form_month_id AS reta_month_id, t.agency_id, t.data_year, t.data_month AS month_num, 'Y'::text AS reported_flag
FROM ucr_prd.form_month t
LEFT JOIN ucr_prd.ref_agency a ON a.agency_id = t.agency_id
WHERE t.data_month BETWEEN 1 AND 12
  AND (t.form_code = 'R'
       OR t.form_code = 'N' AND t.is_zero_report IS NOT NULL
          AND extract(year FROM a.nibrs_start_date) * 100 + extract(month FROM a.nibrs_start_date)
              <= t.data_year * 100 + t.data_month)
ORDER BY t.agency_id, t.data_year, t.data_month, t.form_code DESC, t.form_month_id
