"""Records of CSV text: where each begins and ends, how many fields it has, and on which line it begins."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from typing import Protocol, final

import numpy as np

_BLOCK_BYTES = 2**20
_LARGEST_BYTES = 2**20
_KEPT_CHARACTERS = 200
_QUOTE, _COMMA, _LF, _CR = b'",\n\r'
_QUOTED_FIELD = re.compile(rb'(?:(?<=[,\r\n])|\A)"(?:[^"]++|"")*+("|\Z)')


class Stream(Protocol):
    """What records are read from."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes, none at the end."""
        ...


@dataclasses.dataclass(frozen=True)
class Fault:
    """Why a record cannot be used.

    Attributes:
        reason: why.
        text: the beginning of the record.
    """

    reason: str
    text: str


@final
@dataclasses.dataclass(frozen=True)
class Records:
    """Consecutive records of a CSV text.

    Attributes:
        text: bytes that hold the records.
        starts: where each record begins in `text`, int64 [n].
        ends: where each ends, without its line end, int64 [n].
        nexts: where the line end of each ends, int64 [n].
        fields: number of fields of each, int64 [n].
        lines: line on which each begins, from 1, int64 [n].
        faults: why records cannot be used, by their index.
    """

    text: bytes
    starts: np.ndarray
    ends: np.ndarray
    nexts: np.ndarray
    fields: np.ndarray
    lines: np.ndarray
    faults: dict[int, Fault]

    def __len__(self) -> int:
        return len(self.starts)

    def record(self, index: int) -> bytes:
        """Return a record without its line end.

        Args:
            index: its index among these.
        """
        return self.text[self.starts[index] : self.ends[index]]

    def without_first(self) -> Records:
        """Return all records but the first."""
        names = ("starts", "ends", "nexts", "fields", "lines")
        faults = {index - 1: fault for index, fault in self.faults.items() if index}
        rest = {name: getattr(self, name)[1:] for name in names}
        return dataclasses.replace(self, **rest, faults=faults)


def read_records(stream: Stream) -> Iterator[Records]:
    r"""Yield all records of a CSV text, in order and in bounded memory.

    Commas separate fields, and LF, CR LF or CR ends a record. A quote at the beginning of a field quotes
    commas and line ends up to the next quote, where two quotes stand for one; elsewhere it is a character. A
    record of more than 1 MiB has a fault, and so has one with a quote that is never closed.

    Args:
        stream: the text.

    Example:
        >>> import io
        >>> [records] = read_records(io.BytesIO(b'a,b\n1,"x\ny"\n2\n'))
        >>> records.fields, records.lines, records.record(1)
        (array([2, 2, 1]), array([1, 2, 4]), b'1,"x\ny"')
    """
    rest, line = b"", 1  # the bytes of an incomplete record, and the line on which they begin
    long: tuple[str, int] | None = None  # beginning and line of a record whose bytes have been dropped
    while True:
        data = stream.read(_BLOCK_BYTES)
        text = rest + data
        if text and not data and text[-1] not in (_LF, _CR):
            text += b"\n"
        commas, ends, nexts = _structure(text, last=not data)
        starts = np.concatenate([[0], nexts]).astype(np.int64)
        left, starts = int(starts[-1]), starts[:-1]
        breaks = _line_breaks(text, ends)
        lines = line + np.searchsorted(breaks, starts)
        fields = np.searchsorted(commas, ends) - np.searchsorted(commas, starts) + 1
        faults = {
            int(index): _too_long(beginning(text[starts[index] : ends[index]]))
            for index in np.flatnonzero(ends - starts > _LARGEST_BYTES)
        }
        if long and len(starts):
            faults[0], lines[0] = _too_long(long[0]), long[1]
            long = None
        if len(starts):
            yield Records(text, starts, ends, nexts, fields, lines, faults)
        rest, line = text[left:], line + int(np.searchsorted(breaks, left))
        if not data:
            break
        if len(rest) > _LARGEST_BYTES + 1:  # a CR at its end may be half a line end
            long = long or (beginning(rest), line)
            line += rest.count(b"\n")
            rest = _stand_in(rest)
    if rest:  # only an open quote leaves something
        line += rest.count(b"\n")
        text, first = long or (beginning(rest), line - rest.count(b"\n"))
        yield _never_closed(text, first, line - first - 1)


def beginning(record: bytes) -> str:
    """Return at most 200 characters of a record, with replacements for bytes that are not UTF-8.

    Args:
        record: the record.
    """
    return record[: 4 * _KEPT_CHARACTERS].decode(errors="replace")[:_KEPT_CHARACTERS]


def _structure(text: bytes, last: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return where unquoted commas are, where complete records end, and where their line ends end."""
    characters = np.frombuffer(text, np.uint8)
    quotes = np.flatnonzero(characters == _QUOTE)
    if not _alternate(characters, quotes):
        masked = _QUOTED_FIELD.sub(lambda match: b"x" * (match.end() - match.start()), text)
        characters, quotes = np.frombuffer(masked, np.uint8), quotes[:0]
    commas, lf, cr = (_unquoted(characters, quotes, character) for character in (_COMMA, _LF, _CR))
    if not len(cr):
        return commas, lf, lf + 1
    if not last:
        cr = cr[cr < len(text) - 1]  # an LF may follow
    paired = cr[characters[np.minimum(cr + 1, len(text) - 1)] == _LF]
    ends = np.union1d(np.setdiff1d(lf, paired + 1), cr)
    return commas, ends, ends + 1 + np.isin(ends, paired)


def _alternate(characters: np.ndarray, quotes: np.ndarray) -> bool:
    """Return whether quotes open and close in turn: every second one begins a field or doubles a quote."""
    opening = quotes[::2]
    before = characters[opening[opening > 0] - 1]
    return bool(np.isin(before, (_QUOTE, _COMMA, _LF, _CR)).all())


def _unquoted(characters: np.ndarray, quotes: np.ndarray, character: int) -> np.ndarray:
    found = np.flatnonzero(characters == character)
    return found[np.searchsorted(quotes, found) % 2 == 0] if len(quotes) else found


def _line_breaks(text: bytes, ends: np.ndarray) -> np.ndarray:
    """Return where lines end: at each LF, also in quotes, and where a CR alone ends a record."""
    characters = np.frombuffer(text, np.uint8)
    lf = np.flatnonzero(characters == _LF)
    cr = ends[characters[ends] == _CR]
    return np.union1d(lf, cr[~np.isin(cr + 1, lf)]) if len(cr) else lf


def _stand_in(record: bytes) -> bytes:
    """Return a few bytes after which the rest of an incomplete record reads as after its own."""
    for quoted in _QUOTED_FIELD.finditer(record):
        if quoted.end() == len(record):
            return b'""' if quoted.group(1) else b'"'
    return {_COMMA: b",", _CR: b"x\r"}.get(record[-1], b"x")


def _too_long(text: str) -> Fault:
    return Fault(f"expected at most {_LARGEST_BYTES:,} bytes, found more", text)


def _never_closed(text: str, line: int, further: int) -> Records:
    lines = f" takes in the {further} lines to the end of the file" if further else " ends the file"
    nothing = np.zeros(1, np.int64)
    fault = Fault(f"a quote that is never closed{lines}", text)
    return Records(b"", nothing, nothing, nothing, nothing, np.array([line]), {0: fault})
