"""Scores of every row of a table, on one machine or on Spark; detectors fitted to tables."""
