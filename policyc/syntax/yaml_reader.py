"""YAML text to a positioned tree, from the parser's events (libyaml's where PyYAML has it).

Places come from each mark's index alone: libyaml's idea of a line is not ours. The tree is built over an explicit stack,
so no nesting makes it recurse; aliases are counted with everything that they stand for.
"""

from __future__ import annotations

import re
from typing import Any, Final

import yaml
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from policyc.diagnostics import Findings, Related
from policyc.source import Source, Span
from policyc.syntax import yaml_errors
from policyc.syntax.limits import MAX_ALIAS_NODES, MAX_DEPTH, MAX_NODES, MAX_SYNTAX_ERRORS
from policyc.syntax.pause import paused_collector
from policyc.syntax.tree import Map, Node, Scalar, Seq
from policyc.syntax.yaml_scalars import CORE, ScalarError, resolve, resolve_tagged

_PROPERTIES: Final = re.compile(r"(?:[&!]\S*\s+)+")


def new_parser(text: str) -> Any:
    """PyYAML's parser: the C one, or the pure Python one where PyYAML was built without libyaml."""
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)


def read(source: Source, findings: Findings) -> Node | None:
    """The tree of a YAML text, or None when it has a syntax error (the first one is reported)."""
    if yaml_errors.unreadable(source, findings):
        return None
    with paused_collector():
        return _Builder(source, findings).run()


class _Frame:
    """An open list or mapping; `size` and `height` count aliases in full."""

    __slots__ = ("anchor", "end", "entries", "height", "is_map", "items", "key", "keys", "size", "start")

    def __init__(self, is_map: bool, start: int, anchor: str | None) -> None:
        self.is_map, self.start, self.anchor = is_map, start, anchor
        self.items: list[Node] = []
        self.entries: list[tuple[Scalar, Node]] = []
        self.keys: dict[str, Span] = {}
        self.key: Scalar | None = None
        self.size, self.height = 1, 1
        self.end = start  # where the last thing in it ends


class _Anchored:
    """A finished node that aliases may name."""

    __slots__ = ("height", "node", "size")

    def __init__(self, node: Node, size: int, height: int) -> None:
        self.node, self.size, self.height = node, size, height


