"""What a syntax error is called: a sentence for each kind of slip, and what was expected otherwise."""

from __future__ import annotations

import re
from typing import Final

from policyc.diagnostics import did_you_mean
from policyc.ir.names import KEYWORDS, PROPERTY_WORDS
from policyc.record import record
from policyc.syntax.dsl_scan import EFFECTS, IN_VERIFY, STATEMENTS, TOP_WORDS, Place, stands_first


@record
class Trouble:
    """A syntax error as the parser sees it. `word` and `type`: the token that does not fit (empty: no token of the language
    begins here). `accepted`: the terminals that would. `before`: the token before it, at `before_at`."""

    text: str
    at: int
    ended: bool
    word: str
    type: str
    accepted: frozenset[str]
    before: str
    before_at: int
    place: Place


@record
class Problem:
    """What to say and where (`start`, `end`); `at` is where the parser stopped."""

    message: str
    start: int
    end: int
    at: int
    help: str | None = None


_CONDITION: Final = frozenset({"PATH", "LEN", "EXISTS", "EVERY", "SOME", "TRUE", "FALSE"})
_SELECTOR: Final = frozenset({"PATTERN", "FACT", "SERVER"})
_EFFECT_WORDS: Final = frozenset(word.upper() for word in EFFECTS)
_STATEMENT_WORDS: Final = frozenset(word.upper() for word in STATEMENTS)


def _phrase(needed: str, also: str, words: str) -> tuple[frozenset[str], frozenset[str], str]:
    return frozenset(needed.split()), frozenset(f"{needed} {also}".split()), words


# In the order in which they are said. Each: said when all of the first are accepted; takes the second from what is left to
# say; the words.
_PHRASES: Final = (
    _phrase(" ".join(_CONDITION), "NOT LPAR", "a condition such as `args.amount > 50_000`"),
    _phrase("NEVER ALWAYS LIMITED NO", "ALLOW", "a property such as `never allow delete_*`"),
    _phrase("EXISTS PATH LEN", "", "a test such as `args.items[*] > 0`"),
    _phrase("PATH", "LEN", "a path such as `args.amount`"),
    _phrase("PATTERN FACT SERVER NAME", "STRING TOOL GLOB LPAR NOT", "a tool or selector"),
    _phrase("PATTERN NAME", "STRING GLOB", "a tool name"),
    _phrase("OP IN IS", "NOT", "a comparison such as `==`, `>`, `in` or `matches`"),
    _phrase("STRING NUMBER TRUE NAME", "RAW FALSE", "a value"),
    _phrase("NUMBER SUM", "", "a limit such as `30 per minute`"),
    _phrase("NUMBER NAME", "", "a window such as `minute` or `90 seconds`"),
    _phrase("NAME STRING", "", "a name"),
    _phrase("OP", "", "a comparison such as `==` or `>`"),
    _phrase("NAME SERVER", "", "a scope such as `grant`"),
    _phrase("NUMBER", "", "a number"),
    _phrase("STRING ID", "ID SEVERITY", "a reason in double quotes"),
    _phrase("STRING", "", "a text in double quotes"),
    _phrase("NAME", "", "a word"),
)
_WORDS: Final = KEYWORDS | PROPERTY_WORDS
_NAMES: Final = {"is": "a type such as `string`", "severity": "a severity such as `high`"}  # what NAME is after these
_SIGNS: Final = {
    "LPAR": "(", "RPAR": ")", "LSQB": "[", "RSQB": "]", "LBRACE": "{", "RBRACE": "}", "COMMA": ",", "COLON": ":",
}  # fmt: skip
_OPTIONAL: Final = ("BY", "ID", "SEVERITY", "SLIDING", "AS", "STEP", "WHOLE")  # left out when there is much else to say
# A slip that is known by how it begins: what to write, and whether it is said wherever it stands.
_SLIPS: Final[tuple[tuple[str, str], ...]] = (
    ("===", "write `==`"), ("=>", "write `>=`"), ("=<", "write `<=`"), ("=~", "write `matches`"), ("<>", "write `!=`"),
    ("=", "write `==` to compare"), ("&&", "write `and`"), ("||", "write `or`"), ("&", "write `and`"), ("|", "write `or`"),
    ("!", "write `not`"), ("~", "write `matches`"), ("//", "comments begin with `#`"), ("/*", "comments begin with `#`"),
    (";", "statements end by themselves"), ("'", "texts are written in double quotes"),
    ("\u201c", "texts are written in double quotes"), ("\u201d", "texts are written in double quotes"),
    ("`", "texts are written in double quotes"), ("$", "an amount is a plain number, such as `500`"),
    ("%", "an amount is a plain number, such as `500`"),
)  # fmt: skip
_WORD = re.compile(r"[A-Za-z0-9_.-]+")
_FOUND = re.compile(r'"(?:[^"\\\n]|\\.)*"|[A-Za-z0-9_.*?-]+|==|!=|<=|>=|\S')


