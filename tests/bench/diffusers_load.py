"""Plain diffusers beside our worker, on random weights of SDXL's size: images per second, latency, peak memory.

    python -m tests.bench.diffusers_load                 # SDXL's size, on a card
    python -m tests.bench.diffusers_load --tiny          # shows that it works, on any processor; measures nothing

Three runs in one: plain diffusers one by one, plain diffusers in its best batch, and the studio with its painter under
arrivals that don't wait for answers: `--load` times as many per second as plain diffusers makes in its best batch, each
with a seed and words of its own, most with one or two of several adapters. The goal: at least the images per second of
the best batch, and twice those of one by one.
"""

import argparse
import asyncio
import hashlib
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch  # noqa: TID251 - a benchmark of real models
from diffusers import AutoencoderKL, StableDiffusionXLPipeline, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from services.generation.providers.diffusers.diffusers_settings import DiffusersSettings, LocalModel
from services.generation.providers.diffusers.orders import Adapter, Order, Painted
from services.generation.providers.diffusers.painter.models import device_of, precision_of
from services.generation.providers.diffusers.painter.painting import silence
from services.generation.providers.diffusers.painter_process import PainterProcess
from services.generation.providers.diffusers.studio import Studio
from tests.local_models import tiny

ADAPTERS = 4


@dataclass(frozen=True, slots=True)
class Task:
    """What is painted: size in pixels, steps, images per run; batch sizes that are tried."""

    size: tuple[int, int]
    steps: int
    images: int
    batches: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table. Seconds; megabytes of the card, 0 where there is none."""

    what: str
    images_per_s: float
    median_s: float
    p95_s: float
    peak_mb: int


def full_size(folder: Path) -> Path:
    """SDXL base by its published sizes, with random weights of 16 bits."""
    torch.manual_seed(1)
    words = tiny._vocabulary()
    network = UNet2DConditionModel(
        sample_size=128,
        block_out_channels=(320, 640, 1280),
        layers_per_block=2,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=(5, 10, 20),
        transformer_layers_per_block=(1, 2, 10),
        cross_attention_dim=2048,
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=256,
        projection_class_embeddings_input_dim=2816,
    )
    vae = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(128, 256, 512, 512),
        layers_per_block=2,
        scaling_factor=0.13025,
        sample_size=1024,
    )
    pipeline = StableDiffusionXLPipeline(
        vae=vae,
        text_encoder=CLIPTextModel(_text(words, 768, 12, 12)),
        text_encoder_2=CLIPTextModelWithProjection(_text(words, 1280, 32, 20)),
        tokenizer=words,
        tokenizer_2=words,
        unet=network,
        scheduler=tiny._schedule(),
    )
    pipeline.to(torch.bfloat16).save_pretrained(folder)
    return folder


def _text(words: Any, width: int, layers: int, heads: int) -> CLIPTextConfig:
    return CLIPTextConfig(
        bos_token_id=words.bos_token_id,
        eos_token_id=words.eos_token_id,
        pad_token_id=words.pad_token_id,
        hidden_size=width,
        intermediate_size=4 * width,
        num_attention_heads=heads,
        num_hidden_layers=layers,
        vocab_size=len(words),
        projection_dim=width,
    )


def plain(folder: Path, settings: DiffusersSettings, task: Task) -> list[Line]:
    """Plain diffusers: one by one, then in each batch size until memory runs out."""
    device = device_of(settings)
    pipeline = StableDiffusionXLPipeline.from_pretrained(
        folder, dtype=precision_of(settings, device), local_files_only=True, add_watermarker=False
    ).to(device)
    pipeline.set_progress_bar_config(disable=True)
    lines = []
    for batch in task.batches:
        try:
            lines.append(_plain(pipeline, batch, task))
        except torch.OutOfMemoryError:
            break
    del pipeline
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return lines


def _plain(pipeline: Any, batch: int, task: Task) -> Line:
    def once(first: int) -> None:
        noise = [torch.Generator("cpu").manual_seed(first + number) for number in range(batch)]
        width, height = task.size
        pipeline(
            ["two people in the rain"] * batch,
            width=width,
            height=height,
            num_inference_steps=task.steps,
            generator=noise,
        )

    once(0)
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    took = []
    for first in range(0, task.images, batch):
        began = time.monotonic()
        once(first)
        took.append(time.monotonic() - began)
    what = "plain diffusers, one by one" if batch == 1 else f"plain diffusers, batches of {batch}"
    peak = torch.cuda.max_memory_allocated() // 2**20 if torch.cuda.is_available() else 0
    return Line(what, batch * len(took) / sum(took), statistics.median(took), max(took), peak)


async def ours(settings: DiffusersSettings, orders: Sequence[Order], per_s: float) -> Line:
    """The studio under arrivals at random moments, `per_s` on average, that don't wait for answers."""
    studio = Studio(settings, lambda hear: PainterProcess(settings, hear))
    studio.start()
    chance = random.Random(7)
    try:
        await studio.paint(orders[0])
        began, latencies, painted = time.monotonic(), list[float](), list[Painted]()

        async def one(order: Order, at: float) -> None:
            await asyncio.sleep(at)
            asked = time.monotonic()
            painted.append(await studio.paint(order))
            latencies.append(time.monotonic() - asked)

        moments = [0.0]
        for _ in orders[2:]:
            moments.append(moments[-1] + chance.expovariate(per_s))
        await asyncio.gather(*(one(order, at) for order, at in zip(orders[1:], moments, strict=True)))
        seconds = time.monotonic() - began
    finally:
        await studio.stop()
    batches = statistics.mean(made.facts["batch"] for made in painted)
    peak = max(int(made.facts.get("peak_mb", 0)) for made in painted)
    what = f"our worker, mixed arrivals at {per_s:.3g}/s, {batches:.1f} images together on average"
    p95 = sorted(latencies)[int(0.95 * (len(latencies) - 1))]
    return Line(what, len(painted) / seconds, statistics.median(latencies), p95, peak)


