"""How well a class can be read off the latent variable."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.svm import SVC

from tfvae.core.errors import InvalidInput
from tfvae.models import LatentModel


class LatentClassifier:
    """A classifier of the location of q(z|x), fitted where the class is known; the M1 model.

    The model is trained on all examples, without labels; the classifier afterwards, on few.

    Args:
        model: a trained model.
        classifier: any object with scikit-learn's `fit` and `predict`; None is a support vector machine with
            a Gaussian kernel.

    Source: Kingma et al. 2014, section 2 (latent-feature discriminative model).

    Example:
        >>> import tfvae
        >>> x, label = np.eye(4), [0, 1, -1, -1]
        >>> LatentClassifier(tfvae.zoo.vae((4,), 2)).fit(x, label).predict_label(x).shape
        (4,)
    """

    def __init__(self, model: LatentModel, classifier: BaseEstimator | None = None):
        self.model = model
        self.classifier = SVC(C=10.0) if classifier is None else classifier

    def fit(self, inputs: object, label: np.ndarray) -> LatentClassifier:
        """Fit the classifier to the examples whose label is not -1.

        Args:
            inputs: data [N, *event].
            label: class of each example, -1 where it is unknown, [N].
        """
        latent, label = self._latent(inputs), np.asarray(label)
        if label.shape != (len(latent),):
            raise InvalidInput("label", f"shape ({len(latent)},)", label.shape)
        known = label >= 0
        if len(np.unique(label[known])) < 2:
            raise InvalidInput("label", "at least two classes that are known", np.unique(label))
        self.classifier.fit(latent[known], label[known])
        return self

    def predict_label(self, inputs: object) -> np.ndarray:
        """Return the class of each example, [N]."""
        return self.classifier.predict(self._latent(inputs))

    def _latent(self, inputs: object) -> np.ndarray:
        return self.model.predict(inputs, verbose=0)["latent"]
