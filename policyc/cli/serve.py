"""`policyc serve`: the decision service."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from policyc.cli.options import choice
from policyc.diagnostics import PolicycError

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def serve(
    table: Annotated[str, typer.Argument(metavar="TABLE", help="The file that `policyc compile` wrote.")],
    http: Annotated[
        str, typer.Option("--http", metavar="HOST:PORT", help="Where to serve AuthZEN, health and metrics.")
    ] = "127.0.0.1:8180",
    grpc: Annotated[
        str | None,
        typer.Option("--grpc", metavar="HOST:PORT", help="Where to serve Envoy's ext_authz.", show_default=False),
    ] = None,
    key: Annotated[
        list[str] | None,
        typer.Option(
            "--key", metavar="PUB", help="Serve only tables signed by this key; repeat for several.", show_default=False
        ),
    ] = None,
    least_revision: Annotated[
        int,
        typer.Option(
            "--least-revision",
            metavar="N",
            min=0,
            help="Refuse to begin with a table of a lower revision: the one in force before the restart.",
        ),
    ] = 0,
    policy: Annotated[
        str | None,
        typer.Option("--policy", metavar="NAME", help="The policy that holds for every call.", show_default=False),
    ] = None,
    redis: Annotated[
        str | None,
        typer.Option(
            "--redis", metavar="URL", help="Count limits in Redis or Valkey, not in memory.", show_default=False
        ),
    ] = None,
    on_store_failure: Annotated[
        str, typer.Option("--on-store-failure", metavar="WHAT", help="When Redis cannot be reached: deny or allow.")
    ] = "deny",
    header: Annotated[
        list[str] | None,
        typer.Option(
            "--header",
            metavar="NAME=HEADER",
            show_default=False,
            help="ext_authz: take this value of the context from a header that Envoy has verified; repeat for several.",
        ),
    ] = None,
    subject: Annotated[
        str, typer.Option("--subject", metavar="NAME", help="AuthZEN: the context's name for the subject's id.")
    ] = "user",
    allow_method: Annotated[
        list[str] | None,
        typer.Option("--allow-method", metavar="GLOB", help="Let this MCP method pass, too.", show_default=False),
    ] = None,
    deny_method: Annotated[
        list[str] | None,
        typer.Option(
            "--deny-method", metavar="GLOB", help="Deny this MCP method, such as `resources/*`.", show_default=False
        ),
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch/--no-watch", help="Look every two seconds whether the table has changed.")
    ] = True,
    log: Annotated[
        str | None,
        typer.Option(
            "--log", metavar="FILE", help="Append the log here instead of standard error.", show_default=False
        ),
    ] = None,
    max_body: Annotated[
        int, typer.Option("--max-body", metavar="BYTES", min=1024, help="Largest body of a request.")
    ] = 1 << 20,
    grace: Annotated[
        float, typer.Option("--grace", metavar="SECONDS", min=0, help="At the end, wait so long for what is in flight.")
    ] = 10.0,
    url: Annotated[
        str | None,
        typer.Option(
            "--url", metavar="URL", help="The address that clients know, for AuthZEN's metadata.", show_default=False
        ),
    ] = None,
) -> int:
    """Answer AuthZEN and Envoy's ext_authz from a table. SIGHUP reloads it, SIGTERM ends the service."""
    from policyc.serve.settings import Settings, read_address, read_headers

    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # its own lines on standard error; errors come back as exceptions
    try:
        from policyc.serve.server import run
    except ImportError as error:
        raise PolicycError(f"`policyc serve` needs {error.name}: pip install 'policyc[serve]'") from None
    choice(on_store_failure, ("deny", "allow"), "--on-store-failure")
    settings = Settings(
        http=read_address(http, "--http"),
        grpc=None if grpc is None else read_address(grpc, "--grpc"),
        keys=tuple(key or ()),
        policy=policy,
        redis=redis,
        on_failure="allow" if on_store_failure == "allow" else "deny",
        watch=2.0 if watch else None,
        log=log,
        headers=read_headers(header or []),
        subject=subject,
        allowed_methods=tuple(allow_method or ()),
        denied_methods=tuple(deny_method or ()),
        most_bytes=max_body,
        grace=grace,
        url=None if url is None else url.rstrip("/"),
        least_revision=least_revision,
    )
    return run(table, settings)
