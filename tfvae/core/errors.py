"""One form for all errors about input: the argument, what was expected, what was received."""


class InvalidInput(ValueError):
    """An argument that cannot be used; the message names it, what was expected and what was received.

    Example:
        >>> raise InvalidInput("beta", "a number of at least 0", -1.0)
        Traceback (most recent call last):
        tfvae.InvalidInput: beta: expected a number of at least 0, received -1.0
    """

    __module__ = "tfvae"
    _keras_call_info_injected = True  # or Keras makes another error of one that is raised in a layer's call

    def __init__(self, argument: str, expected: str, received: object):
        super().__init__(f"{argument}: expected {expected}, received {received}")


class UnreadableFile(OSError):
    """A file that cannot be read as what it should be; the message names the file and the reason."""

    __module__ = "tfvae"

    def __init__(self, path: object, expected: str, reason: object):
        super().__init__(f"{path}: expected {expected}, but {reason}")
        self.path, self.expected, self.reason = path, expected, reason


class UnwritableFile(OSError):
    """A file that cannot be written; what was there before is unchanged."""

    __module__ = "tfvae"

    def __init__(self, path: object, reason: object):
        super().__init__(f"{path}: it cannot be written ({reason}); what was there before is unchanged")
