"""Detectors that follow the API of scikit-learn, their defaults and their files."""
