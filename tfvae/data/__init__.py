"""Data sets as mini-batches: sources, splits, and pipelines in bounded memory.

Names are imported when they are first used. Only the Keras layer `Standardize` imports TensorFlow and Keras.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
