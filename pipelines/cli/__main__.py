"""`python -m tfvae.pipelines.cli` is the `tfvae` command."""

import sys

from tfvae.pipelines.cli.app import main

if __name__ == "__main__":
    sys.exit(main())
