"""Calibrations: p-values and decisions from scores."""
