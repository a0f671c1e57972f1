"""The decision service: a table behind AuthZEN over HTTP and Envoy's `ext_authz` over gRPC (`policyc serve`, extra `serve`).

Imports nothing here. `docs/serve.md` is the guide for operators.
"""
