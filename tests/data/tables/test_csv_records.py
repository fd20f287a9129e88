"""Records of CSV text against a reader of single characters, whatever the blocks."""

import io
import random

import pytest

from tfvae.data.tables import csv_records
from tfvae.data.tables.csv_records import read_records

EVERYTHING = 10**6


def by_characters(text):
    """Yield record, number of fields and line, by the rules that `read_records` states; None if unclosed."""
    start, fields, line, first, state, position = 0, 1, 1, 1, "start", 0
    while position < len(text):
        character, following = text[position : position + 1], text[position + 1 : position + 2]
        width = 1
        if state == "quoted":
            if character == b'"' and following == b'"':
                width = 2
            elif character == b'"':
                state = "field"
            line += character == b"\n"
        elif character == b'"' and state == "start":
            state = "quoted"
        elif character == b",":
            state, fields = "start", fields + 1
        elif character in b"\r\n":
            yield text[start:position], fields, first
            width += character + following == b"\r\n"
            line += 1
            start, fields, first, state = position + width, 1, line, "start"
        else:
            state = "field"
        position += width
    if state == "quoted":
        yield None, None, first
    elif start < len(text):
        yield text[start:], fields, first


@pytest.mark.parametrize("largest", [4, 8, EVERYTHING])
@pytest.mark.parametrize("block", [1, 2, 3, 7, 100])
def test_records_are_those_of_a_reader_of_single_characters(monkeypatch, block, largest):
    monkeypatch.setattr(csv_records, "_BLOCK_BYTES", block)
    monkeypatch.setattr(csv_records, "_LARGEST_BYTES", largest)
    generator = random.Random(100 * block + largest)
    for _ in range(400):
        text = bytes(generator.choices(b'""",,\n\n\ra ', k=generator.randint(0, 40)))
        found = [
            (None, None, int(records.lines[index]))
            if index in records.faults
            else (records.record(index), int(records.fields[index]), int(records.lines[index]))
            for records in read_records(io.BytesIO(text))
            for index in range(len(records))
        ]
        expected = [
            (None, None, line) if record is None or len(record) > largest else (record, fields, line)
            for record, fields, line in by_characters(text)
        ]
        assert found == expected, text


def test_memory_is_bounded_by_the_block_whatever_the_record(monkeypatch):
    """A record of many blocks: what is left of it between two blocks is a few bytes."""
    monkeypatch.setattr(csv_records, "_BLOCK_BYTES", 10)
    monkeypatch.setattr(csv_records, "_LARGEST_BYTES", 20)
    found = list(read_records(io.BytesIO(b'a\n"' + b"x\n" * 1000 + b'"\nb\n')))
    assert max(len(records.text) for records in found) < 50
    lines = [int(line) for records in found for line in records.lines]
    assert lines == [1, 2, 1003]
    [fault] = [fault for records in found for fault in records.faults.values()]
    assert fault.reason == "expected at most 20 bytes, found more"
