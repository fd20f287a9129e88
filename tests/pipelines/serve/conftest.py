"""Small exports, and a client of the application in this process."""

import contextlib
import functools
import json

import anyio.from_thread
import httpx
import pytest
import tensorflow as tf

import tfvae
from tfvae.pipelines.serve.application import Settings, application


class Typed(tf.Module):
    """Signatures of many types, without this library's export."""

    @staticmethod
    def specs():
        types = [
            "float32",
            "float64",
            "int8",
            "uint8",
            "int32",
            "int64",
            "uint32",
            "uint64",
            "bool",
            "string",
        ]
        return {name: tf.TensorSpec([None, 2], name, name=name) for name in types}

    def save(self, path):
        def function(spec, call):
            return tf.function(call, input_signature=spec).get_concrete_function()

        one = {
            name: function([spec], lambda value: {"echo": tf.identity(value)})
            for name, spec in self.specs().items()
        }
        vector = tf.TensorSpec([None, 3], tf.float32, name="x")
        scalar = tf.TensorSpec([], tf.int32, name="n")
        signatures = {
            **one,
            "bytes": function([self.specs()["string"]], lambda value: {"out_bytes": tf.identity(value)}),
            "half": function(
                [tf.TensorSpec([None], tf.float16, name="h")], lambda h: {"y": tf.cast(h, tf.float32)}
            ),
            "to_half": function([vector], lambda x: {"y": tf.cast(x, tf.float16)}),
            "scaled": function([scalar, vector], lambda n, x: {"y": x * tf.cast(n, tf.float32)}),
            "total": function([vector], lambda x: {"y": tf.reduce_sum(x)}),
            "uneven": function([vector], lambda x: {"y": x, "z": tf.zeros((1 + tf.shape(x)[0],))}),
            "picky": function([vector], self.picky),
            "serving_default": function([tf.TensorSpec(None, tf.float32, name="x")], lambda x: {"y": 2 * x}),
        }
        tf.saved_model.save(self, str(path), signatures)
        return path

    @staticmethod
    def picky(x):
        with tf.control_dependencies([tf.debugging.assert_non_negative(x, "below zero")]):
            return {"y": tf.cast(tf.shape(x)[0], tf.float32) + x}


class Client:
    """Requests to an application, from outside its event loop."""

    def __init__(self, portal, app, models):
        self.portal, self.models = portal, {model.name: model for model in models}
        self._http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")

    async def ask(self, method, path, content=None, **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self._http.request(method, path, content=content, headers=named)

    def get(self, path, **headers):
        return self.portal.call(functools.partial(self.ask, "GET", path, **headers))

    def post(self, path, content, **headers):
        content = content if isinstance(content, bytes | str) else json.dumps(content)
        return self.portal.call(functools.partial(self.ask, "POST", path, content, **headers))

    def together(self, path, contents):
        """Post all at the same time."""

        async def all_of_them():
            results = [None] * len(contents)

            async def one(index):
                results[index] = await self.ask("POST", path, json.dumps(contents[index]))

            async with anyio.create_task_group() as group:
                for index in range(len(contents)):
                    group.start_soon(one, index)
            return results

        return self.portal.call(all_of_them)


@pytest.fixture(scope="session")
def serving():
    """Return a context manager that serves a folder in this process and yields a client."""

    @contextlib.contextmanager
    def serve(folder, name=None, **settings):
        with (
            anyio.from_thread.start_blocking_portal() as portal,
            portal.wrap_async_context_manager(application(folder, Settings(**settings), name)) as made,
        ):
            yield Client(portal, *made)

    return serve


@pytest.fixture(scope="session")
def exported(tmp_path_factory):
    """A folder of three models: a VAE of a table, a convolutional VAE, and a model with many types."""
    folder = tmp_path_factory.mktemp("models")
    tfvae.export.saved_model(tfvae.zoo.vae((4,), latent_dim=2), folder / "table", version=3)
    conv = tfvae.VAE(
        encoder=tfvae.networks.conv((8, 8)),
        decoder=tfvae.networks.deconv((8, 8, 1), (8, 8)),
        posterior=tfvae.posteriors.Normal(3),
        likelihood=tfvae.likelihoods.Bernoulli((8, 8, 1)),
    )
    tfvae.export.saved_model(conv, folder / "images", num_samples=4)
    Typed().save(folder / "typed" / "1")
    return folder


@pytest.fixture(scope="session")
def client(serving, exported):
    with serving(exported) as client:
        yield client
