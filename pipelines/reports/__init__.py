"""HTML reports of runs and of scored tables, and the table of recipes in the README."""
