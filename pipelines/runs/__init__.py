"""Training runs: a folder with configuration, model, checkpoints and metrics."""
