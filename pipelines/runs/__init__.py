"""A training run: its folder, its training, and the commands for a finished one."""
