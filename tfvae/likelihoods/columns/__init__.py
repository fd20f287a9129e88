"""What a column of a mixed table can be: real, positive, a count, a category or a rank."""

from tfvae.likelihoods.columns.base import Column
from tfvae.likelihoods.columns.category import Category
from tfvae.likelihoods.columns.count import Count
from tfvae.likelihoods.columns.ordinal import Ordinal
from tfvae.likelihoods.columns.positive import Positive
from tfvae.likelihoods.columns.real import Real

__all__ = ["Category", "Column", "Count", "Ordinal", "Positive", "Real"]
