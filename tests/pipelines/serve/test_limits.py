"""Requests beyond the limits are rejected with a status of their own, and the others are answered."""

import asyncio

import anyio
import pytest

from tfvae.pipelines.serve.limits import Limits

PREDICT = "/v1/models/typed:predict"
ROW = [1.0, 2.0, 3.0]


def test_large_bodies_and_many_instances_are_rejected(serving, exported):
    with serving(exported, limits=Limits(max_body_bytes=100, max_instances=3)) as client:
        assert client.post(PREDICT, {"instances": [ROW] * 3}).status_code == 200
        for form in ("instances", "inputs"):
            answer = client.post(PREDICT, {form: [ROW] * 4})
            assert answer.status_code == 413
            assert answer.json() == {"error": "Expected at most 3 instances but got: 4"}
        answer = client.post(PREDICT, {"instances": [ROW] * 20})
        assert answer.status_code == 413
        assert answer.json() == {"error": "Expected a body of at most 100 bytes"}


def slowly(*pieces, seconds=10.0):
    async def body():
        for piece in pieces:
            yield piece
            await anyio.sleep(seconds)

    return body()


def test_a_body_of_unknown_length_is_counted_while_it_arrives(serving, exported):
    with serving(exported, limits=Limits(max_body_bytes=100)) as client:
        content = slowly(*[b" " * 60] * 4, seconds=0)
        assert client.portal.call(client.ask, "POST", PREDICT, content).status_code == 413


def test_a_slow_body_is_rejected(serving, exported):
    with serving(exported, limits=Limits(body_seconds=0.05)) as client:
        answer = client.portal.call(client.ask, "POST", PREDICT, slowly(b'{"inst', b'ances": [1]}'))
        assert answer.status_code == 408
        assert "within 0.05 seconds" in answer.json()["error"]


@pytest.mark.parametrize("limits", [Limits(max_requests=2), Limits(max_total_bytes=70)])
def test_too_many_simultaneous_requests_are_rejected(serving, exported, limits):
    with serving(exported, limits=limits) as client:

        async def scenario():
            held = [
                asyncio.ensure_future(client.ask("POST", PREDICT, slowly(b"{" + b" " * 30, seconds=0.5)))
                for _ in range(2)
            ]
            await asyncio.sleep(0.2)
            rejected = await client.ask("POST", PREDICT, b'{"instances": [1]}')
            status = await client.ask("GET", "/v1/models/typed")
            await asyncio.gather(*held)
            return rejected, status, await client.ask("POST", PREDICT, b'{"instances": [1.0]}')

        rejected, status, after = client.portal.call(scenario)
        assert rejected.status_code == 503
        assert list(rejected.json()) == ["error"]
        assert status.status_code == 200  # a request without a body is still answered
        assert after.json() == {"predictions": [2.0]}
