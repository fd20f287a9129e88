"""Exports that need no tfvae: a SavedModel for servers, a LiteRT file for devices, a page for browsers."""

from tfvae.export.browser.page import web
from tfvae.export.device.file_metadata import read_metadata
from tfvae.export.device.litert import litert
from tfvae.export.device.result import DeviceExport
from tfvae.export.endpoints import detectors, models  # noqa: F401  (they register their endpoints)
from tfvae.export.endpoints.images import EncodedPixels, Pixels
from tfvae.export.result import Export
from tfvae.export.serving.model_card import ModelCard
from tfvae.export.serving.saved_model import saved_model

__all__ = [
    "DeviceExport",
    "EncodedPixels",
    "Export",
    "ModelCard",
    "Pixels",
    "litert",
    "read_metadata",
    "saved_model",
    "web",
]
