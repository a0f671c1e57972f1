"""A policy document checked against its models; pydantic's complaints become findings at the characters that caused them."""

from __future__ import annotations

import re
from types import UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin

from pydantic import BaseModel, Tag, ValidationError

from policyc.diagnostics import Edit, Findings, did_you_mean
from policyc.frontends.document_model import Document, Strict
from policyc.frontends.reading import below, operator_meant
from policyc.record import record
from policyc.source import Span
from policyc.syntax.tree import Map, Node, Scalar, Seq, describe, first_character, inner_span, to_python
from policyc.syntax.yaml_scalars import OLD_BOOLEANS

_EXPECTED: Final = {
    "string_type": "a text", "bool_type": "`true` or `false`", "list_type": "a list", "dict_type": "a mapping",
    "int_type": "a whole number", "float_type": "a number",
}  # fmt: skip
MAX_FINDINGS: Final = 200
"""Findings about the shape of one document; more of them help nobody."""


def validate(tree: Node, findings: Findings) -> None:
    """Report everything about the document's shape that is wrong. `tree` is the whole document."""
    try:
        Document.model_validate(to_python(tree))
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)[:MAX_FINDINGS]
        for place in _merge_missing([_locate(tree, fault) for fault in faults]):
            _report(place, findings)


@record(frozen=False)
class _Place:
    """One complaint, where it is in the tree, and the model that it is about."""

    problem: str
    said: str
    node: Node
    key: Scalar | None  # the key whose value `node` is, or the unknown key itself
    name: str  # the last key of the location
    model: type[Strict] | None  # the model of the mapping that `name` is in
    route: str
    expected: str
    missing: tuple[str, ...] = ()


def _locate(tree: Node, error: Any) -> _Place:
    """Walk the location through the models and the tree side by side: union tags are steps of the models alone."""
    kind: Any = Document
    node, key, model = tree, None, None
    name, route = "", ""
    stop = len(error["loc"]) - (1 if error["type"] in ("missing", "extra_forbidden") else 0)
    for i, element in enumerate(error["loc"]):
        members = _tagged(kind)
        if members is not None and element in members:
            kind = members[element]
            continue
        model = _model(kind)
        name = str(element)
        if i < stop and element != "[key]":
            kind = _inside(kind, element)
            route = f"{route}[{element}]" if isinstance(element, int) else below(route, element)
            node, key = _child(node, key, element)
        elif error["type"] == "extra_forbidden" and isinstance(node, Map):
            key = node.key(name)
    if error["type"] == "model_type":
        model = _model(kind)
    expected = error.get("ctx", {}).get("expected", "")
    return _Place(error["type"], error["msg"], node, key, name, model, route, expected)


def _model(kind: Any) -> type[Strict] | None:
    if get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    return kind if isinstance(kind, type) and issubclass(kind, Strict) else None


def _child(node: Node, key: Scalar | None, element: str | int) -> tuple[Node, Scalar | None]:
    if isinstance(node, Map):
        for name, value in node.entries:
            if name.value == element:
                return value, name
    if isinstance(node, Seq) and isinstance(element, int) and element < len(node.items):
        return node.items[element], None
    return node, key


def _tagged(kind: Any) -> dict[str, Any] | None:
    """The members of a tagged union by tag; None for any other type."""
    if get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) not in (Union, UnionType):
        return None
    out: dict[str, Any] = {}
    for member in get_args(kind):
        tags = [m.tag for m in get_args(member)[1:] if isinstance(m, Tag)] if get_origin(member) is Annotated else []
        if tags:
            out[tags[-1]] = _bare(member, tags[-1])
    return out or None


def _bare(member: Any, tag: str) -> Any:
    """A member without its tag; a union nested in it keeps its own."""
    inner, *metadata = get_args(member)
    rest = [m for m in metadata if not (isinstance(m, Tag) and m.tag == tag)]
    return Annotated[(inner, *rest)] if rest else inner


