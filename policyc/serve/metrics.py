"""What Prometheus is told. Labels take their values from the table and from this program, never from a request."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.exposition import generate_latest

from policyc.gateway.verdict import Verdict

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS: Final = (0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)
"""Seconds: from a decision in memory to a store that hangs until it counts as down."""


class Metrics:
    """All of the service's, in a registry of their own."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each one
        self._registry = registry = CollectorRegistry()
        self.decisions = Counter(
            "policyc_decisions", "Calls decided.", ("protocol", "policy", "effect"), registry=registry
        )
        self.seconds = Histogram(
            "policyc_decision_seconds", "From a call's being read to its verdict.", ("protocol",), registry=registry, buckets=_BUCKETS
        )  # fmt: skip
        self.refused = Counter(
            "policyc_counter_refusals", "Calls denied by their limits.", ("policy", "limit", "why"), registry=registry
        )
        self.uncounted = Counter(
            "policyc_uncounted_calls", "Calls let through uncounted, the store of counters being down.", registry=registry
        )  # fmt: skip
        self.unreadable = Counter(
            "policyc_unreadable_requests", "Requests that could not be read.", ("protocol",), registry=registry
        )
        self.failures = Counter(
            "policyc_failures", "Errors of the service itself; the request was denied.", ("protocol",), registry=registry
        )  # fmt: skip
        self.methods = Counter(
            "policyc_other_methods", "MCP messages other than tools/call.", ("protocol", "outcome"), registry=registry
        )
        self.reloads = Counter("policyc_table_reloads", "Reloads of the table.", ("outcome",), registry=registry)
        for outcome in ("replaced", "unchanged", "refused"):
            self.reloads.labels(outcome)
        self.revision = Gauge("policyc_table_revision", "Revision of the table in force.", registry=registry)
        self.loaded = Gauge(
            "policyc_table_loaded_timestamp_seconds", "When the table in force was loaded.", registry=registry
        )
        self.good = Gauge(
            "policyc_table_last_reload_successful", "1, or 0 when the last reload was refused.", registry=registry
        )

    def verdict(self, protocol: str, verdict: Verdict, seconds: float) -> None:
        """Count one decision."""
        policy = verdict.decision.policy if verdict.decision else ""
        self.decisions.labels(protocol, policy, verdict.effect).inc()
        self.seconds.labels(protocol).observe(seconds)
        if verdict.refused is not None:
            limit = verdict.refused.limit
            self.refused.labels(policy, limit.id if limit else "", verdict.refused.why).inc()
        if verdict.uncounted:
            self.uncounted.inc()

    def text(self) -> bytes:
        """In Prometheus's text format."""
        return generate_latest(self._registry)
