"""The `tfvae` command: train, evaluate, sample, score, export, serve, report; and its detector in Python."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
