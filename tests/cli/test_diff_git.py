"""`policyc diff --base`, in real repositories made on the spot."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from policyc.features.git_tree import Tree
from tests.cli.conftest import BROKEN, CLEAN, OPEN, ROOT, TOOLS, Project

NO_CHANGE = "no change in behaviour"
READS = 'policy "reads"\ndefault deny\nallow category:read\n'
ENV = {
    **{f"GIT_{who}_{what}": "test@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


class Repository(Project):
    """A project under git."""

    def git(self, *command: str, **env: str) -> str:
        own = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        done = subprocess.run(
            ["git", *command], cwd=self.folder, env={**own, **ENV, **env}, text=True, capture_output=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def commit(self) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "a change")
        return self.git("rev-parse", "HEAD")

    def diff(self, *args: str, code: int = 0, below: str = "", **env: str) -> Any:
        project = Project(self.folder / below)
        return project.run("diff", *args, env={**ENV, **env}, code=code)

    def data(self, *args: str) -> Any:
        return self.diff(*args, "--output-format", "json").json


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    if shutil.which("git") is None:
        pytest.skip("git is not here")
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    (tmp_path / "repository").mkdir()
    made = Repository(tmp_path / "repository")
    made.git("init", "--quiet", "--initial-branch", "main")
    return made


def test_the_working_tree_against_a_branch(repository: Repository) -> None:
    repository.write("policies/a.policy", CLEAN)
    repository.write("policies/b.policy", OPEN)
    repository.commit()
    assert repository.diff("--base", "main").out.endswith(f"2 policies: {NO_CHANGE}\n")
    repository.write("policies/a.policy", "# a line more\n" + CLEAN.replace("30 per minute", "60 per minute"))
    out = repository.diff("--base", "main").out
    assert f"policy `open`: {NO_CHANGE}\n" in out
    assert "    old   allow by list_customers.allow (main:policies/a.policy:3:4)\n" in out
    assert "    new   allow by list_customers.allow (policies/a.policy:4:4)\n" in out
    assert "    limit at most 30 → 60 per minute for each grant\n" in out
    repository.diff("--base", "main", "--deny-widening", code=1)
    repository.diff("--base", "main", "--deny-widening", "policies/b.policy", code=0)


def test_the_example_of_the_documentation(repository: Repository) -> None:
    for name in ("support.policy", "catalog.json"):
        shutil.copy(ROOT / "examples" / "quickstart" / name, repository.folder)
    repository.write("policyc.toml", 'catalog = "catalog.json"\n')
    repository.commit()
    policy = (repository.folder / "support.policy").read_text()
    repository.write("support.policy", policy.replace("20_000", "50_000").replace("10 per hour", "20 per hour"))
    page = (ROOT / "docs" / "diff.md").read_text(encoding="utf-8")
    assert f"```\n{repository.diff('--base', 'main').out.rstrip()}\n```\n" in page


def test_two_revisions_and_not_the_working_tree(repository: Repository) -> None:
    repository.write("a.policy", CLEAN)
    first = repository.commit()
    repository.write("a.policy", CLEAN.replace("30", "20"))
    repository.commit()
    repository.git("tag", "-a", "v2", "-m", "annotated")
    repository.write("a.policy", BROKEN)
    data = repository.data("--base", first[:12], "--head", "v2")
    [change] = data["policies"][0]["changes"]
    assert (data["old"], data["new"], change["widening"]) == (first[:12], "v2", False)
    assert (change["old"]["path"], change["old"]["line"]) == (f"{first[:12]}:a.policy", 3)
    assert change["new"]["path"] == "v2:a.policy"
    assert repository.data("--base", "main~1", "--head", "main~1")["summary"]["equivalent"]


def test_from_a_folder_below_the_root(repository: Repository) -> None:
    repository.write("team/policies/a.policy", CLEAN)
    repository.write("other/b.policy", OPEN)
    repository.commit()
    repository.write("team/policies/a.policy", CLEAN.replace("30", "31"))
    out = repository.diff("--base", "HEAD", below="team").out
    assert "(HEAD:team/policies/a.policy:3:4)" in out
    assert "(policies/a.policy:3:4)" in out
    assert "`open`" not in out
    assert repository.diff("--base", "HEAD", str(repository.folder / "other"), below="team").out.startswith(
        f"policy `open`: {NO_CHANGE}"
    )


def test_the_work_tree_and_the_index_are_not_touched(repository: Repository) -> None:
    repository.write("a.policy", CLEAN)
    repository.commit()
    repository.write("a.policy", CLEAN.replace("30", "31"))
    repository.write("new.policy", OPEN)
    before = {path: path.stat().st_mtime_ns for path in repository.folder.rglob("*")}
    repository.diff("--base", "main")
    assert {path: path.stat().st_mtime_ns for path in repository.folder.rglob("*")} == before
    assert not list(repository.folder.parent.glob("policyc-revision-*"))


def test_files_that_came_and_went(repository: Repository) -> None:
    repository.write("a.policy", CLEAN)
    repository.write("sub/b.policy", OPEN)
    repository.commit()
    (repository.folder / "sub/b.policy").unlink()
    (repository.folder / "sub").rmdir()
    repository.write("sub2/c.policy", OPEN.replace('"open"', '"opened"'))
    policies = repository.data("--base", "main")["policies"]
    assert [(p["name"], p["status"]) for p in policies] == [("clean", "compared"), ("open", "gone"), ("opened", "new")]
    assert [p["status"] for p in repository.data("--base", "main", "sub")["policies"]] == ["gone"]
    assert [p["status"] for p in repository.data("--base", "main", "sub2")["policies"]] == ["new"]
    done = repository.diff("--base", "main", "sub3", code=2)
    assert done.err == "policyc: there is no file or folder `sub3` on either side\n"


def test_what_discovery_leaves_out_of_a_revision(repository: Repository) -> None:
    for name in (".hidden/a.policy", "node_modules/a.policy", "x/a.policy.txt", "x/ü é.policy", "skip/b.policy"):
        repository.write(name, CLEAN.replace('"clean"', json.dumps(name)))
    repository.write("policyc.toml", 'exclude = ["skip"]\n')
    repository.commit()
    assert [p["name"] for p in repository.data("--base", "main")["policies"]] == ["x/ü é.policy"]


# --- configuration and catalogs --------------------------------------------------------------------------------------


def tools(annotated: str) -> dict[str, Any]:
    """A catalog in which `list_customers` reads, and `annotated` is a word of the other tool's description."""
    listed = json.loads(json.dumps(TOOLS))
    listed["tools"].append({"name": "get_thing", "description": annotated, "inputSchema": {"type": "object"}})
    return dict(listed)


