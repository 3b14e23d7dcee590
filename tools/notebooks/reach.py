"""What a chapter's code reaches: the definitions of the book's own modules that can change its outputs, and the data they read.

From the names in the cells the search goes on through the names in bodies, decorators, defaults and bases, and through imports,
also those that a package passes on or a function makes. `solvers.show()` leads to `show` alone; a module handed around, to
all of it. A method counts when its name stands behind a dot, or in a string, in what is reached; dunders and signatures with
their class, and all methods do where a base class comes from elsewhere, which may call them. Effects of a module count as soon as
it is imported. Comments and docstrings do not count, unless reached code looks at code: then all modules do, to the byte.

Data are the files of results/, and those beside a module, whose names stand in a string; `f"toy_{kind}.json"` is all that fit.

Where it doubts, it says too much. It does not see: a name computed for getattr, a file named without its ending, what a magic
runs (`!python -m`), a method without foreign base that foreign code calls, an assignment that does more than it binds, installed
packages, line numbers.
"""

import ast
import hashlib
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

from tools.notebooks.definitions import Chain, Class, Import, Source, Unit, cells, meaning, source

CLOSED = {"object", "NamedTuple", "Protocol", "Generic", "Exception"}  # foreign bases that call no method by its name


class Module(NamedTuple):
    """A file of the book."""

    name: str
    path: Path
    source: Source


Found = tuple[Module, Unit | Class | None]  # a definition; None for all of the module


def find_module(name: str, root: Path) -> Module | None:
    """The file of a dotted module name, seen from the root or from the notebooks; None for other people's."""
    for base in (root / Path(*name.split(".")), root / "notebooks" / Path(*name.split("."))):
        for path in (base / "__init__.py", base.with_name(f"{base.name}.py")):
            if path.is_file():
                package = name if path.name == "__init__.py" else name.rpartition(".")[0]
                return Module(name, path, source(path.read_text(), package, name))
    return None


