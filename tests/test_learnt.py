"""What is learnt from labelled utterances, and how the index judges with it."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np
import pytest

from bot import calibrate, evaluate, knowledge
from bot.domain.content import Faq, Synonyms
from bot.domain.embeddings import Nearness
from bot.domain.faq import Answer, Silence, Suggestions, Surface, answerable, rank, reply_to, worth_a_second_look
from bot.domain.learnt import Binary, Labelled, Learnt, LearntFile, Linear, Network
from bot.domain.matching import Candidate, Index
from bot.domain.matching_text import Form
from bot.domain.thresholds import SecondThresholds
from bot.knowledge import Library, english
from bot.knowledge.learning import as_readable_json
from bot.knowledge.loader import read_learnt
from bot.settings import KNOWLEDGE

if TYPE_CHECKING:  # scikit-learn takes seconds to import, and each worker would only to know which tests there are
    from bot.train import Classifiers, LeftOut, Trainer
    from bot.train_weights import Judged

FIRST, SECOND = "role-differences", "bell-labs"
SOME = (FIRST, SECOND, "spacex", "meta-roles", "paper-reviewed", "on-call", "rotation", "interviews")


AUTHORS = (
    "lab-guests",
    "people-team",
    "startup",
)  # with what is made up, one for each part of the entries that is hidden


@pytest.fixture(scope="module")
def some(library: Library) -> "Trainer":
    """Give a trainer of a few entries and a handful of texts."""
    from bot import train

    entries = [library.entries[name] for name in SOME]
    texts = [
        case
        for case in knowledge.labelled(KNOWLEDGE, Faq(entries=tuple(library.entries.values())))
        if case.author in AUTHORS
        and ((case.gold and case.gold <= set(SOME)) or case.style in ("lookalike", "everyday"))
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train, "MADE_UP", 200)
        return train.Trainer(entries, (), texts, library.synonyms, english(), library.thresholds.calibration)


@pytest.fixture(scope="module")
def left_out(some: "Trainer") -> "tuple[list[LeftOut], list[str]]":
    """Give what the trainer made of each author who was left out, and what it said meanwhile."""
    said: list[str] = []
    return some.left_out(said.append), said


def test_a_linear_classifier_scores_as_scikit_learn_does():
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    texts = [["a", "b", "b"], ["b", "c"], ["a", "c", "d"], ["d", "d", "a"]]
    vectors = TfidfVectorizer(analyzer=list, sublinear_tf=True)
    fitted = LogisticRegression().fit(vectors.fit_transform(texts), ["x", "y", "z", "x"])
    place = {token: int(at) for token, at in vectors.vocabulary_.items()}
    ours = Linear(
        place, vectors.idf_.astype(np.float32), fitted.coef_.T.astype(np.float32), fitted.intercept_.astype(np.float32)
    )
    for text in (*texts, ["a"], ["never seen"], ["a", "never seen", "b"]):
        expected = fitted.decision_function(vectors.transform([text]))[0]
        assert ours.score_at(ours.places(text)) == pytest.approx(expected, abs=1e-4)


def test_a_classifier_of_two_classes_scores_as_scikit_learn_does():
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    texts = [["a", "b", "b"], ["b", "c"], ["a", "c", "d"], ["d", "d", "a"]]
    vectors = TfidfVectorizer(analyzer=list, sublinear_tf=True)
    fitted = LogisticRegression().fit(vectors.fit_transform(texts), [True, False, False, True])
    weights = zip(vectors.get_feature_names_out(), vectors.idf_, fitted.coef_[0], strict=True)
    ours = Binary({token: (float(idf), float(weight)) for token, idf, weight in weights}, float(fitted.intercept_[0]))
    for text in (*texts, ["a"], ["never seen"], ["a", "never seen", "b", "a", "a"]):
        expected = fitted.decision_function(vectors.transform([text]))[0]
        assert ours.score_at(ours.places(text)) == pytest.approx(expected)


@pytest.mark.parametrize(
    "text",
    [
        "hey, what does a research engineer do at Meta? and what does a research engineer not do?",
        "<@U1> xqzvw the xqzvw of MTS",
        "engineer " * 300,
        "what sets the RE apart from the RE?",
        "",
    ],
)
def test_a_message_is_scored_alike_by_its_words_and_by_its_tokens(library: Library, text: str):
    index, learnt = library.index, library.learnt
    parsed = index.read(text)
    terms = [index._terms_of(sentence) for sentence in parsed.sentences]

    assert learnt is not None
    by_words, by_tokens = index.scores(parsed, terms), learnt.score_tokens(*index.tokens(parsed))
    assert by_words is not None
    assert by_words.logits.tolist() == by_tokens.logits.tolist()
    assert (by_words.none, by_words.wrapping, by_words.about) == (by_tokens.none, by_tokens.wrapping, by_tokens.about)


def test_a_pair_is_found_however_its_token_can_be_parted():
    ours = Linear({"a_b_c": 0, "d": 1, "_": 2}, *(np.ones(shape, np.float32) for shape in (3, (3, 2), 2)))

    assert ours.pairs["a"]["b_c"] == ours.pairs["a_b"]["c"] == 0
    assert "d" not in ours.pairs


@pytest.mark.parametrize("sparse", [False, True])
def test_a_classifier_of_many_classes_is_fitted_as_scikit_learn_does_when_it_is_not_stopped(
    sparse: bool, monkeypatch: pytest.MonkeyPatch
):
    from scipy.sparse import csr_array
    from sklearn.linear_model import LogisticRegression

    from bot import train_linear

    monkeypatch.setattr(train_linear, "DONE", 1e-7)
    chance = np.random.default_rng(1)
    rows = chance.normal(size=(300, 6)).astype(np.float32)
    owners = (rows @ chance.normal(size=(6, 5)) + chance.normal(size=(300, 5))).argmax(1)
    theirs = LogisticRegression(C=3.0, max_iter=1000, tol=1e-8).fit(rows.astype(np.float64), owners)

    fitted = train_linear.fit(csr_array(rows) if sparse else rows, owners, 3.0)

    assert fitted.weights == pytest.approx(theirs.coef_, abs=0.02)
    # An intercept that is the same for all classes says nothing.
    assert fitted.intercepts - fitted.intercepts.mean() == pytest.approx(theirs.intercept_, abs=0.02)
    assert 1 < fitted.steps < train_linear.STEPS


def test_networks_learn_what_no_line_parts_and_the_same_from_the_same_seed():
    from bot import train_network

    chance = np.random.default_rng(2)
    rows = chance.uniform(-1, 1, (4000, 3)).astype(np.float32)
    right = (rows[:, 0] > 0) != (rows[:, 1] > 0)

    layer = train_network.fit(rows, right, networks=2, seed=3)

    confidences = np.array(Network.of(layer).confidences(rows))
    assert np.mean((confidences > 0.5) == right) > 0.95
    assert len(layer.hidden) == 2 * train_network.UNITS
    assert train_network.fit(rows, right, networks=2, seed=3) == layer
    assert train_network.fit(rows, right, networks=2, seed=4) != layer


def test_what_is_learnt_does_not_depend_on_the_number_of_threads():
    from threadpoolctl import threadpool_info, threadpool_limits

    from bot import train_linear

    chance = np.random.default_rng(4)
    rows = chance.normal(size=(2000, 384)).astype(np.float32)
    owners = np.arange(2000) % 40
    fitted = []
    for threads in (1, 2):
        with threadpool_limits(threads), calibrate.one_thread():
            assert {pool["num_threads"] for pool in threadpool_info()} == {1}
            fitted.append(train_linear.fit(rows, owners, 10.0))
    assert np.array_equal(fitted[0].weights, fitted[1].weights)
    assert np.array_equal(fitted[0].intercepts, fitted[1].intercepts)


def test_a_weight_of_a_word_that_is_not_listed_is_refused(library: Library):
    assert library.learnt_file is not None
    file = library.learnt_file.model_copy(update={"entries": {SECOND: {"no such word": 1.0}}})
    with pytest.raises(ValueError, match="'bell-labs' has a weight for 'no such word', which 'words' does not list"):
        Learnt.of(file)


def test_what_is_learnt_survives_being_written(library: Library):
    assert library.learnt_file is not None
    again = LearntFile.model_validate_json(as_readable_json(library.learnt_file))
    assert again == library.learnt_file


def test_a_broken_file_of_what_was_learnt_names_the_remedy(tmp_path):
    (tmp_path / "learnt.json").write_text('{"words": 3}')
    problem = read_learnt(tmp_path)
    assert str(problem).startswith("learnt.json: error: cannot be used:")
    assert str(problem).endswith("Compute it anew with `rolefit check --calibrate`, or delete it.")


def test_learning_leaves_each_author_out_in_turn_and_finds_what_was_labelled(
    some: "Trainer", left_out: "tuple[list[LeftOut], list[str]]"
):
    from bot.train import MADE

    parts, said = left_out
    learnt, thresholds = some.learn(said.append, parts)
    authors = {each.author for each in some.texts}
    assert authors == {*AUTHORS, MADE}
    assert {f"leaving out {author}" for author in authors} <= set(said)
    for part in parts:
        assert {some.texts[at].author for at in part.own} == part.authors
        assert {some.texts[at].author for at in part.rest} == authors - part.authors - {MADE}
    assert 0 < thresholds.maybe <= thresholds.sure < 1
    assert thresholds.in_scope is not None
    scores = [(part.classifiers, at) for part in parts for at in part.own if some.texts[at].gold]
    assert np.mean([_in_scope(some, *score) < thresholds.in_scope for score in scores]) <= 0.002
    assert min(_in_scope(some, *score) for score in scores) == pytest.approx(thresholds.in_scope, abs=0.011)
    index = Index.build(some.entries, some.synonyms, english(), some.calibration, Learnt.of(learnt))
    ranked = [(each, index.rank(each.text, limit=1)) for each in some.texts if each.gold]
    assert np.mean([bool(found) and found[0].entry in each.gold for each, found in ranked]) > 0.9


def _in_scope(trainer: "Trainer", classifiers: "Classifiers", at: int) -> float:
    from bot.train import NOTHING_LEARNT, _file

    learnt = Learnt.of(_file(classifiers, NOTHING_LEARNT, NOTHING_LEARNT))
    index = Index.build(trainer.entries, trainer.synonyms, english(), trainer.calibration, learnt)
    return learnt.score_tokens(*index.tokens(index.read(trainer.texts[at].text))).in_scope


def test_an_entry_that_was_added_since_is_found_by_its_phrasings(library: Library):
    new = library.entries[FIRST].model_copy(
        update={
            "id": "quantum-gardener",
            "question": "What does a quantum gardener do?",
            "phrasings": ("what is the job of a quantum gardener", "quantum gardener role", "who waters the qubits"),
            "keywords": ("quantum gardener",),
        }
    )
    entries = (*library.entries.values(), new)
    index = Index.build(entries, library.synonyms, english(), library.thresholds.calibration, library.learnt)
    for text in ("what does a quantum gardener do?", "hi all, what does the quantum gardener do all day?"):
        reply = reply_to(text, Surface.MENTION, index, library.thresholds)
        offered = (
            reply.entries if isinstance(reply, Answer) else reply.candidates if isinstance(reply, Suggestions) else ()
        )
        assert offered
        assert offered[0].entry == "quantum-gardener"


LITTLE = (
    "the deploy of the staging cluster failed again, I restarted the job and the queue of the researchers is empty now"
)


def test_what_scores_too_little_is_compared_with_no_phrasing_unless_the_bot_was_asked(library: Library):
    index, thresholds = library.index, library.thresholds
    assert thresholds.in_scope is not None
    assert index.rank(LITTLE)
    assert index.rank(LITTLE, least=thresholds.in_scope) == ()

    without = thresholds.model_copy(update={"in_scope": None})
    assert rank(LITTLE, Surface.CHANNEL, index, without) == index.rank(LITTLE, limit=4)
    assert rank(LITTLE, Surface.CHANNEL, index, thresholds) == ()
    assert rank(LITTLE, Surface.DM, index, thresholds) == rank(LITTLE, Surface.DM, index, without) != ()
    # In a thread that was answered, it may lean on what was said there.
    leaning = rank(LITTLE, Surface.THREAD, index, thresholds, after=FIRST)
    assert leaning == rank(LITTLE, Surface.THREAD, index, without, after=FIRST) != ()


def test_a_phrasing_word_for_word_is_looked_at_whatever_its_words_score(library: Library):
    for entry in library.entries.values():
        [best] = library.index.rank(f"Hi all, {entry.question}", limit=1, least=99.0)
        assert best.entry == entry.id
    assert library.index.rank(LITTLE, least=99.0) == ()


def test_what_has_a_word_of_an_entry_that_nothing_was_learnt_of_is_looked_at(library: Library):
    gardener = library.entries[FIRST].model_copy(
        update={"id": "gardener", "question": "Who waters the qubits?", "phrasings": (), "keywords": ("qubits",)}
    )
    entries = (*library.entries.values(), gardener)
    index = Index.build(entries, library.synonyms, english(), library.thresholds.calibration, library.learnt)

    [best, *_] = index.rank("our lab is full of qubits, and somebody waters them?", least=99.0)
    assert best.entry == "gardener"
    assert index.rank("our lab is full of chairs, and somebody moves them?", least=99.0) == ()


def _bag_of_words(text: str) -> np.ndarray:
    """Give a point on the unit sphere that stands for the words of a text: no encoder, and alike for alike texts."""
    point = np.full(384, 1e-3, np.float32)
    for word in text.casefold().split():
        point[crc32(word.encode()) % 384] += 1
    return point / np.linalg.norm(point)


def test_the_second_stage_learns_beside_the_first_and_finds_thresholds_of_its_own(
    some: "Trainer", left_out: "tuple[list[LeftOut], list[str]]", monkeypatch: pytest.MonkeyPatch
):
    from bot import train, train_linear, train_network, train_second_stage

    for module, name, few in ((train, "NETWORKS", 1), (train_network, "ROUNDS", 10), (train_linear, "STEPS", 10)):
        monkeypatch.setattr(module, name, few)  # how well it has learnt is judged elsewhere
    parts, _ = left_out
    teacher = train_second_stage.SecondStageTrainer(some, _bag_of_words, str)
    embedded, thresholds = teacher.learn(parts)

    [features, *_] = (row[2].shape[1] for row in parts[0].known)
    assert len(embedded.known.weights) > features  # it weighs what the embedding says, too
    assert set(embedded.owners) == set(SOME)
    assert 0 < thresholds.maybe < thresholds.sure < 1
    index, scorer, texts = next(teacher.indexes_without(parts, teacher.left_out(parts)))
    asks_two = f"{texts[0].text} And who goes on call?"
    first, of_second = (scorer(text) for text in (texts[0].text, asks_two.removeprefix(f"{texts[0].text} ")))
    assert first != of_second  # one of several questions is scored by itself, too
    assert index.rank(asks_two, semantic=of_second)


def _judged(library: Library, number: int, kind: str) -> "list[Judged]":
    """Give texts of the kind as if others' utterances had judged them: chatter is unlike questions, but varies."""
    from bot.train_weights import Judged

    [best, *_] = library.index.rank("What does a research engineer do?")
    ours = kind == "ours"
    texts = []
    for at in range(number):
        share = at / number
        candidate = replace(
            best,
            confidence=0.3 + 0.69 * share if ours else 0.4 * share**4,
            names=ours and at % 2 == 0,
            form=Form.QUESTION if at % 4 or not ours else Form.STATEMENT,
            extent=(0.8, 0.5, 0.4) if ours else (0.7 * share, 0.1, 0.7),
            nearness=Nearness(
                known=0.5 + 0.4 * share if ours else 0.2 + 0.4 * share**2,
                declined=0.5 if ours else 0.4,
                answerable=2 * share if ours else -4 * share,
            ),
        )
        gold = frozenset({best.entry}) if ours else frozenset[str]()
        texts.append(Judged(Labelled(f"{kind} {at}", gold, "ana", "plain" if ours else kind), candidate, candidate))
    return texts


