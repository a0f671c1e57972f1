"""What stands between a gateway and a table: deciding, counting and logging each call (`enforce`), and gateways built on that.

Imports nothing here: `policyc.gateway.enforce` needs the standard library, `policyc.gateway.fastmcp` the extra `fastmcp`.
docs/gateways.md is the guide.
"""
