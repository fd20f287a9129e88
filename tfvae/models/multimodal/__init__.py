"""One latent variable for several kinds of data, any of which may be missing."""
