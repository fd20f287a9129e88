"""Scored rows in a file: all of them or none, and the rejects beside it."""

import functools
import json

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from tfvae.core.errors import InvalidInput, UnreadableFile
from tfvae.data.tables.files import Reject
from tfvae.pipelines.scoring.score_writer import check_writable, scored_batches, table_writer, write_scores
from tfvae.pipelines.scoring.scored_rows import ScoredRows
from tfvae.pipelines.scoring.work_folder import open_work_folder


class Doubles:
    """Scores a batch of numbers by their doubles; numbers above 10 are anomalies, None is rejected."""

    def score(self, batch):
        kept = [value for value in batch if value is not None]
        columns = {"score": [2 * value for value in kept], "is_anomaly": [value > 10 for value in kept]}
        reject = Reject(0, 1, "expected a number, found none")
        return ScoredRows(pa.table(columns), (reject,) * batch.count(None))


BATCHES = [[1.0, 20.0, None], [None, 30.0]]
SCHEMA = Doubles().score([1.0]).table.schema


def write(output, total=5, batches=BATCHES, overwrite=False):
    writer = functools.partial(table_writer, schema=SCHEMA)
    with open_work_folder(output, {}) as work:
        with scored_batches(Doubles(), batches, total) as parts:
            summary = write_scores(parts, writer, "numbers", work, total)
        seal = work.files.seal(work.rejects if summary.rejects else None)
        work.summary.write_text(json.dumps(seal))
        work.publish(overwrite)
        return summary


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_all_rows_are_written_and_counted(tmp_path, suffix):
    summary = write(tmp_path / f"s.{suffix}")
    read = {"csv": pyarrow.csv.read_csv, "parquet": pyarrow.parquet.read_table}[suffix]
    assert read(tmp_path / f"s.{suffix}")["score"].to_pylist() == [2, 40, 60]
    assert (summary.rows, summary.scored, summary.rejected, summary.anomalies) == (5, 3, 2, 2)
    assert summary.reasons == {"expected a number": 2}
    assert summary.rejects == str(tmp_path / f"s.{suffix}.rejects.csv")
    assert len((tmp_path / f"s.{suffix}.rejects.csv").read_text().splitlines()) == 3


def test_without_rejects_there_is_no_file_of_them(tmp_path):
    write(tmp_path / "s.csv")
    assert write(tmp_path / "s.csv", None, [[1.0]], overwrite=True).rejects is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s.csv", "s.csv.summary.json"]


def test_scores_without_a_decision_have_no_anomalies(tmp_path):
    parts = [ScoredRows(pa.table({"score": [1.0]}))]
    writer = functools.partial(table_writer, schema=parts[0].table.schema)
    with open_work_folder(tmp_path / "s.csv", {}) as work:
        assert write_scores(parts, writer, "numbers", work, 1).anomalies is None


@pytest.mark.parametrize("total", [4, 6])
def test_another_number_of_rows_is_an_error_and_leaves_nothing(tmp_path, total):
    with pytest.raises(
        UnreadableFile, match=f"numbers: expected {total} rows, but 3 are scored and 2 rejected"
    ):
        write(tmp_path / "s.csv", total)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "kind",
    [
        pa.list_(pa.int64()),
        pa.struct([("a", pa.int8())]),
        pa.map_(pa.string(), pa.int8()),
        pa.list_(pa.int8(), 2),
        pa.binary(),
        pa.large_binary(),
        pa.binary(2),
        pa.dictionary(pa.int8(), pa.binary()),
    ],
)
def test_columns_that_a_csv_file_cannot_hold_are_rejected_by_name(tmp_path, kind):
    schema = pa.schema([("a", pa.int8()), ("b", kind)])
    with pytest.raises(InvalidInput, match=r"--output: expected a .parquet file, received .*s.csv, .* 'b'"):
        check_writable(schema, tmp_path / "s.csv")
    check_writable(schema, tmp_path / "s.parquet")


@pytest.mark.parametrize(
    "kind",
    [
        pa.int64(), pa.uint8(), pa.float16(), pa.float32(), pa.bool_(), pa.string(), pa.large_string(),
        pa.binary(), pa.decimal128(20, 3), pa.date32(), pa.timestamp("us", "UTC"), pa.time64("us"),
        pa.duration("s"), pa.null(), pa.dictionary(pa.int8(), pa.string()),
    ],
)  # fmt: skip
def test_what_is_accepted_can_be_written(tmp_path, kind):
    """Whatever `check_writable` accepts."""
    schema = pa.schema([("a", kind)])
    try:
        check_writable(schema, tmp_path / "s.csv")
    except InvalidInput:
        return
    with table_writer(tmp_path / "s.csv", schema) as writer:
        writer.write_table(pa.table([pa.array([None], kind)], schema=schema))
    assert (tmp_path / "s.csv").read_text() == '"a"\n\n'
