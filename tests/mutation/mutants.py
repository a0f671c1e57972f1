"""The defects, by what went wrong in the author's hands."""

from __future__ import annotations

from tests.mutation.plant import Mutant, mutant

_BOUNDS = (
    mutant(
        "a deny's bound swapped with the approval's",
        "args.amount > 50_000",
        "args.amount > 9_000",
        "approve-never-asked",
        "approve when args.amount > 10_000",
    ),
    mutant(
        "a deny's operator inverted",
        "deny when args.amount > 20_000",
        "deny when args.amount <= 20_000",
        "approve-never-asked",
        '"desk-lead"',
    ),
    mutant(
        "a require's operator inverted",
        'args.currency in ["usd", "eur"]',
        'args.currency not in ["usd", "eur", "gbp"]',
        "contradictory-condition",
        "not in",
    ),
    mutant(
        "a bound below what the schema allows",
        "args.amount > 20_000",
        "args.amount < 1",
        "contradictory-condition",
        "args.amount < 1",
    ),
    mutant(
        "a bound that every amount passes",
        "approve when args.amount > 10_000",
        "approve when args.amount > 0",
        "tautological-condition",
        "args.amount > 0",
    ),
    mutant(
        "two bounds that exclude each other",
        "args.amount > 50_000",
        "args.amount > 50_000 and args.amount < 40_000",
        "contradictory-condition",
        "args.amount < 40_000",
    ),
    mutant(
        "two bounds that leave nothing out",
        "deny when args.amount > 50_000",
        "deny when args.amount > 50_000 or args.amount < 60_000",
        "tautological-condition",
        "args.amount < 60_000",
    ),
    mutant(
        "a test that the one before it settles",
        "args.amount <= 5_000 and",
        "args.amount <= 5_000 and args.amount < 90_000 and",
        "tautological-condition",
        "args.amount < 90_000",
    ),
)

_APPROVERS = (
    mutant(
        "the second approver's bound dropped",
        "args.amount <= 5_000 and args.reason",
        "args.reason",
        "overlapping-approvers",
        '"desk-lead"',
    ),
    mutant(
        "the second approver's bound inverted",
        "args.amount <= 5_000 and args.reason",
        "args.amount > 6_000 and args.reason",
        "unreachable-rule",
        '"desk-lead"',
    ),
    mutant(
        "the first approver's condition dropped",
        "approve when args.amount > 5_000   by",
        "approve   by",
        "unreachable-rule",
        '"desk-lead"',
    ),
    mutant(
        "an approval of what nothing allows",
        "allow get_customer",
        'approve get_customer   by "privacy"',
        "approve-never-asked",
        '"privacy"',
    ),
    mutant(
        "the reason at the allow of what is held",
        "allow get_customer",
        'allow get_customer   "privacy is asked"\napprove get_customer   by "privacy"',
        "reason-never-shown",
        '"privacy is asked"',
    ),
)

_AGAIN = (
    mutant(
        "a deny again, narrower, after",
        "limit 10 per minute",
        "deny when args.amount > 30_000\n  limit 10 per minute",
        "unreachable-rule",
        "args.amount > 30_000",
    ),
    mutant(
        "a deny again, narrower, before",
        "  deny when args.amount > 20_000",
        '  deny when args.amount > 40_000   "refunds above $200.00 are made by people"\n  deny when args.amount > 20_000',
        "redundant-rule",
        "args.amount > 40_000",
    ),
    mutant(
        "a deny again, the value missed as well",
        "  limit 20 per minute",
        '  deny when not exists args.email   "only our own domains"\n  limit 20 per minute',
        "contradictory-condition",
        "not exists args.email",
    ),
    mutant(
        "a deny again, as it is",
        '"a single charge may not exceed $500.00"',
        '"a single charge may not exceed $500.00"\n'
        '  deny when args.amount > 50_000   "a single charge may not exceed $500.00"  # again',
        "duplicate-rule",
        "# again",
    ),
    mutant(
        "a deny again, in other words",
        '"needs the role eu"',
        '"needs the role eu"\n'
        '  deny when not (args.country != "de" or context.roles contains "eu")   "needs the role eu"',
        "duplicate-rule",
        "deny when not",
    ),
    mutant(
        "a require again, looser",
        "  limit 20 per minute",
        '  require args.email like "*@example.*"\n  limit 20 per minute',
        "unreachable-rule",
        'like "*@example.*"',
    ),
    mutant(
        "a require again, with another list",
        "  deny when args.amount > 50_000",
        '  require args.currency == "gbp"\n  deny when args.amount > 50_000',
        "conflicting-rules",
        '"gbp"',
    ),
    mutant(
        "an allow again, of what a block allows",
        "allow get_customer",
        "allow get_customer\nallow update_customer",
        "redundant-rule",
        "allow update_customer",
    ),
    mutant(
        "an allow again, wider",
        "allow get_customer",
        "allow get_customer\nallow get_*",
        "redundant-rule",
        "allow get_customer",
    ),
    mutant(
        "a limit again",
        "as updates",
        "as updates\n  limit 20 per minute   by grant as updates  # again",
        "duplicate-rule",
        "# again",
    ),
)