def _inside(kind: Any, element: str | int) -> Any:
    """The type of a model's field, a list's item or a mapping's value."""
    if get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        for field, info in kind.model_fields.items():
            if (info.alias or field) == element:
                return info.annotation
        return Any
    arguments = get_args(kind)
    if get_origin(kind) is list:
        return arguments[0]
    return arguments[1] if get_origin(kind) is dict else Any


def _merge_missing(places: list[_Place]) -> list[_Place]:
    """Several keys that one mapping lacks are one complaint."""
    seen: dict[tuple[int, str], _Place] = {}
    out = []
    for place in places:
        same = seen.setdefault((id(place.node), place.route), place) if place.problem == "missing" else place
        if place.problem == "missing":
            same.missing += (place.name,)
        if same is place:
            out.append(place)
    return out


def known_keys(model: type[BaseModel]) -> list[str]:
    """The keys of a model as they are written, those of the second dialect last."""
    fields = sorted(model.model_fields.items(), key=lambda item: bool(item[1].deprecated))
    return [info.alias or name for name, info in fields]


# --- complaints ---------------------------------------------------------------------------------------------------------


def _report(place: _Place, findings: Findings) -> None:
    route = place.route or None
    if place.problem == "extra_forbidden":
        _unknown_key(place, findings)
    elif place.problem == "missing":
        _missing(place, findings)
    elif place.problem in ("literal_error", "enum"):
        _not_one_of(place, findings)
    elif place.problem in _EXPECTED:
        where = "" if place.name.isdigit() else f" for `{place.name}`"
        message = f"expected {_EXPECTED[place.problem]}{where}, found {describe(place.node)}"
        findings.add("wrong-type", message, _span(place), help=_type_help(place), route=route, edits=_type_edit(place))
    elif place.problem == "model_type":
        noun = place.model.noun if place.model is not None else "mapping"
        null = isinstance(place.node, Scalar) and place.node.value is None
        help = "write `{}`" if null and noun == "tool entry" else None
        message = f"expected a mapping ({_a(noun)}) here, found {describe(place.node)}"
        findings.add("wrong-type", message, _span(place), help=help, route=route)
    elif place.problem == "string_too_short":
        what = "this item" if place.name.isdigit() else f"`{place.name}`"
        findings.add("invalid-value", f"{what} must not be empty", _span(place), route=route)
    elif "-" in place.problem:  # one of the model's own, named by its rule
        said = (
            place.said
            if place.problem != "wrong-type" or "found" in place.said
            else f"{place.said}, found {describe(place.node)}"
        )
        findings.add(place.problem, said, _span(place), route=route)
    else:  # pydantic says it in its own words; no check of the models is known to end here
        findings.add("invalid-value", f"`{place.name}`: {_sentence(place.said)}", _span(place), route=route)


def _span(place: _Place) -> Span:
    """The value; where it has no characters of its own (`key:`), its key."""
    if isinstance(place.node, Scalar) and place.node.span.start == place.node.span.end and place.key is not None:
        return place.key.span
    return place.node.span if isinstance(place.node, Scalar) else first_character(place.node)


def _unknown_key(place: _Place, findings: Findings) -> None:
    assert place.key is not None and place.model is not None
    known = known_keys(place.model)
    near = did_you_mean(place.name, known)
    help = f"did you mean `{near}`?" if near else f"known keys: {', '.join(f'`{k}`' for k in known)}"
    if place.name == "rules" and place.model.noun == "tool entry":
        help = "`rules` belong to Intercept policies, which are YAML; here they stand at the top of the document"
    edits = [Edit(inner_span(place.key), near, safe=False)] if near else []
    findings.add(
        "unknown-key", f"unknown key `{place.name}` in this {place.model.noun}", place.key.span,
        help=help, route=place.route or None, edits=edits,
    )  # fmt: skip


