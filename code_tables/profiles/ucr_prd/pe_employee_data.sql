-- Officers and civilians of the last form of a year; an agency without any officer is taken not to have told.
SELECT DISTINCT ON (f.agency_id, f.data_year)
       f.agency_id, f.data_year,
       CASE WHEN coalesce(t.male_officer, 0) + coalesce(t.female_officer, 0) > 0 THEN 'Y' ELSE 'N' END AS reported_flag,
       t.male_officer, t.male_civilian, t.male_officer + t.male_civilian AS male_total,
       t.female_officer, t.female_civilian, t.female_officer + t.female_civilian AS female_total
FROM ucr_prd.pe_employee_data t
JOIN ucr_prd.form_month f ON f.form_month_id = t.form_month_id
WHERE f.form_code = 'P'
ORDER BY f.agency_id, f.data_year, f.data_month DESC, f.form_month_id DESC