_SELECTORS = (
    mutant(
        "a tool misspelt in an allow",
        "allow get_customer",
        "allow get_custmer",
        "unknown-tool",
        "get_custmer",
        also=("uncovered-tool",),
    ),
    mutant(
        "a tool misspelt at a block",
        "on update_customer {",
        "on update_custommer {",
        "unknown-tool",
        "update_custommer",
        also=("uncovered-tool",),
    ),
    mutant(
        "a glob misspelt",
        "allow list_*",
        "allow lst_*",
        "glob-matches-nothing",
        "lst_*",
        also=("uncovered-tool",),
    ),
    mutant(
        "a deny left out",
        'deny category:destructive   "destroying is for people"\n',
        "",
        "uncovered-tool",
        "default deny",
    ),
    mutant(
        "a deny widened to a glob",
        "deny category:destructive ",
        "deny *_customer ",
        "allow-overridden",
        "allow get_customer",
        "on update_customer",
    ),
    mutant(
        "a deny of another category",
        "deny category:destructive ",
        "deny category:financial ",
        "allow-overridden",
        "on create_charge",
        "on create_refund",
        also=("uncovered-tool",),
    ),
    mutant(
        "an allow of what a deny takes",
        "allow get_customer",
        "allow delete_customer",
        "allow-overridden",
        "allow delete_customer",
        also=("uncovered-tool",),
    ),
    mutant(
        "an exact block made wide",
        "on update_customer {",
        "on update_* {",
        "gap",
        "require args.email",
    ),
    mutant(
        "a limit in place of an allow",
        "allow list_*",
        "limit list_*: 5 per minute",
        "gap",
        "limit list_*",
    ),
    mutant(
        "a tool hidden and still configured",
        "deny category:destructive ",
        "hide update_customer\ndeny category:destructive ",
        "hidden-and-configured",
        "on update_customer",
    ),
    mutant(
        "a deny that lost its condition",
        "deny when args.amount > 20_000",
        "deny",
        "approve-never-asked",
        "approve when args.amount > 5_000",
        '"desk-lead"',
        also=("limit-on-denied-tool",),
    ),
)

_ARGUMENTS = (
    mutant("an anchor dropped", r'r"^CH-[0-9]+$"', r'r"CH-[0-9]+$"', "unanchored-regex", r'r"CH-[0-9]+$"'),
    mutant(
        "an argument misspelt",
        'deny when args.country == "de"',
        'deny when args.contry == "de"',
        "unknown-argument",
        "args.contry",
    ),
    mutant(
        "a number written as text",
        "args.amount > 50_000",
        'args.amount > "50000"',
        "argument-type-mismatch",
        '"50000"',
    ),
    mutant("a value that is no member", 'in ["usd", "eur"]', 'in ["usd", "euro"]', "value-not-in-enum", '"euro"'),
)

_LIMITS = (
    mutant(
        "a limit removed",
        "  limit 20 per minute   by grant as updates\n",
        "",
        "write-tool-without-limit",
        "on update_customer",
    ),
    mutant("a limit's window changed", "limit 30 per minute", "limit 30 per day", "limit-never-reached", "limit 500"),
    mutant(
        "a counter's name taken twice",
        "as updates",
        "as refunds",
        "shared-counter-mismatch",
        "limit 20 per minute",
    ),
    mutant(
        "an amount that may be negative",
        "limit sum args.amount <= 200_000 per day",
        "limit sum args.discount <= 200_000 per day",
        "unknown-argument",
        "args.discount",
    ),
)

_DEFAULT = (
    mutant(
        "the default opened",
        "default deny",
        "default allow",
        "default-makes-redundant",
        "allow list_*",
        "allow get_customer",
    ),
    mutant(
        "a keyword misspelt",
        "deny when args.amount > 20_000",
        "deny wen args.amount > 20_000",
        "syntax-error",
        "deny wen",
    ),
)

MUTANTS: tuple[Mutant, ...] = (*_BOUNDS, *_APPROVERS, *_AGAIN, *_SELECTORS, *_ARGUMENTS, *_LIMITS, *_DEFAULT)
