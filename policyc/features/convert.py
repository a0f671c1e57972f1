"""`policyc convert`: one policy, another syntax, the same meaning. Comments do not survive; everything else does."""

from __future__ import annotations

from typing import Any

from policyc.features.write_dsl import ConvertError
from policyc.ir.model import Policy

__all__ = ["ConvertError", "to_document", "to_dsl", "to_json", "to_yaml"]


def to_dsl(policy: Policy) -> str:
    """The policy as DSL text. Raises ConvertError for what the DSL cannot say."""
    from policyc.features.dsl_layout import policy_text

    return policy_text(policy)


def to_document(policy: Policy) -> dict[str, Any]:
    """The policy as a document: JSON values; the order of the keys is the order of the rules. Raises ConvertError for what
    documents cannot say."""
    from policyc.features.write_document import document

    return document(policy)


def to_json(policy: Policy) -> str:
    """The policy as JSON text. Raises ConvertError."""
    from policyc.features.write_text import json_text

    return json_text(to_document(policy))


def to_yaml(policy: Policy) -> str:
    """The policy as YAML text. Raises ConvertError, also for a text with a lone surrogate, which YAML cannot write."""
    from policyc.features.write_text import yaml_text

    return yaml_text(to_document(policy))
