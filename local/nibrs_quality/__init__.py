"""The quality of NIBRS data: rules that rows break, agencies that differ from similar ones."""
