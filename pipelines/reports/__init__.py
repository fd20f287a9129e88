"""HTML pages about runs and scored tables, and the table of recipes."""
