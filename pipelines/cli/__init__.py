"""The `tfvae` command: its subcommands, and the checks before a subcommand does its work."""
