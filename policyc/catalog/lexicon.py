"""The words that verdicts are made of. A verdict is data: to teach the classifier a word, add it to a row or add a row.

Each row: the words (comma separated; a phrase may have spaces), their class, a severity, a note for the reviewer.

Verb classes are the five categories. `severity` is what the verb alone makes of a tool; `undo` says whether the effect
can be taken back (None: it depends); `weak` marks verbs that say little by themselves (`run`, `manage`) and give way to
better evidence; `noun` marks words that are as often nouns (`release`, `update`): at the end of a name they say less.

The other classes are about objects and manners. Their severity is the least that a tool which changes, runs or destroys
such a thing gets (for `credential` and `private` also one that reads it).
"""

from __future__ import annotations

from functools import cache
from typing import Final, Literal, NamedTuple

from policyc.ir.model import Severity

# fmt: off
Kind = Literal[
    "read", "write", "execute", "destructive", "financial",  # verbs
    "money", "price", "credential", "access", "estate", "bulk", "force", "private", "untrusted", "outward",  # objects, manners
    "report", "modifier", "read-only", "irreversible", "arbitrary", "costs", "filter", "http",
]
# fmt: on
VERB_KINDS: Final = frozenset({"read", "write", "execute", "destructive", "financial"})


class Row(NamedTuple):
    """One line of the table."""

    words: str
    kind: Kind
    severity: Severity
    note: str
    undo: bool | None = None
    weak: bool = False
    noun: bool = False


