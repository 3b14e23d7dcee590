"""What the self-test keeps: days on which questions return, memories of before, texts that are no memory."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tools.site import explorers

ROOT = Path(__file__).parents[1]
ID, OTHER = "q-tokens:0123abcd", "q-eq-star:89abcdef"
RECORD = {"given": "49", "right": True, "when": "2026-03-01T10:00:00.000Z", "box": 0, "due": "2026-03-02"}
RECORD |= {"solved": "2026-03-01"}


def asked(*calls: list, zone: str = "UTC") -> list:
    """What the script's functions give."""
    command = [explorers.NODE, ROOT / "tests" / "self_test" / "memory.mjs"]
    done = subprocess.run(
        command, input=json.dumps(calls), capture_output=True, text=True, timeout=60, check=True,
        env=os.environ | {"TZ": zone},
    )  # fmt: skip
    return json.loads(done.stdout)


def story(*answers: tuple[str, bool], zone: str = "UTC") -> list[dict]:
    """One question, answered at these days (10 o'clock)."""
    (records,) = asked(["story", [(f"{day}T10:00:00Z", right) for day, right in answers]], zone=zone)
    return records


def kept(**questions: dict) -> str:
    return json.dumps({"version": 2, "questions": {ID: RECORD | questions}})


# --- days ---------------------------------------------------------------------------------------------------------------


def test_a_question_returns_after_1_3_7_and_21_days():
    days = ["2026-03-01", "2026-03-02", "2026-03-05", "2026-03-12", "2026-04-02", "2026-04-23"]
    records = story(*((day, True) for day in days))
    assert [record["due"] for record in records] == [*days[1:], "2026-05-14"]
    assert [record["box"] for record in records] == [0, 1, 2, 3, 3, 3]


def test_a_wrong_answer_on_its_day_begins_again():
    records = story(("2026-03-01", True), ("2026-03-02", True), ("2026-03-05", False), ("2026-03-05", True))
    assert [(record["box"], record["due"]) for record in records[2:]] == [(0, "2026-03-06")] * 2


def test_an_answer_before_its_day_moves_nothing():
    records = story(("2026-03-01", True), ("2026-03-02", True), ("2026-03-03", True), ("2026-03-04", False))
    assert {(record["box"], record["due"]) for record in records[1:]} == {(1, "2026-03-05")}


def test_what_was_solved_stays_solved():
    records = story(("2026-03-01", False), ("2026-03-02", True), ("2026-03-03", False), ("2026-03-09", False))
    assert [record.get("solved") for record in records] == [None, *["2026-03-02"] * 3]
    assert [record["right"] for record in records] == [False, True, False, False]


def test_a_late_return_counts_from_the_day_it_was_answered():
    assert story(("2026-03-01", True), ("2026-05-20", True))[1]["due"] == "2026-05-23"


def test_an_answer_under_a_clock_that_was_ahead_comes_back():
    """Nobody waits until 2031 for a question that was answered on a wrong day."""
    answers = [("2031-01-01", True), ("2026-03-01", True), ("2026-03-02", True)]
    assert [record["due"] for record in story(*answers)] == ["2031-01-02", "2026-03-04", "2026-03-04"]
    now, records = {"date": "2026-03-01T08:00:00Z"}, [["a", RECORD | {"due": "2031-01-02"}]]
    assert asked(["due", records, now], ["next", records, now]) == [["a"], None]
    records[0][1]["due"] = "2026-03-23"  # 21 days, said a zone further east
    assert asked(["due", records, now], ["next", records, now]) == [[], {"day": "2026-03-23", "count": 1}]


def test_a_place_before_the_first_question_is_no_place():
    text = {"version": 2, "questions": {}, "mixed": {"seed": 1, "at": -1, "since": RECORD["when"]}}
    assert "mixed" not in asked(["read", json.dumps(text)])[0]


def test_days_are_those_of_the_readers_calendar():
    late = {"date": "2026-03-28T23:30:00Z"}
    assert asked(["day", late], ["day", late, 1], zone="UTC") == ["2026-03-28", "2026-03-29"]
    assert asked(["day", late], ["day", late, 1], zone="Europe/Berlin") == ["2026-03-29", "2026-03-30"]  # a short day
    assert asked(["day", {"date": "2024-02-28T12:00:00Z"}, 1]) == ["2024-02-29"]