def test_a_change_of_the_catalog_alone_is_a_change(repository: Repository) -> None:
    repository.write("config/policyc.toml", 'catalog = ["../catalogs", "mine=extra.json"]\noverrides = "fix.yaml"\n')
    repository.write("config/fix.yaml", 'overrides:\n  - tool: list_customers\n    category: read\n    reason: "x"\n')
    repository.write("config/extra.json", {"tools": [{"name": "get_other", "description": "Get it."}]})
    repository.write("catalogs/a.json", TOOLS)
    repository.write("config/deep/a.policy", READS)
    repository.commit()
    assert repository.data("--base", "main")["summary"]["equivalent"]
    repository.write("catalogs/a.json", tools("Get a thing."))
    [change] = repository.data("--base", "main")["policies"][0]["changes"]
    assert (change["tool"], change["kind"]) == ("get_thing", "newly allowed")
    repository.write("catalogs/a.json", TOOLS)
    repository.write("config/fix.yaml", 'overrides:\n  - tool: list_customers\n    category: write\n    reason: "x"\n')
    [change] = repository.data("--base", "main")["policies"][0]["changes"]
    assert (change["tool"], change["kind"]) == ("list_customers", "newly denied")


def test_a_configuration_that_starts_from_another_one(repository: Repository) -> None:
    repository.write("base/common.toml", 'catalog = "tools.json"\n')
    repository.write("base/tools.json", TOOLS)
    repository.write("app/pyproject.toml", '[tool.policyc]\nextend = "../base/common.toml"\n')
    repository.write("app/a.policy", READS)
    repository.commit()
    assert repository.data("--base", "main")["summary"]["equivalent"]
    repository.write("base/tools.json", tools("Get a thing."))
    assert repository.data("--base", "main")["summary"]["kinds"] == {"newly allowed": 1}


@pytest.mark.parametrize("extend", [False, True])
def test_what_lies_outside_of_the_repository_holds_for_both_sides(repository: Repository, extend: bool) -> None:
    outside = Project(repository.folder.parent)
    outside.write("shared/tools.json", TOOLS)
    outside.write("shared/common.toml", 'catalog = "tools.json"\n')
    named = 'extend = "../shared/common.toml"\n' if extend else 'catalog = "../shared/tools.json"\n'
    repository.write("policyc.toml", named)
    repository.write("a.policy", READS)
    repository.commit()
    assert repository.data("--base", "main")["summary"]["equivalent"]