def _missing(place: _Place, findings: Findings) -> None:
    span, route = first_character(place.node), place.route or None
    noun = place.model.noun if place.model is not None else "mapping"
    names = list(place.missing)
    if noun == "policy document":
        if "version" in names:
            findings.add("unsupported-version", '`version` is missing: expected `"1"`', span, route=route)
        if "default" in names:
            findings.add(
                "missing-default", "`default` is missing: expected `allow` or `deny`", span,
                help="`deny` forbids every call that no rule allows", route=route,
            )  # fmt: skip
        return
    listed = " and ".join(filter(None, [", ".join(f"`{n}`" for n in names[:-1]), f"`{names[-1]}`"]))
    verb = "is" if len(names) == 1 else "are"
    findings.add("invalid-value", f"{listed} {verb} missing in this {noun}", span, route=route)


def _not_one_of(place: _Place, findings: Findings) -> None:
    node, span, route = place.node, _span(place), place.route or None
    choices = re.findall(r"'([^']*)'", place.expected)
    if place.name == "version" and not place.route.startswith("x-"):
        edits = (
            [Edit(node.span, '"1"')]
            if isinstance(node, Scalar) and type(node.value) in (int, float) and node.value == 1
            else []
        )
        message = f'only version `"1"` of the document is known, found {describe(node)}'
        findings.add("unsupported-version", message, span, help='write `"1"`, a text', route=route, edits=edits)
        return
    if not choices:
        help = "leave the key out where it is not meant" if isinstance(node, Scalar) and node.value is False else None
        message = f"expected `true` for `{place.name}`, found {describe(node)}"
        rule = "invalid-value" if isinstance(node, Scalar) and node.value is False else "wrong-type"
        findings.add(rule, message, span, help=_type_help(place) or help, route=route, edits=_type_edit(place))
        return
    listed = ", ".join(f"`{c}`" for c in choices[:-1]) + (" or " if len(choices) > 1 else "") + f"`{choices[-1]}`"
    message = f"expected {listed} for `{place.name}`, found {describe(node)}"
    if not (isinstance(node, Scalar) and isinstance(node.value, str)):
        findings.add("wrong-type", message, span, route=route)
        return
    known_by = operator_meant(node.value, choices, findings) if place.name == "op" else None
    near = known_by or did_you_mean(node.value, choices)
    findings.add(
        "invalid-value", message, span, help=f"did you mean `{near}`?" if near else None, route=route,
        edits=[Edit(inner_span(node), near, safe=False)] if near else [],
    )  # fmt: skip


def _old_boolean(place: _Place) -> bool | None:
    """What YAML 1.1 would have read, where a boolean was expected and a word such as `yes` was found."""
    node = place.node
    boolean = place.problem == "bool_type" or (place.problem == "literal_error" and "True" in place.expected)
    if not boolean or not isinstance(node, Scalar) or not isinstance(node.value, str):
        return None
    return OLD_BOOLEANS.get(node.value.lower(), {"true": True, "false": False}.get(node.value.lower()))


def _type_help(place: _Place) -> str | None:
    meant = _old_boolean(place)
    if meant is not None:
        assert isinstance(place.node, Scalar)
        return f"`{place.node.value}` is a text here (as in YAML 1.2): write `{str(meant).lower()}`"
    if isinstance(place.node, Scalar) and place.node.value is None and place.problem in ("list_type", "dict_type"):
        return "leave the key out, or write an empty one: " + ("`[]`" if place.problem == "list_type" else "`{}`")
    if place.problem == "string_type" and isinstance(place.node, Scalar) and place.node.value is not None:
        return f'write `"{place.node.span.text}"`'
    return None


def _type_edit(place: _Place) -> list[Edit]:
    meant = _old_boolean(place)
    return [] if meant is None else [Edit(place.node.span, str(meant).lower(), safe=False)]


def _a(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def _sentence(text: str) -> str:
    text = text[:1].lower() + text[1:]
    return text.rstrip(".")
