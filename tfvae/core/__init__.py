"""What models are built on: parts, traces, noise, replicas, checks, files, errors."""