def test_a_configuration_above_the_repository_holds_for_both_sides(repository: Repository) -> None:
    outside = Project(repository.folder.parent)
    outside.write("tools.json", TOOLS)
    outside.write("policyc.toml", 'catalog = "tools.json"\nexclude = ["repository/skip"]\n')
    repository.write("a.policy", READS)
    repository.write("skip/b.policy", CLEAN)
    repository.commit()
    policies = repository.data("--base", "main")["policies"]
    assert [(p["name"], p["equivalent"]) for p in policies] == [("reads", True)]


def test_what_the_command_line_names_holds_for_both_sides(repository: Repository) -> None:
    repository.write("policyc.toml", 'catalog = "nowhere.json"\n')
    repository.write("a.policy", READS)
    repository.commit()
    repository.write("tools.json", TOOLS)
    assert repository.data("--base", "main", "--catalog", "tools.json", "--no-config")["summary"]["equivalent"]
    repository.write("own.toml", 'catalog = "tools.json"\n')
    assert repository.data("--base", "main", "--config", "own.toml")["summary"]["equivalent"]


def test_what_is_wrong_with_the_old_side_is_said_with_the_revision(repository: Repository) -> None:
    repository.write("a.policy", BROKEN)
    repository.commit()
    repository.write("a.policy", CLEAN)
    done = repository.diff("--base", "main", code=1)
    assert " --> main:a.policy:3:" in done.err
    repository.write("a.policy", CLEAN)
    repository.write("policyc.toml", "catalog = 5\n")
    repository.commit()
    (repository.folder / "policyc.toml").unlink()
    done = repository.diff("--base", "main", code=2)
    assert done.err.startswith("policyc: main:policyc.toml:1: `catalog` must be a path")
    repository.write("policyc.toml", 'catalog = "gone.json"\n')
    repository.commit()
    (repository.folder / "policyc.toml").unlink()
    done = repository.diff("--base", "main", code=2)
    assert "`main:gone.json`" in done.err
    assert "policyc-revision" not in done.err


# --- links -----------------------------------------------------------------------------------------------------------


def test_links_are_followed_inside_of_the_tree_only(repository: Repository, tmp_path: Path) -> None:
    outside = tmp_path / "outside.policy"
    outside.write_text(OPEN)
    repository.write("real/a.policy", CLEAN)
    repository.write("x.txt", READS.replace("category:read", "list_*"))
    (repository.folder / "linked").symlink_to("real")
    (repository.folder / "b.policy").symlink_to("x.txt")
    (repository.folder / "up.policy").symlink_to(outside)
    (repository.folder / "loop.policy").symlink_to("loop.policy")
    repository.commit()
    (repository.folder / "up.policy").unlink()
    (repository.folder / "loop.policy").unlink()
    policies = repository.data("--base", "main")["policies"]
    assert [(p["name"], p["status"], p["equivalent"]) for p in policies] == [
        ("clean", "compared", True), ("reads", "compared", True),
    ]  # fmt: skip
    assert [p["name"] for p in repository.data("--base", "main", "linked")["policies"]] == ["clean"]
    assert [p["name"] for p in repository.data("--base", "main", "linked/a.policy")["policies"]] == ["clean"]


