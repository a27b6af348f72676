"""The files an operator deploys with say what the bot is."""

import re
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from bot import asgi
from bot.settings import Settings
from bot.slack.app import PATIENCE

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "bot/deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
OBJECTS: list[dict[str, Any]] = list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text()))
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
HEALTH_PORT = 8080


@pytest.mark.parametrize("object_", OBJECTS, ids=lambda each: each["kind"])
def test_kubernetes_would_take_each_object(object_: dict[str, Any]):
    kubernetes_validate.validate(object_, "1.31", strict=True)


def test_the_probes_ask_what_the_bot_answers():
    [pod] = [each["spec"]["template"]["spec"] for each in OBJECTS if each["kind"] == "Deployment"]
    [bot] = pod["containers"]
    probes = {name: bot[name]["httpGet"]["path"] for name in bot if name.endswith("Probe")}

    assert probes == {"livenessProbe": asgi.HEALTH, "readinessProbe": asgi.READY, "startupProbe": asgi.HEALTH}
    assert {each["name"]: each["containerPort"] for each in bot["ports"]} == {
        "http": Settings.model_fields["port"].default,
        "health": HEALTH_PORT,
    }
    assert pod["terminationGracePeriodSeconds"] > PATIENCE + 2
    assert bot["args"] == ["run", "--http"]


def test_two_replicas_stay_when_a_node_goes():
    kinds = {each["kind"]: each for each in OBJECTS}

    assert kinds["Deployment"]["spec"]["replicas"] == 2
    assert kinds["PodDisruptionBudget"]["spec"]["minAvailable"] == 1
    labels = kinds["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert labels == kinds["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"]
    assert labels == kinds["Service"]["spec"]["selector"]


def test_every_setting_that_is_set_exists():
    named = set(COMPOSE["services"]["bot"]["environment"])
    named |= set(re.findall(r"--from-literal=(\w+)", (DEPLOY / "kubernetes.yaml").read_text()))
    named |= set(re.findall(r"([A-Z_]+)=", re.search(r"^ENV (.*)$", DOCKERFILE, re.MULTILINE).group(1)))  # type: ignore[union-attr]

    assert named <= {name.upper() for name in Settings.model_fields}
    assert f"HEALTH_PORT={HEALTH_PORT}" in DOCKERFILE


def test_the_image_is_built_of_files_that_are_there_and_let_in():
    let_in = {line[1:] for line in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines() if line[0] == "!"}
    copied = [
        line.split()[1:-1] for line in DOCKERFILE.splitlines() if line.startswith("COPY") and "--from" not in line
    ]

    files = {name for names in copied for name in names}
    assert files == let_in
    assert all((ROOT / name).exists() for name in files)
    assert COMPOSE["services"]["bot"]["build"]["dockerfile"] == "bot/deploy/Dockerfile"


def test_compose_gives_the_bot_time_to_hand_over():
    assert int(COMPOSE["services"]["bot"]["stop_grace_period"].removesuffix("s")) > PATIENCE + 2
