"""Exports run by other engines in processes of their own, and their numbers compared."""
