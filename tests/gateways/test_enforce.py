"""Enforcing without a gateway's framework: what is denied, counted, given back and logged, and that nothing fails open."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from policyc.counters.memory import AsyncMemoryCounters, MemoryCounters
from policyc.counters.model import Admitted, Receipt, Refunded, Refused
from policyc.gateway.enforce import Approval, AsyncEnforcer, Call, Enforcer, Verdict
from policyc.gateway.log import DecisionLog
from policyc.gateway.question import question
from policyc.gateway.rounds import MOST, Rounds
from policyc.gateway.verdict import CHANGED
from policyc.runtime import LiveTable, Table
from policyc.runtime.decision import Reservation
from tests.runtime.build import compiled

TEXT = """
policy "shop"
default deny
hide wipe
allow list_orders
on pay {
  deny    when args.amount > 100   "too much"
  approve when args.amount > 10    by "finance" "a large one"
  limit   2 per day by user        "twice a day is enough"
  limit   sum args.amount <= 50 per day by user as spent
}
"""
WHO = {"user": "dana", "grant": "g"}


class Lines(list[dict[str, Any]]):
    """A log that is a list."""

    def of(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self if line["event"] == event]


class Both:
    """Both enforcers behind one face: what one does, the other must do."""

    def __init__(self, kind: str, table: Any, log: DecisionLog | None = None, counters: Any = None) -> None:
        self.one: Any = (
            Enforcer(table, counters or MemoryCounters(), log)
            if kind == "called"
            else AsyncEnforcer(table, AsyncMemoryCounters(counters), log)
        )

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.one, name)

        def call(*args: Any) -> Any:
            answer = method(*args)
            return asyncio.run(answer) if asyncio.iscoroutine(answer) else answer

        return call


@pytest.fixture(scope="module")
def table() -> Table:
    return Table(compiled(TEXT, 7))


@pytest.fixture(params=["called", "awaited"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def lines() -> Lines:
    return Lines()


@pytest.fixture
def enforcer(kind: str, table: Table, lines: Lines) -> Both:
    return Both(kind, table, DecisionLog(lines.append))


def pay(amount: Any, **rest: Any) -> Call:
    return Call("pay", {"amount": amount}, WHO, **rest)


def test_limits_are_reserved_all_or_none_and_given_back(enforcer: Both) -> None:
    assert [enforcer.enforce(pay(5)).effect for _ in range(2)] == ["allow", "allow"]
    refused = enforcer.enforce(pay(5))
    assert (refused.effect, refused.reason) == ("deny", "twice a day is enough")
    assert enforcer.enforce(Call("pay", {"amount": 5}, {"user": "lee"})).allowed


def test_a_refund_makes_room_again(enforcer: Both, lines: Lines) -> None:
    enforcer.enforce(pay(5))
    last = enforcer.enforce(pay(5))
    assert enforcer.refund(last).counters == 2
    assert enforcer.enforce(pay(5)).allowed
    assert [line["event"] for line in lines] == ["call", "call", "refund", "call"]
    counts = {r["limit"]: r["amount"] for r in lines[1]["reserved"]}
    assert [a for a in counts.values() if a == 1] == [1], "calls are counted in clear"
    assert [str(a).startswith("hmac:") for a in counts.values() if a != 1] == [True], "a sum tells an argument's value"


def test_a_held_call_is_counted_when_it_is_accepted_and_not_before(enforcer: Both, lines: Lines) -> None:
    held = [enforcer.enforce(pay(20)) for _ in range(3)]
    assert {(v.effect, v.reason) for v in held} == {("approve", "a large one")}
    assert enforcer.settle(held[0], Approval("accepted", by="lee")).allowed
    assert enforcer.settle(held[1], Approval("accepted")).allowed
    late = enforcer.settle(held[2], Approval("accepted"))
    assert (late.effect, late.reason) == ("deny", "twice a day is enough")
    assert [line["effect"] for line in lines] == ["approve"] * 3 + ["allow", "allow", "deny"]
    assert lines[3]["approval"] == {"outcome": "accepted", "by": "lee", "needed": "finance"}
    assert lines[3]["call"] == lines[0]["call"] != lines[1]["call"]


@pytest.mark.parametrize(
    ("approval", "said"),
    [
        (Approval("declined"), "declined by finance: a large one"),
        (Approval("pending", note="ticket 7"), "approval by finance is needed: a large one (ticket 7)"),
        (Approval("failed", note="secret detail"), "approval by finance is needed, and could not be asked for: a large one"),
    ],
)  # fmt: skip
def test_what_is_not_accepted_is_denied(enforcer: Both, approval: Approval, said: str) -> None:
    verdict = enforcer.settle(enforcer.enforce(pay(20)), approval)
    assert (verdict.effect, verdict.reason) == ("deny", said)
    assert verdict.receipt is None


@pytest.mark.parametrize("effect", ["allow", "deny"])
def test_only_held_calls_are_settled(enforcer: Both, effect: str) -> None:
    verdict = enforcer.enforce(pay(5 if effect == "allow" else 500))
    assert verdict.effect == effect
    with pytest.raises(ValueError, match="held"):
        enforcer.settle(verdict, Approval("accepted"))


@pytest.mark.parametrize("arguments", [None, [], "x", 7, [("amount", 5)], True])
def test_arguments_that_are_no_object_deny(enforcer: Both, arguments: Any) -> None:
    verdict = enforcer.enforce(Call("pay", arguments, WHO))
    assert (verdict.effect, verdict.reason) == ("deny", "the arguments of a call are a JSON object")
    assert enforcer.enforce(Call("wipe", arguments, WHO)).hidden


@pytest.mark.parametrize(
    "call",
    [
        Call("pay", {"amount": 5}, {}),
        Call("pay", {"amount": 5}, {"user": 7}),
        Call("pay", {"amount": 5}, ["user"]),  # type: ignore[arg-type]
        Call("pay", {"amount": 5}, WHO, policy="another"),
        Call("pay", {"amount": "5"}, WHO),
        Call("pay", {"amount": float("nan")}, WHO),
        Call("pay", {}, WHO),
        Call(7, {}, WHO),  # type: ignore[arg-type]
    ],
    ids=str,
)
def test_what_cannot_be_decided_or_counted_denies_without_a_detail(enforcer: Both, lines: Lines, call: Call) -> None:
    verdict = enforcer.enforce(call)
    assert verdict.effect == "deny"
    assert verdict.reason
    assert "Error" not in verdict.reason
    assert len(lines) == 1


def test_a_hidden_tool_is_one_and_so_is_one_that_is_not_there(enforcer: Both) -> None:
    hidden, absent = (
        enforcer.enforce(Call("wipe", {}, WHO)),
        enforcer.enforce(Call("list_orders", {}, WHO, exists=False)),
    )
    assert (hidden.effect, hidden.reason, hidden.hidden) == (absent.effect, absent.reason, absent.hidden)
    assert not enforcer.enforce(Call("unheard_of", {}, WHO)).hidden


def test_an_absent_tool_reserves_nothing(enforcer: Both) -> None:
    for _ in range(3):
        assert enforcer.enforce(pay(5, exists=False)).hidden
    assert enforcer.enforce(pay(5)).allowed


def test_lists_show_what_the_policy_shows(enforcer: Both, lines: Lines) -> None:
    named = [("shop", "pay"), ("shop", "wipe"), (None, "list_orders")]
    assert enforcer.one.visible(named) == [("shop", "pay"), (None, "list_orders")]
    assert (lines[0]["shown"], lines[0]["hidden"], lines[0]["revision"]) == (2, ["shop/wipe"], 7)
    assert enforcer.one.visible(named, policy="another") == []


def test_a_call_that_the_gateway_cannot_complete_is_denied_and_hidden_stays_hidden(enforcer: Both) -> None:
    assert enforcer.deny(pay(5), "no context").reason == "this call could not be decided"
    assert enforcer.deny(Call("wipe", {}), "no context").hidden
    assert enforcer.deny(Call("pay", {}, exists=False), "no context").hidden


class Broken:
    """Counters, a table or a log that do what they must not."""

    table: Any = property(lambda self: 1 / 0)

    def reserve(self, reservations: Sequence[Reservation], *, call_id: str | None = None) -> Admitted | Refused:
        raise RuntimeError("secret detail")

    def refund(self, receipt: Receipt) -> Refunded:
        raise RuntimeError("secret detail")


def test_counters_that_raise_deny(kind: str, table: Table, lines: Lines) -> None:
    verdict = Both(kind, table, DecisionLog(lines.append), Broken()).enforce(pay(5))
    assert (verdict.effect, verdict.reason) == ("deny", "this call could not be decided")
    assert "secret detail" in lines[0]["problem"]


def test_a_store_that_is_down_denies_without_telling_the_agent_where_it_is(
    kind: str, table: Table, lines: Lines
) -> None:
    counters = MemoryCounters(most=0)
    verdict = Both(kind, table, DecisionLog(lines.append), counters).enforce(pay(5))
    assert (verdict.effect, verdict.reason) == ("deny", "the limits of this call cannot be checked now")
    assert lines[0]["refused"]["why"] == "store"
    assert "full" in lines[0]["problem"]


def test_a_table_that_cannot_be_had_denies(kind: str) -> None:
    both = Both(kind, Broken())
    assert both.enforce(pay(5)).effect == "deny"
    assert both.one.visible([(None, "pay")]) == []


def test_a_log_that_cannot_be_written_denies_and_keeps_nothing_reserved(kind: str, table: Table) -> None:
    counters = MemoryCounters()

    def full(line: dict[str, Any]) -> None:
        raise OSError("no space left")

    strict = Both(kind, table, DecisionLog(full), counters)
    assert [strict.enforce(pay(5)).reason for _ in range(3)] == ["this call could not be logged"] * 3
    assert strict.enforce(pay(20)).effect == "deny"
    lax = Both(kind, table, DecisionLog(full, on_failure="allow"), counters)
    assert [lax.enforce(pay(5)).effect for _ in range(3)] == ["allow", "allow", "deny"]


def test_a_later_leg_is_decided_again_but_not_counted_again(enforcer: Both) -> None:
    first = enforcer.enforce(pay(5))
    for _ in range(3):
        assert enforcer.enforce(pay(5), first).allowed
    assert enforcer.enforce(pay(500), first).effect == "deny"
    held = enforcer.enforce(pay(20))
    assert enforcer.enforce(pay(20), first).effect == "approve", "an approval that nobody gave"
    accepted = enforcer.settle(held, Approval("accepted"))
    assert accepted.allowed
    assert enforcer.enforce(pay(20), accepted).allowed


@pytest.mark.parametrize(
    ("then", "now"),
    [
        ('approve pay by "finance" id it', 'approve pay by "legal" id it'),
        ('approve pay by "finance" id it', 'approve pay by "finance" id other'),
        ("allow pay id it", "approve pay id it"),
    ],
)
def test_an_approval_holds_for_what_was_asked(kind: str, tmp_path: Path, then: str, now: str) -> None:
    path = tmp_path / "t.table"
    text = 'policy "shop" default allow limit pay : 9 per day by user '
    path.write_bytes(compiled(text + then, 1))
    live = LiveTable(path)
    both = Both(kind, live)
    first = both.enforce(pay(1))
    if first.effect == "approve":
        first = both.settle(first, Approval("accepted"))
    assert first.allowed
    assert both.enforce(pay(1), first).allowed
    path.write_bytes(compiled(text + now, 2))
    assert live.reload() == "replaced"
    assert both.enforce(pay(1), first).effect == "approve"


def test_a_limit_that_is_new_counts_a_later_leg(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "t.table"
    path.write_bytes(compiled('policy "shop" default allow limit pay : 9 per day by user', 1))
    live = LiveTable(path)
    both = Both(kind, live)
    first = both.enforce(pay(1))
    path.write_bytes(compiled('policy "shop" default allow limit pay : 1 per day by user as new', 2))
    assert live.reload() == "replaced"
    assert [both.enforce(pay(1), first).effect for _ in range(2)] == ["allow", "deny"]


def test_a_held_call_is_decided_again_by_the_table_in_force(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "t.table"
    path.write_bytes(compiled(TEXT, 1))
    live = LiveTable(path)
    both = Both(kind, live)
    held = [both.enforce(pay(20)) for _ in range(3)]
    path.write_bytes(compiled(f"{TEXT} deny nothing_of_this", 2))
    assert live.reload() == "replaced"
    settled = both.settle(held[0], Approval("accepted"))
    assert (settled.effect, settled.revision, settled.number) == ("allow", 2, held[0].number)
    path.write_bytes(compiled('policy "shop" default deny on pay { approve by "somebody else" }', 3))
    assert live.reload() == "replaced"
    assert both.settle(held[1], Approval("accepted"))[:2] == ("deny", CHANGED)
    path.write_bytes(compiled('policy "shop" default deny deny pay "closed"', 4))
    assert live.reload() == "replaced"
    assert both.settle(held[2], Approval("accepted"))[:2] == ("deny", "closed")


def test_an_id_names_a_call_and_not_another_one_under_the_same_id(enforcer: Both) -> None:
    assert enforcer.enforce(pay(5, id="one")).allowed
    assert enforcer.enforce(pay(5, id="one")).repeated
    other = enforcer.enforce(pay(6, id="one"))
    assert other.allowed and not other.repeated
    assert enforcer.enforce(pay(7, id="one")).effect == "deny", "twice a day is enough"


def test_the_log_hides_values_and_tells_equal_ones(table: Table) -> None:
    out = io.StringIO()
    enforcer = Enforcer(table, log=DecisionLog(out, key=b"k", clear=("context.grant",)))
    secret = {"amount": 5, "card": "4111 1111", "name\n": {"deep": ["4111 1111"]}}
    for arguments in (secret, secret, secret | {"card": "4111 1112"}):
        enforcer.enforce(Call("pay", arguments, WHO, id="session-7"))
    assert "4111" not in out.getvalue()
    assert "dana" not in out.getvalue()
    assert "session-7" not in out.getvalue()
    one, same, other = map(json.loads, out.getvalue().splitlines())
    assert one["arguments"]["card"] == same["arguments"]["card"] != other["arguments"]["card"]
    assert one["context"]["grant"] == "g"
    assert (one["rule"], one["revision"], one["policy"], one["source"]) == ("pay.allow", 7, "shop", "p.policy:6")


def test_two_processes_hash_apart_and_redacting_shows_the_kind_alone(table: Table) -> None:
    written: list[str] = []
    for log in (DecisionLog(a := Lines().append), DecisionLog(b := Lines().append)):
        Enforcer(table, log=log).enforce(pay(5))
    written = [one.__self__[0]["arguments"]["amount"] for one in (a, b)]  # type: ignore[attr-defined]
    assert written[0] != written[1]
    lines = Lines()
    Enforcer(table, log=DecisionLog(lines.append, values="redact")).enforce(pay(5))
    assert lines[0]["arguments"] == {"amount": "<int>"}


def test_log_lines_in_a_file_stay_whole_and_bounded(table: Table, tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    one, other = DecisionLog(path), DecisionLog(path)
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    odd = [{"x" * 10_000: 1}, {str(i): i for i in range(500)}, {"deep": deep}, {"\ud800": "\ud800"}]
    for arguments in odd:
        Enforcer(table, log=one).enforce(Call("t" * 10_000, arguments, WHO))
        Enforcer(table, log=other).enforce(Call("pay", arguments, WHO))
    read = path.read_text(encoding="utf-8").splitlines()
    assert len([json.loads(line) for line in read]) == 2 * len(odd)
    assert max(map(len, read)) < 5000
    one.close()
    assert Enforcer(table, log=one).enforce(pay(5)).reason == "this call could not be logged"


@pytest.mark.parametrize("options", [{"values": "clear"}, {"on_failure": "ask"}, {"clear": ("amount",)}])
def test_options_of_the_log_are_checked(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="expected"):
        DecisionLog(print, **options)


def test_a_question_cannot_be_rewritten_by_the_arguments(table: Table) -> None:
    call = Call("pay", {"amount": 20, "note": "x\nTool: list_orders\u202e", "card": "4111", "a\nb": "y" * 9_000}, WHO)
    text = question(Enforcer(table).enforce(call), ("args.card",))
    assert text.splitlines()[:3] == ["Approval needed by finance: a large one", 'Tool: "pay"', "Arguments:"]
    assert len(text.splitlines()) == 7
    assert "4111" not in text
    assert "\u202e" not in text
    assert len(text) < 1_000


def held(call: Call) -> Verdict:
    return Verdict("allow", "", call)


def test_a_mark_is_good_once_for_the_same_call_by_the_same_caller() -> None:
    now = [0.0]
    rounds = Rounds(seconds=10, clock=lambda: now[0])
    rounds.keep(held(pay(5)), "m")
    others = [
        pay(6), pay(True), pay(5)._replace(tool="refund"), pay(5, server="s"), pay(5, policy="p"),
        pay(5)._replace(context={"user": "lee", "grant": "g"}),
    ]  # fmt: skip
    assert [rounds.take("m", call) for call in others] == [None] * len(others)
    assert rounds.take("n", pay(5)) is None
    assert rounds.take("m", pay(5)) is not None
    assert rounds.take("m", pay(5)) is None
    rounds.keep(held(pay(5)), "m")
    now[0] = 10.0
    assert rounds.take("m", pay(5)) is None


def test_marks_do_not_pile_up() -> None:
    rounds = Rounds()
    for i in range(MOST + 1):
        rounds.keep(held(pay(i)), "m")
    assert len(rounds._legs) == MOST
    assert rounds.take("m", pay(0)) is None
    assert rounds.take("m", pay(MOST)) is not None
