"""The knowledge linter: each fault planted, and the words about it."""

import json
import re
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot import knowledge
from bot.domain import faq, fit
from bot.domain.content import Faq
from bot.domain.quiz_content import Quiz
from bot.knowledge import KnowledgeError, Library, Problem, outcomes
from bot.knowledge.library import NOT_ANSWERED
from bot.knowledge.yaml_file import parse
from bot.settings import KNOWLEDGE
from tests.shipped import few_entries
from tests.test_cli import ROOT

Change = Callable[[dict[str, Any]], object]
TODAY = date(2026, 11, 30)


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The knowledge with three entries, which takes a tenth of the time to check, and else as it is shipped."""
    without_texts = shutil.ignore_patterns("*.jsonl")
    folder = shutil.copytree(KNOWLEDGE, tmp_path_factory.mktemp("small") / "knowledge", ignore=without_texts)
    few_entries(folder, "xai-dropped-researcher", "need-research-team", "role-differences")
    (folder / "checks.yaml").write_text(
        "checks: [{say: why is nobody at xAI a researcher, expect: xai-dropped-researcher, surface: mention}]\n"
    )
    return folder


@pytest.fixture
def folder(tmp_path: Path, small: Path) -> Path:
    """A copy of a small knowledge to spoil."""
    return Path(shutil.copytree(small, tmp_path / "knowledge"))


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """A copy of the whole knowledge to spoil."""
    return Path(shutil.copytree(KNOWLEDGE, tmp_path / "knowledge"))


@pytest.fixture
def of_file(request: pytest.FixtureRequest) -> Callable[[str], Path]:
    """Gives a copy of the knowledge to spoil one file of: the small one, where it has that file."""
    return lambda name: request.getfixturevalue("whole" if name == NOT_ANSWERED else "folder")


def edit(folder: Path, name: str, change: Change) -> None:
    """Change a file as data and write it back."""
    data = yaml.load((folder / name).read_text(), yaml.CSafeLoader)
    change(data)
    text = yaml.dump(data, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False, width=1000)
    (folder / name).write_text(text)


def errors(folder: Path) -> list[Problem]:
    return [problem for problem in knowledge.lint(folder, today=TODAY) if problem.level == "error"]


def entry(data: dict[str, Any], entry_id: str = "xai-dropped-researcher") -> Any:
    return next(item for item in data["entries"] if item["id"] == entry_id)


def skills(data: dict[str, Any]) -> Any:
    return next(table for table in data["tables"] if table["id"] == "skills")


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
    "dead section of an entry": (
        "faq.yaml",
        lambda data: entry(data)["sources"][0].update(document="field-guide", section="Frequently"),
        "'field-guide' has no section 'Frequently'",
        "The nearest is",
    ),
    "a section that is misspelt, of the quiz": (
        "quiz.yaml",
        lambda data: data["review"]["source"].update(document="field-guide", section="The spectrum, not binary"),
        "'field-guide' has no section 'The spectrum, not binary'",
        "The nearest is 'The spectrum, not the binary'",
    ),
    "a section of another document, of a tie-break": (
        "quiz.yaml",
        lambda data: data["tie_breaks"][1]["source"].update(document="roles-continuum", section="FAQ"),
        "'roles-continuum' has no section 'FAQ'",
        "The nearest is",
    ),
    "dead section of a term": (
        "quiz.yaml",
        lambda data: next(term for term in data["glossary"] if "source" in term)["source"].update(section="planted"),
        "has no section 'planted'",
        "The nearest is",
    ),
    "dead section of a table": (
        "tables.yaml",
        lambda data: data["tables"][0]["source"].update(section="planted"),
        "has no section 'planted'",
        "The nearest is",
    ),
    "dead section of a cell": (
        "tables.yaml",
        lambda data: next(
            citations
            for table in data["tables"]
            for row in table["rows"]
            for citations in row.get("sources", {}).values()
        )[0].update(section="planted"),
        "has no section 'planted'",
        "The nearest is",
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
    "a row that two questions ask about": (
        "quiz.yaml",
        lambda data: data["questions"][3].update(dimension=data["questions"][1]["dimension"]),
        "is already asked about by 'what-comes-out' in line",
        "Ask about another row of the roles table, or make one question of the two",
    ),
    "dead entry in a check": (
        "checks.yaml",
        lambda data: data["checks"].append({"say": "anything", "expect": "planted"}),
        "there is no entry 'planted'",
        "Write an id from faq.yaml or silence",
    ),
    "dead entry that a refusal offers": (
        "not_answered.yaml",
        lambda data: data["not_answered"][0].update(offers=["planted"]),
        "there is no entry 'planted'",
        "Write an id from faq.yaml",
    ),
    "dead entry in an overview": (
        "faq.yaml",
        lambda data: data["entries"][0].update(overview_of=["planted"]),
        "there is no entry 'planted'",
        "Write an id from faq.yaml",
    ),
    "duplicate id": (
        "faq.yaml",
        lambda data: data["entries"].append({**data["entries"][0], "phrasings": [f"planted {n}" for n in range(6)]}),
        "the id 'role-differences' is already used in line",
        "Give this one another id",
    ),
    "dead topic": (
        "faq.yaml",
        lambda data: entry(data).update(topic="planted"),
        "there is no topic 'planted'",
        "There are: roles, titles",
    ),
    "topic where none are listed": (
        "faq.yaml",
        lambda data: (data.pop("topics"), [known.pop("topic") for known in data["entries"][1:]]),
        "there is no topic 'roles'",
        "Add it to the topics",
    ),
    "duplicate topic": (
        "faq.yaml",
        lambda data: data["topics"].append({"id": "roles", "name": "Roles"}),
        "the id 'roles' is already used in line",
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
        "95 characters; Slack shows 75 on a button",
        "Shorten it by 20",
    ),
    "button of a tie-break too long": (
        "quiz.yaml",
        lambda data: data["tie_breaks"][0]["choices"][0].update(label="planted " * 12),
        "95 characters; Slack shows 75 on a button",
        "Shorten it by 20",
    ),
    "topic too long for its button": (
        "faq.yaml",
        lambda data: data["topics"][0].update(name="planted " * 8),
        "63 characters; Slack shows 60 of a topic on its button",
        "Shorten it by 3",
    ),
    "more topics than the Home tab has room for": (
        "faq.yaml",
        lambda data: data["topics"].extend({"id": f"planted-{at}", "name": f"Planted {at}"} for at in range(17)),
        "25 topics; the Home tab has room for 24",
        "Make one of two, or leave some out",
    ),
    "a question in a dialog, longer than Slack's": (
        "words.yaml",
        lambda data: data["quiz"].update(delete_text="planted " * 40),
        "'delete_text' may have at most 300 characters",
        "Shorten it",
    ),
    "a tie-break with the id of a question": (
        "quiz.yaml",
        lambda data: data["tie_breaks"][0].update(id=data["questions"][0]["id"]),
        "the id 'question-you-work-on' is already used in line",
        "Give this one another id",
    ),
    "a question with the id of what is asked first": (
        "quiz.yaml",
        lambda data: data["questions"][0].update(id="purpose"),
        "the id 'purpose' is already used in line",
        "Give this one another id",
    ),
    "a question with the id of what is asked last": (
        "quiz.yaml",
        lambda data: data["questions"][0].update(id="review"),
        "the id 'review' is already used in line",
        "Give this one another id",
    ),
    "a wording of two choices": (
        "quiz.yaml",
        lambda data: data["purpose"]["choices"][2]["says"].append("A vacancy!"),
        "'A vacancy!' picks the choice 'role' of this question",
        "Keep it in one choice only",
    ),
    "a wording that is the letter of another choice": (
        "quiz.yaml",
        lambda data: data["questions"][0]["choices"][0]["says"].append("option b"),
        "'option b' picks the choice",
        "Keep it in one choice only",
    ),
    "a concept of the name of another": (
        "synonyms.yaml",
        lambda data: data["concepts"].append({"name": "ml-engineer", "terms": ["planted one", "planted two"]}),
        "the name 'ml-engineer' is already used in line",
        "Give this one another name, or make one of the two",
    ),
    "a term of two concepts": (
        "synonyms.yaml",
        lambda data: data["concepts"].append({"name": "planted", "terms": ["ML Engineer", "planted two"]}),
        "the term 'ML Engineer' is already in line",
        "Keep it in one concept only",
    ),
    "typed words that differ by a sign alone": (
        "words.yaml",
        lambda data: data["typed"]["skip"].append("go-back"),
        "'go-back' already means 'back'",
        "Keep it in one place only",
    ),
    "a promise after silence": (
        "checks.yaml",
        lambda data: data["checks"].append({"say": "so it goes", "expect": "silence", "after": "silence"}),
        "there is no entry 'silence'",
        "Write an id from faq.yaml, or leave it out",
    ),
    "text Slack would cut": (
        "quiz.yaml",
        lambda data: data["questions"][0].update(text="planted " * 400),
        "Slack shows 200 in a question",
        "Shorten it by",
    ),
    "a sentence below a result that goes on and on": (
        "quiz.yaml",
        lambda data: data["roles"][0].update(summary_role="planted " * 60),
        "479 characters; Slack shows 400 there",
        "Shorten it by 79",
    ),
    "a question put in words for a role that goes on and on": (
        "quiz.yaml",
        lambda data: data["questions"][0].update(text_role="planted " * 30),
        "239 characters; Slack shows 200 in a question",
        "Shorten it by 39",
    ),
    "an owner who is no name but a text": (
        "faq.yaml",
        lambda data: entry(data).update(owner="planted " * 10),
        "79 characters; Slack shows 75 of an owner",
        "Shorten it by 4",
    ),
    "a title that has swallowed what stands below it": (
        "sources.yaml",
        lambda data: data["documents"][0].update(title="planted " * 20),
        "159 characters; Slack shows 150 in small print",
        "Shorten it by 9",
    ),
    "a key of a table that goes on and on": (
        "tables.yaml",
        lambda data: data["tables"][0].update(key="planted " * 60),
        "479 characters; Slack shows 400 in a table",
        "Shorten it by 79",
    ),
    "more sources than a line has room for": (
        "faq.yaml",
        lambda data: entry(data).update(sources=entry(data)["sources"] * 60),
        "in the names of what is cited; Slack shows 2000 in small print",
        "Cite less",
    ),
    "table Slack would refuse": (
        "tables.yaml",
        lambda data: [
            row["cells"].update(dict.fromkeys(row["cells"], "planted " * 48)) for row in skills(data)["rows"]
        ],
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
    "small talk that means two things in words that are alike": (
        "words.yaml",
        lambda data: data["talk"]["bye"]["phrases"].append("Can my boss see my replies?"),
        "the phrase 'Can my boss see my replies?' is already in line",
        "Keep it in one place only",
    ),
    "an example of small talk that is none of it": (
        "words.yaml",
        lambda data: data["talk"]["maker"].update(example="who drew you?"),
        "'who drew you?' is no phrase",
        "Quote one of the phrases of this",
    ),
    "an example of small talk that is another": (
        "words.yaml",
        lambda data: data["talk"]["maker"].update(example="hello"),
        "the example 'hello' is taken for 'greeting'",
        "Quote one of the phrases of this",
    ),
    "words that are alike in two groups": (
        "words.yaml",
        lambda data: data["talk"]["alike"].append(["my boss", "whoever pays me"]),
        "'my boss' stands in two groups of words that are alike",
        "Keep it in one of them",
    ),
    "a phrasing that is taken for small talk": (
        "faq.yaml",
        lambda data: entry(data)["phrasings"].append("hi, who are you?"),
        "'hi, who are you?' is taken for small talk, 'identity' in words.yaml",
        "Reword it, or take the phrase out of words.yaml",
    ),
    "a reply to small talk that is too long": (
        "words.yaml",
        lambda data: data["talk"]["help"].update(in_quiz="x" * 1001),
        "1001 characters; Slack shows 1000 there",
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
        lambda data: next(table for table in data["tables"] if table["id"] == "skills").update(
            key="✓✓ = core; ✓ = often"
        ),
        "the sign '○' is in cells of 'skills', and its key does not explain it",
        "Say there what it means",
    ),
    "missing text": (
        "words.yaml",
        lambda data: data["share"].pop("send"),
        "the key 'send' is missing",
        "Add it",
    ),
    "a word that speaks for English and another language": (
        "languages.yaml",
        lambda data: data["german"]["telling"].append("the"),
        "'the' stands under 'english' already",
        "Keep it in one place only",
    ),
    "a word that stands twice for a language": (
        "languages.yaml",
        lambda data: data["german"]["common"].append("ist"),
        "'ist' stands under 'telling' already",
        "Keep it in one place only",
    ),
    "two words in one": (
        "languages.yaml",
        lambda data: data["french"]["telling"].append("est-ce que"),
        "'est-ce que' is not one word in small letters",
        "Correct it",
    ),
    "a phrasing in another language": (
        "faq.yaml",
        lambda data: entry(data)["phrasings"].append("Warum hat xAI den Titel abgeschafft?"),
        "'Warum hat xAI den Titel abgeschafft?' is taken for German, which the bot does not answer in",
        "Reword it, or take words out of languages.yaml",
    ),
    "broken promise": (
        "checks.yaml",
        lambda data: data["checks"].append({"say": "planted potatoes", "expect": "role-differences"}),
        "'planted potatoes' should get role-differences, and gets silence",
        "Add a phrasing or a synonym, or correct the promise; if it was kept until now, reword what you have added",
    ),
    "broken promise to who asks": (
        "checks.yaml",
        lambda data: data["checks"].append(
            {"say": "planted potatoes", "expect": "role-differences", "surface": "mention"}
        ),
        "'planted potatoes' should get role-differences, and is told that the bot has no answer",
        "Add a phrasing or a synonym, or correct the promise",
    ),
    "broken promise of an answer": (
        "checks.yaml",
        lambda data: data["checks"].append({"say": "so why did xAI drop the researcher title?", "expect": "silence"}),
        "'so why did xAI drop the researcher title?' should get silence, and gets xai-dropped-researcher",
        "Add a phrasing or a synonym, or correct the promise",
    ),
    "broken promise in another language": (
        "checks.yaml",
        lambda data: data["checks"].append(
            {"say": "was ist der Unterschied zwischen RE und RS?", "expect": "role-differences", "surface": "dm"}
        ),
        "should get role-differences, and is taken for German, which the bot does not answer in",
        "Add a phrasing or a synonym, or correct the promise",
    ),
    "checked in the future": (
        "faq.yaml",
        lambda data: entry(data).update(checked=date(2027, 1, 1)),
        "'xai-dropped-researcher' says it was checked on 2027-01-01, which is still to come",
        "Set the date of the last reading",
    ),
}


def test_a_promise_that_only_the_second_stage_can_keep_is_not_tried_without_it(whole: Path):
    asked_in_passing = "why would an AI team be cross-functional at all?"
    promise = {"say": asked_in_passing, "expect": "cross-functional-teams"}
    edit(whole, "checks.yaml", lambda data: data.update(checks=[promise]))
    library = knowledge.load(whole)

    first, worth = faq.first_reply(asked_in_passing, faq.Surface.CHANNEL, library.index, library.thresholds)

    assert (first, worth) == (faq.Silence(), True)
    assert errors(whole) == []

    [problem] = knowledge.lint(whole, today=TODAY, second=lambda _library: lambda _utterance: None)
    assert "'why would an AI team be cross-functional at all?' should get cross-functional-teams" in problem.message


@pytest.mark.usefixtures("library")  # whose indexes serve where no answer is changed
@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_found_and_named_with_its_line_and_a_remedy(of_file: Callable[[str], Path], fault: str):
    name, plant, what, remedy = FAULTS[fault]
    folder = of_file(name)
    edit(folder, name, plant)

    [problem] = errors(folder)

    assert problem.file == name
    assert what in problem.message
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


def test_an_edit_that_changes_no_answer_needs_no_other_index(whole: Path, library: Library):
    edit(whole, "words.yaml", lambda data: data["faq"].update(on_its_way="It comes."))
    other_words = knowledge.load(whole)
    edit(whole, "faq.yaml", lambda data: entry(data)["phrasings"].append("is the word researcher gone at xAI"))
    other_answers = knowledge.load(whole)

    assert (other_words.index, other_words.decoys) == (library.index, library.decoys)
    assert other_answers.index is not library.index
    assert other_answers.decoys is not library.decoys


@pytest.fixture
def _outcomes_tried_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try the sets of answers whatever was kept, where the test changes how they are weighed."""
    monkeypatch.setattr(outcomes, "wrong_outcomes", outcomes.wrong_outcomes.__wrapped__)


