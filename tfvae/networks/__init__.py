"""Networks for encoders and decoders: perceptrons, convolutional and recurrent ones.

They are ordinary Keras models, and any other Keras model can be used instead. The parts of a model project
what a network returns to the parameters they need, so a network ends with features, not with parameters.
"""

from tfvae.networks.composition import chain, split_rows
from tfvae.networks.convolution import conv, conv1d, deconv, deconv1d
from tfvae.networks.features import at_points, flatten, num_features
from tfvae.networks.perceptron import linear, mlp
from tfvae.networks.recurrent import recurrent, recurrent_decoder

__all__ = [
    "at_points",
    "chain",
    "conv",
    "conv1d",
    "deconv",
    "deconv1d",
    "flatten",
    "linear",
    "mlp",
    "num_features",
    "recurrent",
    "recurrent_decoder",
    "split_rows",
]
