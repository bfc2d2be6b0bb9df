SELECT offense_subcat_id, offense_subcat_name, offense_subcat_code FROM list(reta_offense_subcat) l