@pytest.mark.usefixtures("_outcomes_tried_anew")
def test_one_answer_that_gives_a_recommendation_is_found(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("bot.domain.fit.FEWEST", 1)

    problems = [problem.message for problem in errors(folder)]

    assert "one answer alone, 'new-and-true', gives a recommendation" in problems


@pytest.mark.usefixtures("_outcomes_tried_anew")
def test_a_tie_break_that_is_not_asked_or_leads_elsewhere_is_found(folder: Path, monkeypatch: pytest.MonkeyPatch):
    decides, weigh = fit.tie_break, fit.recommend
    monkeypatch.setattr("bot.domain.fit.tie_break", lambda quiz, answers: None)
    unasked = [problem.message for problem in errors(folder)]
    monkeypatch.setattr("bot.domain.fit.tie_break", decides)
    questions = {question.id for question in knowledge.load(folder).quiz.questions}

    def without_tie_break(quiz: Quiz, answers: fit.Answers) -> fit.Recommendation:
        return weigh(quiz, {name: answers[name] for name in answers if name in questions})

    monkeypatch.setattr("bot.domain.fit.recommend", without_tie_break)
    undecided = [problem.message for problem in errors(folder)]

    assert "researcher and ai-engineer do not get the question that decides between them" in unasked
    assert "'is-it-true' should lead to researcher and leads to neither" in undecided
    assert not any("'either' should" in what for what in undecided)


def test_a_phrasing_in_two_entries_names_both_places(folder: Path):
    phrasing = "Planted phrasing about xAI"

    def plant(data: dict[str, Any]) -> None:
        entry(data)["phrasings"][0] = phrasing
        entry(data, "need-research-team")["phrasings"][0] = phrasing.upper() + "?"

    edit(folder, "faq.yaml", plant)

    [problem] = [problem for problem in errors(folder) if "already" in problem.message]

    assert re.search(r"is already in line \d+ of faq\.yaml, in '", problem.message)
    assert problem.remedy == "Keep it in one entry only"


def test_a_phrasing_that_matches_another_entry_is_named(folder: Path):
    wording = "what made xAI delete the title of researcher"
    edit(folder, "faq.yaml", lambda data: entry(data, "need-research-team")["phrasings"].__setitem__(0, wording))

    [problem] = [problem for problem in errors(folder) if wording in problem.message]

    assert (
        problem.message == f"the phrasing {wording!r} of 'need-research-team' matches 'xai-dropped-researcher' better"
    )
    assert problem.remedy == "Reword this one, or move it there"


def test_an_entry_unchecked_for_over_a_year_is_a_warning(folder: Path):
    edit(folder, "faq.yaml", lambda data: entry(data).update(checked=date(2025, 11, 27)))

    [problem] = knowledge.lint(folder, today=TODAY)

    assert problem.level == "warning"
    assert "was last checked on 2025-11-27, over a year ago" in problem.message
    assert problem.remedy.endswith("to read it again and set the date")
    assert knowledge.load(folder)


@pytest.mark.parametrize(
    ("written", "missing"),
    [
        ("{document:planted, section: Planted}", "a blank is missing behind its colon"),
        ("{document planted, section: Planted}", "a colon is missing behind 'document'"),
    ],
)
def test_a_key_and_its_value_that_run_on_between_braces_are_one_problem(folder: Path, written: str, missing: str):
    before = (folder / "faq.yaml").read_text()
    text, changes = re.subn(r"(?<=\n      - )\{document:.*\}(?=\n)", written, before, count=1)
    assert changes == 1
    (folder / "faq.yaml").write_text(text)

    [problem] = errors(folder)

    assert problem.message.endswith(missing)
    assert problem.line == line_of(folder, "faq.yaml", written)


def test_a_key_given_twice_is_refused(folder: Path):
    text = (folder / "words.yaml").read_text().replace("  send: Send", "  send: Send\n  send: Twice")
    (folder / "words.yaml").write_text(text)

    [problem] = errors(folder)

    assert problem.message == "the key 'send' is there twice"
    assert problem.line == line_of(folder, "words.yaml", "send: Twice")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("entries:\n  - id: [unclosed\n", "is not YAML"),
        ("entries: \x07\n", "holds a character that YAML does not allow"),
        ("", "the key 'entries' is missing"),
        ("- a list\n", "the file must have keys of its own"),
    ],
)
def test_a_file_that_is_no_yaml_or_of_another_shape_is_named(folder: Path, text: str, what: str):
    (folder / "faq.yaml").write_text(text)

    [problem] = errors(folder)

    assert problem.file == "faq.yaml"
    assert what in problem.message


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        (
            "entries:\n\t- id: x\n",
            2,
            "a tab stands where blanks should. Indent with blanks.",
        ),
        ("entries:\n  - id: x\n  \tquestion: y\n", 3, "a tab stands where blanks should. Indent with blanks."),
        ("entries:\n  - id: @x\n", 2, "a value begins with @, which means something to YAML. Put the text in quotes."),
        ("entries:\n  - id: ? x\n", 2, "a value begins with a sign that means something to YAML. Put the text in"),
        ("entries:\n  - id: > x\n", 2, "a value begins with a sign that means something to YAML. Put the text in"),
        (
            "entries:\n  - id: x\n    question: Roles: which?\n",
            3,
            "a colon with a blank behind it stands within a text. Put the text in quotes as a whole",
        ),
        (
            "entries:\n  - id: x\n    answer: >-\n      y\n    owner: a\n      and: b\n",
            6,
            "a colon with a blank behind it stands within a text. Put the text in quotes as a whole",
        ),
        ("entries:\n  - id x\n    question: y\n", 2, "a colon seems to be missing behind 'id'. Put one there, and"),
        ("entries\n  - id: x\n", 1, "a colon seems to be missing behind 'entries'. Put one there, and"),
        (
            "entries:\n  - id: x\n    checked: 2026-11-29\n  - id: y\n    checked 2026-11-29\n  - id: z\n",
            5,
            "a colon seems to be missing behind 'checked'. Put one there, and a blank behind it.",
        ),
        (
            "entries:\n  - id: x\n    phrasings\n      - a\n      - b\n    owner: c\n",
            3,
            "a colon seems to be missing behind 'phrasings'. Put one there, and a blank behind it.",
        ),
        (
            "entries:\n  - id: x\n    question:Which roles\n    owner: c\n",
            3,
            "a blank is missing behind the colon of 'question'. Put one there.",
        ),
        ("entries:\n  - id:x\n    owner: c\n", 2, "a blank is missing behind the colon of 'id'. Put one there."),
        (
            "entries:\n  - id: x\n    phrasings:\n      - a b\n      c d\n      - e f\n",
            5,
            "a hyphen seems to be missing before an item of the list. Put one there, and a blank.",
        ),
        (
            "entries:\n  - id: x\n    phrasings:\n      - a b\n      -c d\n      - e f\n",
            5,
            "a blank is missing behind the hyphen. Put one there.",
        ),
        (
            "entries:\n  - id: x\n    answer: >-\n      one\n    And two\n    owner: c\n",
            5,
            "the line is indented like a key and has no colon. Put a colon behind its key, or indent it further",
        ),
        (
            "entries:\n  - id: x\n    answer: |\n        one\n      two\n    owner: c\n",
            5,
            "the line is indented less than the first line of the text that begins with |. Indent all lines",
        ),
        (
            "entries:\n  - id: x\n    phrasings:\n      - a b\n      owner: c\n",
            5,
            "the key is indented like the items of the list above it. Indent it like the keys around it",
        ),
        (
            "entries:\n  - id: x\n    phrasings:\n      - 'tis a\n      - what's b\n",
            4,
            "the quotation mark that opens here is closed only in line 5, in the midst of a text. Close it where its",
        ),
        (
            "entries:\n  - id: x\n    question: 'What's it?'\n",
            3,
            "the line goes on behind the quotation mark that closes a text. Put the text in quotes as a whole. Between",
        ),
        ("entries:\n  - id: x\n    question: [a] b\n", 3, "the line goes on behind a closing bracket. Put the text"),
        ("entries:\n  - id: x\n    answer: - a\n      - b\n", 3, "a hyphen and a blank stand behind a key, where"),
        ('entries:\n  - id: "x\n    question: y\n', 2, "a quotation mark that is opened here is not closed. Close it."),
        ("entries:\n  - id: x\n    keywords: [a, b\n    owner: c\n", 3, "a bracket that is opened here is not closed."),
        (
            "entries:\n  - id: x\n    keywords: {a: b\n    owner: c\n",
            3,
            "a brace that is opened here is not closed. Close",
        ),
        ('entries:\n  - id: "x" y\n', 2, "the line goes on behind the quotation mark that closes a text. Put the text"),
        ("entries:\n  - id: x\n   question: y\n", 3, "the line is indented by 3 blanks, unlike its neighbours. Indent"),
        (
            "entries:\n  - id: *x*\n",
            2,
            "a value begins with a sign that means something to YAML. Put the text in quotes.",
        ),
        ("entries: []\n---\nentries: []\n", 2, "a line of hyphens begins a second document. Delete that line."),
    ],
)
def test_a_slip_in_yaml_is_named_where_it_is_with_what_to_do(folder: Path, text: str, line: int, what: str):
    (folder / "faq.yaml").write_text(text)

    with pytest.raises(KnowledgeError) as raised:
        knowledge.load(folder)

    [problem] = raised.value.problems
    assert str(problem).startswith(f"faq.yaml:{line}: error: is not YAML: {what}")


