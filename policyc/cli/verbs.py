"""The verbs and the module of each, which holds a `typer.Typer` called `app`."""

from __future__ import annotations

VERBS = {
    "lint": "lint",
    "verify": "verify",
    "compile": "compile",
    "diff": "diff",
    "explain": "explain",
    "table": "table",
    "serve": "serve",
    "convert": "convert",
    "init": "init",
    "catalog": "catalog",
    "rule": "rule",
    "schema": "schema",
    "keygen": "keygen",
}
