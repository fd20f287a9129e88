"""Detectors that follow scikit-learn's API, their defaults and their files."""