@pytest.mark.parametrize(
    ("name", "written", "joined", "missing"),
    [
        (
            "faq.yaml",
            r"(\n +- how do research scientists[^\n]+\n +)- ",
            r"\1  ",
            "a hyphen seems to be missing before this",
        ),
        (
            "synonyms.yaml",
            r"(terms: \[R&D, R & D), ",
            r"\1\n      ",
            "a comma seems to be missing at the end of the line",
        ),
    ],
)
def test_two_items_of_a_list_that_are_read_as_one_are_a_warning(
    folder: Path, name: str, written: str, joined: str, missing: str
):
    text, changes = re.subn(written, joined, (folder / name).read_text(), count=1)
    assert changes == 1
    (folder / name).write_text(text)

    [problem] = [problem for problem in knowledge.lint(folder, today=TODAY) if problem.level == "warning"]

    assert problem.file == name
    assert missing in problem.message
    lines = text.splitlines()
    assert lines[problem.line - 1] == next(
        after for before, after in pairwise(lines) if re.search("how do research sci|R&D, R & D$", before)
    )
    assert knowledge.load(folder)


@pytest.mark.parametrize(
    ("written", "what"),
    [
        ("owner: ask in #ai-help, please", "YAML takes what stands behind the # for a comment, which nobody reads"),
        ("owner: &Friends", "YAML takes &Friends for a name of what follows, and leaves it out"),
        ("owner: &us The editors", "YAML takes &us for a name of what follows, and leaves it out"),
    ],
)
def test_words_that_yaml_leaves_out_of_a_text_are_a_warning(folder: Path, written: str, what: str):
    (folder / "faq.yaml").write_text(f"topics: &all\n  - {{id: a, name: B}}\nother: *all\n{written}\n")

    [problem] = parse(folder, "faq.yaml").warnings

    assert (problem.message, problem.line, problem.level) == (what, 4, "warning")


