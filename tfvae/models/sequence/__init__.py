"""Latent variables that follow one another in time."""
