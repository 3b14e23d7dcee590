"""Publish the notebooks for Colab: copies that know the repository's address and the commit they were written with.

    python -m tools.site.publish --address https://github.com/OWNER/NAME --onto REPOSITORY     on its branch `colab`
    python -m tools.site.publish --address https://github.com/OWNER/NAME --write FOLDER        into a folder

The branch has one commit, which every publication replaces: it holds copies, whose history is that of `main`. A repository that
is not there yet is made, bare, and gets `main` too. Nothing is needed but Python and git, since in the workflow this is the one
program that may write; it takes its token from $TOKEN. Only what is committed is published.
"""

import argparse
import base64
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

BRANCH = "colab"
README = """\
# The notebooks, for Colab

Copies of the notebooks of commit {commit}, whose first cell fetches the book from {address} in that very state.
They are made anew whenever the book is published: change the chapters on `main` instead.
"""


def checked(address: str) -> str:
    """An address that a first cell may hold, without a trailing slash. Anything else is refused, for Colab would run it."""
    if not re.fullmatch(r"https://github\.com/[A-Za-z0-9][\w-]*/[\w.-]+(?<!\.git)", address, re.ASCII):
        sys.exit(
            f"An address looks like https://github.com/OWNER/NAME, without .git or a slash at its end; got {address!r}"
        )
    return address


def stamped(notebook: str, address: str, commit: str) -> str:
    """The text of a notebook with an address and a commit in its first code cell; everything else stays to the byte."""
    nb = json.loads(notebook)
    first = next(cell for cell in nb["cells"] if cell["cell_type"] == "code")
    for name, value in (("ADDRESS", address), ("COMMIT", commit)):
        places = [i for i, line in enumerate(first["source"]) if line.startswith(f'{name} = ""')]
        if len(places) != 1:
            sys.exit(f"{name} does not stand once, empty, in a notebook's first cell: run `make notebooks`.")
        first["source"][places[0]] = first["source"][places[0]].replace('""', f'"{value}"', 1)
    return json.dumps(nb, indent=1, ensure_ascii=False) + "\n"


def git(*command: str | Path, text: str | None = None, **environment: str) -> str:
    """What git prints; its complaint is ours."""
    done = subprocess.run(
        ["git", *command], input=text, capture_output=True, text=True, encoding="utf-8", env=os.environ | environment
    )
    if done.returncode:
        sys.exit(f"publish: git {command[0]} failed\n{done.stderr.strip()}")
    return done.stdout.strip("\n")


def copies(address: str, commit: str) -> dict[str, str]:
    """{path: text} of the branch: every notebook of a commit, stamped, and a page that says what they are."""
    names = git("ls-tree", "--name-only", commit, "notebooks/").split("\n")
    found = {
        name: stamped(git("show", f"{commit}:{name}") + "\n", address, commit)
        for name in names
        if name.endswith(".ipynb")
    }
    return {"README.md": README.format(commit=commit, address=address), **found}


def committed(files: dict[str, str], message: str, date: str) -> str:
    """The name of a new commit without parents that holds just these files; the working tree and its index stay untouched."""
    with tempfile.TemporaryDirectory() as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder, "index"))}
        for name, text in files.items():
            blob = git("hash-object", "-w", "--stdin", text=text)
            git("update-index", "--add", "--cacheinfo", f"100644,{blob},{name}", **index)
        tree = git("write-tree", **index)
    who = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER")
           for what, value in (("NAME", "publish"), ("EMAIL", "publish@invalid"), ("DATE", date))}  # fmt: skip
    return git("commit-tree", "--no-gpg-sign", tree, "-m", message, **who)


def credentials(address: str) -> dict[str, str]:
    """Settings by which git shows the workflow's token to the repository, and to nobody else."""
    if not (token := os.environ.get("TOKEN")):
        return {}
    secret = base64.b64encode(f"x-access-token:{token}".encode()).decode()
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"http.{address}.extraheader",
        "GIT_CONFIG_VALUE_0": f"AUTHORIZATION: basic {secret}",
    }


def publish(address: str, onto: str) -> str:
    """Put the stamped notebooks of HEAD on the branch of a repository: its path or address. Returns what was done."""
    commit = git("rev-parse", "HEAD")
    date = git("log", "-1", "--format=%cI", commit)
    new = committed(copies(address, commit), f"notebooks of {commit}", date)
    targets = [f"+{new}:refs/heads/{BRANCH}"]
    if "://" not in onto:
        if not Path(onto).exists():
            git("init", "--quiet", "--bare", "--initial-branch=main", onto)
        targets.insert(0, f"+{commit}:refs/heads/main")
    git("push", "--quiet", onto, *targets, **credentials(address))
    return f"{onto}: {len(targets)} branches, {' and '.join(target.split('/')[-1] for target in targets)}, of {commit}"


def main(argv: list[str]) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--address", required=True, type=checked, help="https://github.com/OWNER/NAME")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--onto", help="a repository: a path, which is made if it is not there, or an address")
    where.add_argument("--write", type=Path, help="a folder")
    said = parser.parse_args(argv)
    if said.onto:
        print(publish(said.address, said.onto))
        return
    for name, text in copies(said.address, git("rev-parse", "HEAD")).items():
        (said.write / name).parent.mkdir(parents=True, exist_ok=True)
        (said.write / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