def describe(trouble: Trouble) -> Problem:
    """The most telling thing that can be said."""
    for look in _LOOKS:
        problem = look(trouble)
        if problem is not None:
            return problem
    return _expected(trouble)


def _unclosed_text(t: Trouble) -> Problem | None:
    if t.type or not t.text.startswith(('"', 'r"'), t.at):
        return None
    end = t.text.find("\n", t.at)
    end = len(t.text) if end == -1 else end
    return Problem(
        'this text is not closed; expected `"` before the end of the line', t.at, len(t.text[:end].rstrip()), t.at
    )


def _unclosed_bracket(t: Trouble) -> Problem | None:
    statement = t.word in STATEMENTS and stands_first(t.text, t.at)
    if not t.place.brackets or not (t.ended or statement or t.word in ("{", "}")):
        return None
    sign, start = t.place.brackets[-1]
    return Problem(f"this `{sign}` is never closed", start, start + 1, t.at)


def _unclosed_block(t: Trouble) -> Problem | None:
    if not t.place.braces or not (t.ended or (t.word in TOP_WORDS and stands_first(t.text, t.at))):
        return None
    if "RBRACE" not in t.accepted and not t.ended:
        return None
    start = t.place.braces[-1]
    before = "the end of the file" if t.ended else f"`{t.word}`"
    return Problem(f"this `{{` is not closed before {before}", start, start + 1, t.at)


def _other_when(t: Trouble) -> Problem | None:
    """`deny if …`: the word was read as a tool's name."""
    meant = _OTHER_WORDS.get(t.before.lower(), "")
    if (
        meant.split()[:1] != ["when"]
        or "WHEN" not in t.accepted
        or t.ended
        or t.word in STATEMENTS
        or t.word in ("{", "}")
    ):
        return None
    return Problem(
        f"unknown word `{t.before}`", t.before_at, t.before_at + len(t.before), t.at, help=f"did you mean `{meant}`?"
    )


def _grouped_digits(t: Trouble) -> Problem | None:
    """A number with commas between its digits."""
    more, before = _THOUSANDS.match(t.text, t.at), _DIGITS.search(t.text[max(0, t.at - 40) : t.at])
    if more is None or before is None:
        return None
    number = before.group() + more.group()
    help = f"write `{number.replace(',', '_')}`"
    return Problem(f"`{number}` is not a number here", t.at - len(before.group()), more.end(), t.at, help=help)


def _slip(t: Trouble) -> Problem | None:
    if t.ended:
        return None
    for sign, advice in _SLIPS:
        if t.text.startswith(sign, t.at) and not (sign in ("!", "=") and t.text.startswith(("!=", "=="), t.at)):
            return Problem(f"`{sign}` is not part of the language; {advice}", t.at, t.at + len(sign), t.at)
    return None


def _accepted_words(t: Trouble) -> list[str]:
    words = [name.lower() for name in t.accepted if name.lower() in _WORDS]
    if "OP" in t.accepted:
        words += ["matches", "like", "starts_with", "ends_with", "contains", "prints"]
    return words


def _misspelt(t: Trouble) -> Problem | None:
    match = _WORD.match(t.text, t.at)
    if match is None or t.ended or match.group() in KEYWORDS:
        return None
    word = match.group()
    near = _OTHER_WORDS.get(word.lower())
    if near is None or near.split()[0] not in _accepted_words(t):
        near = did_you_mean(word, _accepted_words(t))
    if near is None:
        return None
    return Problem(f"unknown word `{word}`", t.at, match.end(), t.at, help=f"did you mean `{near}`?")


