"""What the images and the compose file say, held against the repository: no daemon is needed."""

import json
import re
import tomllib
from fnmatch import fnmatch
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
import typer
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from talkover.core.cli import build
from talkover.core.settings import Settings, load_settings

ROOT = Path(__file__).resolve().parent.parent
COMPOSE = ROOT / "docker/compose.yaml"
DOCKERFILES = sorted((ROOT / "docker").glob("*.Dockerfile"))
BUILT = {path.name.partition(".")[0]: path for path in DOCKERFILES}
FILES = [*DOCKERFILES, COMPOSE]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]

each_dockerfile = pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)


def instructions(path):
    """(name, rest) of each instruction, continued lines joined, comments left out."""
    lines = [line for line in path.read_text("utf-8").splitlines() if not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [tuple(line.split(None, 1)) for line in joined.splitlines() if line.strip()]


def values(path, name):
    return [rest for found, rest in instructions(path) if found == name]


def services():
    return yaml.safe_load(COMPOSE.read_text("utf-8"))["services"]


def commands(path):
    """Every ``talkover …`` in a file, comments included, as lists of words."""
    text = path.read_text("utf-8").replace('", "', " ")
    return [found.split() for found in re.findall(r"(?<![\w/=-])talkover((?: [\w./-]+)+)", text)]


def port_defaults(section=Settings):
    for name, field in section.model_fields.items():
        if hasattr(field.annotation, "model_fields"):
            yield from port_defaults(field.annotation)
        elif name == "port" or name.endswith("_port"):
            yield field.default


def extras_of(path):
    """Extras that an image installs, by default or when built as its comments show."""
    text = path.read_text("utf-8")
    named = {extra for group in re.findall(r"\.\[([^]]+)\]", text) for extra in group.split(",")}
    if "$EXTRA" in named:
        named = named - {"$EXTRA"} | set(re.findall(r"--build-arg EXTRA=(\w+)", text))
    return named


def pulled(extras):
    """Names of all distributions that these extras install, as far as they are installed here."""
    todo = [Requirement(text) for text in PROJECT["dependencies"]]
    todo += [Requirement(text) for extra in extras for text in EXTRAS[extra]]
    seen = set()
    while todo:
        requirement = todo.pop()
        key = (canonicalize_name(requirement.name), frozenset(requirement.extras))
        if key in seen:
            continue
        seen.add(key)
        try:
            below = [Requirement(text) for text in requires(requirement.name) or []]
        except PackageNotFoundError:
            continue
        todo += [
            one
            for one in below
            if one.marker is None
            or any(one.marker.evaluate({"extra": extra}) for extra in ("", *requirement.extras))
        ]
    return {name for name, _ in seen}


def test_there_is_an_image_for_each_half_that_runs():
    assert set(BUILT) == {"server", "trainer"}


@each_file
def test_every_command_exists_with_its_flags(path):
    found = commands(path)
    assert found
    for words in found:
        command = typer.main.get_command(build())
        for word in words:
            if word.startswith("-"):
                flags = {flag for option in command.params for flag in option.opts}
                assert word in flags | {"--help"}, words
            elif hasattr(command, "commands"):
                assert word in command.commands, words
                command = command.commands[word]
        assert not hasattr(command, "commands"), f"{words} is a group"


def test_the_server_image_builds_its_bundle_serves_and_is_asked():
    said = [" ".join(words) for words in commands(BUILT["server"])]
    assert said == ["health", "models build --if-missing", "serve --host 0.0.0.0"]


@each_file
def test_every_variable_is_a_setting(path):
    for name in re.findall(r"TALKOVER_([A-Z_]+)", path.read_text("utf-8")):
        section = Settings
        for part in name.lower().split("__"):
            assert part in section.model_fields, name
            section = section.model_fields[part].annotation


@pytest.mark.parametrize("service", ["server", "trainer"])
def test_the_settings_of_a_service_are_valid(service, monkeypatch):
    monkeypatch.setenv("TALKOVER_CONFIG", "/nonexistent/talkover.toml")
    given = dict(line.split("=", 1) for line in values(BUILT[service], "ENV") if "TALKOVER" in line)
    given |= services()[service]["environment"]
    assert given
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert values(BUILT[service], "VOLUME") == [str(settings.data_dir)]
    assert f"talkover:{settings.data_dir}" in services()[service]["volumes"]
    assert settings.traces.redis_url == "redis://redis:6379/0"


def test_the_ports_are_the_settings():
    ports = sorted(port_defaults())
    assert ports == [8640, 8641]
    (exposed,) = values(BUILT["server"], "EXPOSE")
    assert sorted(map(int, exposed.split())) == ports
    published = [entry.split(":") for entry in services()["server"]["ports"]]
    assert sorted(int(inside) for _, _, inside in published) == ports
    # Without a proxy with TLS, nobody but this machine.
    assert all(host == "127.0.0.1" and out == inside for host, out, inside in published)
    assert not values(BUILT["trainer"], "EXPOSE")
    assert not any("ports" in service for name, service in services().items() if name != "server")


@each_dockerfile
def test_what_is_copied_exists_and_is_not_ignored(path):
    ignored = (ROOT / ".dockerignore").read_text("utf-8").split()
    assert {".git", ".venv", "tests"} <= set(ignored)
    sources = [source for rest in values(path, "COPY") for source in rest.split()[:-1]]
    assert {"pyproject.toml", PROJECT["readme"], *PROJECT["license-files"]} <= set(sources)
    assert {"core", "server", "client", "trainer", "protos"} <= set(sources)
    for source in sources:
        assert (ROOT / source).exists(), source
        assert not any(fnmatch(source.split("/")[0], pattern) for pattern in ignored), source


@each_dockerfile
def test_every_extra_exists(path):
    extras = extras_of(path)
    assert extras
    assert extras <= set(EXTRAS)


def test_an_error_names_an_extra_that_exists():
    text = (ROOT / "core/talkover/core/onnx/providers.py").read_text("utf-8")
    assert re.findall(r"talkover\[(\w+)\]", text) == ["gpu"]
    assert "gpu" in EXTRAS


def test_nothing_in_the_server_image_pulls_torch():
    assert extras_of(BUILT["server"]) == {"server", "client", "gpu"}
    named = pulled(extras_of(BUILT["server"]))
    assert {"onnxruntime", "onnxruntime-gpu", "aiortc", "flatbuffers"} <= named
    assert not {name for name in named if name.startswith("torch")}
    assert not {"transformers", "faster-whisper", "ctranslate2"} & named
    assert "torch" in pulled(extras_of(BUILT["trainer"]))  # so it would be found


@each_dockerfile
def test_an_image_does_not_run_as_root(path):
    names = [name for name, _ in instructions(path)]
    (user,) = values(path, "USER")
    assert user.split(":")[0] not in ("root", "0")
    assert re.search(rf"useradd [^&]*\b{user}\b", path.read_text("utf-8"))
    assert names.index("USER") < names.index("CMD")
    assert names.index("USER") > max(at for at, name in enumerate(names) if name == "RUN")


@each_dockerfile
def test_an_image_says_how_it_is_and_what_it_runs(path):
    (check,) = values(path, "HEALTHCHECK")
    (command,) = values(path, "CMD")
    for form in (check.partition(" CMD ")[2].strip(), command):
        words = json.loads(form)
        assert words[0] in ("talkover", "sh")


def test_the_services_are_built_here_checked_and_not_root():
    for name, service in services().items():
        if "build" not in service:
            assert service["healthcheck"]["test"], name
            assert service["user"] not in ("root", "0"), name
            continue
        context = (COMPOSE.parent / service["build"]["context"]).resolve()
        assert context == ROOT
        assert context / service["build"]["dockerfile"] == BUILT[name]
        assert "user" not in service
        assert "healthcheck" not in service  # the image has one


def test_records_survive_redis_and_the_trainer_waits_to_be_asked():
    compose = yaml.safe_load(COMPOSE.read_text("utf-8"))
    redis = compose["services"]["redis"]
    command = redis["command"]
    assert command[command.index("--appendonly") + 1] == "yes"
    mounted = {
        entry.split(":")[0]
        for service in compose["services"].values()
        for entry in service["volumes"]
    }
    assert mounted == set(compose["volumes"])
    assert compose["services"]["trainer"]["profiles"] == ["train"]
    assert {name for name, one in services().items() if "profiles" not in one} == {
        "redis",
        "server",
    }


def test_a_service_has_time_to_finish_its_turns():
    grace = services()["server"]["stop_grace_period"]
    assert int(grace.removesuffix("s")) > load_settings().server.drain_seconds
