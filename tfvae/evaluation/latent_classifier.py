"""Classification of the latent variable: the M1 model."""

from __future__ import annotations

from typing import Any, Protocol, Self, final

import numpy as np
from sklearn.svm import SVC

from tfvae.core.errors import InvalidInput
from tfvae.core.types import ArrayLike, Inputs
from tfvae.models import LatentModel


class Classifier(Protocol):
    """An object with `fit` and `predict` as in scikit-learn."""

    def fit(self, X: Any, y: Any) -> Any:  # noqa: N803
        """Fit to rows and their classes."""

    def predict(self, X: Any) -> Any:  # noqa: N803
        """Return the classes of rows."""


@final
class LatentClassifier:
    """A classifier of the location of q(z|x), fitted to the labeled examples; the M1 model.

    The model is trained on all examples without labels, and the classifier afterwards on the labeled ones.

    Args:
        model: a trained model.
        classifier: an object with `fit` and `predict` as in scikit-learn; None means a support vector machine
            with a Gaussian kernel.

    Source: Kingma et al. 2014, section 2 (latent-feature discriminative model).

    Example:
        >>> import tfvae
        >>> x, label = np.eye(4), [0, 1, -1, -1]
        >>> LatentClassifier(tfvae.zoo.vae((4,), 2)).fit(x, label).predict_label(x).shape
        (4,)
    """

    def __init__(self, model: LatentModel, classifier: Classifier | None = None):
        self.model = model
        self.classifier: Classifier = SVC(C=10.0) if classifier is None else classifier

    def fit(self, inputs: Inputs, label: ArrayLike) -> Self:
        """Fit the classifier to the labeled examples; return the object.

        Args:
            inputs: data [N, *event], or the model's inputs by name.
            label: class of each example, [N], -1 if it is unknown.

        Raises:
            InvalidInput: for another number of labels, and fewer than two known classes.
        """
        latent, label = self._latent(inputs), np.asarray(label)
        if label.shape != (len(latent),):
            raise InvalidInput("label", f"shape ({len(latent)},)", label.shape)
        known = label >= 0
        if len(np.unique(label[known])) < 2:
            raise InvalidInput("label", "at least two classes that are known", np.unique(label))
        self.classifier.fit(latent[known], label[known])
        return self

    def predict_label(self, inputs: Inputs) -> np.ndarray:
        """Return the class of each example, [N].

        Args:
            inputs: data [N, *event], or the model's inputs by name.
        """
        return self.classifier.predict(self._latent(inputs))

    def _latent(self, inputs: Inputs) -> np.ndarray:
        return self.model.predict(inputs, verbose=0)["latent"]
