"""The two hooks, by the real `pre-commit` and real commits, in a repository made on the spot."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT
from tests.meta.tree import copy_tree

EXAMPLES = ROOT / "examples"
POLICY = "policies/support.policy"
NETWORK = ("NewConnectionError", "ConnectTimeout", "ReadTimeout", "ConnectionResetError", "NameResolutionError")


@dataclass(frozen=True)
class Repository:
    """A git repository, and commands run in it."""

    folder: Path
    env: dict[str, str]

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=self.folder, env=self.env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300
        )  # fmt: skip

    def must(self, *command: str) -> str:
        done = self.run(*command)
        assert done.returncode == 0, done.stdout
        return done.stdout.strip()

    def init(self) -> None:
        self.must("git", "init", "--quiet")

    def commit(self) -> subprocess.CompletedProcess[str]:
        """Commit everything, past whatever hooks there are."""
        self.must("git", "add", "--all")
        return self.run("git", "commit", "--quiet", "--message", "a change")

    def edit(self, old: str, new: str) -> None:
        text = (self.folder / POLICY).read_text(encoding="utf-8")
        assert old in text
        (self.folder / POLICY).write_text(text.replace(old, new), encoding="utf-8")

    def compile(self) -> None:
        """Compile as the user does, with this checkout; the hooks run what was installed for them."""
        command = [sys.executable, "-m", "policyc", "compile", "policies", "-o", "policies.table"]
        subprocess.run(command, cwd=self.folder, env={**self.env, "PYTHONPATH": str(ROOT)}, check=True)


def environment(home: Path) -> dict[str, str]:
    """The environment without what git would take from its user, or from a hook that runs these tests."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "PRE_COMMIT")) and k != "PYTHONPATH"}
    for who in ("AUTHOR", "COMMITTER"):
        env |= {f"GIT_{who}_NAME": "Test", f"GIT_{who}_EMAIL": "test@example.com"}
    env |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    return env | {"PRE_COMMIT_HOME": str(home), "PIP_RETRIES": "1", "NO_COLOR": "1"}


@pytest.fixture(scope="module")
def hooked(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A repository with the example's configuration; its hooks are installed from a snapshot of this tree."""
    if shutil.which("git") is None:
        pytest.skip("git is not here")
    pytest.importorskip("pre_commit")
    folder = tmp_path_factory.mktemp("hooked")
    env = environment(tmp_path_factory.mktemp("pre-commit-home"))

    snapshot = Repository(folder / "policyc", env)
    copy_tree(snapshot.folder)
    snapshot.init()
    assert snapshot.commit().returncode == 0

    made = Repository(folder / "project", env)
    (made.folder / "policies").mkdir(parents=True)
    shutil.copy(EXAMPLES / "quickstart" / "support.policy", made.folder / POLICY)
    shutil.copy(EXAMPLES / "quickstart" / "catalog.json", made.folder)
    (made.folder / "policyc.toml").write_text('catalog = "catalog.json"\n', encoding="utf-8")
    config = (EXAMPLES / "ci" / "pre-commit-config.yaml").read_text(encoding="utf-8")
    for old, new in [
        ("https://example.com/policyc.git", snapshot.folder.as_uri()),
        ("v0.1.0", snapshot.must("git", "rev-parse", "HEAD")),
    ]:
        assert config.count(old) == 1
        config = config.replace(old, new)
    (made.folder / ".pre-commit-config.yaml").write_text(config, encoding="utf-8")
    made.init()
    done = made.run(sys.executable, "-m", "pre_commit", "install", "--install-hooks")
    if done.returncode != 0 and any(word in done.stdout for word in NETWORK):
        pytest.skip("the package index cannot be reached, so pre-commit cannot install the hooks")
    assert done.returncode == 0, done.stdout
    made.compile()
    first = made.commit()
    assert first.returncode == 0, first.stdout
    return made


@pytest.fixture
def repository(hooked: Repository) -> Iterator[Repository]:
    """The repository after a good commit; what a test does to it is undone."""
    head = hooked.must("git", "rev-parse", "HEAD")
    yield hooked
    hooked.must("git", "reset", "--quiet", "--hard", head)


def test_a_good_commit_passes_both_hooks(repository: Repository) -> None:
    repository.edit("10 per hour by user", "9 per hour by user")
    repository.compile()
    done = repository.commit()
    assert done.returncode == 0, done.stdout
    lines = [line for line in done.stdout.splitlines() if line.startswith("policyc")]
    assert len(lines) == 2
    assert all(line.endswith("Passed") for line in lines)


def test_a_misspelt_tool_is_stopped_with_what_was_meant(repository: Repository) -> None:
    before = repository.must("git", "rev-parse", "HEAD")
    repository.edit("on refund_order", "on refund_oder")
    done = repository.commit()
    assert done.returncode == 1
    assert repository.must("git", "rev-parse", "HEAD") == before
    for said in ("unknown-tool", f"{POLICY}:8:4", "`refund_oder`", "`refund_order`", "on refund_oder {"):
        assert said in done.stdout
    assert "Traceback" not in done.stdout


def test_an_unknown_key_is_stopped_with_the_known_one(repository: Repository) -> None:
    document = repository.folder / "policies" / "extra.policy.json"
    document.write_text('{"version": "1", "name": "extra", "defualt": "deny", "tools": {}}\n', encoding="utf-8")
    done = repository.commit()
    assert done.returncode == 1
    for said in ("unknown-key", "policies/extra.policy.json:1:35", "`defualt`", "`default`"):
        assert said in done.stdout


def test_a_clash_with_a_file_that_the_commit_does_not_touch_is_stopped(repository: Repository) -> None:
    second = repository.folder / "policies" / "second.policy"
    second.write_text('policy "support"\ndefault deny\n', encoding="utf-8")
    done = repository.commit()
    assert done.returncode == 1
    assert "duplicate-policy-name" in done.stdout


@pytest.mark.parametrize("changed", ["policy", "catalog"])
def test_a_stale_table_is_stopped(repository: Repository, changed: str) -> None:
    if changed == "policy":
        repository.edit("args.amount > 20_000", "args.amount > 30_000")
    else:
        catalog = repository.folder / "catalog.json"
        catalog.write_text(
            catalog.read_text(encoding="utf-8").replace("list_orders", "list_invoices"), encoding="utf-8"
        )
    done = repository.commit()
    assert done.returncode == 1
    assert "`policies.table` is not current: " in done.stdout and "; run `policyc compile` again" in done.stdout
    assert done.stdout.count("Failed") == 1
    repository.compile()
    assert repository.commit().returncode == 0
