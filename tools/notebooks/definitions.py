"""A file taken apart into its definitions, and what each of them uses; reach.py follows them.

A definition is a top-level function, class or assignment, or a method. What a file does beside defining and importing is an
effect.
"""

import ast
import copy
import re
from collections.abc import Iterator
from functools import cache, cached_property
from typing import NamedTuple

Chain = tuple[str, ...]  # ("solvers", "show") for `solvers.show`
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
SCOPES = (*FUNCTIONS, ast.ClassDef, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
FILE = re.compile(r"[\w*-]*(?:\.[\w*]+)*\.\w*[a-z]\w*")
# Code that looks at code, or makes it.
MIRRORS = {"__doc__", "__import__", "__subclasses__", "getdoc", "getmembers", "getsource", "getsourcelines"}
MIRRORS |= {"import_module", "iter_modules", "walk_packages", "pydoc", "runpy", "__dict__"}
BARE_MIRRORS = MIRRORS | {"eval", "exec", "globals", "help"}  # but model.eval() is none


class Import(NamedTuple):
    """The name that an import binds ("" for none), and what it leads to: a module, perhaps a name in it and names in that."""

    bound: str
    module: str
    member: str | None = None


class Unit:
    """A piece of code that counts as a whole: what it is, and what it uses."""

    def __init__(self, node: ast.AST, package: str = "") -> None:
        self.node, self.line = node, getattr(node, "lineno", 0)
        self.binds = isinstance(node, ast.Assign | ast.AnnAssign)
        self.chains: set[Chain] = set()
        self.attributes: set[str] = set()
        self.words: set[str] = set()  # in strings: names for getattr, perhaps
        self.files: set[str] = set()  # patterns
        self.imports: list[Import] = []
        if isinstance(node, FUNCTIONS):
            for part in node.body:
                self._visit(part, package)
            local = own_names(node) - {one.bound for one in self.imports}
            self.chains = {chain for chain in self.chains if chain[0] not in local}
        for part in ast.iter_child_nodes(node):
            if not (isinstance(node, FUNCTIONS) and part in node.body):
                self._visit(part, package)
        # It writes to a global name, or into an attribute of one: `global COUNT`, `deco.all.append(f)`.
        self.notes = any(isinstance(it, ast.Global) for it in ast.walk(node)) or (
            isinstance(node, FUNCTIONS) and any(chain[0] == node.name and len(chain) > 1 for chain in self.chains)
        )
        seen = self.attributes | self.words | {one.member for one in self.imports}
        self.mirror = bool(MIRRORS & seen) or any(chain[0] in BARE_MIRRORS for chain in self.chains)

    @cached_property
    def dump(self) -> bytes:
        """The code without its comments and its place."""
        return ast.dump(self.node).encode()

    def _visit(self, node: ast.AST, package: str) -> None:
        chain, parts = chain_of(node), list(ast.iter_child_nodes(node))
        if chain:
            self.chains.add(chain)
        if isinstance(node, ast.Attribute):
            self.attributes |= {node.attr, *chain[1:]}
            parts = [] if chain else parts  # `solvers.show` is no use of all of `solvers`
        elif isinstance(node, ast.MatchClass):
            self.attributes |= set(node.kwd_attrs)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            self.imports += imports(node, package)
        elif isinstance(node, ast.JoinedStr):
            self.files |= files("".join(part.value if isinstance(part, ast.Constant) else "*" for part in parts))
            parts = [part for part in parts if not isinstance(part, ast.Constant)]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            self.files |= files(re.sub(r"\{[^{}]*\}|%[-+ 0#]*\d*(?:\.\d+)?[a-z]", "*", node.value))
            self.words |= set(node.value.split(".")) if re.fullmatch(r"[\w.]+", node.value) else set()
        for part in parts:
            self._visit(part, package)


class Class:
    """A class: a head, which always counts, and methods, which count when their name is used."""

    def __init__(self, node: ast.ClassDef, package: str) -> None:
        head, self.methods = copy.copy(node), []
        head.body = []
        for part in node.body:
            if isinstance(part, FUNCTIONS) and not (part.name.startswith("_") and part.name.endswith("_")):
                self.methods.append((part.name, Unit(part, package)))
                part = copy.copy(part)
                part.body = []  # decorators and defaults run with the class
            head.body.append(part)
        self.head = Unit(head, package)
        self.head.attributes |= {chain[0] for chain in self.head.chains}  # `colour = property(_colour)`
        self.bases = [chain_of(base) for base in node.bases] + [() for _ in node.keywords]


class Source:
    """A file's definitions, effects and imports."""

    def __init__(self, text: str, package: str) -> None:
        self.definitions: dict[str, list[Unit | Class]] = {}
        self.effects: list[Unit] = []
        self.imports: list[Import] = []
        self.decorated: list[tuple[Chain, Unit | Class]] = []
        for node in without_docstrings(ast.parse(text)).body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                self.imports += imports(node, package)
            elif isinstance(node, (*FUNCTIONS, ast.ClassDef)):
                made = Class(node, package) if isinstance(node, ast.ClassDef) else Unit(node, package)
                self.definitions.setdefault(node.name, []).append(made)
                for part in node.decorator_list:
                    self.decorated.append((chain_of(part.func if isinstance(part, ast.Call) else part), made))
            elif names := assigned(node):
                unit = Unit(node, package)
                for name in names:
                    self.definitions.setdefault(name, []).append(unit)
            elif not (isinstance(node, ast.If) and "'__main__'" in ast.unparse(node.test)):
                self.effects.append(Unit(node, package))
                self.imports += self.effects[-1].imports


@cache
def source(text: str, package: str, name: str) -> Source:
    """A module taken apart, once; `name` keeps modules with the same text apart."""
    return Source(text, package)


@cache
def cells(code: str) -> Unit:
    """A chapter's cells, which count as one unit."""
    return Unit(ast.parse(without_magics(code)))


@cache
def meaning(cell: str) -> str:
    """What a cell does: without comments and spaces; as it stands where it is not plain Python."""
    try:
        return ast.dump(ast.parse(cell))
    except SyntaxError:  # a magic
        return cell


def without_magics(code: str) -> str:
    """The Python of a notebook's code: ast knows no magics."""
    return re.sub(r"^\s*(?:\w+\s*=\s*)?[%!].*$|^.*\?\s*$", "", code, flags=re.MULTILINE)


def without_docstrings(tree: ast.Module) -> ast.Module:
    """The same tree without its docstrings."""
    for node in ast.walk(tree):
        if (
            isinstance(node, (*FUNCTIONS, ast.ClassDef, ast.Module))
            and ast.get_docstring(node, clean=False) is not None
        ):
            node.body = node.body[1:] or ([] if node is tree else [ast.Pass()])
    return tree


def chain_of(node: ast.AST) -> Chain:
    """The names of `a.b.c`; empty for anything else."""
    names = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return (node.id, *reversed(names)) if isinstance(node, ast.Name) else ()


def own_names(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """The names that mean something of the function's own in all of its body."""
    given = function.args
    arguments = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    names, todo = {argument.arg for argument in arguments if argument}, list(function.body)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        todo += [] if isinstance(node, SCOPES) else ast.iter_child_nodes(node)
    shared = {name for part in ast.walk(function) if isinstance(part, ast.Global) for name in part.names}
    return names - shared


def assigned(node: ast.stmt) -> list[str]:
    """The names that an assignment binds, when it does no more than that."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    parts = [part for target in targets for part in (target.elts if isinstance(target, ast.Tuple) else [target])]
    return [part.id for part in parts] if all(isinstance(part, ast.Name) for part in parts) else []


def imports(node: ast.Import | ast.ImportFrom, package: str) -> Iterator[Import]:
    """What one statement imports."""
    if isinstance(node, ast.ImportFrom):
        above = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
        module = ".".join([*above, *([node.module] if node.module else [])])
        yield from (Import(alias.asname or alias.name, module, alias.name) for alias in node.names)
        return
    for alias in node.names:
        first = alias.name.partition(".")[0]
        yield Import(alias.asname, alias.name) if alias.asname else Import(first, first)
        yield Import("", alias.name)


def files(text: str) -> set[str]:
    """What could be the names of files in a string, as patterns; an ending alone stands for all that have it."""
    return {f"*{name}" if name.startswith(".") else name for name in FILE.findall(text)}