def test_what_is_worth_asking_and_what_is_a_question_to_us_is_learnt_from_technical_chatter_and_questions(
    library: Library,
):
    from bot import train_weights

    ours, chatter = _judged(library, 200, "ours"), _judged(library, 200, "technical")

    look, to_us = train_weights.look([*ours, *chatter]), train_weights.question_to_us([*ours, *chatter])

    assert look is not None
    assert to_us is not None
    second = SecondThresholds(
        worth=look.worth,
        worth_named=look.worth_named,
        sure=0.5,
        maybe=0.1,
        question=0.0,
        look=look.weights,
        to_us=to_us,
    )

    def share(texts: "list[Judged]", chosen: Callable[[Candidate], bool]) -> float:
        return float(np.mean([text.best is not None and chosen(text.best) for text in texts]))

    def asked(candidate: Candidate) -> bool:
        return worth_a_second_look(candidate, second)

    assert share(chatter, asked) == pytest.approx(train_weights.LOOKED_AT, abs=0.02)
    assert share(ours, asked) > 0.9
    assert look.worth_named < look.worth  # who names a role is more likely to ask of it
    assert share([text for text in ours if text.best and text.best.confidence > 0.9], _is_answerable(second)) > 0.9
    assert share(chatter, _is_answerable(second)) < 0.1
    assert to_us.near > 0
    assert to_us.answerable > 0
    assert to_us.names > 0


