"""Endpoints: functions from named tensors to named tensors, and their raw inputs."""
