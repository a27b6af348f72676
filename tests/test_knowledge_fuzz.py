"""Whatever stands in a knowledge file, nothing but KnowledgeError leaves the loader, and it says what to do."""

import json
import shutil
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import knowledge
from bot.knowledge import loader, outcomes, yaml_file
from bot.settings import KNOWLEDGE
from tests.test_knowledge import TODAY

FILES = ("sources.yaml", "tables.yaml", "faq.yaml", "quiz.yaml", "words.yaml", "synonyms.yaml", "matching.yaml",
         "checks.yaml", "learnt.json")  # fmt: skip
EXAMPLES = 20  # for each file; raise it to look for more
NASTY: list[Any] = [
    *(
        None,
        True,
        0,
        -1,
        10**400,
        1e308,
        5e-324,
        float("nan"),
        float("inf"),
        date(2026, 1, 1),
        datetime.now(UTC),
        b"\xff",
    ),
    *("", " ", "?", "😀", "ı", "n't", "-", "_", "\x07", "\x1c", "\x85", "\u2028", "\0", "x" * 4000, "a b " * 3000),
    *("{", "}", "{}", "{0}", "{x.y}", "{count:>3}", "{count!r}", "{count:{done}}", "{done[0]}"),
    *("<@U1>", "```", "none", "silence", "own", "../..", ":wave:", "hello", "“what is it? really?”"),
    *([], {}, [[]], {"id": "x"}, ["?"], [["a"] * 3] * 3),
]
SCRAPS = [
    *("\0", "\x07", "\ufeff", "\u2028", "ı", "?", "\t", "\n", "#", "|", ">-", '"', "'", "~", "=", "{}", "{0}"),
    *("[", "]", "{", "}", "[" * 200, "&a ", "*a", "&a [*a]", "- ", "? ", ": ", "<<: ", "---\n", "%YAML 9.9\n"),
    *("!!binary ", "!!set ", "!x ", "!!timestamp ", "!!bool ", "0x", "2026-13-45", "9" * 5000, ".inf"),
]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small knowledge, so that each try takes milliseconds: a few entries, a few promises, little learnt."""
    folder = tmp_path_factory.mktemp("fuzzed")
    for name in FILES:
        shutil.copy(KNOWLEDGE / name, folder)
    data = read(folder / "faq.yaml")
    entries = [{**entry, "phrasings": entry["phrasings"][:6], "formerly": []} for entry in data["entries"][:4]]
    write(folder / "faq.yaml", {"entries": entries})
    names = [entry["id"] for entry in entries]
    checks = read(folder / "checks.yaml")["checks"]
    write(folder / "checks.yaml", {"checks": [check for check in checks if check["expect"] in (*names, "silence")][:6]})
    learnt = json.loads((folder / "learnt.json").read_text())
    words = dict(list(learnt["words"].items())[:40])
    weights_of = {name: learnt["entries"][name] for name in (*names, "none")}
    learnt |= {
        "words": words,
        "entries": {
            name: {word: by for word, by in weights.items() if word in words} for name, weights in weights_of.items()
        },
        "intercepts": {name: learnt["intercepts"][name] for name in weights_of},
        "wrapping": dict(list(learnt["wrapping"].items())[:40]),
    }
    (folder / "learnt.json").write_text(json.dumps(learnt))
    problems = knowledge.lint(folder, today=TODAY)
    assert [problem for problem in problems if problem.file not in ("checks.yaml", "faq.yaml")] == []
    return folder


def write(path: Path, data: Any) -> None:
    if path.suffix == ".json":
        path.write_text(json.dumps(data, default=str))
    else:
        text = yaml.dump(data, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False, width=1000)
        path.write_text(text, encoding="utf-8")


def read(path: Path) -> Any:
    text = path.read_text()
    return json.loads(text) if path.suffix == ".json" else yaml.load(text, yaml.CSafeLoader)


def places(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Name every value of a file by the keys and positions that lead to it."""
    inside = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in inside:
        yield (*path, key)
        yield from places(value, (*path, key))


