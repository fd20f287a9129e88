"""Columns of equal kind in a table, which are computed together."""

from __future__ import annotations

import dataclasses
import json

import tensorflow as tf

from tfvae.core.types import Tensor
from tfvae.likelihoods.columns import Column


@dataclasses.dataclass(frozen=True)
class ColumnGroup:
    """Columns of equal kind.

    Attributes:
        kind: what each of the columns is.
        indices: which columns of the table they are.
    """

    kind: Column
    indices: tuple[int, ...]


def group_columns(columns: tuple[Column, ...]) -> tuple[ColumnGroup, ...]:
    """Return the groups of columns of the same class and configuration, in the order of their first column.

    Example:
        >>> from tfvae.likelihoods.columns import Category, Real
        >>> [group.indices for group in group_columns((Real(), Category(3), Real()))]
        [(0, 2), (1,)]
    """
    members: dict[tuple[type, str], list[int]] = {}
    for index, column in enumerate(columns):
        key = (type(column), json.dumps(column.get_config(), sort_keys=True))
        members.setdefault(key, []).append(index)
    return tuple(ColumnGroup(columns[indices[0]], tuple(indices)) for indices in members.values())


def split_groups(values: Tensor, groups: tuple[ColumnGroup, ...], sizes: list[int]) -> list[Tensor]:
    """Return the numbers [..., n, size] of the n columns of each group.

    Args:
        values: the numbers of all groups, one group after the other, [..., total].
        groups: the groups.
        sizes: how many numbers each column of a group has.

    Example:
        >>> from tfvae.likelihoods.columns import Category, Real
        >>> groups = group_columns((Real(), Category(3), Real()))
        >>> [part.shape for part in split_groups(tf.zeros([5, 7]), groups, [2, 3])]
        [TensorShape([5, 2, 2]), TensorShape([5, 1, 3])]
    """
    leading = tf.shape(values)[:-1]
    shapes = [(len(group.indices), size) for group, size in zip(groups, sizes, strict=True)]
    parts = tf.split(values, [count * size for count, size in shapes], axis=-1)
    return [
        tf.reshape(part, tf.concat([leading, shape], 0)) for part, shape in zip(parts, shapes, strict=True)
    ]
