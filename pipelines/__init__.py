"""The `tfvae` command: train, evaluate, sample, score, export, serve, report."""
