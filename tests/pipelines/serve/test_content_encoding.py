"""Packed bodies: gzip is unpacked within the limits, anything else is rejected."""

import gzip
import json
import tracemalloc
import zlib

import pytest

from tfvae.pipelines.serve.content_encoding import Gzip
from tfvae.pipelines.serve.failure import Failure
from tfvae.pipelines.serve.limits import Limits

PREDICT = "/v1/models/typed:predict"
BODY = json.dumps({"instances": [1.5, 2.5]}).encode()
ANSWER = {"predictions": [3.0, 5.0]}


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "x-gzip", " gzip "])
def test_a_gzip_body_is_unpacked(client, encoding):
    answer = client.post(PREDICT, gzip.compress(BODY), content_encoding=encoding)
    assert (answer.status_code, answer.json()) == (200, ANSWER)


@pytest.mark.parametrize("encoding", ["identity", ""])
def test_a_plain_body_is_taken_unchanged(client, encoding):
    assert client.post(PREDICT, BODY, content_encoding=encoding).json() == ANSWER


def test_a_body_of_several_members_is_one_body(client):
    packed = gzip.compress(BODY[:7]) + gzip.compress(b"") + gzip.compress(BODY[7:])
    assert client.post(PREDICT, packed, content_encoding="gzip").json() == ANSWER


@pytest.mark.parametrize("encoding", ["deflate", "br", "zstd", "compress", "gzip, gzip", "utf-8", "\x7f"])
def test_another_encoding_is_rejected(client, encoding):
    answer = client.post(PREDICT, zlib.compress(BODY), content_encoding=encoding)
    assert answer.status_code == 415
    assert answer.json() == {"error": f"Expected Content-Encoding gzip or none but got: {encoding}"}


@pytest.mark.parametrize(
    "packed",
    [
        b"", BODY, zlib.compress(BODY), gzip.compress(BODY)[:-1], gzip.compress(BODY)[:10],
        gzip.compress(BODY) + b"\0", gzip.compress(BODY)[:-8] + bytes(8),
    ],
    ids=["nothing", "plain", "zlib", "cut", "header", "more", "checksum"],
)  # fmt: skip
def test_a_damaged_body_is_a_bad_request(client, packed):
    answer = client.post(PREDICT, packed, content_encoding="gzip")
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("Failed to unpack the gzip body: ")


def test_a_bomb_is_rejected_before_it_is_unpacked(serving, exported):
    """Nested packing is not undone: what unpacks to a gzip file is no JSON."""
    bomb = gzip.compress(bytes(200 * 2**20), 9)  # 200 MiB in 200 KB
    with serving(exported, limits=Limits(max_body_bytes=2**20)) as client:
        tracemalloc.start()
        answer = client.post(PREDICT, bomb, content_encoding="gzip")
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert answer.status_code == 413
        assert peak < 8 * 2**20
        nested = client.post(PREDICT, gzip.compress(bomb), content_encoding="gzip")
        assert nested.status_code == 400


def test_unpacked_bytes_count_among_those_of_all_requests(serving, exported):
    with serving(exported, limits=Limits(max_total_bytes=2**20)) as client:
        answer = client.post(PREDICT, gzip.compress(bytes(2**21)), content_encoding="gzip")
        assert answer.status_code == 503


def test_pieces_may_end_anywhere():
    data = gzip.compress(BODY) + gzip.compress(BODY)
    for size in (1, 2, 7, len(data)):
        body = Gzip()
        found = [
            piece for first in range(0, len(data), size) for piece in body.pieces(data[first : first + size])
        ]
        body.finish()
        assert b"".join(found) == 2 * BODY
    with pytest.raises(Failure, match="ends too early"):
        Gzip().finish()