_OTHER_WORDS: Final = {
    "block": "deny", "forbid": "deny", "permit": "allow", "if": "when", "where": "when", "unless": "when not", "regex": "matches",
    "match": "matches", "startswith": "starts_with", "endswith": "ends_with", "has": "contains", "includes": "contains",
    "equals": "==", "all": "every", "any": "some", "ask": "approve", "rate_limit": "limit", "each": "per", "every": "per",
}  # fmt: skip


def _reserved(t: Trouble) -> Problem | None:
    """A word of the language where a name is expected."""
    match = _WORD.match(t.text, t.at)
    if match is None or match.group() not in KEYWORDS or "NAME" not in t.accepted or t.ended:
        return None
    word = match.group()
    if word == "not" and t.before == "is":
        return Problem("a test is negated in front, `not args.x is null`", t.at, match.end(), t.at)
    if word in STATEMENTS and stands_first(t.text, t.at):
        return None
    written = (
        f'tool "{word}"' if "TOOL" in t.accepted and "STRING" in t.accepted and t.before in EFFECTS else f'"{word}"'
    )
    return Problem(f"`{word}` is a word of the language; as a name it is written `{written}`", t.at, match.end(), t.at)


def _missing_word(t: Trouble) -> Problem | None:
    """A condition or a limit without what goes before it."""
    match = _BEGINS.match(t.text, t.at)
    if match is None or t.ended:
        return None
    what = "limit" if t.place.word == "limit" else "condition"
    if "COLON" in t.accepted and t.place.word in ("require", "limit"):
        return Problem(f"expected `:` before the {what}", t.at, match.end(), t.at)
    if "WHEN" in t.accepted and not match.group()[0].isdigit() and "NUMBER" not in t.accepted:
        return Problem("expected `when` before the condition", t.at, match.end(), t.at)
    return None


def _bare_path(t: Trouble) -> Problem | None:
    """An argument without `args.` before it."""
    match = _DOTTED.match(t.text, t.at)
    if match is None or "PATH" not in t.accepted or match.group().split(".")[0] in KEYWORDS:
        return None
    word = match.group()
    first, _, rest = word.partition(".")
    meant = f"args.{rest}" if rest and first in ("arguments", "params", "input", "arg") else f"args.{word}"
    if rest and first == "ctx":
        meant = f"context.{rest}"
    found = f"a path begins with `args` or `context`, found `{word}`"
    return Problem(found, t.at, match.end(), t.at, help=f"did you mean `{meant}`?")


def _early_mark(t: Trouble) -> Problem | None:
    """A mark before the end of its path: `args.items?[*]`, `args.customer?.name`."""
    if not t.before.startswith(("args", "context")):
        return None
    path = t.before.rstrip("?!")
    match = _EARLY_MARK.match(t.text, t.before_at + len(path))
    if match is None:
        return None
    mark, rest, last = match.groups()
    meant = f"did you mean `{path}{''.join(re.findall(_STEP, rest))}{last or mark}`?" if rest else None
    return Problem(f"the mark `{mark}` comes last in a path", match.start(1), match.end(1), t.at, help=meant)


def _always_allow(t: Trouble) -> Problem | None:
    if t.before != "always" or t.word != "allow" or "APPROVE" not in t.accepted or "ALLOW" in t.accepted:
        return None
    meant = "did you mean `allow SELECTOR`, which says that every call is allowed?"
    return Problem(f"expected {_wanted(t)}, found `allow`", t.at, t.at + len(t.word), t.at, help=meant)


