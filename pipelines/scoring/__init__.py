"""Scores of every row: of any source by a run's model, of a table by a detector, here or on Spark."""
