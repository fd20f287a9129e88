"""Predictions run in threads, so that the event loop is free."""

import asyncio
import threading

import pytest

from tfvae.pipelines.serve.batching import BatchingPolicy
from tfvae.pipelines.serve.version import Version

PREDICT = "/v1/models/typed:predict"


@pytest.mark.parametrize("batching", [None, BatchingPolicy(8, 0.001)])
def test_other_requests_are_answered_while_a_model_runs(serving, exported, monkeypatch, batching):
    go_on, call = threading.Event(), Version.call

    def slow(*arguments):
        assert go_on.wait(30)
        return call(*arguments)

    monkeypatch.setattr(Version, "call", slow)
    with serving(exported, batching=batching) as client:

        async def scenario():
            running = asyncio.ensure_future(client.ask("POST", PREDICT, b'{"instances": [1.0]}'))
            await asyncio.sleep(0.05)
            status = await client.ask("GET", "/v1/models/typed")
            assert not running.done()
            go_on.set()
            return status, await running

        status, answer = client.portal.call(scenario)
    assert status.status_code == 200
    assert answer.json() == {"predictions": [2.0]}
