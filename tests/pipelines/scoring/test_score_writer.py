"""Scored rows in a file: all of them or none, and the rejects beside it."""

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from tfvae.core.errors import UnreadableFile
from tfvae.data.tables.files import Reject
from tfvae.pipelines.scoring.score_writer import scored_batches, write_scores
from tfvae.pipelines.scoring.scored_rows import ScoredRows


class Doubles:
    """Scores a batch of numbers by their doubles; numbers above 10 are anomalies, None is rejected."""

    def score(self, batch):
        kept = [value for value in batch if value is not None]
        columns = {"score": [2 * value for value in kept], "is_anomaly": [value > 10 for value in kept]}
        reject = Reject(0, 1, "expected a number, found none")
        return ScoredRows(pa.table(columns), (reject,) * batch.count(None))


BATCHES = [[1.0, 20.0, None], [None, 30.0]]
SCHEMA = Doubles().score([1.0]).table.schema


def write(output, total=5, batches=BATCHES):
    with scored_batches(Doubles(), batches, total) as parts:
        return write_scores(parts, SCHEMA, "numbers", output, total)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_all_rows_are_written_and_counted(tmp_path, suffix):
    summary = write(tmp_path / f"s.{suffix}")
    read = {"csv": pyarrow.csv.read_csv, "parquet": pyarrow.parquet.read_table}[suffix]
    assert read(tmp_path / f"s.{suffix}")["score"].to_pylist() == [2, 40, 60]
    assert (summary.rows, summary.scored, summary.rejected, summary.anomalies) == (5, 3, 2, 2)
    assert summary.reasons == {"expected a number": 2}
    assert summary.rejects == str(tmp_path / "s.rejects.csv")
    assert len((tmp_path / "s.rejects.csv").read_text().splitlines()) == 3


def test_without_rejects_there_is_no_file_of_them(tmp_path):
    write(tmp_path / "s.csv")
    assert write(tmp_path / "s.csv", None, [[1.0]]).rejects is None
    assert [path.name for path in tmp_path.iterdir()] == ["s.csv"]


def test_scores_without_a_decision_have_no_anomalies(tmp_path):
    parts = [ScoredRows(pa.table({"score": [1.0]}))]
    assert write_scores(parts, parts[0].table.schema, "numbers", tmp_path / "s.csv", 1).anomalies is None


@pytest.mark.parametrize("total", [4, 6])
def test_another_number_of_rows_is_an_error_and_leaves_nothing(tmp_path, total):
    with pytest.raises(
        UnreadableFile, match=f"numbers: expected {total} rows, but 3 are scored and 2 rejected"
    ):
        write(tmp_path / "s.csv", total)
    assert not list(tmp_path.iterdir())
