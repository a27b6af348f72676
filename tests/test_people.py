"""Described people, the answers a fair reader of the questions would give for them, and what should come out.

Whoever changes a weight in quiz.yaml sees here whom it takes along. Answers are letters of the choices, one for each
question; two letters are an answer by halves, and - is a question they would skip. Where the description is of
somebody between two roles, either may come first, but not clearly.
"""

from typing import NamedTuple

import pytest

from bot.domain import fit
from bot.domain.fit import Clearness, Given
from bot.domain.quiz import LETTERS
from bot.domain.quiz_content import Quiz
from bot.knowledge import Library

RESEARCHER, RESEARCH_ENGINEER, AI_ENGINEER = "researcher", "research-engineer", "ai-engineer"


class Person(NamedTuple):
    week: str
    answers: str
    expected: tuple[str, ...]  # one role, or two that they are between


PEOPLE = {
    "frontier research scientist": Person(
        "Asks whether a new training objective makes models reason further. Reads ten papers a week, runs long "
        "experiments on the cluster that others keep up, and writes it up for a conference.",
        "a a a a a",
        (RESEARCHER,),
    ),
    "theory scientist": Person(
        "Proves bounds on generalisation with pen and paper and a few small simulations. A proof takes a year, the "
        "programme ten.",
        "a a a a a",
        (RESEARCHER,),
    ),
    "lab scientist with week-long experiments": Person(
        "Each experiment runs for a week and mostly says no. Together they follow one question over many years; the "
        "papers come once or twice a year.",
        "a b a a a",
        (RESEARCHER,),
    ),
    "PhD student": Person(
        "Third year: one idea, half of the week in code that tries it and half in drafts. Nobody uses the code after "
        "the paper.",
        "a a a a ab",
        (RESEARCHER,),
    ),
    "safety researcher": Person(
        "Looks for signs that models hide what they know, and invents ways to measure it. Findings go out as reports, "
        "some with a new benchmark.",
        "a ab a b ab",
        (RESEARCHER,),
    ),
    "research manager": Person(
        "Leads eight scientists. Answers for what their week is: open questions, papers, and a programme that runs for "
        "years.",
        "a a a a a",
        (RESEARCHER,),
    ),
    "researcher at a startup": Person(
        "Hired to do something new with speech models. Half of the time it is a method that nobody has, half of it is "
        "getting that method into the product by spring.",
        "ac a a c b",
        (RESEARCHER,),
    ),
    "research engineer at DeepMind": Person(
        "Turns a colleague's idea into code that trains on a thousand chips, writes the evaluation, and is a co-author "
        "of the paper in the end.",
        "b d b b c",
        (RESEARCH_ENGINEER,),
    ),
    "infrastructure engineer for training": Person(
        "Keeps training runs alive across the cluster: checkpoints, failed nodes, throughput. The users are the "
        "researchers next door.",
        "b d b b c",
        (RESEARCH_ENGINEER,),
    ),
    "infrastructure engineer who is on call for the cluster": Person(
        "The same cluster, but the week is pages and cost reports, and the researchers complain about downtime.",
        "b d c b c",
        (RESEARCH_ENGINEER,),
    ),
    "evaluation engineer in research": Person(
        "Builds the harness with which every new checkpoint is measured, and finds out what the numbers are worth. "
        "Fast turnaround matters, and that it comes out the same next week.",
        "b d b b bc",
        (RESEARCH_ENGINEER,),
    ),
    "data curator for pretraining": Person(
        "Crawls, filters and deduplicates what the next model is trained on, and runs small trainings to see what a "
        "filter does.",
        "b c b b c",
        (RESEARCH_ENGINEER,),
    ),
    "quantization specialist": Person(
        "Makes methods from papers work on real models, so that they fit into less memory. Half a year each, and the "
        "serving team takes them over.",
        "c d b b bc",
        (RESEARCH_ENGINEER,),
    ),
    "robotics research engineer": Person(
        "Simulation, control code and sensors, so that the lab can try a new policy on a robot every day.",
        "b d b b c",
        (RESEARCH_ENGINEER,),
    ),
    "compiler and kernel engineer": Person(
        "Writes kernels so that training runs faster on next year's hardware. What counts is how much faster a "
        "run gets; the users are teams that train.",
        "b d bc b c",
        (RESEARCH_ENGINEER,),
    ),
    "open-source library maintainer": Person(
        "Keeps a library for fine-tuning that thousands of people experiment with. New methods from papers go in "
        "within weeks, and nothing may break.",
        "c d b b c",
        (RESEARCH_ENGINEER,),
    ),
    "data engineer on a product team": Person(
        "Builds and runs the pipelines that feed the recommendation models, every night, on time. Woken when they "
        "stop.",
        "d c c c d",
        (AI_ENGINEER,),
    ),
    "data scientist in product analytics": Person(
        "Dashboards, forecasts and the reading of A/B tests, so that the product team knows what to build next.",
        "e b d c e",
        (AI_ENGINEER,),
    ),
    "experimentation scientist": Person(
        "Designs the A/B tests of a marketplace and better ways to read them, and writes about the methods at times. "
        "A test takes weeks, and what counts is what it does to the business.",
        "e e d c e",
        (AI_ENGINEER,),
    ),
    "applied scientist in ads": Person(
        "Reads papers, builds a ranking model, tests it on live traffic and ships it with the engineers. Judged by "
        "revenue.",
        "c e d c be",
        (AI_ENGINEER,),
    ),
    "ML engineer who serves models": Person(
        "Takes models that others trained and runs them behind an API. Latency, cost and pages at night.",
        "d e c c d",
        (AI_ENGINEER,),
    ),
    "engineer of prompts and retrieval in a product": Person(
        "Builds the support assistant on a model from an API: prompts, retrieval, guardrails. Ships every week.",
        "d e d c d",
        (AI_ENGINEER,),
    ),
    "full-stack AI engineer at a startup": Person(
        "Front end, back end and the model calls, for whichever customer signs this month.",
        "d e d c d",
        (AI_ENGINEER,),
    ),
    "platform engineer for ML": Person(
        "Runs the platform on which forty teams deploy their models. Upgrades take quarters, incidents minutes.",
        "d e c bc d",
        (AI_ENGINEER,),
    ),
    "engineering manager of a product ML team": Person(
        "Answers for what the team does most: features on models that exist, with weekly releases.",
        "d e d c d",
        (AI_ENGINEER,),
    ),
    "solutions architect": Person(
        "Puts agents into the systems that customers have had for twenty years, and sees to it that they comply.",
        "d e c c d",
        (AI_ENGINEER,),
    ),
    "technical program manager of a product": Person(
        "Answers for the work that is coordinated: launches of a copilot, with dates and dashboards.",
        "d e d c -",
        (AI_ENGINEER,),
    ),
    "technical program manager of a training run": Person(
        "Answers for the work that is coordinated: the next large training run, its data and its evaluation.",
        "b d b b -",
        (RESEARCH_ENGINEER,),
    ),
    "generalist founder": Person(
        "One of three. Reads a paper in the morning, collects data and fine-tunes at noon, ships in the evening. They "
        "must try a great deal before the money ends, and win customers meanwhile.",
        "cd ce bd d bd",
        (AI_ENGINEER, RESEARCH_ENGINEER),
    ),
    "applied researcher who brings methods to the product": Person(
        "Takes what research has found and makes it work in translation, with data that was made for it. Each takes "
        "half a year, then a product team ships it.",
        "c c bd b bd",
        (RESEARCH_ENGINEER, AI_ENGINEER),
    ),
    "scientist who builds what they study with": Person(
        "Asks the questions and writes the simulator that answers them. The papers are as welcome as the code.",
        "ab ad ab ab bc",
        (RESEARCHER, RESEARCH_ENGINEER),
    ),
}


def answers(quiz: Quiz, letters: str) -> dict[str, Given]:
    given = zip(quiz.questions, letters.split(), strict=True)
    return {
        question.id: tuple(question.choices[LETTERS.index(letter)].id for letter in chosen)
        for question, chosen in given
        if chosen != "-"
    }


@pytest.mark.parametrize("name", PEOPLE)
def test_a_described_person_gets_the_role_that_an_expert_would_name(library: Library, name: str):
    person = PEOPLE[name]

    found = fit.recommend(library.quiz, answers(library.quiz, person.answers))

    if len(person.expected) == 1:
        assert found.role.id == person.expected[0]
        assert found.clearness in (Clearness.CLEAR, Clearness.LEANING)
    else:
        assert {found.role.id, found.runner_up.id} == set(person.expected)
        assert found.clearness in (Clearness.LEANING, Clearness.CLOSE)


def test_they_are_many_and_of_all_kinds():
    assert len(PEOPLE) >= 25
    assert {role for person in PEOPLE.values() for role in person.expected} == {
        RESEARCHER,
        RESEARCH_ENGINEER,
        AI_ENGINEER,
    }