def test_names_that_no_honest_tree_has_are_not_read(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    repository.write("a.policy", CLEAN)
    repository.commit()
    blob = repository.git("rev-parse", "HEAD:a.policy")
    inner = make_tree(repository, f"100644 escaped.policy\0{blob}", f"120000 link\0{blob}")
    root = make_tree(repository, f"40000 ..\0{inner}", f"40000 .git\0{inner}", f"100644 a.policy\0{blob}")
    evil = repository.git("commit-tree", root, "-m", "evil")
    monkeypatch.chdir(repository.folder)
    tree = Tree(evil)
    assert (list(tree.files), list(tree.links)) == (["a.policy"], [])
    assert repository.diff("--base", evil).out.startswith(f"policy `clean`: {NO_CHANGE}")


def make_tree(repository: Repository, *entries: str) -> str:
    """A tree object, whatever its names."""
    raw = b"".join(head.encode() + b"\0" + bytes.fromhex(name) for head, name in (e.split("\0") for e in entries))
    (repository.folder.parent / "tree.bin").write_bytes(raw)
    return repository.git("hash-object", "-t", "tree", "-w", "--literally", str(repository.folder.parent / "tree.bin"))


# --- revisions and repositories --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["nope", "main:a.policy", "", "main..main", "a b", "^main", "@{-9}"])
def test_an_unknown_revision_is_a_sentence(repository: Repository, name: str) -> None:
    repository.write("a.policy", CLEAN)
    repository.commit()
    done = repository.diff(f"--base={name}", code=2)
    assert done.err == f"policyc: there is no revision `{name}`, expected a commit, a branch or a tag\n"


def test_a_revision_is_never_an_option(repository: Repository) -> None:
    repository.write("a.policy", CLEAN)
    repository.commit()
    for name in ("--all", "-h", "--output=stolen", "--git-dir=/"):
        done = repository.diff(f"--base={name}", code=2)
        assert done.err == f"policyc: `{name}` is no revision, expected a commit, a branch or a tag\n"
    assert not (repository.folder / "stolen").exists()


def test_a_shallow_clone_says_what_to_do(repository: Repository) -> None:
    repository.write("a.policy", CLEAN)
    first = repository.commit()
    repository.commit()
    clone = Repository(repository.folder.parent / "clone")
    clone.folder.mkdir()
    clone.git("clone", "--quiet", "--depth", "1", repository.folder.as_uri(), ".")
    done = clone.diff("--base", first, code=2)
    assert done.err.endswith("; the clone is shallow, fetch the revision first\n")


def test_no_repository_and_no_git_are_sentences(repository: Repository, tmp_path: Path) -> None:
    elsewhere = Repository(tmp_path / "elsewhere")
    elsewhere.folder.mkdir()
    done = elsewhere.diff("--base", "main", code=2, GIT_CEILING_DIRECTORIES=str(tmp_path))
    assert done.err == "policyc: this folder is in no git repository, and a revision is one of a repository\n"
    done = repository.diff("--base", "main", code=2, PATH=str(tmp_path / "nothing"))
    assert done.err == "policyc: git is not installed, and a revision cannot be read without it\n"
    repository.write("a.policy", CLEAN)
    repository.commit()
    done = repository.diff("--base", "main", str(tmp_path), code=2)
    assert done.err == f"policyc: `{tmp_path}` is outside of the repository `{repository.folder}`\n"
    assert "standard input" in repository.diff("--base", "main", "-", code=2).err
    assert repository.diff("--base", "main", "--head", "main", "a.policy", code=0)


def test_inside_a_hook_git_says_where_the_repository_is(repository: Repository) -> None:
    repository.write("a.policy", CLEAN)
    repository.commit()
    done = repository.diff("--base", "HEAD", GIT_DIR=".git", GIT_INDEX_FILE=".git/index")
    assert done.out.startswith(f"policy `clean`: {NO_CHANGE}")


def test_a_committed_table_is_compared_too(repository: Repository) -> None:
    repository.write("a.policy", CLEAN)
    repository.run("compile", "a.policy", "-o", "policies.table", code=0)
    repository.commit()
    repository.write("a.policy", CLEAN.replace("30", "60"))
    repository.run("compile", "a.policy", "-o", "policies.table", code=0)
    assert repository.data("--base", "main", "policies.table")["summary"]["kinds"] == {"limit changed": 1}


def test_nothing_to_compare(repository: Repository) -> None:
    repository.write("README", "x")
    repository.commit()
    done = repository.diff("--base", "main", code=3)
    assert done.err.startswith("policyc: no policy in main or the working tree; ")


def test_the_new_side_leaves_no_policy_out(repository: Repository, tmp_path: Path) -> None:
    """A link out of the tree, or a submodule, where a policy was: not a policy that is gone."""
    outside = tmp_path / "outside.policy"
    outside.write_text(OPEN)
    repository.write("pol/a.policy", CLEAN)
    repository.commit()
    (repository.folder / "pol/a.policy").unlink()
    (repository.folder / "pol/a.policy").symlink_to(outside)
    repository.commit()
    done = repository.diff("--base", "HEAD~1", "--head", "HEAD", "--deny-widening", "pol", code=2)
    assert "`pol/a.policy` is a link that leads out of the repository" in done.err
    head = repository.git("rev-parse", "HEAD")
    root = make_tree(repository, f"160000 pol\0{head}")
    commit = repository.git("commit-tree", root, "-m", "module")
    done = repository.diff("--base", "HEAD~1", "--head", commit, "--deny-widening", "pol", code=2)
    assert "`pol` is a submodule" in done.err