@pytest.mark.parametrize(
    "written",
    ["owner: us # and nobody else", "owner: 'us' #nobody", "owner: us#them", "owner: 'see #help'", "owner: &"],
)
def test_what_yaml_reads_as_it_was_meant_is_no_warning(folder: Path, written: str):
    (folder / "faq.yaml").write_text(f"topics: &all\n  - {{id: a, name: B}}\nother: *all\n{written}\n")

    assert parse(folder, "faq.yaml").warnings == []


def first_entry(**values: Any) -> Change:
    return lambda data: data["entries"][0].update(values)


@pytest.mark.parametrize(
    ("name", "change", "what"),
    [
        ("faq.yaml", first_entry(phrasings="one"), "'phrasings' must be a list. Write each item on a line of its own"),
        ("faq.yaml", first_entry(phrasings=["a"]), "'phrasings' has too few items: 1, of at least 5. Add what is"),
        ("faq.yaml", first_entry(phrasings=["a"] * 31), "'phrasings' has too many items: 31, of at most 30. Delete"),
        (
            "faq.yaml",
            first_entry(phrasings=["a b", 7, "c", "d", "e"]),
            "item 2 of 'phrasings' must be text, and is a number. Put it in quotes.",
        ),
        (
            "faq.yaml",
            first_entry(owner=True),
            "'owner' must be text, and means true or false without quotes. Put it in",
        ),
        ("faq.yaml", first_entry(owner=date(2026, 1, 2)), "'owner' must be text, and is a date. Put it in quotes."),
        ("faq.yaml", first_entry(owner=["a", "b"]), "'owner' must be one text, and is a list. Write one text in its"),
        ("faq.yaml", first_entry(owner={"a": "b"}), "'owner' must be one text, and has keys of its own. Write one"),
        (
            "faq.yaml",
            lambda data: data["entries"][0].update(anser=data["entries"][0].pop("answer")),
            "unknown key 'anser', and 'answer' is missing. Correct its spelling.",
        ),
        ("faq.yaml", first_entry(id="Two Words"), "'id' is no id. Write small letters, digits and single hyphens"),
        ("faq.yaml", first_entry(owner=None), "'owner' is empty. Write something there."),
        ("faq.yaml", first_entry(sources=None), "'sources' is empty. Write something there."),
        ("faq.yaml", first_entry(keywords=["a", None]), "item 2 of 'keywords' is empty. Write something there, or"),
        ("faq.yaml", first_entry(formerly=None), "'formerly' is empty. Write something there, or delete it."),
        ("faq.yaml", lambda data: data.update(entries=None), "'entries' is empty. Write something there."),
        ("faq.yaml", first_entry(owner=""), "'owner' is empty. Write something there."),
        (
            "faq.yaml",
            first_entry(checked="28.11.2026"),
            "'checked' must be a day. Write it as year, month and day, such",
        ),
        (
            "faq.yaml",
            first_entry(excerpt="roles"),
            "'excerpt' must have keys of its own. Write them on the lines below",
        ),
        ("faq.yaml", lambda data: data["entries"].append("x"), "of 'entries' must have keys of its own. Write them on"),
        ("checks.yaml", lambda data: data["checks"][0].update(expect="Nothing!"), "'expect' is no id. Write small"),
        (
            "checks.yaml",
            lambda data: data["checks"][0].update(surface="email"),
            "'surface' must be 'channel', 'thread', 'mention' or 'dm'. Write it in just that way.",
        ),
        (
            "sources.yaml",
            lambda data: data["documents"][0].update(url="http://x.example"),
            "'url' is no address. Write one that begins with https:// and has no blanks.",
        ),
        ("sources.yaml", lambda data: data["documents"][0].update(year="last"), "'year' must be a whole number. Write"),
        (
            "sources.yaml",
            lambda data: data["documents"][0].update(year=7),
            "'year' must be 1000 or more. Write a larger",
        ),
        ("tables.yaml", lambda data: data["tables"][0].update(verbatim="perhaps"), "'verbatim' must be true or false."),
        ("quiz.yaml", lambda data: data["thresholds"].update(clear="a lot"), "'clear' must be a number. Write digits"),
        ("quiz.yaml", lambda data: data["thresholds"].update(clear=25), "'clear' must be less than 1. Write a smaller"),
        (
            "quiz.yaml",
            lambda data: data["thresholds"].update(leaning=0),
            "'leaning' must be more than 0. Write a larger",
        ),
        (
            "quiz.yaml",
            lambda data: data["questions"][0]["choices"][0]["weights"].update({"AI researcher": 2}),
            "the key 'AI researcher' is no id. Write small letters, digits and single hyphens",
        ),
        (
            "quiz.yaml",
            lambda data: data["questions"][0]["choices"][0]["weights"].update(researcher=11),
            "'researcher' must be 10 or less. Write a smaller number.",
        ),
    ],
)
def test_a_value_of_another_kind_is_named_in_the_words_of_an_editor(
    of_file: Callable[[str], Path], name: str, change: Change, what: str
):
    folder = of_file(name)
    edit(folder, name, change)

    with pytest.raises(KnowledgeError) as raised:
        knowledge.load(folder)

    [problem] = raised.value.problems
    assert what in str(problem)
    assert problem.line


