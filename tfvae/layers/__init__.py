"""Keras layers for encoders and decoders: conditions, masks, corruption, graphs, scales, sparse codes."""

from tfvae.layers.conditioning import (
    ConcatenateCondition,
    ConditionalNetwork,
    ConditionPrefix,
    IgnoreCondition,
)
from tfvae.layers.corruption import Corruption, GaussianNoise, MaskingNoise
from tfvae.layers.graph_convolution import GraphConvolution
from tfvae.layers.masking import MaskBlock, MaskElements, MaskHalf, MaskOneOf, RandomMask
from tfvae.layers.multiscale import FeaturePyramid, StackMaps, downsample, map_shapes, upsample
from tfvae.layers.partial_convolution import PartialConv2D, PartialConvEncoder
from tfvae.layers.sparse_coding import ista, lipschitz_constant, soft_threshold

__all__ = [
    "ConcatenateCondition",
    "ConditionPrefix",
    "ConditionalNetwork",
    "Corruption",
    "FeaturePyramid",
    "GaussianNoise",
    "GraphConvolution",
    "IgnoreCondition",
    "MaskBlock",
    "MaskElements",
    "MaskHalf",
    "MaskOneOf",
    "MaskingNoise",
    "PartialConv2D",
    "PartialConvEncoder",
    "RandomMask",
    "StackMaps",
    "downsample",
    "ista",
    "lipschitz_constant",
    "map_shapes",
    "soft_threshold",
    "upsample",
]
