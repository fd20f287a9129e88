"""The JSON object at the beginning of a body."""

import pytest

from tfvae.pipelines.serve import requests
from tfvae.pipelines.serve.failure import Failure


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b'{"a": 1} {"b": 2}', {"a": 1}),
        (b'\n\t {"a": 1}\xff\xfe', {"a": 1}),
        (b'\xef\xbb\xbf{"a": "\xc3\xa9"}', {"a": "é"}),
    ],
)
def test_only_the_first_value_counts(text, expected):
    assert requests.document(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "JSON Parse error: The document is empty"),
        (b" \n", "JSON Parse error: The document is empty"),
        (b"[1]", "Is not object"),
        (b'{"a": 1', "JSON Parse error"),
        (b'{"a": "\xff"}', "Invalid encoding in string. at offset: 7"),
        (b'{"a": ' + b"[" * 100_000, "Nested too deeply"),
        (b'{"a": ' + b"9" * 5000 + b"}", "Number too big"),
    ],
)
def test_text_that_is_no_object(text, message):
    with pytest.raises(Failure) as raised:
        requests.document(text)
    assert message in raised.value.message
    assert raised.value.http_status == 400