class _Builder:
    def __init__(self, source: Source, findings: Findings) -> None:
        self.source, self.findings = source, findings
        self.stack: list[_Frame] = []
        self.anchors: dict[str, _Anchored | None] = {}  # None: still open
        self.root: Node | None = None
        self.documents = self.nodes = self.aliased = 0
        self.errors = 0
        self.broken = self.stop = False

    def run(self) -> Node | None:
        parser = new_parser(self.source.text)
        try:
            while not self.stop:
                event = parser.get_event()
                if event is None or isinstance(event, StreamEndEvent):
                    break
                self._take(event)
        except yaml.YAMLError as error:
            yaml_errors.report(error, self.source, self.findings)
            return None
        finally:
            parser.dispose()
        if self.broken or self.stop:
            return None
        if self.documents == 0:
            self.findings.add("syntax-error", "the file is empty: expected a YAML document", Span(self.source, 0, 0))
        return self.root

    def _take(self, event: Any) -> None:
        kind = type(event)
        if kind is ScalarEvent:
            self._scalar(event)
        elif kind is MappingStartEvent or kind is SequenceStartEvent:
            self._open(event)
        elif kind is MappingEndEvent or kind is SequenceEndEvent:
            self._close(event)
        elif kind is AliasEvent:
            self._alias(event)
        elif kind is DocumentStartEvent:
            self.documents += 1
            if self.documents > 1:
                self._fail("syntax-error", "a policy file holds one YAML document, and a second one begins here", event)
                self.stop = True

    def _fail(self, rule: str, message: str, event: Any, help: str | None = None) -> None:
        self.broken = True
        self.findings.add(rule, message, self._span(event), help=help)
        self._count()

    def _count(self) -> None:
        self.errors += 1
        self.stop = self.stop or self.errors >= MAX_SYNTAX_ERRORS

    def _span(self, event: Any) -> Span:
        start, end = event.start_mark.index, event.end_mark.index
        if self.source.text[start : start + 1] in ("&", "!"):
            properties = _PROPERTIES.match(self.source.text, start, end)
            if properties is not None:
                start = properties.end()
        return Span(self.source, start, end)

    # --- scalars and aliases --------------------------------------------------------------------------------------------

    def _scalar(self, event: Any) -> None:
        span = self._span(event)
        plain, text = not event.style, event.value
        if event.style in ("|", ">"):
            span = Span(self.source, span.start, span.start + len(span.text.rstrip()))
        frame = self.stack[-1] if self.stack else None
        if frame is not None and frame.is_map and frame.key is None:
            self._key(frame, text, span, plain, event)
            return
        value: bool | int | float | str | None = text
        try:
            if event.tag not in (None, "!"):
                value = resolve_tagged(str(event.tag), text)
            elif plain and event.tag is None:
                value = resolve(text)
        except ScalarError as error:
            self._fail("invalid-value", str(error), event)
        except KeyError:
            self._bad_tag(event)
        self._put(Scalar(value, span, plain), 1, 1, event.anchor, span.end)

    def _bad_tag(self, event: Any) -> None:
        tag = str(event.tag).replace(CORE, "!!")
        self._fail("syntax-error", f"the tag `{tag[:60]}` is not one of YAML's core tags", event, help="remove the tag")

    def _alias(self, event: Any) -> None:
        name = event.anchor
        target = self.anchors.get(name)
        frame = self.stack[-1] if self.stack else None
        if target is None:
            if name in self.anchors:
                self._fail("syntax-error", f"the alias `*{name}` stands inside the value it names", event)
            else:
                self._fail("syntax-error", f"the alias `*{name}` names an anchor that is not defined above", event)
            target = _Anchored(Scalar(None, self._span(event)), 1, 1)
        if frame is not None and frame.is_map and frame.key is None:
            node = target.node
            if isinstance(node, Scalar):
                raw = node.value if isinstance(node.value, str) else node.span.text
                self._key(frame, raw, self._span(event), node.plain, event)
            else:
                self._complex_key(frame, event)
            return
        self.aliased += target.size
        if self.aliased > MAX_ALIAS_NODES:
            self._fail("alias-bomb", f"the aliases of this file stand for more than {MAX_ALIAS_NODES} values", event)
            self.stop = True
        elif len(self.stack) + target.height > MAX_DEPTH + 1:
            self._too_deep(event)
        self._put(target.node, target.size, target.height, None, event.end_mark.index)

    # --- lists and mappings ---------------------------------------------------------------------------------------------

    def _open(self, event: Any) -> None:
        parent = self.stack[-1] if self.stack else None
        if parent is not None and parent.is_map and parent.key is None:
            self._complex_key(parent, event)
        if len(self.stack) >= MAX_DEPTH:
            self._too_deep(event)
            return
        is_map = isinstance(event, MappingStartEvent)
        if event.tag not in (None, "!", CORE + ("map" if is_map else "seq")):
            self._bad_tag(event)
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        self.stack.append(_Frame(is_map, self._span(event).start, event.anchor))

    def _too_deep(self, event: Any) -> None:
        self._fail("nested-too-deep", f"lists and mappings are nested more than {MAX_DEPTH} deep", event)
        self.stop = True

    def _complex_key(self, frame: _Frame, event: Any) -> None:
        self._fail("syntax-error", "a key must be text, found a list or a mapping", event, help="quote the key")
        if not isinstance(event, CollectionStartEvent):
            frame.key = Scalar("", self._span(event))
        # An opened list or mapping ends as this frame's key: see `_put`.

    def _close(self, event: Any) -> None:
        frame = self.stack.pop()
        end = event.end_mark.index
        if event.start_mark.index == end:  # block style: the mark is where the next thing begins
            end = frame.end
        span = Span(self.source, frame.start, end)
        node: Node = Map(tuple(frame.entries), span) if frame.is_map else Seq(tuple(frame.items), span)
        self._put(node, frame.size, frame.height + 1, frame.anchor, end)

    def _key(self, frame: _Frame, name: str, span: Span, plain: bool, event: Any) -> None:
        if name == "<<" and plain:
            self._fail("syntax-error", "merge keys (`<<`) are not part of YAML 1.2", event, help="write the keys out")
        elif not name and plain:
            self._fail("syntax-error", "expected a key before `:`", event)
        first = frame.keys.setdefault(name, span)
        if first is not span:
            related = [Related(first, "first written here")]
            self.findings.add("duplicate-key", f"the key `{name}` stands twice in this mapping", span, related=related)
            self._count()
        frame.key = Scalar(name, span, plain)
        frame.end = span.end

    def _put(self, node: Node, size: int, height: int, anchor: str | None, end: int) -> None:
        """Hand a finished node to the list or mapping around it; `end` is where it ends as written there."""
        self.nodes += 1
        if self.nodes > MAX_NODES:
            self.findings.add("file-too-large", f"the file holds more than {MAX_NODES} values", node.span)
            self.stop = True
        if anchor is not None:
            self.anchors[anchor] = _Anchored(node, size, height)
        if not self.stack:
            self.root = node
            return
        frame = self.stack[-1]
        frame.size += size
        frame.end = end
        frame.height = max(frame.height, height)
        if not frame.is_map:
            frame.items.append(node)
        elif frame.key is None:  # a list or mapping as a key; reported when it was opened
            frame.key = Scalar("", node.span)
        else:
            frame.entries.append((frame.key, node))
            frame.key = None


# --- comments ----------------------------------------------------------------------------------------------------------

_HASH: Final = re.compile(r"(?:(?<=[ \t\r\n])|^|\A)#[^\r\n]*", re.MULTILINE)


def comments(source: Source) -> list[tuple[int, int, str, Span]]:
    """Every comment as (line, column, text with its `#`, span), in order; a `#` inside a text is none.

    In a file that is not valid YAML, the comments before the error and those after it that cannot be told from text.
    """
    if "#" not in source.text:
        return []
    texts = _text_ranges(source)
    out = []
    at = 0
    for match in _HASH.finditer(source.text):
        start = match.start()
        while at < len(texts) and texts[at][1] <= start:
            at += 1
        if at < len(texts) and texts[at][0] <= start:
            continue
        line, column = source.locate(start)
        out.append((line, column, match[0].rstrip(), Span(source, start, match.end())))
    return out


def _marks(event: Any) -> tuple[int, int]:
    return event.start_mark.index, event.end_mark.index


def _text_ranges(source: Source) -> list[tuple[int, int]]:
    """The ranges that quoted and block texts take, in order; a block text's first line is its header and may have one."""
    if yaml_errors.unreadable(source, Findings()):
        return []
    ranges = []
    parser = new_parser(source.text)
    depth = 0
    try:
        while depth <= MAX_DEPTH:
            event: Any = parser.get_event()
            if event is None or isinstance(event, StreamEndEvent):
                break
            if isinstance(event, CollectionStartEvent):
                depth += 1
            elif isinstance(event, CollectionEndEvent):
                depth -= 1
            elif isinstance(event, ScalarEvent):
                start, end = _marks(event)
                if event.style in ("|", ">"):
                    start = source.text.find("\n", start, end)
                    start = end if start < 0 else start
                if start < end:
                    ranges.append((start, end))
    except yaml.YAMLError:
        pass
    finally:
        parser.dispose()
    return ranges