def with_another_value(draw: st.DrawFn, path: Path) -> bytes:
    """Exchange, remove, double or nest one or two values of a file."""
    data = read(path)
    for _ in range(draw(st.integers(1, 2))):
        *above, last = draw(st.sampled_from(list(places(data))))
        holder = data
        for key in above:
            holder = holder[key]
        match draw(st.sampled_from(["exchange", "exchange", "exchange", "remove", "double", "rename", "nest"])):
            case "exchange":
                holder[last] = deepcopy(draw(st.sampled_from(NASTY)))
            case "remove":
                del holder[last]
            case "double" if isinstance(holder, list):
                holder.insert(last, deepcopy(holder[last]))
            case "rename" if isinstance(holder, dict):
                holder[draw(st.sampled_from(["?", "x", "", *map(str, holder)]))] = holder.pop(last)
            case _:
                holder[last] = [holder[last]]
        if not data:
            break
    copy = path.with_suffix(".copy" + path.suffix)
    write(copy, data)
    content = copy.read_bytes()
    copy.unlink()
    return content


def with_other_characters(draw: st.DrawFn, path: Path) -> bytes:
    """Put something in, cut something out, or cut the file off, once to three times."""
    text = path.read_text()
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text)))
        cut = draw(st.sampled_from([0, 0, 1, 5, 80]))
        text = text[:at] + draw(st.sampled_from(["", *SCRAPS])) + text[at + cut :]
    content = text.encode()
    return content if draw(st.integers(0, 9)) else content[: draw(st.integers(0, len(content)))] + b"\xff\xfe"


def with_other_lines(draw: st.DrawFn, path: Path) -> bytes:
    """Move, double, remove or indent lines."""
    lines = path.read_text().splitlines()
    for _ in range(draw(st.integers(1, 3))):
        at, other = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
        match draw(st.sampled_from(["move", "double", "remove", "indent", "outdent"])):
            case "move":
                lines[at], lines[other] = lines[other], lines[at]
            case "double":
                lines.insert(other, lines[at])
            case "remove":
                lines[at] = ""
            case "indent":
                lines[at] = "  " + lines[at]
            case _:
                lines[at] = lines[at].lstrip()
    return "\n".join(lines).encode()


def check(folder: Path) -> None:
    """Check a folder, and see that every problem could be acted on, and that what has none can be used."""
    problems = knowledge.lint(folder, today=TODAY)
    for problem in problems:
        assert "a fault of the bot" not in problem.remedy, str(problem)
        assert problem.file in FILES
        assert problem.message
        assert problem.remedy
    if not any(problem.level == "error" for problem in problems):
        library = knowledge.load(folder)
        library.index.rank("What does “Member of Technical Staff” mean at Meta? n't ı ?")
        library.cite([library.tables[library.quiz.tables.roles].source])


@pytest.mark.parametrize("name", FILES)
def test_any_other_value_in_a_file_is_a_problem_with_a_remedy_or_can_be_used(
    small: Path, name: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(outcomes, "MAX_SETS", 30)  # of answers; each is as good as another here
    path, before = small / name, (small / name).read_bytes()
    parse = yaml_file.parse
    others = {other: parse(small, other) for other in FILES if other not in (name, "learnt.json")}
    monkeypatch.setattr(loader, "parse", lambda folder, file: others.get(file) or parse(folder, file))

    @settings(max_examples=EXAMPLES, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def tries(data: st.DataObject) -> None:
        change = data.draw(
            st.sampled_from([with_another_value, with_another_value, with_other_characters, with_other_lines])
        )
        path.write_bytes(before)
        path.write_bytes(data.draw(st.composite(change)(path)))
        check(small)

    try:
        tries()
    finally:
        path.write_bytes(before)
