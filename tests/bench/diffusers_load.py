"""Plain diffusers beside our worker, on random weights: images per second, latency, peak memory.

    python -m tests.bench.diffusers_load                 # SDXL's size, on a card
    python -m tests.bench.diffusers_load --small         # a network of a few million weights, on any processor
    python -m tests.bench.diffusers_load --tiny          # shows that it works; measures nothing

Four runs in one: plain diffusers one by one; plain diffusers in batches, the best of which counts; our painter by
itself in batches of that size; and the studio with its painter's process under arrivals that don't wait for answers:
`--load` times as many per second as plain diffusers makes in its best batch. Ours have seeds and words of their own,
and most of them one or two of several adapters, all loaded before the clock starts. The goal: at least the images per
second of the best batch, and twice those of one by one.

Processor seconds per image tell what our code costs where others use the machine too, or the card waits for nobody.
"""

import argparse
import asyncio
import hashlib
import json
import math
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch  # noqa: TID251 - a benchmark of real models
from diffusers import AutoencoderKL, StableDiffusionXLPipeline, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from services.generation.providers.diffusers.diffusers_settings import DiffusersSettings, LocalModel
from services.generation.providers.diffusers.orders import Adapter, Failed, Order, Painted
from services.generation.providers.diffusers.painter.models import device_of, precision_of
from services.generation.providers.diffusers.painter.painting import Painter, silence
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