def _in_place(t: Trouble) -> Problem | None:
    """Slips that belong to one place of the grammar."""
    if t.text.startswith("\u00a0", t.at):
        return Problem("a no-break space stands here; expected a plain one", t.at, t.at + 1, t.at)
    if t.word == "when" and t.before in EFFECTS and "NAME" in t.accepted:
        return Problem(f"expected a tool or selector between `{t.before}` and `when`", t.at, t.at + 4, t.at)
    if t.word == "}" and not t.place.braces:
        return Problem("this `}` closes nothing", t.at, t.at + 1, t.at)
    if t.before == "hide" and t.place.braces and "STRING" in t.accepted and not t.ended and t.word != "}":
        return Problem("inside a block `hide` stands alone; it hides what the block selects", t.at, _found(t)[1], t.at)
    if t.text.startswith("/", t.at) and t.place.word != "limit":
        return Problem("a tool on a server is written `server-name/tool-name`, without `server`", t.at, t.at + 1, t.at)
    if t.text.startswith("/", t.at) and "PER" in t.accepted:
        return Problem("a limit is written `30 per minute`", t.at, t.at + 1, t.at)
    if t.text.startswith("[", t.at) and t.before.startswith(("args", "context")):
        return Problem("this `[` of the path is never closed", t.at, t.at + 1, t.at)
    return None


_BEGINS = re.compile(
    r"(?:args|context)(?![A-Za-z0-9_-])[^\s=<>!,]*|(?:exists|every|some|len|sum)(?![A-Za-z0-9_.-])|[0-9][0-9_.]*"
)
_THOUSANDS = re.compile(r"(?:,[0-9]{3})+(?![0-9A-Za-z_])")
_DIGITS = re.compile(r"(?<![A-Za-z0-9_.])[0-9]{1,3}\Z")
_DOTTED = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*")
_STEP: Final = r"""(?:\.[^\s.\[\](){}?!=<>,:;"'#/&|]+|\[(?:"(?:[^"\\\n]|\\.)*"|[^\]"\n]*)\])"""
_MARK: Final = r"\?\??|!\?"
_EARLY_MARK = re.compile(rf"({_MARK})(?=[.\[])((?:(?:{_MARK})?{_STEP})*)({_MARK})?")
_LOOKS: Final = (
    _unclosed_text, _early_mark, _unclosed_bracket, _unclosed_block, _always_allow, _slip, _grouped_digits, _other_when, _in_place, _missing_word, _misspelt, _reserved, _bare_path,
)  # fmt: skip


def _expected(t: Trouble) -> Problem:
    wanted = _wanted(t)
    words = IN_VERIFY if t.place.verifies else STATEMENTS
    early = t.ended or t.word == "}" or (t.word in words and stands_first(t.text, t.at))
    if early and t.before and "$END" not in t.accepted:
        return Problem(f"expected {wanted} after `{t.before}`", t.before_at, t.before_at + len(t.before), t.at)
    found, end = _found(t)
    return Problem(f"expected {wanted}, found {found}", t.at, end, t.at)


def _found(t: Trouble) -> tuple[str, int]:
    if t.ended:
        return "the end of the file", t.at
    match = _FOUND.match(t.text, t.at)
    if match is None:
        return "the end of the file", t.at
    word = match.group()
    if not word.isprintable():
        return f"the character U+{ord(word[0]):04X}", t.at + 1
    shown = word if len(word) <= 40 else word[:37] + "…"
    return f"`{shown}`", match.end()


def _wanted(t: Trouble) -> str:
    left = set(t.accepted)
    said: list[str] = []
    if {"LSQB", "STRING"} <= left:  # the grammar takes a list after every operator, to say more about it
        if t.before in ("in", "not in"):
            return 'a list such as `["a", "b"]`'
        left.discard("LSQB")
    for needed, taken, phrase in _PHRASES:
        if needed <= left:
            said.append(_NAMES.get(t.before, phrase) if needed == {"NAME"} else phrase)
            left -= taken
    said += [f"`{_SIGNS[name]}`" for name in sorted(left & _SIGNS.keys())]
    more = sorted(n for n in left - _SIGNS.keys() - _STATEMENT_WORDS - {"$END", "RAW"} if n.lower() in _WORDS)
    if len(said) + len(more) > 4:
        more = [name for name in more if name not in _OPTIONAL]
    said += [f"`{name.lower()}`" for name in more]
    if left >= _EFFECT_WORDS:
        said.append("a statement" if left >= _STATEMENT_WORDS else "a statement of the block")
    else:
        said += [f"`{name.lower()}`" for name in sorted(left & _STATEMENT_WORDS)]
    if len(said) > 1:
        return ", ".join(said[:-1]) + f" or {said[-1]}"
    return said[0] if said else "the end of the text"
