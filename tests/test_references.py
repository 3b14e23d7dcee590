"""References: keyed as the text cites them, each with an address, none twice."""

import re
from pathlib import Path

import pytest
from pybtex.database import Entry, Person, parse_file
from pybtex.plugin import find_plugin

from tools.notebooks.text import chapter_text
from tools.site import citations, references

ROOT = Path(__file__).parents[1]
ENTRIES = parse_file(ROOT / "book" / "references.bib").entries
THREAD = re.compile(r"(Issue|Pull request) (\d+) of (?:the repository )?([\w.-]+/[\w.-]+)")
CITED = re.compile(r"\{cite:[pt]\}`([^`]+)`")


def labels(entries: list[Entry]) -> list[str]:
    return references.Style().format_labels(references.lettered(entries))


def work(authors: str, year: str | None, title: str = "T") -> Entry:
    fields = {"title": title} | ({"year": year} if year else {})
    return Entry("misc", fields, {"author": [Person(name) for name in authors.split(" and ")]})


@pytest.mark.parametrize("key", sorted(ENTRIES))
def test_every_work_has_an_address(key):
    address = references.address(ENTRIES[key])
    assert address and re.fullmatch(
        r"https://(?:arxiv\.org/abs/\d{4}\.\d{4,5}|doi\.org/10\.\d+/\S+|github\.com/[\w.-]+/[\w.-]+(?:/(?:issues|pull)/\d+)?"
        r"|jmlr\.org/papers/\S+|diffusionflow\.github\.io)",
        address,
    )
    how = " ".join(ENTRIES[key].fields.get(name, "") for name in ("howpublished", "title")).replace("\\_", "_")
    if found := THREAD.search(how):
        kind = "issues" if found[1] == "Issue" else "pull"
        assert address == f"https://github.com/{found[3]}/{kind}/{found[2]}"
    elif found := re.search(r"repositor(?:y|ies) ([\w.-]+/[\w.-]+)", how):
        assert address == f"https://github.com/{found[1]}"


def test_the_list_shows_the_address_as_a_link():
    backend, style = find_plugin("pybtex.backends", "html")(), references.Style()
    for key, entry in ENTRIES.items():
        shown = style.format_entry("", entry).text.render(backend)
        assert f'href="{references.address(entry)}"' in shown, key


def test_no_work_stands_twice_under_two_keys():
    same = [
        references.address(entry) for entry in ENTRIES.values() if "github" not in (references.address(entry) or "")
    ]
    threads = [it for entry in ENTRIES.values() if re.search(r"/(issues|pull)/", it := references.address(entry))]
    assert len(set(same)) == len(same) and len(set(threads)) == len(threads)


def test_every_work_is_cited_and_every_citation_is_a_work():
    pages = [*ROOT.glob("book/*.md"), *ROOT.glob("book/*.yml"), *ROOT.glob("book/questions/*.yml")]
    pages = [page.read_text() for page in pages if page.name != "claims.md"]
    text = "\n".join([*pages, *map(chapter_text, ROOT.glob("book/chapters/*.md"))])
    assert {key.strip() for keys in CITED.findall(text) for key in keys.split(",")} == set(ENTRIES)


def test_labels_are_those_of_the_text_in_their_order():
    found = labels([*ENTRIES.values()])
    assert len(set(found)) == len(found)
    assert {"Ho et al. [2020]", "Peebles and Xie [2023]", "Karras et al. [2024a]", "Karras et al. [2024b]"} <= set(
        found
    )
    assert {"Song et al. [2021a]", "Song et al. [2021b]", "Peebles [2023]"} <= set(found)
    assert all(re.fullmatch(r".+ \[(?:\d{4}[a-z]?|n\.d\.)\]", it) for it in found)


@pytest.mark.parametrize(
    ("works", "found"),
    [
        ([("B, A", "2020")], ["B [2020]"]),
        ([("B, A and C, D", "2020")], ["B and C [2020]"]),
        ([("B, A and C, D and E, F", "2020")], ["B et al. [2020]"]),
        ([("{The Users}", None)], ["The Users [n.d.]"]),
        ([("C, A", "2020"), ("Bé, A", "2021"), ("b, A", "2019")], ["b [2019]", "Bé [2021]", "C [2020]"]),
        ([("B, A", "2020", "Z"), ("B, C", "2020", "A"), ("B, A", "2021")], ["B [2020a]", "B [2020b]", "B [2021]"]),
    ],
)
def test_how_a_label_is_made(works, found):
    assert labels([work(*it) for it in works]) == found


def test_letters_are_put_on_copies():
    works = [work("B, A", "2020", "Z"), work("B, A", "2020", "A")]
    assert [it.fields["title"] for it in references.lettered(works)] == ["A", "Z"]
    assert [it.fields["year"] for it in works] == ["2020", "2020"]


@pytest.mark.parametrize("key", ENTRIES)
def test_a_citation_that_is_written_out_holds_no_tex(key):
    """In the decision tree and on slides no program reads TeX: a name has its letters, and no backslash or brace."""
    written = citations.cited(f"{{cite:p}}`{key}`")
    assert re.fullmatch(r"\([^{}\\]+\)", written), written
