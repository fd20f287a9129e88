"""What the server counts, for Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


class Metrics:
    """Counters of one server.

    The labels take only values that the server knows: a name in a request that is no model's is no label.
    """

    def __init__(self):
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = Counter(
            "tfvae_serve_requests", "Answers.", ("model", "method", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "tfvae_serve_request_seconds",
            "Time from a request's first lines to its answer.",
            ("model", "method"),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._rows = Histogram(
            "tfvae_serve_batch_rows",
            "Rows that were run together.",
            ("model",),
            buckets=_ROWS,
            registry=self._registry,
        )
        self._version = Gauge(
            "tfvae_serve_loaded_version", "The version that is served.", ("model",), registry=self._registry
        )

    def answered(self, model: str, method: str, status: int, seconds: float) -> None:
        """Count an answer."""
        self._requests.labels(model, method, str(status)).inc()
        self._seconds.labels(model, method).observe(seconds)

    def ran(self, model: str, rows: int) -> None:
        """Count a call of a model."""
        self._rows.labels(model).observe(rows)

    def served(self, model: str, version: int) -> None:
        """Note the version that is served."""
        self._version.labels(model).set(version)

    @property
    def page(self) -> bytes:
        """All of it, in Prometheus's text format."""
        return generate_latest(self._registry)
