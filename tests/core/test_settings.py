"""Settings: where they come from, what they may be, and that all of them are shown."""

import json

import pytest
from typer.testing import CliRunner

from talkover.core.cli import build
from talkover.core.errors import ConfigError
from talkover.core.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch, tmp_path):
    monkeypatch.setenv("TALKOVER_CONFIG", str(tmp_path / "talkover.toml"))
    for name in ("MODELS__PROVIDERS", "SERVER__WORKERS", "SERVER__TOKEN", "SERVER__ORIGINS"):
        monkeypatch.delenv(f"TALKOVER_{name}", raising=False)


def every_setting(section=Settings, before=""):
    for name, field in section.model_fields.items():
        if hasattr(field.annotation, "model_fields"):
            yield from every_setting(field.annotation, f"{before}{name}.")
        else:
            yield f"{before}{name}", field


def test_providers_are_chosen_for_you():
    assert load_settings().models.providers == ("auto",)


def test_providers_come_from_the_file_and_from_variables_before_it(monkeypatch, tmp_path):
    (tmp_path / "talkover.toml").write_text('[models]\nproviders = ["tensorrt", "cuda"]\n')
    assert load_settings().models.providers == ("tensorrt", "cuda")
    monkeypatch.setenv("TALKOVER_MODELS__PROVIDERS", '["cpu"]')
    assert load_settings().models.providers == ("cpu",)
    assert load_settings(models__providers=("auto",)).models.providers == ("auto",)


@pytest.mark.parametrize("wrong", ['["gpu"]', "[]", '["CUDAExecutionProvider"]'])
def test_other_providers_are_refused_by_name(monkeypatch, wrong):
    monkeypatch.setenv("TALKOVER_MODELS__PROVIDERS", wrong)
    with pytest.raises(ConfigError, match=r"models\.providers"):
        load_settings()


@pytest.mark.parametrize("workers", [0, 257])
def test_workers_have_bounds(workers):
    with pytest.raises(ConfigError, match=r"server\.workers"):
        load_settings(server__workers=workers)


def test_config_show_shows_every_setting_and_what_it_is(monkeypatch):
    monkeypatch.setenv("COLUMNS", "250")
    monkeypatch.setenv("TALKOVER_SERVER__TOKEN", "hush")
    monkeypatch.setenv("TALKOVER_SERVER__ORIGINS", '["https://a.example"]')
    result = CliRunner().invoke(build(), ["config", "show"])
    assert result.exit_code == 0
    shown = {line.split()[0]: line for line in result.output.splitlines() if line.strip()}
    names = {name for name, _ in every_setting()}
    new = ("server.http_port", "server.origins", "server.ice_servers", "server.private_candidates")
    assert names >= {*new, "server.workers", "models.providers", "traces.spool"}
    for name, field in every_setting():
        assert field.description, name
        assert field.description in shown[name]
    assert "hush" not in result.output
    assert '["auto"]' in shown["models.providers"]
    assert '["https://a.example"]' in shown["server.origins"]


def test_config_show_as_json_has_every_setting(monkeypatch):
    monkeypatch.setenv("TALKOVER_SERVER__TOKEN", "hush")
    result = CliRunner().invoke(build(), ["config", "show", "--json"])
    shown = json.loads(result.output)
    for name, _ in every_setting():
        value = shown
        for part in name.split("."):
            value = value[part]
    assert shown["models"]["providers"] == ["auto"]
    assert "hush" not in result.output
