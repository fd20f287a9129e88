"""The `tfvae` command: its commands, and what is rejected before anything runs."""
