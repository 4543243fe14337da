"""Files of adapters: what is one, what isn't, and for which model it was trained."""

import pickle
import zipfile
from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.adapter import AdapterKind
from schemas.adapter.families import FAMILIES, checked, family_named, judged
from schemas.adapter.file_format import BadAdapterFileError, header_length, read_header
from tests.fakes.safetensors_files import INVERSIONS, LORAS, inversion, lora, safetensors, with_header


def zipped() -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("archive/data.pkl", b"x")
    return out.getvalue()


def test_a_file_is_read_without_its_tensors() -> None:
    data = lora("sdxl", metadata={"modelspec.title": "Radha"})
    header = read_header(data[:4096], len(data))
    assert header.size == len(data)
    assert header.metadata == {"modelspec.title": "Radha"}
    assert {tensor.dtype for tensor in header.tensors.values()} == {"F16"}


@pytest.mark.parametrize("data", [pickle.dumps({"a": 1}), zipped()], ids=["pickle", "zip of pickles"])
def test_a_pickle_is_refused_by_its_first_bytes(data: bytes) -> None:
    with pytest.raises(BadAdapterFileError, match="pickle"):
        header_length(data)


def tensor(start: int, end: int, **changes: object) -> dict[str, object]:
    return {"dtype": "F16", "shape": [2], "data_offsets": [start, end], **changes}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "0 bytes"),
        (b"\x89PNG\r\n\x1a\n" + b"0" * 100, "not safetensors"),
        (lora()[:-1], "cut off, or more was added"),
        (lora() + b"x", "cut off, or more was added"),
        (lora()[:60], "ends within its header"),
        ((9).to_bytes(8, "little") + b"not JSON!", "isn't JSON"),
        (with_header([1, 2]), "isn't a JSON object"),
        (with_header({"__metadata__": {"a": 1}, "t": tensor(0, 4)}, b"1234"), "__metadata__"),
        (with_header({"__metadata__": {}}), "0 tensors"),
        (with_header({"t": tensor(0, 5)}, b"12345"), "its type and shape need 4"),
        (with_header({"t": tensor(1, 5)}, b"12345"), "begins at 1; allowed is 0"),
        (with_header({"t": tensor(0, 4), "u": tensor(2, 6)}, b"123456"), "begins at 2; allowed is 4"),
        (with_header({"t": tensor(0, 4, dtype="F17")}, b"1234"), "allowed are dtype, shape, data_offsets"),
        (with_header({"t": tensor(0, 4, shape=[-2])}, b"1234"), "allowed are dtype, shape, data_offsets"),
        (with_header({"t": {"dtype": "F16"}}, b"1234"), "allowed are dtype, shape, data_offsets"),
        (with_header({"t": "x" * 500}, b"1234"), "allowed are dtype, shape, data_offsets"),
    ],
)
def test_what_breaks_the_format_is_refused_in_words(data: bytes, why: str) -> None:
    with pytest.raises(BadAdapterFileError, match=why):
        read_header(data, len(data))


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 300))
def test_bytes_from_anywhere_raise_nothing_else(noise: bytes, at: int) -> None:
    data = lora("sd15")
    for candidate in (noise, data[:at] + noise + data[at + len(noise) :]):
        with suppress(BadAdapterFileError):
            judged(read_header(candidate, len(candidate)))


@pytest.mark.parametrize("family", LORAS)
def test_a_lora_tells_its_family_by_its_tensors(family: str) -> None:
    told = judged(read_header(lora(family)))
    assert (told.kind, told.family) == (AdapterKind.LORA, family)
    assert family in FAMILIES


@pytest.mark.parametrize("family", INVERSIONS)
def test_a_textual_inversion_tells_its_family_by_its_vectors(family: str) -> None:
    told = judged(read_header(inversion(family)))
    assert (told.kind, told.family) == (AdapterKind.TEXTUAL_INVERSION, family)


SILENT = {"lora_unet_mid_block_resnets_0_conv1.lora_down.weight": (2, 3, 3, 3)}


@pytest.mark.parametrize(
    ("key", "word", "family"),
    [
        ("ss_base_model_version", "sdxl_base_v1-0", "sdxl"),
        ("ss_base_model_version", "sd_v1", "sd15"),
        ("ss_base_model_version", "sd_v2_768_v", "sd21"),
        ("ss_base_model_version", "flux1", "flux"),
        ("modelspec.architecture", "stable-diffusion-xl-v1-base/lora", "sdxl"),
        ("modelspec.architecture", "stable-diffusion-v1/lora", "sd15"),
        ("modelspec.architecture", "flux-1-dev/lora", "flux"),
        ("modelspec.architecture", "hunyuan-image-2.1", None),
    ],
)
def test_metadata_speaks_where_the_tensors_are_silent(key: str, word: str, family: str | None) -> None:
    assert judged(read_header(safetensors(SILENT, {key: word}))).family == family


def test_the_tensors_decide_against_the_metadata() -> None:
    header = read_header(lora("sdxl", metadata={"ss_base_model_version": "sd_v1"}))
    assert judged(header).family == "sdxl"
    assert checked(header, kind=AdapterKind.LORA, base="sdxl").by == "its cross-attention of width 2048"


def test_what_is_said_wrong_is_refused_with_how_it_is_known() -> None:
    header = read_header(lora("sdxl"))
    with pytest.raises(BadAdapterFileError, match="base: sd15; the file was trained for sdxl by its cross-attention"):
        checked(header, kind=AdapterKind.LORA, base="sd15")
    with pytest.raises(BadAdapterFileError, match="the file is a lora by its tensors"):
        checked(header, kind=AdapterKind.TEXTUAL_INVERSION, base="sdxl")
    assert checked(read_header(safetensors(SILENT)), kind=AdapterKind.LORA, base="kolors").family is None


def test_a_whole_model_is_no_adapter() -> None:
    model = safetensors({"model.diffusion_model.input_blocks.0.0.weight": (4, 4), "first_stage_model.x": (2, 768)})
    with pytest.raises(BadAdapterFileError, match="a whole model is no adapter"):
        judged(read_header(model))


@pytest.mark.parametrize(
    ("said", "family"), [("SDXL", "sdxl"), ("sd1.5", "sd15"), ("Flux.1-dev", "flux"), ("Kolors 2", "kolors-2")]
)
def test_usual_names_of_a_family_are_one(said: str, family: str) -> None:
    assert family_named(said) == family
