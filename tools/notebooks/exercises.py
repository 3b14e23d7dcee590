"""An exercise in full: what a chapter's `{exercise} name` stands for.

`classroom/exercises/chNN/name.py` is the whole exercise. Its docstring is the title, the task, and the hint, in Markdown; below
`# --- stub` stands what the reader finds in the cell, below `# --- solution` the worked solution, and below `# --- checker` what
the reader does not see. The chapter says where it stands, and adds code to the worked solution if it likes:

    ```{exercise} ema_warmup
    law_1(solution)
    ```
"""

import ast
import re
from pathlib import Path

from tools.notebooks.names import MUSEUM, numbered, short

DIRECTIVE = re.compile(r"^```\{exercise\} *(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PARTS = re.compile(r"^# --- (stub|solution|checker)\n", re.MULTILINE)
TEXT = """\
{level} Exercise <!--given-->{number}<!--/given-->: {title}

{task}

<details><summary>Hint</summary>

{hint}

</details>

```{{code-cell}} ipython3
{stub}
```

```{{code-cell}} ipython3
---
mystnb:
  code_prompt_show: Worked solution
  code_prompt_hide: Hide the worked solution
tags: [hide-cell]
jupyter:
  source_hidden: true
cellView: form
---
# @title Worked solution
{solution}
```"""


def in_chapter(text: str, root: Path, stem: str) -> str:
    """The text of a chapter with its exercises in full, numbered as they come."""
    count = 0
    # In the museum an exercise stands in a section of its exhibit, which is closed at first.
    level = "####" if stem == MUSEUM else "###"

    def full(directive: re.Match) -> str:
        nonlocal count
        count += 1
        file = root / "classroom" / "exercises" / f"ch{short(stem)}" / f"{directive[1]}.py"
        if not file.exists():
            raise ValueError(f"{stem}: there is no exercise {file.relative_to(root)}")
        return in_full(file, numbered(stem, count), directive[2], level)

    return DIRECTIVE.sub(full, text)


def in_full(file: Path, number: str, more: str = "", level: str = "###") -> str:
    """The Markdown and the two cells of one exercise; `more` is code for the end of the worked solution. Raises ValueError."""
    name, text = file.stem, file.read_text()
    title, task, hint = said(ast.get_docstring(ast.parse(text)) or "", file)
    _, *parts = PARTS.split(text)
    if parts[::2] != ["stub", "solution", "checker"]:
        raise ValueError(f"{file.name} has the parts {parts[::2]}, not stub, solution and checker")
    stub, solution, _ = (part.strip("\n") for part in parts[1::2])
    begin = f"from classroom.exercises.{file.parent.name} import {name}"
    return TEXT.format(
        level=level,
        number=number,
        title=title,
        task=task,
        hint=hint,
        stub=spaced(begin, stub, f"{name}.check({last(stub, file)})"),
        solution="\n".join([spaced("", solution, f"{name}.check(solution)"), more]).strip("\n"),
    )


def said(docstring: str, file: Path) -> tuple[str, str, str]:
    """Title, task and hint."""
    title, _, rest = docstring.partition("\n\n")
    task, mark, hint = rest.partition("\n\nHint: ")
    if not mark or "\n" in title:
        raise ValueError(f"{file.name}: its docstring should be a title, a task, and a last part `Hint: ...`")
    return title, task.strip(), hint.strip()


def last(code: str, file: Path) -> str:
    """The name that a stub defines last."""
    match ast.parse(code).body[-1]:
        case ast.FunctionDef(name=name) | ast.Assign(targets=[ast.Name(id=name)]):
            return name
    raise ValueError(f"{file.name}: the stub ends in no function and no assignment")


def spaced(before: str, code: str, after: str) -> str:
    """A cell, with two blank lines around functions, as ruff wants them."""
    body = ast.parse(code).body
    above = "\n\n\n" if isinstance(body[0], ast.FunctionDef) else "\n\n"
    below = "\n\n\n" if isinstance(body[-1], ast.FunctionDef) else "\n"
    return (before + above if before else "") + code + below + after
