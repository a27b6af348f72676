"""What knowledge/ says, held against the documents it comes from.

The documents lie beside the repository, in ../shared/sources; where they are missing, what needs them is skipped.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
import yaml

from bot.domain.authored import Citation
from bot.domain.content import Checks, Entry, Faq, Sources, Synonyms, Table, Tables
from bot.domain.quiz_content import Quiz
from bot.knowledge import loader
from bot.knowledge.text_checks import find_copies

ROOT = Path(__file__).parents[1]
KNOWLEDGE = ROOT / "knowledge"
SOURCES = ROOT.parent / "shared" / "sources"

OPENING = "Opening"  # our name for what stands before a document's first heading
HEADINGS = {
    document["id"]: tuple(document["sections"])
    for document in yaml.safe_load((KNOWLEDGE / "sources.yaml").read_text(encoding="utf-8"))["documents"]
}
CARRIES_NOTHING = {
    ("field-guide", "FAQ"): "a heading only; its seven questions are sections of their own",
    ("continuum-review", "See also:"): "links to articles about games",
}
MAIN = (
    "role-differences",
    "member-of-technical-staff",
    "xai-dropped-researcher",
    "research-vs-slow-engineering",
    "flat-structure-and-research",
    "separate-or-unified",
    "need-research-team",
)
QUOTED_TABLES = {"roles": "field-guide", "regimes": "field-guide", "research-output": "outside-view"}

# Capitalised only because they begin a sentence, and in lower case nowhere in the documents.
ORDINARY = {
    "according",
    "ask",
    "everybody",
    "everywhere",
    "finding",
    "hence",
    "weighing",
    "mind",
    "near",
    "neither",
    "seen",
    "somebody",
    "whatever",
    "whom",
    "yes",
    "yet",
}
# What an answer says that stands in no section as such: letters that are spelt out, how many things it lists, and how
# it names a document.
OUR_NAMES = {
    "member-of-technical-staff": {"MTS"},
    "abbreviations": {"MTS", "four"},
    "data-scientist": {"four"},
    "data-engineers": {"four"},
    "shared-skills": {"seven"},
    "distributed-systems": {"three"},
    "about-sources": {"five"},
    "builder": {"ML", "Musk"},
    "shared-tools": {"Musk"},
    "future-of-roles": {"Musk"},
    "seniority-in-llm-era": {"Musk"},
    "what-is-rd": {"three"},
    "flat-advantages": {"Protection"},
}
OURS = "/rolefit"  # what the bot itself adds
SPELLED = {"three", "four", "five", "six", "seven", "eight", "nine", "ten", "twelve", "fifteen", "twenty", "hundred"}


def _read(name: str) -> object:
    return yaml.safe_load((KNOWLEDGE / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def sources() -> Sources:
    return Sources.model_validate(_read("sources.yaml"))


@pytest.fixture(scope="module")
def tables() -> dict[str, Table]:
    return {table.id: table for table in Tables.model_validate(_read("tables.yaml")).tables}


@pytest.fixture(scope="module")
def entries() -> tuple[Entry, ...]:
    return Faq.model_validate(_read("faq.yaml")).entries


@pytest.fixture(scope="module")
def quiz() -> Quiz:
    return Quiz.model_validate(_read("quiz.yaml"))


@pytest.fixture(scope="module")
def texts(sources: Sources) -> dict[str, str]:
    """Give the documents' texts by id."""
    if not SOURCES.is_dir():
        pytest.skip(f"the documents are not here: {SOURCES}")
    return {each.id: (SOURCES / each.file).read_text(encoding="utf-8") for each in sources.documents if each.file}


@pytest.fixture(scope="module")
def sections(texts: dict[str, str]) -> dict[tuple[str, str], str]:
    """Give the documents' texts by document id and heading."""
    return {
        (document, heading): text
        for document, headings in HEADINGS.items()
        for heading, text in _sections(texts[document], headings)
    }