def mixed(folder: Path, model: Path, task: Task) -> list[Order]:
    """Orders of other seeds and words, most with one or two adapters."""
    files = [
        tiny.lora(folder / f"adapter{number}.safetensors", model, number, strong=0.01) for number in range(ADAPTERS)
    ]
    adapters = [Adapter(path.stem, str(path), hashlib.sha256(path.read_bytes()).hexdigest()) for path in files]
    chance = random.Random(3)
    return [
        Order(
            f"order {number}", "sdxl", f"two people in the rain, take {number}", "", task.size, task.size, number,
            task.steps, 5.0, tuple(chance.sample(adapters, chance.choice((0, 1, 1, 2)))),
        )
        for number in range(task.images + 1)
    ]  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Print the table, and all figures as JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.diffusers_load", description=__doc__)
    parser.add_argument("--tiny", action="store_true", help="tiny weights, to see that it works")
    parser.add_argument(
        "--load", type=float, default=2.0, help="arrivals, as a multiple of the best batch's images per second"
    )
    parser.add_argument("--images", type=int, default=None, help="per run")
    given = parser.parse_args(arguments)
    if not given.tiny and not torch.cuda.is_available():
        parser.error("SDXL's size needs a card; --tiny works without one")
    silence()
    task = (
        Task((128, 64), 2, given.images or 8, (1, 2))
        if given.tiny
        else Task((1024, 1024), 20, given.images or 64, (1, 2, 4, 8, 16))
    )
    with tempfile.TemporaryDirectory(prefix="ice-diffusers-") as place:
        folder = Path(place)
        model = tiny.sdxl(folder / "sdxl") if given.tiny else full_size(folder / "sdxl")
        base = DiffusersSettings(models={"sdxl": LocalModel(path=model, sizes=(task.size,))})
        lines = plain(model, base, task)
        best = max(range(len(lines)), key=lambda place: lines[place].images_per_s)
        settings = base.model_copy(update={"max_batch": task.batches[best]})
        orders = mixed(folder, model, task)
        lines.append(asyncio.run(ours(settings, orders, given.load * lines[best].images_per_s)))
    _report(lines, best, tiny_weights=given.tiny)
    return 0


def _report(lines: Sequence[Line], best: int, *, tiny_weights: bool) -> None:
    if tiny_weights:
        sys.stdout.write("Tiny weights: these figures say nothing about SDXL.\n")
    for line in lines:
        sys.stdout.write(
            f"{line.images_per_s:8.3f} images/s  median {line.median_s:7.2f} s  p95 {line.p95_s:7.2f} s"
            f"  peak {line.peak_mb:6d} MB  {line.what}\n"
        )
    worker = lines[-1].images_per_s
    sys.stdout.write(f"worker / best batch: {worker / lines[best].images_per_s:.2f} (goal: 1)\n")
    sys.stdout.write(f"worker / one by one: {worker / lines[0].images_per_s:.2f} (goal: 2)\n")
    sys.stdout.write(json.dumps([asdict(line) for line in lines]) + "\n")


if __name__ == "__main__":
    sys.exit(main())
