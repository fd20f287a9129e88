"""Anomaly scores: numbers that are high where a model finds an example unusual, and their contributions."""
