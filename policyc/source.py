"""Source files and spans: every construct the tool reads remembers the characters it came from."""

from __future__ import annotations

from bisect import bisect_right

from policyc.record import field, record


@record(frozen=False, eq=False)
class Source:
    """One input text. `path` is what the user named it (`-` for standard input)."""

    path: str
    text: str
    _lines: list[int] | None = field(default=None, repr=False)

    def _starts(self) -> list[int]:
        if self._lines is None:
            starts, text = [0], self.text
            at = text.find("\n")
            while at != -1:
                starts.append(at + 1)
                at = text.find("\n", at + 1)
            self._lines = starts
        return self._lines

    def locate(self, offset: int) -> tuple[int, int]:
        """1-based line and column (in code points) of an offset; offsets past the end give the end."""
        starts = self._starts()
        offset = max(0, min(offset, len(self.text)))
        line = bisect_right(starts, offset)
        return line, offset - starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a 1-based line without its line ending; empty when there is no such line."""
        starts = self._starts()
        if not 1 <= number <= len(starts):
            return ""
        end = starts[number] if number < len(starts) else len(self.text)
        return self.text[starts[number - 1] : end].rstrip("\r\n")


@record
class Span:
    """A half-open range of code points in a source."""

    source: Source
    start: int
    end: int

    @property
    def path(self) -> str:
        return self.source.path

    @property
    def line(self) -> int:
        return self.source.locate(self.start)[0]

    @property
    def column(self) -> int:
        return self.source.locate(self.start)[1]

    @property
    def end_position(self) -> tuple[int, int]:
        return self.source.locate(max(self.start, self.end))

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]

    def to(self, other: Span) -> Span:
        """The smallest span that holds both."""
        return Span(self.source, min(self.start, other.start), max(self.end, other.end))

    def __str__(self) -> str:
        line, column = self.source.locate(self.start)
        return f"{self.source.path}:{line}:{column}"
