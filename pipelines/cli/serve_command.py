"""`tfvae serve`: exported models over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from tfvae.core.checks import integer, positive
from tfvae.pipelines.cli import argument_checks
from tfvae.pipelines.cli.startup import start_tensorflow, without_models
from tfvae.pipelines.failures import usage_errors
from tfvae.pipelines.serve.signals import ending_at_once


def serve(
    folder: Annotated[Path, Parameter(help="an exported model with its versions, or a folder of several.")],
    /,
    *,
    name: Annotated[
        str | None, Parameter(help="the model's name in requests; that of its folder by default.")
    ] = None,
    host: Annotated[str, Parameter(help="address to listen at.")] = "127.0.0.1",
    port: Annotated[int, Parameter(help="port to listen at; 0 chooses a free one.")] = 8501,
    max_batch_size: Annotated[
        int, Parameter(help="most rows of several requests that run as one batch; 1 runs each request alone.")
    ] = 1,
    batch_timeout_ms: Annotated[float, Parameter(help="how long a request waits for others.")] = 2.0,
    max_body_bytes: Annotated[int, Parameter(help="largest body of a request.")] = 16 * 2**20,
    max_instances: Annotated[int, Parameter(help="most rows of a request.")] = 1_000,
    allowed_host: Annotated[
        list[str] | None,
        Parameter(
            help="name under which clients ask, such as that of a container; may be repeated; * allows any."
            " localhost, IP addresses and --host always are."
        ),
    ] = None,
    poll_seconds: Annotated[float, Parameter(help="time between two checks for new versions.")] = 1.0,
) -> None:
    """Serve exported models over HTTP, by TensorFlow Serving's REST interface.

    For development and small loads. For more, TensorFlow Serving reads the same folders. SIGTERM and Ctrl-C
    let running requests finish, and end with status 0; while the server starts, at once, with 143 and 130.
    """
    with usage_errors():
        argument_checks.served_folder(folder)
        for option, value in (
            ("--max-batch-size", max_batch_size),
            ("--max-body-bytes", max_body_bytes),
            ("--max-instances", max_instances),
        ):
            integer(option, value)
        positive("--batch-timeout-ms", batch_timeout_ms)
        positive("--poll-seconds", poll_seconds)
        integer("--port", port, 0, 65535)
        argument_checks.installed_extra("serve", "starlette", "uvicorn", "prometheus_client")
    with ending_at_once():
        without_models()
        start_tensorflow()
        from tfvae.pipelines.serve import server
        from tfvae.pipelines.serve.application import Settings
        from tfvae.pipelines.serve.batching import BatchingPolicy
        from tfvae.pipelines.serve.limits import Limits

        batching = BatchingPolicy(max_batch_size, batch_timeout_ms / 1000) if max_batch_size > 1 else None
        limits = Limits(max_body_bytes=max_body_bytes, max_instances=max_instances)
        settings = Settings(batching, limits, poll_seconds, (host, *(allowed_host or ())))
        server.serve(folder, host, port, settings, name)
