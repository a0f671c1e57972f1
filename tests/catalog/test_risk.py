"""The classifier: verdicts on tools of our own, what raises them, and what never lowers them."""

from __future__ import annotations

import csv
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policyc.catalog.lexicon import ROWS, VERB_KINDS, table
from policyc.catalog.load import load_catalog
from policyc.catalog.model import Risk, category_rank, severity_rank
from policyc.catalog.risk import classify
from policyc.catalog.words import leading_verb, own_words
from tests.catalog.real import FILES, FOLDER, needs_real


def risk(
    name: str,
    description: str = "",
    *,
    server: str = "desk",
    annotations: Any = None,
    closed: bool = False,
    **args: Any,
) -> Risk:
    schema = {"type": "object", "properties": args} if args or closed else None
    return classify(server, name, description, schema, annotations or {})


@pytest.mark.parametrize(
    ("name", "description", "category", "severity"),
    [
        ("create_api_key", "", "write", "high"),
        ("createApiKey", "", "write", "high"),
        ("get_api_key", "", "read", "high"),
        ("listInvoices", "", "read", "medium"),
        ("list-tickets", "", "read", "low"),
        ("ticket.list", "", "read", "low"),
        ("tickets/search", "", "read", "low"),
        ("Get Weather", "", "read", "low"),
        ("d1_database_delete", "", "destructive", "critical"),
        ("delete_note", "", "destructive", "high"),
        ("delete_all_notes", "", "destructive", "critical"),
        ("bulk_delete_notes", "", "destructive", "critical"),
        ("remove_member_from_project", "", "destructive", "medium"),
        ("drop_table", "", "destructive", "critical"),
        ("backup_delete", "", "destructive", "high"),
        ("search_purge", "", "destructive", "critical"),
        ("get_update", "", "read", "low"),
        ("read_and_delete_message", "", "destructive", "high"),
        ("get_or_create_label", "", "write", "low"),
        ("create_or_update_file", "", "write", "medium"),
        ("create_coupon", "", "write", "medium"),
        ("list_coupons", "", "read", "low"),
        ("update_price", "", "write", "medium"),
        ("move_file", "", "write", "medium"),
        ("create_charge", "", "financial", "high"),
        ("payout", "", "financial", "critical"),
        ("transfer_funds", "", "financial", "high"),
        ("transfer_ownership", "", "write", "high"),
        ("run_command", "", "execute", "medium"),
        ("deploy", "", "execute", "high"),
        ("frobnicate", "", "write", "medium"),
        ("", "", "write", "medium"),
        ("削除", "ファイルを削除します", "write", "medium"),
        ("whoami", "", "read", "low"),
        # the description is the second evidence
        ("ticket_overview", "Deletes all tickets of a queue.", "destructive", "high"),
        ("inbox", "List the messages of a mailbox.", "read", "medium"),
        ("issue_read", "Get one issue.", "read", "low"),
        ("API-post-search", "Search by title.", "read", "low"),
        ("API-post-page", "Create a page.", "write", "medium"),
        ("manage_tags", "List the tags.", "write", "medium"),
        ("set_tags", "Adds, removes or replaces the tags of a note.", "destructive", "medium"),
        ("get_report", "Execute a stored procedure.", "execute", "high"),
        ("read_query", "Execute a SELECT query on the database.", "read", "low"),
        ("export_all", "This tool lets you export everything.", "read", "low"),
    ],
)
def test_names_and_descriptions(name: str, description: str, category: str, severity: str) -> None:
    found = risk(name, description)
    assert (found.category, found.severity) == (category, severity), found.evidence


def test_joined_verbs_of_one_category_all_count() -> None:
    found = risk("create_or_update_file")
    assert found.evidence[-1] == "name joins to it the verb update: severity raised to medium"
    assert found.reversible is None
    assert risk("create_or_replace_view").reversible is False
    assert risk("create_and_tag_note").reversible is True
    assert risk("create_coupon").evidence[-1] == "changes what is paid (coupon): severity raised to medium"


def test_the_evidence_can_be_read() -> None:
    assert risk("create_api_key").evidence == (
        "name begins with the verb create: write",
        "handles credentials (api_key): severity raised to high",
    )
    assert risk("frobnicate").evidence == ("neither name nor description has a known verb: taken for a write",)
    assert risk("frobnicate").confidence == "low"
    assert risk("get_note").confidence == "high"


@pytest.mark.parametrize(
    ("name", "server", "words"),
    [
        ("git_status", "mcp-server-git", ("git", "status")),  # no verb would be left: kept
        ("git_create_branch", "mcp-server-git", ("create", "branch")),
        ("DeskApiV2--CreateAccount", "desk-server", ("api", "v2", "create", "account")),
        ("fetch", "fetch", ("fetch",)),
        ("delete_get_users", "delete", ("delete", "get", "users")),
        ("browser_click", "Playwright", ("browser", "click")),
        ("getHTTPResponse", "x", ("get", "http", "response")),
    ],
)
def test_words_of_a_name(name: str, server: str, words: tuple[str, ...]) -> None:
    assert own_words(name, server) == words


