"""Several layers of latent variables: p and q as chains, ladders, and very deep hierarchies."""
