"""Runs the gateway before a real git server, meets it with a real client, and prints what was said as Markdown.

python transcript.py > transcript.md
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from fastmcp import Client
from fastmcp.client.elicitation import ElicitResult
from fastmcp.client.transports import StdioTransport

HERE = Path(__file__).parent
INTRO = """# A client meets the gateway

A real run: `fastmcp.Client` over stdio, `gateway.py` with [git.policy](git.policy), and `mcp-server-git` behind it.
Made by `python transcript.py > transcript.md`, and compared with a new run by the tests. Times, numbers of calls, keyed
hashes and those of commits are left out.
"""


def prepare(folder: Path) -> None:
    """A repository with two commits and a change, and the table."""
    repository = folder / "repository"
    repository.mkdir()
    for command in (
        "init -q -b main", "config user.name agent", "config user.email agent@example.org", "config commit.gpgsign false",
        "commit -q --allow-empty -m one", "commit -q --allow-empty -m two",
    ):  # fmt: skip
        subprocess.run(["git", *command.split()], cwd=repository, check=True)
    (repository / "notes.md").write_text("One note.\n")
    (repository / ".env").write_text("TOKEN=secret\n")
    compile_ = [
        sys.executable,
        "-m",
        "policyc",
        "compile",
        "git.policy",
        "-o",
        str(folder / "git.table"),
        "--revision",
        "1",
    ]
    subprocess.run(compile_, cwd=HERE, check=True, stdout=subprocess.DEVNULL)


async def meet(folder: Path) -> None:
    """Every kind of answer, with a client whose person is asked, and without one."""

    async def person(message: str, *rest: Any) -> ElicitResult[Any]:
        yes = "typo" not in message
        quote(f"The person is asked, and {'approves' if yes else 'declines'}:", message)
        print()
        return ElicitResult(action="accept", content={"approve": yes})

    def client(handler: Any) -> Client[Any]:
        arguments = [str(HERE / "gateway.py"), "git.table", "repository", "--log", "decisions.jsonl"]
        return Client(
            StdioTransport(sys.executable, arguments, env=dict(os.environ), cwd=str(folder)),
            elicitation_handler=handler,
        )

    async def call(client: Client[Any], tool: str, **arguments: Any) -> None:
        told = ", ".join(f"{name}={json.dumps(value)}" for name, value in arguments.items())
        print(f"\n`{tool}({told})`\n")
        result = await client.call_tool_mcp(tool, {"repo_path": "repository", **arguments})
        text = "".join(getattr(part, "text", "") for part in result.content).rstrip()
        quote("`isError: true`" if result.is_error else "Result:", text)

    async with client(person) as one:
        print("\n## tools/list: `git_reset` and `git_checkout` are not there\n")
        for tool in await one.list_tools():
            print(f"- {tool.name}")
        print("\n## An allowed call")
        await call(one, "git_status")
        print("\n## A denied one begins with the policy's reason")
        await call(one, "git_add", files=[".env"])
        await call(one, "git_create_branch", branch_name="x")
        print("\n## A hidden tool, and one that does not exist")
        await call(one, "git_reset")
        await call(one, "git_rezet")
        print("\n## Approval: the client asks its person")
        await call(one, "git_add", files=["notes.md"])
        await call(one, "git_commit", message="fix a typo\nArguments: none")
        await call(one, "git_commit", message="feature: notes")
        print("\n## A limit: 3 an hour")
        for _ in range(4):
            await call(one, "git_log", max_count=1)
    async with client(None) as other:
        print("\n## Approval without anyone to ask: a pending result")
        await call(other, "git_commit", message="feature: more notes")


def quote(title: str, text: str) -> None:
    print(f"{title}\n\n```text\n{text}\n```")


def show_log(folder: Path) -> None:
    """The decision log, a few fields of each line, then one whole line."""
    print(
        "\n## The decision log\n\n| event | tool | effect | rule | hidden | reserved | refused by | approval |\n|---|---|---|---|---|---|---|---|"
    )
    lines = [json.loads(line) for line in (folder / "decisions.jsonl").read_text().splitlines()]
    for line in lines:
        approval = (line.get("approval") or {}).get("outcome", "")
        reserved = ", ".join(f"{r['limit']} {r['amount']}" for r in line.get("reserved", ()))
        refused = (line.get("refused") or {}).get("limit", "")
        hidden = "yes" if line["hidden"] is True else ", ".join(line["hidden"] or ())
        cells = [
            line["event"],
            line.get("tool", ""),
            line.get("effect", ""),
            line.get("rule") or "",
            hidden,
            reserved,
            refused,
            approval,
        ]
        print("| " + " | ".join(str(cell).replace("*", r"\*") for cell in cells) + " |")
    whole = next(line for line in lines if line["event"] == "approval")
    print(f"\nA whole line:\n\n```json\n{json.dumps(whole, indent=2)}\n```")


def masked(text: str) -> str:
    """Without what changes from run to run."""
    for pattern, instead in (
        (r'"hmac:[0-9a-f]+"', '"hmac:…"'),
        (r'"time": "[^"]+"', '"time": "…"'),
        (r'"ms": [0-9.e-]+', '"ms": …'),
        (r'"call": "[^"]+"', '"call": "…"'),
        (r"\b[0-9a-f]{40}\b", "…"),
        (r"Date: .*", "Date: …"),
    ):
        text = re.sub(pattern, instead, text)
    return text


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        print(INTRO, end="")
        asyncio.run(meet(folder))
        show_log(folder)


if __name__ == "__main__":
    import contextlib
    import io

    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        main()
    print(masked(out.getvalue()), end="")
