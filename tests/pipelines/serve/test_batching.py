"""Requests that run as one batch: the same answers, and separate errors."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tensorflow as tf

from tfvae.pipelines.serve.batching import Batcher, BatchingPolicy
from tfvae.pipelines.serve.failure import Failure

PREDICT = "/v1/models/typed:predict"


class Recorder:
    """Doubles x; rejects numbers below zero; remembers the rows of each call."""

    def __init__(self):
        self.calls, self.observed = [], []

    def __call__(self, inputs):
        self.calls.append(len(inputs["x"]))
        if (inputs["x"] < 0).any():
            raise Failure("INVALID_ARGUMENT", "below zero")
        return {"y": 2 * inputs["x"]}


def run(policy, *requests, key="a"):
    """Return the results of simultaneous requests, including exceptions, and the recorder."""
    recorder = Recorder()

    async def scenario(pool):
        batcher = Batcher(policy, pool, recorder.observed.append)
        made = (batcher(key, recorder, {"x": np.array(x, "float32")}, dict) for x in requests)
        return await asyncio.gather(*made, return_exceptions=True)

    with ThreadPoolExecutor(4) as pool:
        return asyncio.run(scenario(pool)), recorder


def test_requests_are_merged_and_split():
    results, recorder = run(BatchingPolicy(8, 0.05), [1], [2, 3], [4])
    assert [result["y"].tolist() for result in results] == [[2], [4, 6], [8]]
    assert recorder.calls == recorder.observed == [4]


def test_a_full_batch_does_not_wait():
    results, recorder = run(BatchingPolicy(4, 3600), [1, 2], [3, 4], [5, 6, 7, 8, 9])
    assert [len(result["y"]) for result in results] == [2, 2, 5]
    assert sorted(recorder.calls) == [4, 5]


def test_a_request_that_does_not_fit_starts_the_next_batch():
    _, recorder = run(BatchingPolicy(4, 0.05), [1, 2, 3], [4, 5])
    assert sorted(recorder.calls) == [2, 3]


def test_an_error_fails_only_the_request_that_caused_it():
    results, recorder = run(BatchingPolicy(8, 0.05), [1], [-2], [3])
    assert results[0]["y"] == 2
    assert results[2]["y"] == 6
    assert isinstance(results[1], Failure)
    assert recorder.calls[0] == 3
    assert sorted(recorder.calls[1:]) == [1, 1, 1]


def test_an_answer_that_cannot_be_written_fails_only_its_own_request():
    def rejects_four(outputs):
        if outputs["y"][0] == 4:
            raise Failure("INVALID_ARGUMENT", "no four")
        return outputs["y"].tolist()

    async def scenario(pool):
        batcher = Batcher(BatchingPolicy(8, 0.05), pool, lambda rows: None)
        made = (batcher("a", Recorder(), {"x": np.array([x], "float32")}, rejects_four) for x in (1, 2, 3))
        return await asyncio.gather(*made, return_exceptions=True)

    with ThreadPoolExecutor(2) as pool:
        first, second, third = asyncio.run(scenario(pool))
    assert (first, third) == ([2], [6])
    assert isinstance(second, Failure)


def test_rows_of_other_shapes_run_in_other_batches():
    results, recorder = run(BatchingPolicy(8, 0.05), [[1, 2]], [[1, 2, 3]], [[4, 5]])
    assert [result["y"].tolist() for result in results] == [[[2, 4]], [[2, 4, 6]], [[8, 10]]]
    assert sorted(recorder.calls) == [1, 2]


def test_nothing_is_kept_of_finished_batches():
    async def scenario(pool):
        batcher = Batcher(BatchingPolicy(8, 0.001), pool, lambda rows: None)
        recorder = Recorder()
        for key in range(50):
            await batcher(key, recorder, {"x": np.ones(1)}, dict)
        canceled = asyncio.create_task(batcher("c", recorder, {"x": np.ones(1)}, dict))
        await asyncio.sleep(0)
        canceled.cancel()
        await asyncio.sleep(0.05)
        return len(batcher._open) + len(batcher._timers) + len(batcher._running), len(recorder.calls)

    with ThreadPoolExecutor(1) as pool:
        assert asyncio.run(scenario(pool)) == (0, 50)  # nothing runs for a client that left


@pytest.fixture(scope="module")
def batching(serving, exported):
    with serving(exported, batching=BatchingPolicy(16, 0.2)) as client:
        yield client


def test_over_http_an_error_fails_only_the_request_that_caused_it(batching):
    """`picky` adds the rows of its batch to x, which shows that a request was run again alone."""
    contents = [{"signature_name": "picky", "instances": [[value] * 3]} for value in (1.0, -1.0, 2.0)]
    answers = batching.together(PREDICT, contents)
    assert [answer.status_code for answer in answers] == [200, 400, 200]
    assert "below zero" in answers[1].json()["error"]
    assert answers[0].json()["predictions"] == [[2.0] * 3]
    both = batching.together(PREDICT, [contents[0], contents[2]])
    assert [answer.json()["predictions"] for answer in both] == [[[3.0] * 3], [[4.0] * 3]]


def test_the_bits_are_those_of_the_merged_batch(batching, exported):
    """Alone they may differ in the last place: products of other sizes are summed in another order."""
    signature = tf.saved_model.load(str(exported / "images" / "1")).signatures["encode"]
    x = np.random.default_rng(0).random((6, 8, 8, 1)).astype("float32")
    contents = [
        {"signature_name": "encode", "instances": x[row : row + 2].tolist()} for row in range(0, 6, 2)
    ]
    answers = batching.together("/v1/models/images:predict", contents)
    received = [item["location"] for answer in answers for item in answer.json()["predictions"]]
    order = [(a, b, c) for a in range(3) for b in range(3) for c in range(3) if len({a, b, c}) == 3]
    merged = []
    for permutation in order:  # of arrival
        rows = np.concatenate([np.arange(2 * part, 2 * part + 2) for part in permutation])
        value = signature(x=tf.constant(x[rows]))["location"].numpy()
        merged.append(value[np.argsort(rows)].tobytes())
    assert np.array(received, "float32").tobytes() in merged
    alone = np.concatenate([signature(x=tf.constant(x[row : row + 2]))["location"] for row in range(0, 6, 2)])
    np.testing.assert_allclose(received, alone, rtol=1e-5, atol=1e-6)


def test_signatures_without_a_common_batch_are_run_alone(batching):
    contents = [{"signature_name": "scaled", "inputs": {"n": n, "x": [[1.0, 2.0, 3.0]]}} for n in (1, 2, 3)]
    answers = batching.together(PREDICT, contents)
    assert [answer.json()["outputs"][0][0] for answer in answers] == [1.0, 2.0, 3.0]
    contents = [{"signature_name": "uneven", "inputs": [[1.0, 2.0, 3.0]] * rows} for rows in (1, 2)]
    answers = batching.together(PREDICT, contents)
    assert [len(answer.json()["outputs"]["z"]) for answer in answers] == [2, 3]
