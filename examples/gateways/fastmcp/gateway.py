"""A gateway in front of a git server: hides tools, decides calls, asks for approval, counts and logs.

python gateway.py git.table /path/to/repository                        # over stdio, for a client that starts it
python gateway.py git.table /path/to/repository --http 8000            # over streamable HTTP
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

from fastmcp.server import create_proxy
from fastmcp.server.context import Context

from policyc.counters.memory import AsyncMemoryCounters
from policyc.counters.model import AsyncCounters
from policyc.gateway.fastmcp import PolicyMiddleware, default_context
from policyc.gateway.log import DecisionLog
from policyc.runtime.live import LiveTable


def main() -> None:
    parser = argparse.ArgumentParser(description="A FastMCP gateway in front of mcp-server-git.")
    parser.add_argument("table", help="written by `policyc compile git.policy -o git.table`")
    parser.add_argument("repository", help="the git repository that the agent works on")
    parser.add_argument(
        "--grant", default="local", help="whose limits are counted (a gateway with logins takes it from the token)"
    )
    parser.add_argument("--redis", metavar="URL", help="count here, for several gateways with the same limits")
    parser.add_argument("--log", metavar="FILE", help="the decision log; standard error when left out")
    parser.add_argument("--http", metavar="PORT", type=int, help="serve streamable HTTP on 127.0.0.1, not stdio")
    options = parser.parse_args()

    counters: AsyncCounters = AsyncMemoryCounters()
    if options.redis:
        from policyc.counters.redis import AsyncRedisCounters

        counters = AsyncRedisCounters.from_url(options.redis)

    def context(fastmcp: Context) -> dict[str, Any]:
        return default_context(fastmcp) | {"grant": options.grant}

    upstream = {"command": sys.executable, "args": ["-m", "mcp_server_git", "--repository", options.repository]}
    gateway = create_proxy({"mcpServers": {"git": upstream}}, name="git behind a policy")
    with LiveTable(options.table, watch=0.5) as table:
        log = DecisionLog(options.log or sys.stderr)
        gateway.add_middleware(PolicyMiddleware(table, counters=counters, log=log, server="git", context=context))
        if options.http:
            gateway.run(transport="http", host="127.0.0.1", port=options.http, show_banner=False)
        else:
            gateway.run(show_banner=False)


if __name__ == "__main__":
    main()
