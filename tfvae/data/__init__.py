"""Data sets from anywhere as batches: sources, splits, and pipelines in bounded memory.

Its names are imported on first use; all but the Keras layer `Standardize` do without TensorFlow and Keras.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