def test_a_table_that_is_not_there_is_named_once_and_not_each_of_its_rows(folder: Path):
    edit(folder, "quiz.yaml", lambda data: data["tables"].update(regimes="planted"))

    [problem] = errors(folder)

    assert problem.message == "there is no table 'planted'"


UNREADABLE: dict[str, tuple[str, str | bytes, str, str, int]] = {
    "a synonym without letters": (
        "synonyms.yaml",
        'concepts:\n  - name: x\n    terms:\n      - title\n      - "?"\n',
        "'?' has neither a letter nor a digit; write at least one word",
        "Correct it",
        5,
    ),
    "an alias that leads back to itself": (
        "words.yaml",
        "faq: &loop\n  source: *loop\n",
        "an alias leads back to itself",
        "Write it out",
        1,
    ),
    "aliases that grow": (
        "synonyms.yaml",
        "concepts:\n  - &a0 [x, x]\n" + "".join(f"  - &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 20)),
        "its aliases make more than 10 MB of it",
        "Write out what is meant",
        3,
    ),
    "brackets within brackets": (
        "checks.yaml",
        "checks:\n  " + "[" * 100_000,
        "more than 40 lists and mappings stand within each other",
        "Mend the brackets there",
        2,
    ),
    "a zero byte": (
        "faq.yaml",
        "entries:\n  - id: x\0\n",
        "holds a character that YAML does not allow: '\\x00'",
        "Delete that character",
        2,
    ),
    "not UTF-8": ("tables.yaml", b"tables:\n  - title: caf\xe9\n", "is not UTF-8 text", "Save it as UTF-8", 2),
    "a day that does not exist": (
        "faq.yaml",
        "entries:\n  - id: x\n    checked: 2026-02-31\n",
        "'2026-02-31' is no day of the calendar",
        "Write it as year, month and day, such as 2026-11-28",
        3,
    ),
    "a number with thousands of digits": (
        "sources.yaml",
        "documents:\n  - id: x\n    year: " + "9" * 5000,
        "holds a value that cannot be read: '999999999999...9999999999999'",
        "Correct or quote it",
        3,
    ),
    "a word with an exclamation mark before it": (
        "faq.yaml",
        "entries:\n  - id: !important\n",
        "a value begins with !important, which means something to YAML",
        "Put the text in quotes",
        2,
    ),
    "an item that is indented further than those above": (
        "faq.yaml",
        "entries:\n  - id: x\n    phrasings:\n      - a b\n        - c d\n      - e f\n",
        "the line begins with a hyphen, and by its indent it belongs to the text above",
        "Indent it like the items of its list, or put the whole text in quotes",
        5,
    ),
    "an item without its hyphen": (
        "faq.yaml",
        "entries:\n  - id: x\n    owner: a\n    id: y\n    owner: b\n",
        "a hyphen seems to be missing before 'id', which is there already and begins an item",
        "Put one there, and a blank; or delete what is there twice",
        4,
    ),
    "a tag that is none of YAML's": (
        "sources.yaml",
        "documents:\n  - id: !!python/name:os.system x\n",
        "holds a value that cannot be read: 'x'",
        "Correct or quote it",
        2,
    ),
    "a list as a key": (
        "words.yaml",
        "? [a, b]\n: c\n",
        "a list or a mapping stands where a key should",
        "Write one word before the colon",
        1,
    ),
}


@pytest.mark.parametrize("fault", UNREADABLE)
def test_what_cannot_be_read_is_named_with_its_line_and_a_remedy(folder: Path, fault: str):
    name, text, what, remedy, line = UNREADABLE[fault]
    (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)

    with pytest.raises(KnowledgeError) as raised:
        knowledge.load(folder)

    [problem] = raised.value.problems
    assert (problem.file, problem.line, problem.remedy) == (name, line, remedy)
    assert problem.message.endswith(what)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("{done:>3} of {count}", "the placeholder {done} has a format; write {done} alone"),
        ("{done!r} of {count}", "the placeholder {done} has a format; write {done} alone"),
        ("{done:{count}}", "the placeholder {done} has a format; write {done} alone"),
        ("{done.real} of {count}", "unknown placeholder {done.real}; there are: {count}, {done}"),
        ("{0} of {count}", "unknown placeholder {0}; there are: {count}, {done}"),
        ("{} of {count}", "unknown placeholder {}; there are: {count}, {done}"),
        ("{done of {count}", "write {{ and }} for braces"),
        ("done} of {count}", "write {{ and }} for braces"),
    ],
)
def test_a_placeholder_that_could_not_be_filled_is_named(folder: Path, text: str, what: str):
    edit(folder, "words.yaml", lambda data: data["quiz"].update(card_progress=text))

    [problem] = errors(folder)

    assert what in problem.message
    assert problem.line == line_of(folder, "words.yaml", "card_progress")


