"""Why a committed table is not the one that its policies compile to, as far as the two say."""

from __future__ import annotations

from typing import Any

from policyc.features.words import either
from policyc.runtime.file import TableFile
from policyc.table.model import TableError

_MOST = 3


def why_stale(committed: bytes, fresh: bytes) -> str:
    """What differs between two tables' bytes, in words that follow a colon; the fresh one is a table."""
    try:
        old = TableFile(committed).header
        causes = _causes(old, TableFile(fresh).header)
    except TableError as error:
        return str(error)
    except (KeyError, TypeError, AttributeError):
        return "its header does not fit the format"
    return "; ".join(causes)


def _causes(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    found = _sources(old, new)
    if old["policyc"] != new["policyc"]:
        found.append(f"policyc {old['policyc']} compiled it, and this is {new['policyc']}")
    if old["catalog"] != new["catalog"]:
        was, now = ("no catalog" if h["catalog"] is None else "a catalog" for h in (old, new))
        found.append("the catalog changed" if was == now else f"it was compiled with {was}, and now there is {now}")
    if old["revision"] != new["revision"]:
        found.append(f"it has revision {old['revision']}, and {new['revision']} is asked for")
    if old["logic"] == new["logic"]:
        return [*found, "what it decides is the same"] if found else ["only the places of its rules differ"]
    if not found:
        return ["the same policies compile to something else"]
    return [*found, "what it decides or says is not the same"]


def _sources(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """The policies' files that changed, came or went."""
    was, now = ({s["path"]: s["sha256"] for s in header["sources"]} for header in (old, new))
    groups = (
        ("changed", [p for p in now if p in was and was[p] != now[p]]),
        ("not in it", [p for p in now if p not in was]),
        ("no longer compiled", [p for p in was if p not in now]),
    )
    out = []
    for what, paths in groups:
        if paths:
            names = [f"`{p}`" for p in paths[:_MOST]]
            names += [f"{len(paths) - _MOST} more"] if len(paths) > _MOST else []
            verb = "" if what == "changed" else "is " if len(paths) == 1 else "are "
            out.append(f"{either(names, 'and')} {verb}{what}")
    return out