def _is_answerable(second: SecondThresholds) -> Callable[[Candidate], bool]:
    return lambda candidate: answerable(candidate, second)


def test_hard_negatives_have_no_part_in_what_is_a_question_to_us(library: Library):
    from bot import train_weights

    texts = [*_judged(library, 200, "ours"), *_judged(library, 200, "technical")]
    more = [*texts, *_judged(library, 200, "lookalike")]

    assert train_weights.look(more) == train_weights.look(texts)
    assert train_weights.question_to_us(more) == train_weights.question_to_us(texts)


def test_from_too_few_texts_nothing_is_learnt_of_what_is_a_question_to_us(library: Library):
    from bot import train_weights

    few = [*_judged(library, 200, "ours"), *_judged(library, train_weights.LEAST_TEXTS - 1, "technical")]

    assert train_weights.look(few) is None
    assert train_weights.question_to_us(few) is None


def test_without_what_was_learnt_the_phrasings_decide(library: Library):
    alone = replace(library, learnt_file=None)
    assert alone.learnt is None
    reply = reply_to("What does “Member of Technical Staff” mean?", Surface.CHANNEL, alone.index, alone.thresholds)
    assert isinstance(reply, Answer)


@pytest.mark.parametrize(
    "text",
    [
        "so that should work if you profile it first",
        "does anyone have a slow build since this morning?",
        "how do people organise their components in a large app?",
        "The compiler reports that the title function has two parameters. Is that right?",
    ],
)
def test_everyday_chatter_gets_silence_though_its_words_were_learnt(library: Library, text: str):
    assert isinstance(reply_to(text, Surface.CHANNEL, library.index, library.thresholds), Silence)