def test_a_folder_in_the_place_of_a_file_is_named(folder: Path):
    (folder / "quiz.yaml").unlink()
    (folder / "quiz.yaml").mkdir()

    [problem] = errors(folder)

    assert str(problem) == "quiz.yaml: error: is a folder, and a file is wanted. Put the file in its place."


def test_a_file_saved_by_an_editor_that_marks_utf_8_can_be_read(folder: Path):
    text = (folder / "words.yaml").read_bytes()
    (folder / "words.yaml").write_bytes(b"\xef\xbb\xbf" + text)

    assert knowledge.load(folder)


def learnt(folder: Path, change: Change) -> list[Problem]:
    data = json.loads((folder / "learnt.json").read_text())
    change(data)
    (folder / "learnt.json").write_text(json.dumps(data))
    return knowledge.lint(folder, today=TODAY)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (
            lambda data: data["known"]["mean"].append(0),
            "'mean', 'scale' and each row of 'hidden' must be of one length",
        ),
        (
            lambda data: list(map(lengthen, layer_rows(data["new"]))),
            "'new' is for 28 numbers, and an entry is judged by 27",
        ),
        (lambda data: data["entries"]["none"].update(planted=1), "'none' has a weight for 'planted', which 'words'"),
        (lambda data: data["words"].update(planted=1e300), "'words.planted' must be 1e+06 or less"),
        (lambda data: data["new"]["scale"].__setitem__(0, 0), "no number of 'scale' may be 0"),
    ],
)
def test_what_was_learnt_must_fit_together(folder: Path, change: Change, what: str):
    [problem] = learnt(folder, change)

    assert problem.file == "learnt.json"
    assert what in problem.message
    assert problem.remedy == "Compute it anew with `rolefit check --calibrate`, or delete it"


