-- Lines of Return A by their names; those of the legacy definition of rape are not read.
SELECT t.form_month_id AS reta_month_id, r.offense_subcat_id, sum(t.actual_count)::bigint AS actual_count
FROM ucr_prd.sum_month_offense t
JOIN ucr_prd.lkup_srs_offense l ON l.breakdown_id = t.breakdown_id
JOIN :lines r ON (r.breakdown_name = l.breakdown_name::text OR r.offense_name = l.offense_name::text)
WHERE l.offense_name::text NOT LIKE '%(Legacy)'
GROUP BY t.form_month_id, r.offense_subcat_id
