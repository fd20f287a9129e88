"""Models as files that need no tfvae: a SavedModel for servers, a LiteRT file for devices."""

from tfvae.export import detectors, models  # noqa: F401  (they register their endpoints)
from tfvae.export.device_facts import read_facts
from tfvae.export.device_result import DeviceExport
from tfvae.export.images import EncodedPixels, Pixels
from tfvae.export.litert import litert
from tfvae.export.model_card import ModelCard
from tfvae.export.result import Export
from tfvae.export.saved_model import saved_model
from tfvae.export.web import web

__all__ = [
    "DeviceExport",
    "EncodedPixels",
    "Export",
    "ModelCard",
    "Pixels",
    "litert",
    "read_facts",
    "saved_model",
    "web",
]