def test_a_server_cannot_name_a_danger_away() -> None:
    assert risk("delete_get_users", server="delete").category == "destructive"
    assert risk("wipe_list", server="wipe-mcp").category == "destructive"


@pytest.mark.parametrize(
    ("text", "verb", "leads"),
    [
        ("Creates a note.", "create", True),
        ("This tool will delete a note.", "delete", True),
        ("Use this tool to stop a job", "stop", True),
        ("[BETA] 🚀 Efficiently querying logs", "query", True),
        ("Web search for people", "search", False),
        ("Start/stop/restart an app", "restart", True),
        ("Nothing to see", "see", False),
        ("", None, False),
        ("ファイルを読む", None, False),
    ],
)
def test_the_leading_verb(text: str, verb: str | None, leads: bool) -> None:
    found = leading_verb(text, "desk")
    assert (found and found[0]) == verb
    assert found is None or found[2] is leads


# --- arguments -----------------------------------------------------------------------------------------------------

TEXT = {"type": "string"}


def test_commands_and_code_in_arguments() -> None:
    found = risk("terminal", command=TEXT)
    assert (found.category, found.severity) == ("execute", "critical")
    assert "takes free text in `command`: execute" in found.evidence
    assert risk("run_command", command=TEXT).severity == "critical"
    assert risk("run_command", command={"enum": ["up", "down"]}).severity == "medium"
    assert risk("get_page", "Get a page.", code=TEXT).category == "read"
    assert risk("db", sql=TEXT).category == "execute"
    assert risk("query", "Run a read-only SQL query.", sql=TEXT).category == "read"


def test_amounts_of_money() -> None:
    number = {"type": "number"}
    assert risk("make_it_so", amount=number, currency=TEXT).category == "financial"
    assert risk("update_thing", amount=number).severity == "high"
    assert risk("list_things", amount=number, currency=TEXT).category == "read"


def test_multi_operation_tools() -> None:
    found = risk("jobs", operation={"enum": ["create-job", "delete-job", "get-job", "frob"]})
    assert [(o.value, o.category) for o in found.operations] == [
        ("create-job", "write"),
        ("delete-job", "destructive"),
        ("get-job", "read"),
        ("frob", "write"),
    ]
    assert found.category == "destructive" and found.severity == "high" and found.reversible is False
    assert "one operation is delete-job: destructive" in found.evidence


def test_operations_that_only_the_description_lists() -> None:
    found = risk(
        "jobs", operation={"type": "string", "description": "Operation to perform: create-job, get-job or delete-job."}
    )
    assert sorted(o.value for o in found.operations) == ["create-job", "delete-job", "get-job"]
    assert found.category == "destructive"
    one_word = risk("jobs", action={"type": "string", "description": "One of: list, get, purge"})
    assert [o.category for o in one_word.operations] == ["read", "read", "destructive"]


def test_http_methods_count_as_operations() -> None:
    found = risk("fetch_url", "Fetch a URL.", url=TEXT, method={"enum": ["GET", "POST", "DELETE"]})
    assert [o.category for o in found.operations] == ["read", "write", "destructive"]
    assert found.category == "destructive"


def test_an_enum_that_is_no_choice_of_operation() -> None:
    assert not risk("get_chart", type={"enum": ["bar", "pie", "line"]}).operations
    log = {"enum": ["create", "delete"], "description": "Only entries about this action (a filter)"}
    found = risk("list_audit_log", "List the audit log.", action=log)
    assert not found.operations and found.category == "read"
    assert risk("audit_log", "Manage the audit log.", action=log).category == "destructive"


def test_credentials_reach_the_operations() -> None:
    found = risk("private_keys", action={"enum": ["list", "create"]})
    assert [o.severity for o in found.operations] == ["high", "high"]


# --- flows ---------------------------------------------------------------------------------------------------------


def test_flows() -> None:
    def flows(found: Risk) -> tuple[bool, bool, bool]:
        return found.reads_private, found.untrusted_content, found.sends_out

    assert flows(risk("read_inbox", "Read the e-mail messages of a mailbox.")) == (True, True, False)
    assert flows(risk("fetch", "Fetch a page.", url=TEXT)) == (True, True, True)
    assert flows(risk("send_email", to=TEXT, body=TEXT)) == (False, False, True)
    assert flows(risk("list_colors")) == (False, False, False)
    assert flows(risk("create_note")) == (False, False, False)
    assert flows(risk("create_note", webhook_url=TEXT)) == (False, False, True)
    assert flows(risk("move_file", source=TEXT, destination=TEXT)) == (False, False, False)
    assert flows(risk("move_report", destination=TEXT)) == (False, False, True)
    assert flows(risk("run_shell", command=TEXT)) == (True, True, True)


