"""The knowledge linter: each fault planted, and the words about it."""

import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot import knowledge
from bot.domain import fit
from bot.knowledge import KnowledgeError, Problem
from bot.settings import KNOWLEDGE

Change = Callable[[dict[str, Any]], object]
TODAY = date(2026, 11, 28)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the knowledge to spoil."""
    return Path(shutil.copytree(KNOWLEDGE, tmp_path / "knowledge"))


def edit(folder: Path, name: str, change: Change) -> None:
    """Change a file as data and write it back."""
    data = yaml.safe_load((folder / name).read_text())
    change(data)
    (folder / name).write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=1000))


def errors(folder: Path) -> list[Problem]:
    return [each for each in knowledge.lint(folder, today=TODAY) if each.level == "error"]


def entry(data: dict[str, Any], entry_id: str = "xai-dropped-researcher") -> Any:
    return next(each for each in data["entries"] if each["id"] == entry_id)


def line_of(folder: Path, name: str, text: str) -> int:
    """Count to the last line that holds this text."""
    lines = (folder / name).read_text().splitlines()
    return max(number for number, line in enumerate(lines, 1) if text in line)


def test_the_knowledge_as_it_is_shipped_has_nothing_wrong():
    assert knowledge.lint(KNOWLEDGE, today=datetime.now(UTC).date()) == []


FAULTS: dict[str, tuple[str, Change, str, str]] = {
    "dead table": (
        "faq.yaml",
        lambda data: entry(data).update(excerpt={"table": "planted"}),
        "there is no table 'planted'",
        "There are: roles",
    ),
    "dead row": (
        "faq.yaml",
        lambda data: entry(data).update(excerpt={"table": "roles", "rows": ["planted"]}),
        "the table 'roles' has no row 'planted'",
        "There are: core-question",
    ),
    "dead column": (
        "faq.yaml",
        lambda data: entry(data).update(excerpt={"table": "roles", "columns": ["planted"]}),
        "the table 'roles' has no column 'planted'",
        "There are: researcher",
    ),
    "dead source": (
        "faq.yaml",
        lambda data: entry(data)["sources"][0].update(document="planted"),
        "there is no source 'planted'",
        "There are: elon-repost",
    ),
    "dead role": (
        "quiz.yaml",
        lambda data: data["questions"][0]["choices"][0]["weights"].update(planted=3),
        "there is no role 'planted'",
        "There are: researcher",
    ),
    "dead dimension": (
        "quiz.yaml",
        lambda data: data["questions"][0].update(dimension="planted"),
        "there is no row 'planted'",
        "There are: core-question",
    ),
    "dead entry in a check": (
        "checks.yaml",
        lambda data: data["checks"].append({"say": "anything", "expect": "planted"}),
        "there is no entry 'planted'",
        "Write an id from faq.yaml or silence",
    ),
    "duplicate id": (
        "faq.yaml",
        lambda data: data["entries"].append({**data["entries"][0], "phrasings": [f"planted {n}" for n in range(6)]}),
        "the id 'role-differences' is already used in line",
        "Give this one another id",
    ),
    "choice without weights": (
        "quiz.yaml",
        lambda data: data["questions"][0]["choices"][0].update(weights={"researcher": 0}),
        "choice 'new-and-true' has no weights",
        "Correct it",
    ),
    "unreachable role": (
        "quiz.yaml",
        lambda data: [
            choice["weights"].update({"research-engineer": 0.1}) or choice.pop("cell", None)
            for question in data["questions"]
            for choice in question["choices"]
        ],
        "no answers lead to the role 'research-engineer'",
        "Give it more weight in some choices",
    ),
    "answer too long": (
        "faq.yaml",
        lambda data: entry(data).update(answer="planted " * 91),
        "the answer has 91 words; say it in 90",
        "Correct it",
    ),
    "button too long": (
        "quiz.yaml",
        lambda data: data["questions"][0]["choices"][0].update(label="planted " * 12),
        "at most 75 characters",
        "Correct it",
    ),
    "text Slack would cut": (
        "quiz.yaml",
        lambda data: data["questions"][0].update(text="planted " * 400),
        "Slack shows 3000 in a question",
        "Shorten it by",
    ),
    "table Slack would refuse": (
        "tables.yaml",
        lambda data: data["tables"][0]["rows"][0]["cells"].update(researcher="planted " * 1300),
        "characters in its cells; Slack shows 10000",
        "Shorten or split the table",
    ),
    "unknown key": (
        "faq.yaml",
        lambda data: entry(data).update(planted="x"),
        "unknown key 'planted'",
        "Correct its spelling or delete it",
    ),
    "missing cell": (
        "tables.yaml",
        lambda data: data["tables"][0]["rows"][0]["cells"].pop("researcher"),
        "row 'core-question' has no cell for column researcher",
        "Correct it",
    ),
    "placeholder nobody fills": (
        "words.yaml",
        lambda data: data["quiz"].update(progress="{planted} of {count}"),
        "unknown placeholder {planted}; there are: {count}, {number}",
        "Correct it",
    ),
    "a phrase that means two things": (
        "words.yaml",
        lambda data: data["typed"]["skip"].append("Stop"),
        "'stop' already means 'skip'",
        "Keep it in one place only",
    ),
    "small talk that means two things": (
        "words.yaml",
        lambda data: data["talk"]["thanks"]["phrases"].append("Hello!"),
        "the phrase 'Hello!' is already in line",
        "Keep it in one place only",
    ),
    "a phrasing that is taken for small talk": (
        "faq.yaml",
        lambda data: entry(data)["phrasings"].append("hi, who are you?"),
        "'hi, who are you?' is taken for small talk, 'identity' in words.yaml",
        "Reword it, or take the phrase out of words.yaml",
    ),
    "a reply to small talk that is too long": (
        "words.yaml",
        lambda data: data["talk"]["help"].update(in_quiz="x" * 3001),
        "3001 characters; Slack shows 3000 there",
        "Shorten it by 1",
    ),
    "a reply that fills what nothing fills": (
        "words.yaml",
        lambda data: data["talk"]["help"].update(reply="{name}"),
        "unknown placeholder {name}",
        "Correct it",
    ),
    "a trap for a role there is not": (
        "quiz.yaml",
        lambda data: data["review"]["traps"].update(planted={"hurts": "x", "ask": "y", "ask_role": "z"}),
        "there is no role 'planted'",
        "There are: researcher, research-engineer, ai-engineer",
    ),
    "a review of a row there is not": (
        "quiz.yaml",
        lambda data: data["review"]["dimensions"].append("planted"),
        "there is no row 'planted'",
        "There are: core-question, output",
    ),
    "a risk of a regime there is not": (
        "quiz.yaml",
        lambda data: data["risks"].update(planted="x"),
        "there is no column 'planted'",
        "There are: separate, flat",
    ),
    "a word from a source there is not": (
        "quiz.yaml",
        lambda data: data["glossary"][0]["source"].update(document="planted"),
        "there is no source 'planted'",
        "There are: elon-repost",
    ),
    "a choice that picks a column there is not": (
        "quiz.yaml",
        lambda data: data["questions"][0]["choices"][0].update(cell="planted"),
        "there is no column 'planted'",
        "There are: researcher, research-engineer, ai-engineer",
    ),
    "a choice that picks the cell of a role it does not speak for": (
        "quiz.yaml",
        lambda data: data["questions"][0]["choices"][0].update(cell="ai-engineer"),
        "'new-and-true' picks the cell of 'ai-engineer' and speaks most for researcher",
        "Give that role most weight, or leave the cell out",
    ),
    "a choice between two roles that picks a cell": (
        "quiz.yaml",
        lambda data: data["questions"][0]["choices"][2].update(
            cell="ai-engineer", weights={"research-engineer": 4, "ai-engineer": 4}
        ),
        "and speaks most for research-engineer and ai-engineer",
        "Give that role most weight, or leave the cell out",
    ),
    "two roles that nothing decides between": (
        "quiz.yaml",
        lambda data: data["tie_breaks"].pop(0),
        "no tie-breaks decide between 'researcher' and 'ai-engineer'",
        "Write one for each two roles",
    ),
    "two tie-breaks for the same roles": (
        "quiz.yaml",
        lambda data: data["tie_breaks"].append({**data["tie_breaks"][0], "id": "planted"}),
        "2 tie-breaks decide between 'researcher' and 'ai-engineer'",
        "Write one for each two roles",
    ),
    "a tie-break that speaks for one role only": (
        "quiz.yaml",
        lambda data: data["tie_breaks"][0]["choices"][1].pop("role"),
        "no choice of 'which-uncertainty' speaks for 'ai-engineer'",
        "Write one choice for either role",
    ),
    "a tie-break that speaks for a third role": (
        "quiz.yaml",
        lambda data: data["tie_breaks"][0]["choices"][2].update(role="research-engineer"),
        "there is no role of this tie-break 'research-engineer'",
        "There are: researcher, ai-engineer",
    ),
    "a role without its article": (
        "words.yaml",
        lambda data: data["home"].update(topics="Find out about the role of AI engineer:"),
        "'of AI engineer' lacks an article",
        "Write 'an AI engineer'",
    ),
    "a role without its article in the quiz": (
        "quiz.yaml",
        lambda data: data["roles"][0].update(advice="Grade it as research engineer."),
        "'as research engineer' lacks an article",
        "Write 'a research engineer'",
    ),
    "a sign that the key of its table does not explain": (
        "tables.yaml",
        lambda data: next(each for each in data["tables"] if each["id"] == "skills").update(key="✓✓ = core; ✓ = often"),
        "the sign '○' is in cells of 'skills', and its key does not explain it",
        "Say there what it means",
    ),
    "missing text": (
        "words.yaml",
        lambda data: data["share"].pop("send"),
        "the key 'send' is missing",
        "Add it",
    ),
    "broken promise": (
        "checks.yaml",
        lambda data: data["checks"].append({"say": "planted potatoes", "expect": "role-differences"}),
        "'planted potatoes' should get role-differences, and gets silence",
        "Add a phrasing or a synonym, or correct the promise",
    ),
    "checked in the future": (
        "faq.yaml",
        lambda data: entry(data).update(checked=date(2027, 1, 1)),
        "'xai-dropped-researcher' says it was checked on 2027-01-01, which is still to come",
        "Set the date of the last reading",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_found_and_named_with_its_line_and_a_remedy(folder: Path, fault: str):
    name, plant, what, remedy = FAULTS[fault]
    edit(folder, name, plant)

    [problem] = errors(folder)

    assert problem.file == name
    assert what in problem.what
    assert problem.remedy.startswith(remedy)
    assert 0 < problem.line <= len((folder / name).read_text().splitlines())


@pytest.mark.parametrize(
    ("name", "planted"),
    [("faq.yaml", "planted-document"), ("quiz.yaml", "planted-role"), ("faq.yaml", "planted_key")],
)
def test_the_line_is_the_one_with_the_fault(folder: Path, name: str, planted: str):
    plants: dict[str, Change] = {
        "planted-document": lambda data: entry(data)["sources"][0].update(document="planted-document"),
        "planted-role": lambda data: data["questions"][1]["choices"][2]["weights"].update({"planted-role": 1}),
        "planted_key": lambda data: entry(data).update(planted_key=1),
    }
    edit(folder, name, plants[planted])

    [problem] = errors(folder)

    assert problem.line == line_of(folder, name, planted)
    assert str(problem).startswith(f"{name}:{problem.line}: error: ")


def test_one_answer_that_gives_a_recommendation_is_found(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("bot.domain.fit.FEWEST", 1)

    found = [each.what for each in errors(folder)]

    assert "one answer alone, 'new-and-true', gives a recommendation" in found


def test_a_tie_break_that_is_not_asked_or_leads_elsewhere_is_found(folder: Path, monkeypatch: pytest.MonkeyPatch):
    decides, weigh = fit.tie_break, fit.recommend
    monkeypatch.setattr("bot.domain.fit.tie_break", lambda quiz, answers: None)
    unasked = [each.what for each in errors(folder)]
    monkeypatch.setattr("bot.domain.fit.tie_break", decides)
    questions = {each.id for each in knowledge.load(folder).quiz.questions}
    deaf = lambda quiz, answers: weigh(quiz, {each: answers[each] for each in answers if each in questions})  # noqa: E731
    monkeypatch.setattr("bot.domain.fit.recommend", deaf)
    unheard = [each.what for each in errors(folder)]

    assert "researcher and ai-engineer do not get the question that decides between them" in unasked
    assert "'is-it-true' should lead to researcher and leads to neither" in unheard
    assert not any("'either' should" in each for each in unheard)


def test_a_phrasing_in_two_entries_names_both_places(folder: Path):
    phrasing = "Planted phrasing about xAI"

    def plant(data: dict[str, Any]) -> None:
        entry(data)["phrasings"][0] = phrasing
        entry(data, "separate-or-unified")["phrasings"][0] = phrasing.upper() + "?"

    edit(folder, "faq.yaml", plant)

    [problem] = [each for each in errors(folder) if "already" in each.what]

    assert "is already in line" in problem.what
    assert problem.remedy == "Keep it in one entry only"


def test_a_phrasing_that_matches_another_entry_is_named(folder: Path):
    wording = "what made xAI delete the title of researcher"
    edit(folder, "faq.yaml", lambda data: entry(data, "need-research-team")["phrasings"].__setitem__(0, wording))

    found = [each for each in errors(folder) if each.file == "faq.yaml"]

    assert any(f"the phrasing {wording!r} of 'need-research-team' matches" in each.what for each in found)


def test_an_entry_unchecked_for_over_a_year_is_a_warning(folder: Path):
    edit(folder, "faq.yaml", lambda data: entry(data).update(checked=date(2025, 11, 27)))

    [problem] = knowledge.lint(folder, today=TODAY)

    assert problem.level == "warning"
    assert "was last checked on 2025-11-27, over a year ago" in problem.what
    assert problem.remedy.endswith("to read it again and set the date")
    assert knowledge.load(folder)


def test_a_key_given_twice_is_refused(folder: Path):
    text = (folder / "words.yaml").read_text().replace("  send: Send", "  send: Send\n  send: Twice")
    (folder / "words.yaml").write_text(text)

    [problem] = errors(folder)

    assert problem.what == "the key 'send' is there twice"
    assert problem.line == line_of(folder, "words.yaml", "send: Twice")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("entries:\n  - id: [unclosed\n", "is not YAML"),
        ("entries: \x07\n", "holds a character that YAML does not allow"),
        ("", "the key 'entries' is missing"),
        ("- a list\n", "valid dictionary"),
    ],
)
def test_a_file_that_is_no_yaml_or_of_another_shape_is_named(folder: Path, text: str, what: str):
    (folder / "faq.yaml").write_text(text)

    [problem] = errors(folder)

    assert problem.file == "faq.yaml"
    assert what in problem.what


def test_a_missing_file_is_named(folder: Path):
    (folder / "quiz.yaml").unlink()

    [problem] = errors(folder)

    assert str(problem) == "quiz.yaml: error: cannot be read: No such file or directory. Put the file there."


def test_broken_knowledge_is_not_loaded(folder: Path):
    edit(folder, "faq.yaml", lambda data: entry(data).update(planted="x"))

    with pytest.raises(KnowledgeError, match="unknown key 'planted'"):
        knowledge.load(folder)
