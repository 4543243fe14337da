"""What is wrong with the settings stops the worker at start, and is named."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.chassis.settings import SettingsError
from services.generation.providers.catalogue import NAMES, make_provider
from services.generation.providers.diffusers.diffusers_settings import DiffusersSettings, LocalModel, family_of
from services.generation.settings import GenerationSettings
from tests.fakes.object_store import FakeObjectStore
from tests.fakes.painters import NoFiles, local_model
from tests.fakes.vendors.bench import Inline


def settings(folder: Path, **model: Any) -> DiffusersSettings:
    return DiffusersSettings(models={"sdxl": LocalModel(**{"path": folder, **model})})


def test_models_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(
        "ICE_DIFFUSERS_MODELS", json.dumps({"sdxl": {"path": str(tmp_path), "controlnets": {"pose": "p"}}})
    )
    monkeypatch.setenv("ICE_DIFFUSERS_MAX_BATCH", "8")
    found = GenerationSettings().diffusers
    assert found.models["sdxl"].path == tmp_path
    assert found.models["sdxl"].controlnets == {"pose": Path("p")}
    assert found.max_batch == 8


def test_the_family_is_what_the_models_own_index_says(tmp_path: Path) -> None:
    for kind, family in (("StableDiffusionXLPipeline", "sdxl"), ("StableDiffusionPipeline", "sd15")):
        model = LocalModel(path=local_model(tmp_path / family, kind))
        assert family_of("name", model) == family


def test_a_provider_without_models_does_not_start() -> None:
    assert "diffusers" in NAMES
    with pytest.raises(SettingsError, match="ICE_DIFFUSERS_MODELS: empty, and provider diffusers needs it"):
        make_provider(GenerationSettings(generation_provider="diffusers"), FakeObjectStore(), Inline(), NoFiles())


def test_a_folder_that_is_no_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"sdxl\.path: '.*': has no model_index\.json"):
        settings(tmp_path).check()
    local_model(tmp_path, "FluxPipeline")
    with pytest.raises(SettingsError, match="is a 'FluxPipeline', allowed is one of: StableDiffusionXLPipeline"):
        settings(tmp_path).check()
    (tmp_path / "model_index.json").write_text("{")
    with pytest.raises(SettingsError, match=r"its model_index\.json can't be read"):
        settings(tmp_path).check()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"ip_adapter": "/nowhere.safetensors"}, "ip_adapter: '/nowhere.safetensors' doesn't exist"),
        ({"controlnets": {"pose": "/nowhere"}}, r"controlnets\.pose: '/nowhere' doesn't exist"),
        ({"sizes": [[100, 100]]}, r"sizes: \[100, 100\], allowed are multiples of 8"),
    ],
)
def test_wrong_files_and_sizes_are_named(tmp_path: Path, wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        settings(local_model(tmp_path), **wrong).check()


def test_an_ip_adapter_is_a_safetensors_file_with_its_encoder(tmp_path: Path) -> None:
    folder = local_model(tmp_path / "model")
    for name in ("ip.safetensors", "ip.bin"):
        (tmp_path / name).touch()
    with pytest.raises(SettingsError, match=r"allowed is a \.safetensors file"):
        settings(folder, ip_adapter=tmp_path / "ip.bin", image_encoder=tmp_path).check()
    with pytest.raises(SettingsError, match="ip_adapter and image_encoder go together"):
        settings(folder, ip_adapter=tmp_path / "ip.safetensors").check()


@pytest.mark.parametrize("field", ["device", "precision", "max_batch"])
def test_values_out_of_range_name_their_variable(monkeypatch: pytest.MonkeyPatch, field: str) -> None:
    monkeypatch.setenv(f"ICE_DIFFUSERS_{field.upper()}", "-1")
    with pytest.raises(SettingsError, match=f"ICE_DIFFUSERS_{field.upper()}"):
        DiffusersSettings()
