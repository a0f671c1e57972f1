"""The parts of the SARIF 2.1.0 JSON Schema (OASIS) that a policyc report can touch, as closed as the standard's own."""

from __future__ import annotations

from typing import Any


def closed(required: list[str], **properties: Any) -> dict[str, Any]:
    bag = {"properties": {"type": "object"}}
    return {
        "type": "object", "required": required, "additionalProperties": False, "properties": {**bag, **properties},
    }  # fmt: skip


TEXT = {"type": "string"}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
POSITIVE = {"type": "integer", "minimum": 1}
MESSAGE = {
    **closed([], text=TEXT, markdown=TEXT, id=TEXT, arguments={"type": "array", "items": TEXT}),
    "anyOf": [{"required": ["text"]}, {"required": ["id"]}],
}
MULTIFORMAT = closed(["text"], text=TEXT, markdown=TEXT)
CONTENT = closed([], text=TEXT, binary=TEXT, rendered=MULTIFORMAT)
REGION = closed(
    [], startLine=POSITIVE, startColumn=POSITIVE, endLine=POSITIVE, endColumn=POSITIVE,
    charOffset={"type": "integer", "minimum": -1}, charLength={"type": "integer", "minimum": 0}, snippet=CONTENT,
)  # fmt: skip
ARTIFACT = closed(
    [], uri={"type": "string", "format": "uri-reference", "pattern": r"^[!-~]*$"}, uriBaseId=TEXT,
    index={"type": "integer", "minimum": -1}, description=MESSAGE,
)  # fmt: skip
PHYSICAL = {
    **closed([], artifactLocation=ARTIFACT, region=REGION, contextRegion=REGION),
    "anyOf": [{"required": ["artifactLocation"]}, {"required": ["address"]}],
}
LOGICAL = closed([], name=TEXT, fullyQualifiedName=TEXT, decoratedName=TEXT, kind=TEXT)
LOCATION = closed(
    [], id={"type": "integer", "minimum": -1}, physicalLocation=PHYSICAL, message=MESSAGE,
    logicalLocations={"type": "array", "uniqueItems": True, "items": LOGICAL},
)  # fmt: skip
SUPPRESSION = closed(
    ["kind"], kind={"enum": ["inSource", "external"]}, justification=TEXT, location=LOCATION,
    status={"enum": ["accepted", "underReview", "rejected"]},
)  # fmt: skip
REPLACEMENT = closed(["deletedRegion"], deletedRegion=REGION, insertedContent=CONTENT)
CHANGE = closed(
    ["artifactLocation", "replacements"], artifactLocation=ARTIFACT,
    replacements={"type": "array", "minItems": 1, "items": REPLACEMENT},
)  # fmt: skip
FIX = closed(
    ["artifactChanges"], description=MESSAGE,
    artifactChanges={"type": "array", "minItems": 1, "uniqueItems": True, "items": CHANGE},
)  # fmt: skip
RESULT = closed(
    ["message"], ruleId=TEXT, ruleIndex={"type": "integer", "minimum": -1}, level=LEVEL, message=MESSAGE,
    locations={"type": "array", "items": LOCATION, "minItems": 1},  # minItems: ours, every result is located
    relatedLocations={"type": "array", "uniqueItems": True, "items": LOCATION},
    partialFingerprints={"type": "object", "additionalProperties": TEXT},
    suppressions={"type": "array", "uniqueItems": True, "items": SUPPRESSION},
    fixes={"type": "array", "uniqueItems": True, "items": FIX},
)  # fmt: skip
RULE = closed(
    ["id"], id=TEXT, name=TEXT, shortDescription=MULTIFORMAT, fullDescription=MULTIFORMAT, help=MULTIFORMAT,
    helpUri={"type": "string", "format": "uri"},
    defaultConfiguration=closed([], enabled={"type": "boolean"}, level=LEVEL),
)  # fmt: skip
DRIVER = closed(
    ["name"], name=TEXT, version=TEXT, semanticVersion=TEXT, informationUri={"type": "string", "format": "uri"},
    rules={"type": "array", "uniqueItems": True, "items": RULE},
)  # fmt: skip
RUN = closed(
    ["tool"], tool=closed(["driver"], driver=DRIVER), results={"type": "array", "items": RESULT},
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    invocations={"type": "array", "items": closed(["executionSuccessful"], executionSuccessful={"type": "boolean"})},
)  # fmt: skip
LOG = {
    "type": "object", "required": ["version", "runs"], "additionalProperties": False,
    "properties": {
        "$schema": {"type": "string", "format": "uri"}, "version": {"const": "2.1.0"},
        "runs": {"type": "array", "items": RUN},
    },
}  # fmt: skip