def lengthen(row: list[float]) -> None:
    row.append(1)


def layer_rows(layer: dict[str, Any]) -> list[list[float]]:
    return [layer["mean"], layer["scale"], *layer["hidden"]]


def test_what_was_learnt_for_an_entry_that_is_gone_is_a_warning(folder: Path):
    [problem] = learnt(folder, lambda data: data["entries"].update(planted={}))

    assert (problem.file, problem.level) == ("learnt.json", "warning")
    assert problem.message == "something was learnt for 'planted', and there is no such entry"
    assert knowledge.load(folder)


HOLIDAYS = [
    "how many vacation days do I get",
    "what is our holiday allowance",
    "how much paid leave is there",
    "days of annual leave per year",
    "can I take a sabbatical",
]


def test_a_refusal_of_what_a_new_entry_answers_is_a_warning(whole: Path):
    def answer_holidays(data: dict[str, Any]) -> None:
        new = {"id": "holidays", "question": "How many days off do we have?", "phrasings": HOLIDAYS}
        data["entries"].append(entry(data) | new | {"keywords": ["holiday", "vacation"], "answer": "Thirty a year."})

    edit(whole, "faq.yaml", answer_holidays)

    [problem] = knowledge.lint(whole, today=TODAY)

    refused = "how many vacation days does a research engineer have"
    assert (problem.file, problem.line) == ("not_answered.yaml", line_of(whole, "not_answered.yaml", refused))
    assert problem.level == "warning"
    assert problem.message == (
        f"'{refused}' and 'how many days off do people get' are refused, "
        "and are nearer to the entry 'holidays' of faq.yaml"
    )
    assert problem.remedy == "If that answers them, take them and those like them out of 'stock-and-benefits'"

    edit(whole, "not_answered.yaml", lambda data: without(data, "vacation days", "days off"))
    assert knowledge.lint(whole, today=TODAY) == []


def without(data: dict[str, Any], *parts: str) -> None:
    """Take the phrasings with one of these out of not_answered.yaml."""
    for decoy in data["not_answered"]:
        decoy["phrasings"] = [text for text in decoy["phrasings"] if not any(part in text for part in parts)]


def test_a_line_of_json_that_is_broken_is_named(whole: Path):
    text = (whole / "learnt.json").read_text().splitlines()
    (whole / "learnt.json").write_text("\n".join([*text[:9], "broken", *text[9:]]))

    [problem] = errors(whole)

    assert (problem.file, problem.line) == ("learnt.json", 10)


def test_what_we_did_not_think_of_is_a_problem_with_its_place(folder: Path, monkeypatch: pytest.MonkeyPatch):
    def fails(quiz: object) -> None:
        raise RuntimeError("what somebody wrote")

    monkeypatch.setattr("bot.domain.fit.reachable", fails)

    [problem] = errors(folder)

    assert problem.message.startswith("cannot be checked: RuntimeError in test_knowledge.py:")
    assert problem.remedy == "Undo what was changed last, and report this: it is a fault of the bot"
    with pytest.raises(KnowledgeError):
        knowledge.load_checked(folder, today=TODAY)


