"""Versions that appear, are broken or are deleted while requests are answered."""

import asyncio
import gc
import shutil
import time
import weakref

import pytest
import tensorflow as tf

from tfvae.pipelines.serve.served_model import served_models

PREDICT = "/v1/models/m:predict"
POLL = 0.05


class Times(tf.Module):
    """y = factor x."""

    def __init__(self, factor):
        self.factor = tf.Variable(factor)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, "x")])
    def serve(self, x):
        return {"y": self.factor * x}


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "m"


def publish(folder, number, factor=None):
    """Write a version as an exporter does: under another name, and then rename it."""
    module = Times(float(number if factor is None else factor))
    temporary = folder.parent / f"new-{number}"
    tf.saved_model.save(module, str(temporary), {"serving_default": module.serve})
    folder.mkdir(exist_ok=True)
    temporary.rename(folder / str(number))


def states(client):
    listed = client.get("/v1/models/m").json()["model_version_status"]
    return {entry["version"]: entry["state"] for entry in listed}


def until(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not happen within 30 seconds"
        time.sleep(POLL / 2)


@pytest.mark.slow
def test_the_garbage_collector_skips_loaded_objects(serving, folder):
    """Visiting them would stop all answers for 0.2 s, more than once a second."""
    publish(folder, 1)
    with serving(folder, poll_seconds=POLL) as client:
        loaded = gc.get_freeze_count()
        assert loaded > len(gc.get_objects())
        publish(folder, 2)
        until(lambda: states(client).get("2") == "AVAILABLE")
        assert client.post(PREDICT, {"instances": [1.0]}).json() == {"predictions": [2.0]}
        assert gc.get_freeze_count() > 0.9 * loaded
    assert gc.get_freeze_count() == 0


@pytest.mark.slow
def test_a_replaced_version_is_freed_after_its_last_request(serving, folder):
    publish(folder, 1)
    with serving(folder, poll_seconds=POLL) as client:
        model = client.models["m"]
        using = model.use(None)
        # The graph is part of a reference cycle, which only the collector frees.
        replaced = weakref.ref(using.__enter__()._functions["serving_default"].graph)
        publish(folder, 2)
        until(lambda: states(client) == {"1": "UNLOADING", "2": "AVAILABLE"})
        time.sleep(4 * POLL)
        assert replaced() is not None
        client.portal.call(using.__exit__, None, None, None)
        until(lambda: replaced() is None)


def test_a_new_version_takes_over_while_requests_go_on(serving, folder):
    publish(folder, 1)
    with serving(folder, poll_seconds=POLL) as client:
        assert client.post(PREDICT, {"instances": [1.0]}).json() == {"predictions": [1.0]}
        publish(folder, 10)
        seen = []
        while len(set(seen)) < 2 and len(seen) < 5000:
            answer = client.post(PREDICT, {"instances": [1.0]})
            assert answer.status_code == 200
            seen += answer.json()["predictions"]
        assert set(seen) == {1.0, 10.0}
        assert seen == sorted(seen)  # never back to the old version
        assert states(client) == {"10": "AVAILABLE", "1": "END"}
        assert client.post("/v1/models/m/versions/1:predict", {"instances": [1.0]}).status_code == 404
        assert client.post("/v1/models/m/versions/10:predict", {"instances": [1.0]}).status_code == 200


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param("empty", marks=pytest.mark.slow),
        pytest.param("no variables", marks=pytest.mark.slow),
        "damaged",
    ],
)
def test_a_broken_version_leaves_the_old_one_serving(serving, folder, broken):
    publish(folder, 1)
    with serving(folder, poll_seconds=POLL) as client:
        bad = folder.parent / "bad"
        if broken == "empty":
            bad.mkdir()
        else:
            shutil.copytree(folder / "1", bad)
            if broken == "damaged":
                (bad / "saved_model.pb").write_bytes(b"no model at all")
            else:
                shutil.rmtree(bad / "variables")
        bad.rename(folder / "2")
        until(lambda: states(client).get("2") == "END")
        status = client.get("/v1/models/m/versions/2").json()["model_version_status"][0]["status"]
        assert status["error_code"] != "OK"
        assert status["error_message"]
        assert states(client)["1"] == "AVAILABLE"
        assert client.post(PREDICT, {"instances": [3.0]}).json() == {"predictions": [3.0]}
        shutil.rmtree(folder / "2")
        publish(folder, 2)
        until(lambda: states(client)["2"] == "AVAILABLE")
        assert client.post(PREDICT, {"instances": [3.0]}).json() == {"predictions": [6.0]}


@pytest.mark.slow
def test_deleting_the_newest_version_goes_back_to_the_one_before(serving, folder):
    publish(folder, 1)
    publish(folder, 2)
    with serving(folder, poll_seconds=POLL) as client:
        assert client.post(PREDICT, {"instances": [1.0]}).json() == {"predictions": [2.0]}
        shutil.rmtree(folder / "2")
        until(lambda: states(client).get("1") == "AVAILABLE")
        assert client.post(PREDICT, {"instances": [1.0]}).json() == {"predictions": [1.0]}


def test_only_folders_named_by_an_integer_are_versions(serving, folder):
    publish(folder, 1)
    for name in ("tmp-2", ".2.abc", "2.old", "latest", "9" * 30):
        (folder / name).mkdir()
    (folder / "3").write_text("a file")
    with serving(folder, poll_seconds=POLL) as client:
        time.sleep(4 * POLL)
        assert states(client) == {"1": "AVAILABLE"}


def test_a_version_stays_loaded_until_its_last_request_is_answered(folder):
    publish(folder, 1)
    (model,) = served_models(folder)

    async def scenario():
        await model.refresh(None)
        with model.use(None) as old, model.use(1):
            publish(folder, 2)
            await model.refresh(None)
            assert model.newest == 2
            assert model.states[1].state == "UNLOADING"
            assert old.call("serving_default", {"x": tf.ones(1).numpy()})["y"] == 1
        assert model.states[1].state == "END"
        assert model.states[2].state == "AVAILABLE"

    asyncio.run(scenario())


def test_one_folder_may_hold_several_models(serving, folder):
    folder.mkdir()
    publish(folder / "a", 1)
    publish(folder / "b", 5)
    (folder / "c").mkdir()
    with serving(folder) as client:
        assert set(client.models) == {"a", "b"}
        assert client.post("/v1/models/b:predict", {"instances": [1.0]}).json() == {"predictions": [5.0]}


def test_a_single_model_may_have_another_name(serving, folder):
    publish(folder, 1)
    with serving(folder, name="other") as client:
        assert client.get("/v1/models/other").status_code == 200
        assert client.get("/v1/models/m").status_code == 404
