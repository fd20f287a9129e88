"""Predictions run in threads, so that the event loop is free."""

import asyncio
import json
import threading
import time

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


@pytest.mark.parametrize("batching", [None, BatchingPolicy(8, 0.001)])
@pytest.mark.slow
def test_one_row_overtakes_large_requests(serving, exported, monkeypatch, batching):
    call, ended = Version.call, []

    def slow(self, signature, inputs):
        if len(inputs["x"]) > 1:
            time.sleep(0.2)
        return call(self, signature, inputs)

    monkeypatch.setattr(Version, "call", slow)
    large = json.dumps({"instances": [[0.12345678901234567] * 50] * 500}).encode()
    with serving(exported, batching=batching, threads=3) as client:

        async def ask(name, body):
            answer = await client.ask("POST", PREDICT, body)
            ended.append(name)
            return answer.status_code

        async def scenario():
            asked = [asyncio.ensure_future(ask("large", large)) for _ in range(8)]
            await asyncio.sleep(0.05)
            asked.append(asyncio.ensure_future(ask("small", b'{"instances": [1.0]}')))
            return await asyncio.gather(*asked)

        assert set(client.portal.call(scenario)) == {200}
    assert ended.index("small") <= 3
