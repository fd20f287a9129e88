"""Imports every module with classes that saved files name; that makes them known to Keras."""
# ruff: noqa: F401

import tfvae.anomaly
import tfvae.data.preprocessing
import tfvae.data.tables.features
import tfvae.export.endpoints.images
import tfvae.flows
import tfvae.layers
import tfvae.likelihoods
import tfvae.models
import tfvae.objectives
import tfvae.optimizers
import tfvae.posteriors
import tfvae.priors
import tfvae.scales
import tfvae.schedules
