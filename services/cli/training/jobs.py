"""A training job in the words of two trainers: kohya's sd-scripts and the training examples of diffusers. Pure.

Both are run by their own installation on a machine with a GPU; `train.sh` beside the data set says how.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

#: Side of the square whose area a family was trained on.
AREA_SIDES: Final[Mapping[str, int]] = {"sd15": 512, "sdxl": 1024}
#: Steps for a small set of pictures; the trainers' guides say 1,500 to 2,500 for one person.
STEPS: Final = 2000
_RANK: Final = 16
_RATE: Final = "1e-4"

_KOHYA_SCRIPTS: Final = {"sd15": "train_network.py", "sdxl": "sdxl_train_network.py"}
_DIFFUSERS_SCRIPTS: Final = {"sd15": "train_text_to_image_lora.py", "sdxl": "train_text_to_image_lora_sdxl.py"}


@dataclass(frozen=True, slots=True)
class Job:
    """What is trained: `name` of the result, model family, words, and per picture its file name and caption."""

    name: str
    base: str
    trigger: str
    pictures: Sequence[tuple[str, str]]


def files_of(job: Job, trainer: str) -> dict[str, bytes]:
    """Every file of a job but its pictures, by path below its folder.

    Raises:
        KeyError: no such trainer.
    """
    files = {"kohya": _kohya, "diffusers": _diffusers}[trainer](job)
    return {name: text.encode() for name, text in files.items()}


def _kohya(job: Job) -> dict[str, str]:
    side = AREA_SIDES[job.base]
    dataset = f"""\
# Data set of kohya's sd-scripts: captions lie beside the pictures.
[general]
caption_extension = ".txt"
shuffle_caption = false
keep_tokens = 1

[[datasets]]
resolution = {side}
batch_size = 1
enable_bucket = true
bucket_no_upscale = true
min_bucket_reso = {side // 2}
max_bucket_reso = {side * 2}
bucket_reso_steps = 64

  [[datasets.subsets]]
  image_dir = "images"
  num_repeats = {max(1, 200 // max(1, len(job.pictures)))}
"""
    config = f"""\
# Arguments of kohya's {_KOHYA_SCRIPTS[job.base]}; the base model is given by train.sh.
dataset_config = "dataset.toml"
output_dir = "trained"
output_name = {json.dumps(job.name)}
save_model_as = "safetensors"
network_module = "networks.lora"
network_dim = {_RANK}
network_alpha = {_RANK // 2}
learning_rate = {_RATE}
max_train_steps = {STEPS}
optimizer_type = "AdamW"
lr_scheduler = "cosine"
mixed_precision = "bf16"
gradient_checkpointing = true
cache_latents = true
seed = 1
metadata_trigger_phrase = {json.dumps(job.trigger)}
"""
    command = f'accelerate launch "$SD_SCRIPTS/{_KOHYA_SCRIPTS[job.base]}" \\\n  --config_file config.toml '
    command += '--pretrained_model_name_or_path "$BASE_MODEL"\n'
    captions = {f"images/{name.rsplit('.', 1)[0]}.txt": f"{caption}\n" for name, caption in job.pictures}
    needs = "SD_SCRIPTS: folder of kohya-ss/sd-scripts"
    script = _script("SD_SCRIPTS", needs, command, job)
    return {"dataset.toml": dataset, "config.toml": config, "train.sh": script, **captions}


def _diffusers(job: Job) -> dict[str, str]:
    lines = (json.dumps({"file_name": name, "text": text}, ensure_ascii=False) for name, text in job.pictures)
    command = f"""\
accelerate launch "$DIFFUSERS_EXAMPLES/{_DIFFUSERS_SCRIPTS[job.base]}" \\
  --pretrained_model_name_or_path "$BASE_MODEL" --train_data_dir images --caption_column text \\
  --resolution {AREA_SIDES[job.base]} --center_crop --train_batch_size 1 --gradient_accumulation_steps 4 \\
  --max_train_steps {STEPS} --learning_rate {_RATE} --lr_scheduler cosine --lr_warmup_steps 0 \\
  --rank {_RANK} --mixed_precision bf16 --seed 1 --output_dir trained
"""
    needs = "DIFFUSERS_EXAMPLES: folder examples/text_to_image of huggingface/diffusers"
    script = _script("DIFFUSERS_EXAMPLES", needs, command, job)
    return {"images/metadata.jsonl": "\n".join(lines) + "\n", "train.sh": script}


def _script(variable: str, needs: str, command: str, job: Job) -> str:
    return f"""\
#!/usr/bin/env bash
# Trains {job.name} for {job.base}. Set before:
#   BASE_MODEL: the base model's file or folder
#   {needs}
# Afterwards: ice lora add trained/<file>.safetensors --name {job.name} --base {job.base} --trigger '{job.trigger}'
set -euo pipefail
cd "$(dirname "$0")"
: "${{BASE_MODEL:?}}" "${{{variable}:?}}"
{command}"""
