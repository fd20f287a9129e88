"""Exports run by other engines in processes of their own, and compared with the model's numbers.

The scripts `check_*.py` run in those processes: they import nothing of this package.
"""
