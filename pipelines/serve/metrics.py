"""What the server counts, for Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


class Metrics:
    """Counters of one server.

    Labels only have values that the server knows: a request for an unknown model does not add its name.
    """

    def __init__(self):
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = Counter(
            "tfvae_serve_requests", "Answers.", ("model", "method", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "tfvae_serve_request_seconds",
            "Time from a request's header to its answer.",
            ("model", "method"),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._rows = Histogram(
            "tfvae_serve_batch_rows",
            "Rows in a call of the model.",
            ("model",),
            buckets=_ROWS,
            registry=self._registry,
        )
        self._version = Gauge(
            "tfvae_serve_loaded_version", "The served version.", ("model",), registry=self._registry
        )

    def count_answer(self, model: str, method: str, status: int, seconds: float) -> None:
        """Count an answer.

        Args:
            model: name of the model; empty if unknown.
            method: such as `predict`.
            status: HTTP status.
            seconds: time from the request to the answer.
        """
        self._requests.labels(model, method, str(status)).inc()
        self._seconds.labels(model, method).observe(seconds)

    def count_batch(self, model: str, rows: int) -> None:
        """Count a call of a model.

        Args:
            model: name of the model.
            rows: rows in the call.
        """
        self._rows.labels(model).observe(rows)

    def set_version(self, model: str, version: int) -> None:
        """Set the served version.

        Args:
            model: name of the model.
            version: its number.
        """
        self._version.labels(model).set(version)

    @property
    def page(self) -> bytes:
        """All metrics, in Prometheus's text format."""
        return generate_latest(self._registry)