def test_the_utterances_are_many_by_many_and_labelled_with_entries_that_exist(library: Library):
    entries = Faq(entries=tuple(library.entries.values()))
    texts = list(knowledge.labelled(KNOWLEDGE, entries))
    inside = [each for each in texts if each.gold]
    assert len(texts) >= 6000
    assert len(inside) >= 2500
    assert sum(not each.gold and each.style != "technical" for each in texts) >= 1800
    assert sum(each.style == "technical" for each in texts) >= 1700
    assert len({each.author for each in texts}) >= 7
    labelled = {name for each in inside for name in each.gold}
    assert labelled <= set(library.entries)
    assert library.learnt is not None
    assert labelled >= set(library.learnt.places)  # an entry that was added since is judged by its phrasings


def test_a_case_names_its_author_and_former_ids_stand_for_the_entry_that_answers_now(tmp_path):
    path = tmp_path / "cases.jsonl"
    path.write_text(json.dumps({"text": "x", "gold": ["old"], "style": "plain", "author": "ana"}))
    [case] = evaluate.read(path, frozenset({"now"}), frozenset({"now"}), {"old": "now"})
    assert (case.gold, case.author) == (frozenset({"now"}), "ana")


def test_an_index_of_public_questions_needs_nothing_learnt():
    entries = [evaluate.unwritten("a", "how do I reset my card pin", ["forgot my pin", "change the pin"])]
    assert Index.build(entries, Synonyms(), english(), calibrate.FIRST).rank("how to reset the pin")