# --- annotations ---------------------------------------------------------------------------------------------------

WORDS = sorted(w for r in ROWS for w in map(str.strip, r.words.split(",")))
NAMES = st.lists(st.sampled_from(WORDS) | st.text(max_size=4), min_size=1, max_size=4).map("_".join)
ANNOTATIONS = st.dictionaries(
    st.sampled_from(["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint", "title"]),
    st.booleans() | st.none() | st.text(max_size=3) | st.integers(),
)


@settings(max_examples=600, deadline=None)
@given(NAMES, NAMES, ANNOTATIONS, st.sampled_from([{}, {"command": TEXT}, {"amount": {"type": "number"}}]))
def test_annotations_never_lower_a_risk(
    name: str, words: str, annotations: dict[str, Any], args: dict[str, Any]
) -> None:
    description = words.replace("_", " ")
    without, claimed = risk(name, description, **args), risk(name, description, annotations=annotations, **args)
    assert category_rank(claimed.category) >= category_rank(without.category)
    assert severity_rank(claimed.severity) >= severity_rank(without.severity)
    assert claimed.reversible == without.reversible or claimed.reversible is not True
    assert claimed.operations == without.operations
    assert set(claimed.evidence) >= set(without.evidence)
    for flow in ("reads_private", "untrusted_content", "sends_out"):
        assert getattr(claimed, flow) >= getattr(without, flow)


def test_claims_raise() -> None:
    assert risk("get_note", annotations={"readOnlyHint": False}).category == "write"
    assert risk("update_note", annotations={"destructiveHint": True}).category == "destructive"
    assert risk("frobnicate", annotations={"destructiveHint": True}).severity == "high"
    created = risk("create_note", annotations={"destructiveHint": True})
    assert (created.category, created.severity, created.reversible) == ("write", "high", False)
    assert risk("delete_note", annotations={"readOnlyHint": True}).category == "destructive"


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=30), st.text(max_size=200), st.text(max_size=10))
def test_any_text_gets_a_verdict_on_one_line(name: str, description: str, server: str) -> None:
    found = classify(server, name, description, None, {})
    assert found == classify(server, name, description, None, {})
    assert found.evidence


def test_long_descriptions_take_no_time() -> None:
    for description in (
        "a" * 200_000,
        "a-" * 100_000,
        "list, " * 40_000,
        "[x]" * 60_000,
        "not " * 50_000,
        "delete " * 40_000,
    ):
        risk("jobs", description, operation={"type": "string", "description": description})


# --- the lexicon ---------------------------------------------------------------------------------------------------


def test_every_row_is_usable() -> None:
    for row in ROWS:
        assert row.note and all(word.strip() == word.strip().lower() != "" for word in row.words.split(",")), row
        assert not (row.kind == "destructive" and row.undo), row


def test_no_word_stands_in_two_verb_rows() -> None:
    words = [w.strip() for r in ROWS if r.kind in VERB_KINDS for w in r.words.split(",")]
    assert sorted(set(words)) == sorted(words)
    assert set(words) == set(table("verb"))


# --- agreement with what others say (a floor, not a target) ----------------------------------------------------------

LABELS = FOLDER.parent / "intercept_labels_dev.csv"
REVIEW = FOLDER.parent / "intercept_labels_review_dev.csv"


@pytest.mark.skipif(not LABELS.is_file(), reason="the labels of ../shared/data are not here")
def test_agreement_with_the_unquestioned_labels() -> None:
    with LABELS.open(encoding="utf-8") as file, REVIEW.open(encoding="utf-8") as review:
        questioned = {(r["server"], r["tool"]) for r in csv.DictReader(review)}
        rows = [
            r for r in csv.DictReader(file) if (r["server"], r["tool"]) not in questioned and r["category"] != "Other"
        ]
    right = sum(
        classify(r["server"], r["tool"], r["description"], None, {}).category == r["category"].lower() for r in rows
    )
    assert right / len(rows) >= 0.95


@needs_real
def test_agreement_with_the_servers_own_hints() -> None:
    read = {True: [0, 0], False: [0, 0]}
    for tool in load_catalog(list(map(str, FILES))).tools:
        claim = tool.annotations.get("readOnlyHint")
        if isinstance(claim, bool):
            found = classify(tool.server, tool.name, tool.description, tool.input_schema, {})
            read[claim][found.category == "read"] += 1
    assert read[False][0] / sum(read[False]) >= 0.95  # what changes things is not taken for a read
    assert read[True][1] / sum(read[True]) >= 0.80
