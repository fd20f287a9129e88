"""The JSON object at the beginning of a body."""

import itertools
import json
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfvae.pipelines.serve import json_text
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
    assert json_text.document(text) == expected


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
        json_text.document(text)
    assert message in raised.value.message
    assert raised.value.http_status == 400


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
)


def outcome(text):
    try:
        return repr(json_text.document(text))
    except Failure as failure:
        return failure.message


@settings(max_examples=500, deadline=None)
@given(value=st.dictionaries(st.text(max_size=3), VALUES, max_size=3), data=st.data())
def test_a_text_read_in_pieces_has_the_same_value_and_the_same_error(value, data):
    text = json.dumps(value, indent=data.draw(st.sampled_from([None, 1])))
    cut = data.draw(st.integers(0, len(text)))
    insertion = data.draw(
        st.sampled_from(["", ",", "]", "}", "[", '"', ":", "1", " ", "\n", '"a":1,', "[],"])
    )
    text = (text[:cut] + insertion + text[cut + data.draw(st.integers(0, 1)) :]).encode("utf-8", "replace")
    whole = outcome(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_text, "_AT_ONCE", 0)
        assert outcome(text) == whole


@pytest.mark.parametrize("form", ['{"instances": [%s]}', '{"inputs": [%s]}', '{"inputs": {"x": [%s]}}'])
def test_other_threads_run_while_a_long_text_is_read(form):
    """At once, the decoder of Python would keep them waiting to the end."""
    row = json.dumps([[0.25]] * 2000)
    text = (form % ",".join([row] * 500)).encode()
    stop, times = threading.Event(), []

    def watch():
        while not stop.is_set():
            times.append(time.perf_counter())
            time.sleep(0.001)

    thread = threading.Thread(target=watch)
    thread.start()
    start = time.perf_counter()
    json_text.document(text)
    end = time.perf_counter()
    stop.set()
    thread.join()
    inside = [start, *(each for each in times if start < each < end), end]
    longest = max(after - before for before, after in itertools.pairwise(inside))
    assert longest < (end - start) / 2