class Reach:
    """The search. `units` holds what was reached, with its module; None for the cells themselves."""

    def __init__(self, code: str, root: Path) -> None:
        self.root = root
        self.modules: dict[str, Module | None] = {}
        self.folders: dict[Path, list[Path]] = {}
        self.units: dict[Unit, Module | None] = {cells(code): None}
        self.done: set[str] = set()  # modules that were imported, and with a star, those that count whole
        self.imports: set[tuple[Path, Import]] = set()  # that a name was followed through, with their module
        self.takers: set[Unit] = set()  # decorators that note what they decorate in a variable of their module
        self.noted: dict[Unit, list[Found]] = {}  # what stands in such a variable, until somebody else reads it
        self.read: set[Unit] = set()
        self.names: set[str] = set()  # behind a dot, or in a string
        self.waiting: dict[str, list[tuple[Unit, Module]]] = {}  # methods, until their name is met
        self.todo = list(self.units)
        while self.todo:
            self._use(self.todo.pop())

    def module(self, name: str) -> Module | None:
        """A module of the book by its dotted name; None for another."""
        if name not in self.modules:
            self.modules[name] = find_module(name, self.root)
        return self.modules[name]

    def _use(self, unit: Unit) -> None:
        """Follow everything that a unit uses."""
        for one in unit.imports:
            self._import(one)
        for chain in unit.chains:
            for found in self._meanings(chain, unit, self.units[unit]):
                self._define(*found)
                if unit not in self.takers and found[1] is not unit:
                    self._read(found[1])
        for name in (unit.attributes | unit.words) - self.names:
            self.names.add(name)
            for method in self.waiting.pop(name, []):
                self._reach(*method)

    def _reach(self, unit: Unit, module: Module) -> None:
        if unit not in self.units:
            self.units[unit] = module
            self.todo.append(unit)

    def _read(self, made: Unit | Class | None) -> None:
        """Reach what was noted in a variable that is read."""
        if isinstance(made, Unit) and made.binds:
            self.read.add(made)
            for found in self.noted.pop(made, []):
                self._define(*found)

    def _define(self, module: Module, made: Unit | Class | None) -> None:
        """Reach one definition, or a whole module."""
        if made is None:
            self._whole(module)
        elif isinstance(made, Unit):
            self._reach(made, module)
        elif made.head not in self.units:
            self._reach(made.head, module)
            for name, method in made.methods:
                self.waiting.setdefault(name, []).append((method, module))
                if name in self.names:
                    self._reach(method, module)
            if self._foreign(module, made):
                self._all_methods(module, made)

    def _whole(self, module: Module) -> None:
        """Everything that a module holds, passes on, or has below it."""
        if f"{module.name}.*" in self.done:
            return
        self.done.add(f"{module.name}.*")
        self._import(Import("", module.name))
        for made in module.source.definitions.values():
            for one in made:
                self._define(module, one)
        for one in module.source.imports:
            for found in self._behind(one):
                self._define(*found)
        if module.path.name == "__init__.py":
            for path in sorted(module.path.parent.iterdir()):
                if inner := self.module(f"{module.name}.{path.stem}"):
                    self._whole(inner)

    # --- names -------------------------------------------------------------------------------------------------------

    def _meanings(self, chain: Chain, unit: Unit | None, module: Module | None) -> Iterator[Found]:
        """All that a name in a unit of a module could mean."""
        for one in [*(unit.imports if unit else []), *(module.source.imports if module else [])]:
            if one.bound == chain[0]:
                if module:
                    self.imports.add((module.path, one))
                yield from self._behind(one, *chain[1:])
        for made in module.source.definitions.get(chain[0], []) if module else []:
            yield module, made

    def _behind(self, one: Import, *rest: str) -> Iterator[Found]:
        """What an import leads to, and the names behind it."""
        yield from self._members(one.module, *([one.member] if one.member else []), *rest)

    def _members(self, name: str, *rest: str) -> Iterator[Found]:
        """What the names `rest` mean behind a module's name; all of the module where that is not plain."""
        if (module := self.module(name)) is None:
            return
        found = False
        if rest:
            for made in module.source.definitions.get(rest[0], []):
                found = True
                yield module, made
            for one in module.source.imports:
                if one.bound == rest[0] and (one.module, one.member) != (name, rest[0]):  # `from lib import a` in lib
                    found = True
                    self.imports.add((module.path, one))
                    yield from self._behind(one, *rest[1:])
            if self.module(f"{name}.{rest[0]}"):
                found = True
                yield from self._members(f"{name}.{rest[0]}", *rest[1:])
        if not found:
            yield module, None

    # --- what happens without being named ----------------------------------------------------------------------------

    def _import(self, one: Import) -> None:
        """Reach what runs when a module is imported: its packages, its effects, its own imports, decorators that take notes."""
        parts = [*one.module.split("."), *([one.member] if one.member else [])]
        for length in range(1, len(parts) + 1):
            name = ".".join(parts[:length])
            if name in self.done or (module := self.module(name)) is None:
                continue
            self.done.add(name)
            for effect in module.source.effects:
                self._reach(effect, module)
            for onward in module.source.imports:
                self._import(onward)
            for decorator, made in module.source.decorated:
                for found in self._meanings(decorator, None, module) if decorator else ():
                    self._note(decorator, found, (module, made))
        if one.member == "*" and (module := self.module(one.module)):
            self._whole(module)

    def _note(self, decorator: Chain, found: Found, decorated: Found) -> None:
        """Reach what a decorator of ours may note where one cannot see it; where one can, once the note is read."""
        module, taker = found
        named = taker.node.name if isinstance(taker, Unit) and not taker.binds else None
        if named != decorator[-1] or self._takes_notes(module, taker):  # as `@show.register` does
            self._define(*decorated)
            return
        for variable in self._variables(module, taker):
            self.takers.add(taker)
            self.noted.setdefault(variable, []).append(decorated)
            if variable in self.read:
                self._read(variable)

    def _variables(self, module: Module, made: Unit) -> set[Unit]:
        """The variables of a module that a function uses, and that can hold a note."""
        things = {thing for chain in made.chains for _, thing in self._meanings(chain, made, module)}
        return {thing for thing in things if isinstance(thing, Unit) and thing.binds and holds(thing.node.value)}

    def _takes_notes(self, module: Module, made: Unit, above: tuple[Unit, ...] = ()) -> bool:
        """Whether a function notes elsewhere than in a variable that it names: in itself, by a helper, in a class."""
        things = {found for chain in made.chains for found in self._meanings(chain, made, module)}
        return made.notes or any(
            self._keeps(where, thing, (*above, made)) for where, thing in things if thing not in (*above, made)
        )

    def _keeps(self, module: Module, made: Unit | Class | None, above: tuple[Unit, ...]) -> bool:
        if isinstance(made, Class):
            return any(
                holds(part.value) for part in made.head.node.body if isinstance(part, ast.Assign | ast.AnnAssign)
            )
        if made is None or made.binds:
            return made is None
        return bool(self._variables(module, made)) or self._takes_notes(module, made, above)

    def _bases(self, chain: Chain, module: Module) -> list[tuple[Module, Class]]:
        """What a base's name leads to, where that is ours."""
        return [found for found in self._meanings(chain, None, module) if isinstance(found[1], Class)] if chain else []

    def _foreign(self, module: Module, made: Class) -> bool:
        """Whether something that is not ours stands above a class and may call its methods."""
        for chain in made.bases:
            ours = self._bases(chain, module)
            if any(self._foreign(*base) for base in ours) or not (ours or (chain and chain[-1] in CLOSED)):
                return True
        return False

    def _all_methods(self, module: Module, made: Class) -> None:
        for _, method in made.methods:
            self._reach(method, module)
        for chain in made.bases:
            for base in self._bases(chain, module):
                self._all_methods(*base)

    # --- data --------------------------------------------------------------------------------------------------------

    def data(self) -> set[Path]:
        """The files whose names stand in what was reached: results, and data beside a module, or beside the notebooks."""
        found = set()
        for unit, module in self.units.items():
            for folder in (self.root / "results", module.path.parent if module else self.root / "notebooks"):
                found |= {path for path in self._files(folder) for name in unit.files if fnmatch(path.name, name)}
        return found

    def _files(self, folder: Path) -> list[Path]:
        """The data in a folder, down to where another package begins."""
        if folder not in self.folders:
            paths = list(folder.iterdir()) if folder.is_dir() else []
            self.folders[folder] = [path for path in paths if path.is_file() and path.suffix not in {".py", ".ipynb"}]
            for path in paths:
                if path.is_dir() and path.name != "__pycache__" and not (path / "__init__.py").exists():
                    self.folders[folder] += self._files(path)
        return self.folders[folder]


