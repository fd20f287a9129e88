"""One request for predictions, from its body to the arrays and from the outputs to the answer's text."""

from __future__ import annotations

import dataclasses

from tfvae.pipelines.serve import requests, responses
from tfvae.pipelines.serve.failure import Failure, invalid
from tfvae.pipelines.serve.version import Version


@dataclasses.dataclass(frozen=True)
class Prediction:
    """What was asked; its methods are the work of a thread.

    Checks come in TensorFlow Serving's order: the text, the signature's name, the model, the signature, the
    values.

    Args:
        body: the request's body.
        method: `predict`, `classify` or `regress`.
        found: the model's version, or why there is none.
        most: instances that a request may have.
    """

    body: bytes
    method: str
    found: Version | Failure
    most: int

    def read(self) -> tuple[str, requests.Request]:
        """Return the signature's name and its inputs.

        Raises:
            Failure: the first thing that is wrong.
        """
        content = requests.document(self.body)
        signature = requests.signature_name(content)
        if isinstance(self.found, Failure):
            raise self.found
        if self.method != "predict":
            expected = f"tensorflow/serving/{self.method}"
            raise invalid(
                f"Expected {self.method} signature method_name to be {expected}."
                f" Was: {self.found.method(signature)}"
            )
        return signature, requests.request(self.body, content, self.found.inputs(signature), self.most)

    def answer(self) -> tuple[int, bytes]:
        """Return the rows that were run and the answer's text.

        Raises:
            Failure: the first thing that is wrong.
        """
        signature, request = self.read()
        text = responses.body(self.found.call(signature, request.inputs), request.by_rows)
        return request.rows, text
