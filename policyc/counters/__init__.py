"""Counters: where a gateway reserves the limits of a call, all or none. Start with `model`; docs/counters.md is the guide.

Imports nothing here: a gateway takes `policyc.counters.memory` or `policyc.counters.redis`, and only the latter needs a library.
"""