TASKS = {
    "sdxl": Task((1024, 1024), 20, 64, (1, 2, 4, 8, 16)),
    "small": Task((256, 256), 8, 24, (1, 2, 4, 8)),
    "tiny": Task((128, 64), 2, 8, (1, 2)),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table.

    Attributes:
        what: was measured.
        images_per_s: by the clock.
        median_s: of an image's wait; `p95_s` likewise: 95 of 100 wait no longer.
        peak_mb: of the card's memory, 0 where there is none.
        processor_s: of this process per image; None = another one painted.
    """

    what: str
    images_per_s: float
    median_s: float
    p95_s: float
    peak_mb: int
    processor_s: float | None = None


def full_size(folder: Path) -> Path:
    """SDXL base by its published sizes, with random weights of 16 bits."""
    network = {
        "block_out_channels": (320, 640, 1280),
        "attention_head_dim": (5, 10, 20),
        "transformer_layers_per_block": (1, 2, 10),
    }
    readers = ((768, 12, 12), (1280, 32, 20))
    return _model(folder, network, (128, 256, 512, 512), readers, torch.bfloat16)


def small(folder: Path) -> Path:
    """The same shape with a tenth of the width and few layers: a processor paints it in seconds."""
    network = {
        "block_out_channels": (32, 64, 128),
        "attention_head_dim": (1, 2, 4),
        "transformer_layers_per_block": (1, 1, 2),
    }
    return _model(folder, network, (16, 32, 32, 32), ((64, 2, 2), (128, 2, 4)), torch.float32)


def _model(
    folder: Path,
    network: dict[str, Any],
    decoder: tuple[int, ...],
    readers: tuple[tuple[int, int, int], tuple[int, int, int]],
    precision: torch.dtype,
) -> Path:
    """A model of SDXL's shape with random weights.

    Args:
        folder: to write.
        network: widths and depths of its UNet.
        decoder: widths of its VAE.
        readers: width, layers and heads of both text encoders.
        precision: of the weights.
    """
    torch.manual_seed(1)
    words, first, second = tiny._vocabulary(), readers[0][0], readers[1][0]
    unet = UNet2DConditionModel(
        sample_size=128,
        layers_per_block=2,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=first + second,
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=256,
        projection_class_embeddings_input_dim=6 * 256 + second,
        **network,
    )
    vae = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=decoder,
        norm_num_groups=min(32, decoder[0]),
        layers_per_block=2,
        scaling_factor=0.13025,
        sample_size=1024,
    )
    pipeline = StableDiffusionXLPipeline(
        vae=vae,
        text_encoder=CLIPTextModel(_text(words, *readers[0])),
        text_encoder_2=CLIPTextModelWithProjection(_text(words, *readers[1])),
        tokenizer=words,
        tokenizer_2=words,
        unet=unet,
        scheduler=tiny._schedule(),
    )
    pipeline.to(precision).save_pretrained(folder)
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
    what = "plain diffusers, one by one" if batch == 1 else f"plain diffusers, batches of {batch}"
    return _timed(what, range(0, task.images, batch), once, batch)


def _timed(what: str, firsts: Sequence[int], once: Callable[[int], None], batch: int) -> Line:
    """Batches one after another; `once` paints that which begins with an image of this number."""
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    took, processor = list[float](), time.process_time()
    for first in firsts:
        began = time.monotonic()
        once(first)
        took.append(time.monotonic() - began)
    images = batch * len(took)
    peak = torch.cuda.max_memory_allocated() // 2**20 if torch.cuda.is_available() else 0
    each = (time.process_time() - processor) / images
    return Line(what, images / sum(took), statistics.median(took), _p95(took), peak, each)


def _p95(seconds: Sequence[float]) -> float:
    return sorted(seconds)[math.ceil(0.95 * len(seconds)) - 1]


def alone(settings: DiffusersSettings, orders: Sequence[Order], batch: int) -> Line:
    """Our painter in this process, in full batches, so that nobody waits for anybody."""
    failed: list[str] = []
    painter = Painter(settings, lambda told: failed.append(told.reason) if isinstance(told, Failed) else None)
    painter.load()

    def once(first: int) -> None:
        painter.paint(orders[first : first + batch], lambda _: True)
        painter.finish()

    # Every adapter is loaded once, and every prompt is new to it while the clock runs.
    for order in one_per_adapter(orders):
        painter.paint([order], lambda _: True)
    painter.finish()
    whole = len(orders) - len(orders) % batch
    line = _timed(f"our painter by itself, mixed, batches of {batch}", range(0, whole, batch), once, batch)
    if failed:
        raise RuntimeError(f"our painter: {len(failed)} images failed, the first: {failed[0]}")
    return line


def one_per_adapter(orders: Sequence[Order]) -> list[Order]:
    """Copies of orders under other names, words and seeds, that use every adapter once."""
    found = {adapter.sha256: adapter for order in orders for adapter in order.adapters}
    return [
        replace(orders[0], order_id=f"warm-up {adapter.name}", prompt=f"warm-up {adapter.name}", adapters=(adapter,))
        for adapter in found.values()
    ]


async def ours(settings: DiffusersSettings, orders: Sequence[Order], per_s: float) -> Line:
    """The studio under arrivals at random moments, `per_s` on average, that don't wait for answers."""
    studio = Studio(settings, lambda hear: PainterProcess(settings, hear))
    studio.start()
    chance = random.Random(7)
    try:
        await asyncio.gather(*(studio.paint(order) for order in one_per_adapter(orders)))
        began, latencies, painted = time.monotonic(), list[float](), list[Painted]()

        async def one(order: Order, at: float) -> None:
            await asyncio.sleep(at)
            asked = time.monotonic()
            painted.append(await studio.paint(order))
            latencies.append(time.monotonic() - asked)

        moments = [0.0]
        for _ in orders[1:]:
            moments.append(moments[-1] + chance.expovariate(per_s))
        await asyncio.gather(*(one(order, at) for order, at in zip(orders, moments, strict=True)))
        seconds = time.monotonic() - began
    finally:
        await studio.stop()
    batches = statistics.mean(made.facts["batch"] for made in painted)
    peak = max(int(made.facts.get("peak_mb", 0)) for made in painted)
    what = f"our worker, mixed arrivals at {per_s:.3g}/s, {batches:.1f} images together on average"
    return Line(what, len(painted) / seconds, statistics.median(latencies), _p95(latencies), peak)


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
        for number in range(task.images)
    ]  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Print the table, and all figures as JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.diffusers_load", description=__doc__)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--small", action="store_const", const="small", dest="size", help="for a processor")
    which.add_argument("--tiny", action="store_const", const="tiny", dest="size", help="to see that it works")
    parser.add_argument(
        "--load", type=float, default=2.0, help="arrivals, as a multiple of the best batch's images per second"
    )
    parser.add_argument("--images", type=int, default=None, help="per run")
    given = parser.parse_args(arguments)
    size = given.size or "sdxl"
    if size == "sdxl" and not torch.cuda.is_available():
        parser.error("SDXL's size needs a card; --small and --tiny work without one")
    silence()
    if not torch.cuda.is_available():
        # Threads of a machine with other work wait for each other longer than they paint.
        torch.set_num_threads(1)
    task = replace(TASKS[size], images=given.images or TASKS[size].images)
    with tempfile.TemporaryDirectory(prefix="ice-diffusers-") as place:
        folder = Path(place)
        model = {"sdxl": full_size, "small": small, "tiny": tiny.sdxl}[size](folder / "sdxl")
        base = DiffusersSettings(models={"sdxl": LocalModel(path=model, sizes=(task.size,))})
        lines = plain(model, base, task)
        best = max(range(len(lines)), key=lambda place: lines[place].images_per_s)
        settings = base.model_copy(update={"max_batch": task.batches[best]})
        orders = mixed(folder, model, task)
        lines.append(alone(settings, orders, task.batches[best]))
        lines.append(asyncio.run(ours(settings, orders, given.load * lines[best].images_per_s)))
    _report(lines, best, size)
    return 0


def _report(lines: Sequence[Line], best: int, size: str) -> None:
    if size != "sdxl":
        sys.stdout.write(f"{size} weights: these figures say nothing about SDXL on a card.\n")
    for line in lines:
        processor = "      –" if line.processor_s is None else f"{line.processor_s:7.3f}"
        sys.stdout.write(
            f"{line.images_per_s:8.3f} images/s  median {line.median_s:7.2f} s  p95 {line.p95_s:7.2f} s"
            f"  processor {processor} s/image  peak {line.peak_mb:6d} MB  {line.what}\n"
        )
    worker, ours_alone, plain_best = lines[-1].images_per_s, lines[-2].processor_s, lines[best].processor_s
    sys.stdout.write(f"worker / best batch: {worker / lines[best].images_per_s:.2f} (goal: 1)\n")
    sys.stdout.write(f"worker / one by one: {worker / lines[0].images_per_s:.2f} (goal: 2)\n")
    if ours_alone and plain_best:
        sys.stdout.write(f"processor, our painter / best batch: {ours_alone / plain_best:.2f}\n")
    sys.stdout.write(json.dumps([asdict(line) for line in lines]) + "\n")


if __name__ == "__main__":
    sys.exit(main())
