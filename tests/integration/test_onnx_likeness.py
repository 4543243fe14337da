"""Embedding networks by path: the plumbing, on tiny ONNX files whose answers are known by hand."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from schemas.validation import Outcome, Score
from services.validation.adapters.scorers.catalogue import ScorerName, ScorerSettings, made
from services.validation.adapters.scorers.clip_words import WordsSettings
from services.validation.adapters.scorers.onnx_models import EmbedderSettings, OnnxEmbedder
from services.validation.domain.cases import Case, Role, Shown, judged
from tests.fakes.frames import encoded

pytestmark = pytest.mark.integration

RED, GREEN = (np.full((40, 40, 3), colour, dtype=np.uint8) for colour in ((250, 5, 5), (5, 250, 5)))


def mean_network(path: Path, *, places: bool) -> EmbedderSettings:
    """A network that answers with the mean of each channel, or with each place's channels behind their mean."""
    onnx: Any = pytest.importorskip("onnx", reason="the package onnx is not installed")
    pytest.importorskip("onnxruntime", reason="the extra `onnx` is not installed")
    node, info, number = onnx.helper.make_node, onnx.helper.make_tensor_value_info, onnx.TensorProto.FLOAT
    nodes = [node("GlobalAveragePool", ["x"], ["pooled"])]
    values = [onnx.numpy_helper.from_array(np.array([1, 3, -1]), "flat")]
    if places:
        nodes += [
            node("Reshape", ["pooled", "flat"], ["first"]),
            node("Reshape", ["x", "flat"], ["rest"]),
            node("Concat", ["first", "rest"], ["all"], axis=2),
            node("Transpose", ["all"], ["y"], perm=[0, 2, 1]),
        ]
    else:
        nodes.append(node("Flatten", ["pooled"], ["y"]))
    shape = [1, 65, 3] if places else [1, 3]
    graph = onnx.helper.make_graph(nodes, "mean", [info("x", number, [1, 3, 8, 8])], [info("y", number, shape)], values)
    opset = onnx.helper.make_opsetid("", 17)
    onnx.save(onnx.helper.make_model(graph, opset_imports=[opset], ir_version=9), str(path))
    return EmbedderSettings(path=path, side=8, mean=(0, 0, 0), deviation=(1, 1, 1))


def found(scores: tuple[Score, ...], check: str) -> Score:
    (score,) = (item for item in scores if item.check == check)
    return score


def test_a_network_answers_with_what_it_was_made_to(tmp_path: Path) -> None:
    from PIL import Image  # noqa: PLC0415 - of this test alone

    image = Image.fromarray(RED)
    for places in (False, True):
        embedder = OnnxEmbedder(mean_network(tmp_path / f"{places}.onnx", places=places))
        assert embedder.embed(image)[0] == pytest.approx([250 / 255, 5 / 255, 5 / 255], abs=1e-3)
        local = embedder.places(image)
        assert (local is not None) is places
        assert local is None or local.shape == (64, 3)
        assert "sha256:" in embedder.model


def test_likeness_to_character_place_and_style_is_the_cosine_of_their_vectors(tmp_path: Path) -> None:
    (scorer,) = made(
        ScorerSettings(names=(ScorerName.LIKENESS,), likeness=mean_network(tmp_path / "m.onnx", places=True))
    )
    references = (Shown(Role.CHARACTER, "mira", encoded(RED)), Shown(Role.LOCATION, "sea", encoded(GREEN)))
    scores = judged(scorer, Case(encoded(RED), (("mira", "Mira"),), references))
    assert found(scores, "identity").value == pytest.approx(1.0)
    assert found(scores, "identity").entity_id == "mira"
    # (250, 5, 5) and (5, 250, 5): 2525 of 62550.
    assert found(scores, "location").value == pytest.approx(2525 / 62550, abs=1e-3)
    assert found(scores, "location").outcome is Outcome.FAILED
    assert found(scores, "style").value == pytest.approx(1.0)
    # One colour is its own mirror image.
    assert found(scores, "copy-paste").value == pytest.approx(0.5)


def test_several_people_without_a_detector_are_not_measured(tmp_path: Path) -> None:
    (scorer,) = made(
        ScorerSettings(names=(ScorerName.LIKENESS,), likeness=mean_network(tmp_path / "m.onnx", places=False))
    )
    cast = (("mira", "Mira"), ("arun", "Arun"))
    scores = judged(scorer, Case(encoded(RED), cast, (Shown(Role.CHARACTER, "mira", encoded(RED)),)))
    assert {score.value for score in scores} == {None}


def clip(folder: Path, length: int) -> WordsSettings:
    """A CLIP of two words: the mean of a picture's channels, and the mean of the colours that words name."""
    tokenizers: Any = pytest.importorskip("tokenizers", reason="the package tokenizers is not installed")
    pictures = mean_network(folder / "picture.onnx", places=False)
    onnx: Any = pytest.importorskip("onnx", reason="the package onnx is not installed")
    node, info, number = onnx.helper.make_node, onnx.helper.make_tensor_value_info, onnx.TensorProto.FLOAT
    colours = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], dtype=np.float32)
    nodes = [
        node("Gather", ["table", "input_ids"], ["seen"]),
        node("ReduceMean", ["seen"], ["y"], axes=[1], keepdims=0),
    ]
    graph = onnx.helper.make_graph(
        nodes,
        "words",
        [info("input_ids", onnx.TensorProto.INT64, [1, length])],
        [info("y", number, [1, 3])],
        [onnx.numpy_helper.from_array(colours, "table")],
    )
    opset = onnx.helper.make_opsetid("", 17)
    onnx.save(onnx.helper.make_model(graph, opset_imports=[opset], ir_version=9), str(folder / "words.onnx"))
    vocabulary = {"<|endoftext|>": 0, "red": 1, "green": 2}
    cutting = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="<|endoftext|>"))
    cutting.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    cutting.save(str(folder / "tokenizer.json"))
    return WordsSettings(
        picture=pictures, words=folder / "words.onnx", tokenizer=folder / "tokenizer.json", length=length
    )


def test_the_words_of_a_shot_are_scored_as_clipscore_is_defined(tmp_path: Path) -> None:
    (scorer,) = made(ScorerSettings(names=(ScorerName.WORDS,), words=clip(tmp_path, 5)))
    near, far = 250 / np.sqrt(250**2 + 5**2 + 5**2), 5 / np.sqrt(250**2 + 5**2 + 5**2)
    for words, cosine in (("red", near), ("green", far), ("red red", near)):
        (score,) = judged(scorer, Case(encoded(RED), words=words))
        assert score.value == pytest.approx(2.5 * cosine, abs=1e-3)
        assert (score.outcome, score.threshold) == (Outcome.PASSED, None)
        assert score.model.count("sha256:") == 2
    (bounded,) = judged(scorer, Case(encoded(RED), words="green", bounds={"clip-score": 0.5}))
    assert (bounded.outcome, bounded.threshold) == (Outcome.FAILED, 0.5)
    (null,) = judged(scorer, Case(encoded(RED)))
    assert (null.outcome, null.value) == (Outcome.NOT_MEASURED, None)


def test_words_that_are_too_many_are_cut_and_the_score_says_so(tmp_path: Path) -> None:
    (scorer,) = made(ScorerSettings(names=(ScorerName.WORDS,), words=clip(tmp_path, 4)))
    (score,) = judged(scorer, Case(encoded(RED), words="red red red red green green"))
    assert "last 2 tokens" in score.detail


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="the extra `onnx` is not installed")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        OnnxEmbedder(EmbedderSettings(path=tmp_path / "nowhere.onnx"))
