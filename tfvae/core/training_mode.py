"""Whether networks run as in training, carried in one place through a pass and all that it calls.

Every network and part of a model is called with `training=TRAINING.get()`, which a model's `call` sets.
Outside a call it is False, also for layers whose default is training, as that of random augmentation is.
"""

from __future__ import annotations

import contextvars

TRAINING: contextvars.ContextVar[bool] = contextvars.ContextVar("training", default=False)