def test_what_is_due_what_is_wrong_and_what_comes_next():
    records = [
        ["a", RECORD | {"due": "2026-03-04"}],
        ["b", RECORD | {"due": "2026-03-02"}],
        ["c", RECORD | {"due": "2026-03-09"}],
        ["d", RECORD | {"due": "2026-03-09", "right": False}],
        ["e", {"given": "x", "right": False, "when": RECORD["when"], "box": 0, "due": "2026-03-11"}],
        ["f", None],
    ]
    now = {"date": "2026-03-04T08:00:00Z"}
    due, wrong, coming = asked(["due", records, now], ["wrong", records], ["next", records, now])
    assert (due, wrong, coming) == (["b", "a"], ["e"], {"day": "2026-03-09", "count": 2})  # d was solved before
    assert asked(["next", [["f", None]], now]) == [None]


def test_the_mixed_order_hangs_on_its_seed():
    ids = [f"q{i}" for i in range(100)]
    one, again, other = asked(["mixed", ids, 7], ["mixed", ids, 7], ["mixed", ids, 8])
    assert one == again != other and sorted(one) == sorted(ids) and one != ids


# --- memories -----------------------------------------------------------------------------------------------------------


def test_answers_of_before_are_carried_over():
    old = {ID: "49", "q-one-call:0123abcd": 2, "q-cfm-order:0123abcd": [0, 1, 2]}
    (memory,) = asked(["read", json.dumps(old)])
    assert memory["version"] == 2 and memory["questions"] == {id: {"given": given} for id, given in old.items()}


REFUSED = [
    ("", "no text to read"),
    ("hello", "a part of it is missing"),
    (kept()[:-5], "a part of it is missing"),
    ("[1, 2]", "should begin with"),
    ("{}", "No answers stand"),
    ('{"version": 2}', "No answers stand"),
    ('{"version": 3, "questions": {}}', "newer edition of this page (version 3"),
    ('{"a": "b"}', "“a” is no question"),
    (kept(given={}), "has no answer"),
    (kept(right="yes"), "whether and when"),
    (kept(when="yesterday"), "whether and when"),
    (kept(due="2026-13-45"), "no proper date"),
    (kept(due="soon"), "no proper date"),
    (kept(box=4), "no proper date"),
    (kept(solved=True), "no proper date"),
    (json.dumps({"version": 2, "questions": {"__proto__": RECORD}}), "is no question"),
    (json.dumps({"version": 2, "questions": {ID: None}}), "no record"),
]


def test_a_text_that_is_no_memory_is_refused_with_the_reason():
    replies = asked(*(["read", text] for text, _ in REFUSED))
    assert [text for (text, said), reply in zip(REFUSED, replies) if said not in reply.get("error", "")] == []


def test_what_does_not_fit_in_the_browser_is_left_aside():
    text = json.dumps(
        {"version": 2, "questions": {ID: RECORD, OTHER: {"given": "1", "right": 3}}, "mixed": {"seed": "x"}}
    )
    (memory,) = asked(["read", text, True])
    assert memory["questions"] == {ID: RECORD} and "mixed" not in memory


def test_two_memories_lose_nothing():
    later = {"given": "7", "right": False, "when": "2026-04-01T10:00:00.000Z", "box": 0, "due": "2026-04-02"}
    mine, theirs = ({"version": 2, "questions": it} for it in ({ID: RECORD}, {ID: later, OTHER: RECORD}))
    for one, two in ((mine, theirs), (theirs, mine)):
        (both,) = asked(["merged", one, two])
        assert both["questions"] == {ID: later | {"solved": "2026-03-01"}, OTHER: RECORD}
    (both,) = asked(["merged", mine, {"questions": {ID: {"given": "50"}}}])  # of an old text, without a verdict
    assert both["questions"][ID] == RECORD


def test_two_tabs_keep_each_others_answers():
    (result,) = asked(["tabs", kept()])
    assert set(json.loads(result["kept"])["questions"]) == {ID, "q-one:00000000", "q-two:00000000"}
    for damaged in ("nonsense", "[]", "null"):
        (result,) = asked(["tabs", damaged])
        assert result["keeps"] and len(json.loads(result["kept"])["questions"]) == 2


def test_a_newer_memory_is_left_as_it_is():
    newer = '{"version": 9, "questions": {}}'
    (result,) = asked(["tabs", newer])
    assert result["kept"] == newer and not result["keeps"] and "newer edition" in result["why"]
    assert list(result["state"]["questions"]) == ["q-one:00000000"]


@pytest.mark.parametrize(("room", "said"), [(-1, "keeps nothing for this page"), (90, "keeps nothing more")])
def test_a_storage_that_refuses_is_said_and_the_answers_last_until_one_leaves(room, said):
    (result,) = asked(["refused", room])
    assert result["questions"] == ["q-one:00000000", "q-two:00000000"]
    assert not result["keeps"] and said in result["why"]