def _sections(text: str, headings: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Cut a document at its headings, which must come in this order, each on a line of its own."""
    found: list[tuple[str, list[str]]] = []
    wanted = list(headings)
    if wanted[0] == OPENING:
        found.append((wanted.pop(0), []))
    for line in text.splitlines():
        if wanted and line.strip().strip("#").strip() == wanted[0]:
            found.append((wanted.pop(0), []))
        elif found:
            found[-1][1].append(line)
    assert not wanted, f"no line of the document reads {wanted[0]!r}"
    for heading, lines in found:
        yield heading, heading + "\n" + "\n".join(lines)


def _plain(text: str) -> str:
    """Level typography: quotation marks, brackets of editors, emphasis, spaces."""
    text = text.translate(str.maketrans("’‘“”", "''\"\"")).replace("*", "").replace("Ph.D.", "PhD")
    return " ".join(re.sub(r"\[(\w+)\]", r"\1", text).split())


def _claims(text: str, ordinary: set[str]) -> set[str]:
    """Find what can be checked word by word: quoted strings, figures and names.

    ordinary: words that documents also write in lower case, so that a capital at the start of a sentence says nothing.
    """
    found = {quoted.strip(" .,") for quoted in re.findall(r"“([^”]+)”", text)}
    text = _plain(text)
    starts = {match.end() for match in re.finditer(r"(?:^|[.:;?!] )[\"'(]*", text)}
    name: list[str] = []  # a name may have several words, which must stand together
    end = 0
    for match in re.finditer(r"/?[A-Za-z0-9]+(?:[-–/+.&'][A-Za-z0-9+]+)*\+*", text):
        word = re.sub(r"'s$|'$", "", match.group())
        begins = match.start() in starts and word.lower() in ordinary and word[1:] == word[1:].lower()
        named = word[0].isupper() and not begins
        if name and not (named and text[end : match.start()] == " "):
            found.add(" ".join(name))
            name = []
        end = match.start() + len(word)
        if named:
            name.append(word)
        elif word != OURS and (re.search(r"\d", word) or word.lower() in SPELLED):
            found.add(word)
    if name:
        found.add(" ".join(name))
    return found


def _absent(claims: Iterable[str], text: str) -> list[str]:
    """Name the claims that do not occur in a text; a plural or a hyphen more or less does not matter."""
    levelled = _plain(text).lower().replace("-", " ")

    def occurs(claim: str) -> bool:
        wanted = _plain(claim).lower().replace("-", " ")
        singular = re.sub(r"s$", "", wanted)
        return any(re.search(rf"(?<!\w){re.escape(form)}s?(?!\w)", levelled) for form in (wanted, singular))

    return sorted(claim for claim in claims if not occurs(claim))


@pytest.fixture(scope="module")
def ordinary(texts: dict[str, str]) -> set[str]:
    return ORDINARY | {word for text in texts.values() for word in re.findall(r"\b[a-z][a-z]*\b", _plain(text))}


def _cited(citations: Iterable[Citation], sections: dict[tuple[str, str], str], sources: Sources) -> str:
    """Give the sections cited, with the titles and authors of their documents."""
    named = {each.id: f"{each.title}\n{each.author or ''}" for each in sources.documents}
    return "\n".join(f"{named[each.document]}\n{sections[each.document, each.section]}" for each in citations)


def _markdown_tables(text: str) -> list[list[list[str]]]:
    """Give the tables of a document that are written with bars: rows of cells, the header first."""
    blocks = re.findall(r"(?:^\|.*\|[ ]*\n?)+", text, flags=re.MULTILINE)
    rows = [[line.strip().strip("|").split("|") for line in block.splitlines()] for block in blocks]
    return [[[cell.strip() for cell in row] for row in (block[0], *block[2:])] for block in rows]


def _as_rows(table: Table) -> list[list[str]]:
    header = [table.corner, *(column.label for column in table.columns)]
    return [header, *([row.label, *(row.cells[column.id] for column in table.columns)] for row in table.rows)]


# The documents themselves


def test_every_document_is_there_and_names_its_author(sources, texts):
    assert {each.file for each in sources.documents} == {path.name for path in SOURCES.iterdir()}
    assert {each.id for each in sources.documents} == set(HEADINGS)
    for each in sources.documents:
        assert each.author is None or each.author in texts[each.id]


def test_the_headings_we_cut_at_are_all_headings_there_are(texts):
    marked = [line.strip("# ") for line in texts["roles-continuum"].splitlines() if re.match(r"##", line)]
    assert marked == list(HEADINGS["roles-continuum"])
    marked = [line.rstrip("#") for line in texts["outside-view"].splitlines() if line.endswith("#")]
    assert marked == list(HEADINGS["outside-view"][1:])


# Tables


@pytest.mark.parametrize(("table", "document"), QUOTED_TABLES.items())
def test_a_quoted_table_is_the_documents_table_cell_by_cell(table, document, tables, texts):
    assert _as_rows(tables[table]) in _markdown_tables(texts[document])
    assert tables[table].source.document == document


def test_every_table_with_bars_in_the_documents_is_ours(tables, texts):
    ours = [_as_rows(tables[table]) for table in QUOTED_TABLES]
    assert all(found in ours for text in texts.values() for found in _markdown_tables(text))


def test_the_skills_table_is_the_papers_table_cell_by_cell_with_its_key(tables, texts):
    paper = texts["roles-continuum"]
    assert _as_rows(tables["skills"]) == [line.split("\t") for line in paper.splitlines() if "\t" in line]
    assert tables["skills"].key is not None
    assert f"Key: {tables['skills'].key}" in paper


@pytest.mark.parametrize(("table", "rows"), [("organisations", 7), ("organisation-kinds", 7)])
def test_our_own_tables_name_nothing_that_the_documents_do_not(table, rows, tables, texts, ordinary):
    everything = "\n".join(texts.values())
    assert len(tables[table].rows) == rows
    for row in tables[table].rows:
        for text in (row.label, *row.cells.values()):
            assert len(text) <= 140, text
            assert not _absent(_claims(text, ordinary), everything), text


def test_every_table_cites_a_section_that_exists(tables, sections):
    for table in tables.values():
        assert (table.source.document, table.source.section) in sections, table.id


# Entries


def test_the_seven_main_questions_come_first_and_many_more_follow(entries):
    ids = [entry.id for entry in entries]
    assert tuple(ids[:7]) == MAIN
    assert len(ids) >= 7 + 35
    assert not [name for name, count in Counter(ids).items() if count > 1]


def test_every_citation_leads_to_a_section_of_a_document(entries, quiz, sections):
    cited = [each for entry in entries for each in entry.sources] + [
        *quiz.sources,
        *(each.source for each in quiz.tie_breaks),
    ]
    cited += [quiz.review.source, *(term.source for term in quiz.glossary if term.source)]
    assert not [each for each in cited if (each.document, each.section) not in sections]


SAYS_SO = {
    "field-guide": r"field guide",
    "roles-continuum": r"\b(?:[Tt]he paper|Piskala)\b",
    "continuum-review": r"\b(?:[Tt]he review|Avetisyan)\b",
    "outside-view": r"works next to researchers|working next to them",
    "elon-repost": r"\b[Tt]he essay\b",
}


@pytest.mark.parametrize("document", SAYS_SO)
def test_an_answer_cites_each_document_that_it_says_it_has_something_from(entries, document):
    says_so = [entry for entry in entries if re.search(SAYS_SO[document], " ".join(entry.answer.split()))]

    assert len(says_so) > 1
    assert [entry.id for entry in says_so if document not in {citation.document for citation in entry.sources}] == []


def test_every_section_is_cited_or_excused(entries, sections):
    cited = {(each.document, each.section) for entry in entries for each in entry.sources}
    assert set(sections) - cited == set(CARRIES_NOTHING)


def test_every_name_figure_and_quotation_in_an_answer_stands_in_a_section_it_cites(
    entries, tables, sections, sources, ordinary
):
    def cited(entry: Entry) -> str:
        shown = entry.excerpt and tables[entry.excerpt.table].excerpt(entry.excerpt.rows, entry.excerpt.columns)
        return _cited([*entry.sources, *(shown.citations if shown else ())], sections, sources)

    absent = {
        entry.id: missing
        for entry in entries
        if (
            missing := set(_absent(_claims(f"{entry.question} {entry.answer}", ordinary), cited(entry)))
            - OUR_NAMES.get(entry.id, set())
        )
    }
    assert absent == {}


def test_an_excerpt_quotes_a_table_that_exists(entries, tables):
    for entry in entries:
        if entry.excerpt is not None:
            cut = tables[entry.excerpt.table].excerpt(entry.excerpt.rows, entry.excerpt.columns)
            assert cut.rows, entry.id


def test_answers_are_safe_to_show_in_slack(entries):
    assert not [entry.id for entry in entries if re.search(r"[<>!]|(?<!R)&", entry.answer)]


def test_no_phrasing_stands_in_two_entries(entries):
    asked = [(_plain(text).lower().rstrip("?. "), entry.id) for entry in entries for text in entry.phrasings]
    assert not [text for text, count in Counter(text for text, _ in asked).items() if count > 1]
    assert all(len(entry.phrasings) >= 8 for entry in entries)


# Quiz, promises, synonyms


def test_what_the_quiz_says_of_roles_stands_in_the_sections_it_cites(quiz, sections, sources, ordinary):
    cited = _cited([*quiz.sources, *(each.source for each in quiz.tie_breaks)], sections, sources)
    said = [text for role in quiz.roles for text in (role.name, role.summary, role.summary_role, role.called)]
    said += [text for role in quiz.roles for text in (role.advice, role.advice_role)]
    said += [text for each in quiz.all_questions for text in (each.text, each.text_role or "", each.why)]
    said += [*quiz.risks.values(), quiz.review.why, *(term.text for term in quiz.glossary)]
    said += [text for trap in quiz.review.traps.values() for text in (trap.hurts, trap.ask, trap.ask_role)]
    for text in said:
        assert not _absent(_claims(text, ordinary), cited), text


def test_the_quiz_asks_about_each_dimension_once(quiz, tables):
    assert [each.dimension for each in quiz.questions] == [row.id for row in tables["roles"].rows]


def test_every_entry_is_promised_twice_and_silence_forty_times(entries):
    checks = Checks.model_validate(_read("checks.yaml")).checks
    expected = Counter(check.expect for check in checks)
    assert len(checks) >= 120
    assert expected.pop("silence") >= 40
    assert set(expected) == {entry.id for entry in entries}
    assert min(expected.values()) >= 2
    phrasings = {_plain(text).lower() for entry in entries for text in (entry.question, *entry.phrasings)}
    assert not [check.say for check in checks if _plain(check.say).lower() in phrasings]


def test_a_term_means_one_thing():
    concepts = Synonyms.model_validate(_read("synonyms.yaml")).concepts
    terms = Counter(term.casefold() for concept in concepts for term in concept.terms)
    assert not [term for term, count in terms.items() if count > 1]
    assert len({concept.name for concept in concepts}) == len(concepts)


# These tests can fail


@pytest.mark.parametrize(
    ("text", "absent"),
    [
        ("The title comes from Bell Labs.", []),
        ("The title comes from Xerox PARC.", ["Xerox PARC"]),
        ("Bob McGrew was Chief Title Officer.", ["Chief Title Officer"]),
        ("Nvidia uses the title.", ["Nvidia"]),
        ("It began in 1987.", ["1987"]),
        ("It holds at nine labs.", ["nine"]),
        ("They call it “one big family”.", ["one big family"]),
        ("They expect work “across the stack”.", []),
    ],
)
def test_an_invented_name_figure_or_quotation_is_noticed(text, absent, sections, ordinary):
    section = sections["field-guide", 'What a "Member of Technical Staff" is actually doing']
    assert _absent(_claims(text, ordinary), section) == absent


def test_a_changed_cell_is_noticed(tables, texts):
    rows = _as_rows(tables["roles"])
    rows[4][1] = "Decades"
    assert rows not in _markdown_tables(texts["field-guide"])


def test_no_document_is_given_an_author_or_a_year_that_it_does_not_name(library):
    citation = library.tables[library.quiz.tables.roles].source
    assert citation.document == "field-guide"
    assert library.cite([citation]) == "Field guide to AI roles"
    assert library.documents["continuum-review"].made == " (Denis Avetisyan, 2026)"


def test_nothing_that_people_read_is_copied_from_a_document(texts):
    # All else that may be wrong with the knowledge takes seconds to find, and tests/test_cli.py looks for it.
    reading = loader.read(KNOWLEDGE)
    assert reading.library
    assert list(find_copies(reading.library, reading.files, SOURCES)) == []
