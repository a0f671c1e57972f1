"""The lines of a source that a span covers, with the span underlined."""

from __future__ import annotations

from policyc.report.clean import clean, expand, width
from policyc.report.paint import Line
from policyc.source import Span

WIDTH = 140
"""The most cells of a source line that are shown; a longer line is cut around its span."""
_CUT = "…"
_ALL = 3  # a span over more lines shows its first and its last


def gutter(spans: list[Span]) -> int:
    """The width that line numbers need."""
    return max(len(str(span.end_position[0])) for span in spans)


def excerpt(span: Span, label: str | None, style: str, pad: int, mark: str = "^", limit: int = WIDTH) -> list[Line]:
    """The source lines under a span, each followed by its underline; the label stands after the last."""
    if not span.source.text:  # a finding about a file whose text is not at hand
        return []
    first, last = span.line, _last_line(span)
    numbers = list(range(first, last + 1))
    if len(numbers) > _ALL:
        numbers = [first, 0, last]
    out: list[Line] = [[(f"{' ' * pad} |", "frame")]]
    for number in numbers:
        if number == 0:
            out.append([("..." if pad < 3 else "..." + " " * (pad - 3), "frame")])
            continue
        text, line = span.source.line(number), span.source.locate(span.start)
        start = line[1] - 1 if number == first else len(text) - len(text.lstrip())
        end = span.end_position[1] - 1 if number == span.end_position[0] else len(text)
        shown, offset, length = _cut(text, start, end, limit)
        out.append([(f"{number:>{pad}} | ", "frame"), (shown, "")])
        under: Line = [(f"{' ' * pad} | ", "frame"), (" " * offset + mark * length, style)]
        if label and number == last:
            under.append((f" {clean(label)}", style))
        out.append(under)
    return out


def _last_line(span: Span) -> int:
    """The last line that holds a character of the span: one that ends with a line break ends on the line before."""
    line, column = span.end_position
    while line > span.line and (column == 1 or not span.source.line(line)[: column - 1].strip()):
        line -= 1
        column = len(span.source.line(line)) + 1
    return line


def _cut(text: str, start: int, end: int, limit: int) -> tuple[str, int, int]:
    """What is shown of a line, the cell at which the underline begins, and its length (at least 1)."""
    shown, cells = expand(text)
    start, end = min(start, len(text)), min(max(end, start), len(text))
    if cells[-1] <= limit:
        return "".join(shown), cells[start], max(1, cells[end] - cells[start])
    room = limit - 2  # one cell for each cut mark
    left, right = start, start
    while right < end and cells[right + 1] - cells[left] <= room:
        right += 1
    while True:  # grow to both sides while there is room
        grown = False
        if left > 0 and cells[right] - cells[left - 1] <= room:
            left, grown = left - 1, True
        if right < len(text) and cells[right + 1] - cells[left] <= room:
            right, grown = right + 1, True
        if not grown:
            break
    before, after = _CUT if left > 0 else "", _CUT if right < len(text) else ""
    visible = "".join(shown[left:right])
    offset = width(before) + cells[start] - cells[left]
    return before + visible + after, offset, max(1, cells[min(end, right)] - cells[start])