def holds(value: ast.AST | None) -> bool:
    """Whether a value may be one to which things are added: a list, a dict, what a call makes; not a number or `list[int]`."""
    if value is None or isinstance(value, ast.Subscript | ast.Constant):
        return False
    kinds = ast.List | ast.Dict | ast.Set | ast.Call | ast.ListComp | ast.DictComp
    return any(isinstance(it, kinds) for it in ast.walk(value))


def sha(*parts: bytes) -> str:
    """A short digest of byte strings."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()[:16]


def key(code: Sequence[str], root: Path, apart: tuple[str, ...] = ()) -> str:
    """The digest of some cells with all that they reach, but for the data whose paths, seen from the root, match `apart`."""
    reach = Reach("\n".join(code), root)
    found = [(module.path, unit.line, unit.dump) for unit, module in reach.units.items() if module]
    found += [(path, 0, repr(tuple(one)).encode()) for path, one in reach.imports]
    found += [(path, 0, path.read_bytes()) for path in reach.data()]
    if any(unit.mirror for unit in reach.units):
        tops = {root / module.name.partition(".")[0] for module in reach.modules.values() if module}
        found += [(path, 0, path.read_bytes()) for folder in tops for path in folder.rglob("*.py")]
    named = sorted((path.relative_to(root).as_posix(), line, content) for path, line, content in found)
    parts = [
        part
        for name, _, content in named
        if not any(fnmatch(name, a) for a in apart)
        for part in (name.encode(), content)
    ]
    return sha(*(meaning(cell).encode() for cell in code), *parts)