# fmt: off
ROWS: Final[tuple[Row, ...]] = (
    # --- reading -----------------------------------------------------------------------------------------------------
    Row("get, fetch, retrieve, obtain", "read", "low", "returns something that is there", True),
    Row("list, enumerate, browse, ls", "read", "low", "returns several things", True),
    Row("search, find, lookup, discover, locate, explore, grep, scan, crawl", "read", "low", "looks for things", True),
    Row("read, view, show, display, print, peek, cat, tail, whoami, see, look", "read", "low", "shows something", True),
    Row("describe, inspect, explain, introspect, summarize, summarise, identify", "read", "low", "tells about a thing", True),
    Row("count, aggregate, measure, calculate, compute, estimate, rank, score", "read", "low", "derives a figure", True),
    Row("check, verify, validate, lint, diagnose, audit, analyze, analyse, assess", "read", "low", "judges a thing", True),
    Row("compare, diff, trace, monitor, watch, detect, profile, preview, simulate", "read", "low", "observes", True),
    Row("convert, parse, extract, decode, encode, translate, transcribe, think, reflect", "read", "low", "turns its input", True),
    Row("geocode, regeocode, decompile, disassemble, ping, echo, learn", "read", "low", "answers a question", True),
    Row("download, export, dump, backup", "read", "low", "copies data out of the server", True, noun=True),
    Row("wait, poll, sleep, return", "read", "low", "waits or gives back", True),
    Row("query, ask, review, research, recommend, suggest, visualize, map, format, predict", "read", "low", "asks in a language of its own", True, weak=True),
    Row("open, take, load, pull, receive, capture, access, report, collect, gather, sample", "read", "low", "mostly looks, sometimes acts", True, weak=True),
    Row("screenshot, snapshot", "read", "low", "a picture of something", True, weak=True, noun=True),
    # --- writing -----------------------------------------------------------------------------------------------------
    Row("create, add, insert, append, new, make, register, define, initialize, initialise, init", "write", "low", "adds something new", True),
    Row("generate, build, compose, draft, design, render, prepare, scaffold, setup", "write", "low", "makes something", True, weak=True),
    Row("log, record, track", "write", "low", "keeps something", True, weak=True, noun=True),
    Row("copy, clone, duplicate, fork, import, upload, save, store, stage, commit, mkdir, touch", "write", "low", "makes a copy", True),
    Row("update, edit, modify, change, set, put, patch, write, alter, upsert, adjust, configure, customize", "write", "medium", "changes what was there"),
    Row("replace, overwrite, rewrite, override", "write", "medium", "writes over what was there", False),
    Row("rename, move, mv, sort, reorder, merge, rebase, sync, push, checkout, resolve, transition", "write", "medium", "changes what was there"),
    Row("tag, label, comment, annotate, mark, pin, star, react, favorite, bookmark", "write", "low", "adds a mark", True, noun=True),
    Row("assign, attach, link, associate, connect, join, bind, enroll, follow", "write", "low", "ties things together", True),
    Row("detach, unlink, unassign, disassociate, disconnect, unbind, leave, unfollow, unsubscribe", "write", "medium", "unties things", True),
    Row("enable, disable, activate, deactivate, toggle, turn, lock, unlock", "write", "medium", "switches something", True),
    Row("pause, resume, unpause, stop, cancel, abort, suspend, dismiss, mute, unmute, snooze, close", "write", "medium", "stops or resumes something", True),
    Row("archive, unarchive, restore, undelete, untrash, rollback, revert, undo, recover", "write", "medium", "takes out of use or back", True),
    Row("schedule, reschedule, book, reserve, subscribe, plan", "write", "medium", "arranges something to happen", True, noun=True),
    Row("approve, accept, confirm, acknowledge, escalate, triage, finalize, finalise, complete, submit, reject, decline, sign", "write", "medium", "decides for somebody"),
    Row("send, notify, broadcast, email, message, forward, reply, respond, invite, share", "write", "medium", "reaches other people", False),
    Row("post, publish, unpublish, tweet, announce, release", "write", "medium", "shows something to others", noun=True),
    Row("grant, authorize, authorise, impersonate, elevate", "write", "high", "gives somebody power"),
    Row("rotate, regenerate", "write", "high", "makes the old one useless", False),
    Row("ban, kick, block, drain, cordon, quarantine, isolate", "write", "high", "shuts somebody or something out", True),
    Row("migrate, transfer", "write", "high", "moves something whole"),
    Row("manage, handle, process, perform, do, act, apply, use, administer, operate, control", "write", "medium", "does not say what it does", weak=True),
    Row("select, switch, resize, fill, type, press, click, hover, drag, scroll, emulate", "write", "low", "acts on a screen"),
    Row("place, issue, order", "write", "medium", "asks for something", weak=True, noun=True),
    Row("curl, wget, request, enqueue", "write", "medium", "sends a request", noun=True),
    Row("login, logout, authenticate", "write", "medium", "changes who one is", True),
    # --- executing ---------------------------------------------------------------------------------------------------
    Row("execute, exec, eval, evaluate, invoke, spawn, shell, bash", "execute", "high", "runs what it is given"),
    Row("run, launch, trigger, dispatch, start, call, rerun, retry", "execute", "medium", "sets something going", weak=True),
    Row("deploy, redeploy, provision, apply migration, run migration, install, upgrade, restart, reboot, scale, promote", "execute", "high", "changes what runs"),
    Row("navigate, goto, visit", "execute", "medium", "loads a page and what it runs", True),
    # --- destroying --------------------------------------------------------------------------------------------------
    Row("delete, del, erase, rm, rmdir, unset, trash", "destructive", "high", "takes away for good", False),
    Row("remove", "destructive", "medium", "takes away, maybe only out of a list"),
    Row("clear, discard, reset, uninstall, expire, invalidate, revoke, deregister, unregister, redact", "destructive", "medium", "takes away", False),
    Row("drop, truncate, destroy, purge, wipe, prune, nuke, shred, flush, flushall, flushdb, teardown, empty, format disk, format drive, format volume", "destructive", "critical", "takes away everything", False),
    Row("terminate, kill, shutdown, decommission, evict", "destructive", "high", "ends something that runs", False),
    # --- money -------------------------------------------------------------------------------------------------------
    Row("pay, charge, refund, purchase, buy, sell, donate, bid, trade, tip, reimburse", "financial", "high", "moves money", False),
    Row("withdraw, payout, wire, remit, disburse, send transaction, sign transaction, submit transaction", "financial", "critical", "moves money out", False),
    Row("swap, stake, unstake, mint, redeem, lend, borrow, settle, void, liquidate, cancel order", "financial", "high", "trades or settles", False),
    Row("deposit, invoice, bill, topup, place order, submit order, create order, capture payment", "financial", "high", "moves money", False, noun=True),
    # --- objects -----------------------------------------------------------------------------------------------------
    Row("payment, charge, refund, payout, invoice, subscription, dispute, withdrawal, deposit, donation, purchase", "money", "high", "money"),
    Row("checkout, billing, wallet, fund, money, bank transfer, money transfer, payroll, credit card, bank account", "money", "high", "money"),
    Row("coupon, discount, voucher, promotion code, promo code, gift card, price, credit note, credit memo", "price", "medium", "what is paid"),
    Row("api key, access key, secret key, private key, ssh key, signing key, encryption key, publishable key, service key", "credential", "high", "credentials"),
    Row("auth token, access token, api token, cloud token, refresh token, service account, client secret", "credential", "high", "credentials"),
    Row("secret, password, credential, passphrase, keypair, keyvault, certificate, totp, otp, mfa", "credential", "high", "credentials"),
    Row("role, permission, policy, acl, iam, access, privilege, admin, ownership, owner, firewall", "access", "high", "who may do what"),
    Row("user, member, membership, group, collaborator, team, webhook, domain name, dns", "access", "medium", "who takes part"),
    Row("database, account, organization, organisation, project, workspace, cluster, bucket, repository, repo", "estate", "high", "a whole with much in it"),
    Row("server, instance, namespace, volume, tenant, table, collection, production, prod, disk, backup, branch", "estate", "high", "a whole with much in it"),
    Row("all, bulk, batch, many, multiple, mass, recursive, recursively, everything", "bulk", "medium", "many at once"),
    Row("force, hard, permanent, permanently, unsafe, irreversible", "force", "high", "without the usual care"),
    Row("v1, v2, v3, api, bulk, batch, multi, multiple, partial, partially, async, auto, force, single, quick", "modifier", "low", "stands before the verb"),
    Row("customer, contact, email, mail, inbox, message, conversation, chat, sms, profile, patient, lead", "private", "medium", "people's data"),
    Row("payment, charge, refund, invoice, balance, subscription, order, transaction, salary, tax", "private", "medium", "people's money"),
    Row("user, member, calendar, event, attachment, note, memory, recording, transcript, history, viewer", "private", "low", "people's data"),
    Row("file, document, directory, drive, page, database, sql, row, record, log, env, variable, config", "private", "low", "the owner's data"),
    Row("repository, repo, code, commit, issue, ticket, pull request, merge request, task, project, board, item", "private", "low", "the owner's work"),
    Row("web, website, webpage, page, crawl, browser, internet, news, html, rss", "untrusted", "low", "text from the web"),
    Row("email, mail, inbox, message, conversation, chat, sms, thread, reply, channel history", "untrusted", "low", "text from strangers"),
    Row("comment, review, issue, ticket, pull request, merge request, feedback, submission, form response, dispute", "untrusted", "low", "text from strangers"),
    Row("attachment, document, file, transcript, event, log, entry, article", "untrusted", "low", "text of unknown origin"),
    Row("send, email, message, notify, broadcast, forward, reply, invite, share, post, publish, tweet", "outward", "low", "reaches outside"),
    Row("comment, push, upload, webhook, issue, ticket, pull request, merge request, gist, event, export", "outward", "low", "can be read outside"),
    # --- names without a verb, and phrases of descriptions -----------------------------------------------------------
    Row("status, info, information, detail, summary, overview, statistic, stat, metric, history, log, usage", "report", "low", "a name for what is read"),
    Row("tree, schema, version, health, weather, distance, documentation, doc, guide", "report", "low", "a name for what is read"),
    Row("read-only, read only, readonly, read mode, select query, select queries, select statement", "read-only", "low", "the description promises not to change"),
    Row("cannot be undone, can not be undone, can't be undone, irreversible, permanently delete, permanently remove, permanently deletes, permanently removes", "irreversible", "high", "cannot be taken back"),
    Row("arbitrary code, arbitrary command, arbitrary commands, arbitrary sql, arbitrary javascript, arbitrary python, any command, shell command", "arbitrary", "critical", "runs anything"),
    Row("incur costs, incurs costs, incur charges, will be charged, be billed, costs money, spends credits, paid api", "costs", "medium", "costs money"),
    Row("filter, filters, only entries, only events, restrict to, narrow", "filter", "low", "an argument that only filters"),
    Row("get, head, options, trace, connect", "http", "low", "an HTTP method", True),
    Row("post, put, patch", "http", "medium", "an HTTP method"),
    Row("delete", "http", "high", "an HTTP method", False),
)
# fmt: on


def word_set(text: str) -> frozenset[str]:
    """The words of a text, for the small sets of argument names."""
    return frozenset(text.split())


@cache
def table(kind: Kind | Literal["verb"]) -> dict[str, Row]:
    """The rows of one class by word; `verb` for all five verb classes, where the first row of a word counts."""
    out: dict[str, Row] = {}
    for row in ROWS:
        if row.kind == kind or (kind == "verb" and row.kind in VERB_KINDS):
            for word in row.words.split(","):
                out.setdefault(word.strip(), row)
    return out