def test_only_what_the_check_finds_no_errors_in_is_taken_up(folder: Path):
    edit(folder, "faq.yaml", lambda data: entry(data).update(checked=date(2025, 11, 27)))
    assert knowledge.load_checked(folder, today=TODAY).entries  # that is a warning

    edit(
        folder,
        "checks.yaml",
        lambda data: data["checks"].append({"say": "planted potatoes", "expect": "need-research-team"}),
    )
    with pytest.raises(KnowledgeError) as raised:
        knowledge.load_checked(folder, today=TODAY)

    assert [problem.message for problem in raised.value.problems] == [
        "'planted potatoes' should get need-research-team, and gets silence"
    ]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ('{"text": "x", "gold": [{"a": 1}]}', "'text' must be text, and 'gold' an id, a list of ids, or null"),
        ('{"text": "x", "gold": [], "author": ["ana"]}', "'style' and 'author' must be text, or left out"),
        ("[" * 100_000, "is not JSON"),
        ("\0", "is not JSON"),
    ],
)
def test_a_line_of_utterances_that_is_wrong_is_named(folder: Path, line: str, what: str):
    (folder / "utterances" / "a.jsonl").write_text(f"\n{line}\n")

    with pytest.raises(KnowledgeError) as raised:
        list(knowledge.labelled(folder, Faq(entries=tuple(knowledge.load(folder).entries.values()))))

    [problem] = raised.value.problems
    assert problem.file == "utterances/a.jsonl"
    assert what in problem.message
    assert "a.jsonl:2" in problem.message


def test_a_missing_file_is_named(folder: Path):
    (folder / "quiz.yaml").unlink()

    [problem] = errors(folder)

    assert str(problem) == "quiz.yaml: error: is not there. Put the file there."


def test_broken_knowledge_is_not_loaded(folder: Path):
    edit(folder, "faq.yaml", lambda data: entry(data).update(planted="x"))

    with pytest.raises(KnowledgeError, match="unknown key 'planted'"):
        knowledge.load(folder)


COPY = "a line of nine words that nobody has not put so plainly"


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    """A folder with the documents' texts, one of which holds a line to copy."""
    texts = tmp_path / "documents"
    texts.mkdir()
    in_document = COPY.capitalize().replace("words", "words [3–5]").replace("has not", "hasn’t")
    for number, source in enumerate(yaml.safe_load((KNOWLEDGE / "sources.yaml").read_text())["documents"]):
        (texts / source["file"]).write_text(f"Before. {in_document}. After." if number == 0 else "Other.")
    return texts


def _row(data: dict[str, Any], table: str) -> Any:
    return next(item for item in data["tables"] if item["id"] == table)["rows"][0]


COPIES: dict[str, tuple[str, Change]] = {
    "an answer": ("faq.yaml", lambda data: entry(data).update(answer=f"They say {COPY}.")),
    "advice": ("quiz.yaml", lambda data: data["roles"][0].update(advice=f"They say {COPY}.")),
    "why a question is asked": ("quiz.yaml", lambda data: data["questions"][0].update(why=f"They say {COPY}.")),
    "a term": ("quiz.yaml", lambda data: data["glossary"][0].update(text=f"They say {COPY}.")),
    "what a choice means": (
        "quiz.yaml",
        lambda data: data["questions"][0]["choices"][0].update(means=f"They say {COPY}."),
    ),
    "what the bot says": ("words.yaml", lambda data: data["faq"].update(near_one=f"They say {COPY}.")),
    "a reply": ("not_answered.yaml", lambda data: data["not_answered"][0].update(reply=f"They say {COPY}.")),
    "a cell of ours": ("tables.yaml", lambda data: _row(data, "organisations")["cells"].update(titles=COPY)),
}


@pytest.mark.parametrize(("name", "change"), COPIES.values(), ids=COPIES)
def test_words_copied_from_a_document_are_found_wherever_people_read_them(
    name: str, change: Change, of_file: Callable[[str], Path], documents: Path
):
    folder = of_file(name)
    edit(folder, name, change)

    copied = [
        problem
        for problem in knowledge.lint(folder, today=TODAY, documents=documents)
        if "word for word" in problem.message
    ]

    assert [problem.file for problem in copied] == [name]
    assert copied[0].message.startswith("“a line of nine words that nobody has not” stands in ")
    assert copied[0].remedy == "Say it in your own words, or mark it as a quotation with “ and ”"


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("faq.yaml", lambda data: entry(data).update(answer=f"One author says: “{COPY}.”")),
        ("tables.yaml", lambda data: _row(data, "roles")["cells"].update(researcher=COPY)),
    ],
    ids=["a quotation", "a cell of a document's table"],
)
def test_a_marked_quotation_and_a_documents_own_table_are_no_copies(
    name: str, change: Change, folder: Path, documents: Path
):
    edit(folder, name, change)

    assert not [
        problem
        for problem in knowledge.lint(folder, today=TODAY, documents=documents)
        if "word for word" in problem.message
    ]


def test_a_document_of_ones_own_is_cited_without_a_text(folder: Path, documents: Path):
    page = (ROOT / "docs" / "editing.md").read_text()
    named, cited = re.findall(r"```\n(.*?)```", page.partition("### A document of your own\n")[2], re.DOTALL)[:2]
    with (folder / "sources.yaml").open("a") as file:
        file.write(named)
    edit(folder, "faq.yaml", lambda data: entry(data).update(yaml.safe_load(cited)))

    assert knowledge.lint(folder, today=TODAY, documents=documents) == []
    library = knowledge.load(folder)
    assert library.cite(library.entries["xai-dropped-researcher"].sources) == "Our handbook of roles (2026)"


def test_a_choice_without_an_explanation_beside_others_that_have_one_is_a_warning(folder: Path):
    edit(folder, "quiz.yaml", lambda data: data["questions"][1]["choices"][2].pop("means"))
    edit(folder, "quiz.yaml", lambda data: [choice.pop("means") for choice in data["questions"][2]["choices"]])

    [problem] = [problem for problem in knowledge.lint(folder, today=TODAY) if "'means'" in problem.message]

    assert problem.level == "warning"
    assert "'datasets-and-pipelines'" in problem.message
    named = (folder / "quiz.yaml").read_text().splitlines()[problem.line - 1]
    assert "datasets-and-pipelines" in named
