"""An AUTOMATIC1111 server with the ControlNet extension: one lock, one drawing at a time, answered when it is drawn.

Shapes and words are those of the server's code (modules/api/api.py, modules/progress.py) and of sd-webui-controlnet.
"""

import asyncio
import base64
import json
import re
from collections.abc import Sequence
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from services.generation.providers.local.a1111 import A1111
from services.generation.providers.local.assembly import make_pool
from tests.fakes.vendors.case import VendorCase
from tests.fakes.vendors.fake import FakeVendor, Order
from tests.fakes.vendors.faults import At
from tests.fakes.vendors.wire import is_image

#: Checkpoints by the catalogue's names.
CHECKPOINTS = {"a1111-sdxl": "sd_xl_base_1.0.safetensors [31e35c80fc]"}
_TAG = re.compile(r",? ?<lora:([^:>]+):([0-9.]+)>")
_FIELDS = {
    "prompt", "negative_prompt", "seed", "steps", "cfg_scale", "width", "height", "sampler_name", "scheduler",
    "batch_size", "n_iter", "send_images", "save_images", "force_task_id", "override_settings",
    "override_settings_restore_afterwards", "alwayson_scripts", "init_images", "denoising_strength", "resize_mode",
}  # fmt: skip
_UNIT = {
    "enabled", "module", "model", "image", "weight", "resize_mode", "control_mode", "pixel_perfect", "guidance_start",
    "guidance_end", "effective_region_mask",
}  # fmt: skip


class Unprocessable(Exception):  # noqa: N818 - what the server says
    """Something that the server doesn't take; 404 or 422 in its words."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class FakeA1111(FakeVendor):
    """Attributes beyond the base's, all of which a test may change.

    Attributes:
        checkpoints, loras, models, modules, schedulers, embeddings: what it has; `schedulers` None = before 1.9,
            `embeddings` None = it doesn't tell.
        extension: ControlNet is installed.
        tasks: it tells of its tasks (it has its user interface).
        units: of every drawing, ControlNet's units.
        interrupted: drawings that were stopped.
    """

    name: ClassVar[str] = "a1111"
    price_usd_micros: ClassVar[int] = 0

    def __init__(self, key: str = "studio:key-0123456789-abcdef-SECRET") -> None:
        self.checkpoints = ["sd_xl_base_1.0.safetensors [31e35c80fc]", "dreamshaper_8.safetensors [879db523c3]"]
        self.loras = ["detail-tweaker-xl"]
        self.models = [
            "xinsir-openpose-sdxl [d6a1ef25]",
            "controlnet-depth-sdxl-1.0 [5a30a1b3]",
            "ip-adapter-plus_sdxl_vit-h [f1f19f7d]",
        ]
        self.modules = ["none", "canny", "ip-adapter-auto"]
        self.schedulers: list[str] | None = ["Automatic", "Karras", "Exponential"]
        self.embeddings: list[str] | None = ["token-mira"]
        self.extension = self.tasks = True
        self.units: list[list[dict[str, Any]]] = []
        self.interrupted: list[str] = []
        self.current = ""
        self._waiting: list[str] = []
        self._stop = asyncio.Event()
        self._lock = asyncio.Lock()
        super().__init__(key)

    def routes(self) -> Sequence[BaseRoute]:
        lists = {
            "/sdapi/v1/sd-models": lambda: [
                {
                    "title": title,
                    "model_name": title.partition(".")[0],
                    "filename": f"/models/{title.partition(' ')[0]}",
                }
                for title in self.checkpoints
            ],
            "/sdapi/v1/samplers": lambda: [{"name": name, "aliases": []} for name in ("DPM++ 2M", "Euler a", "DDIM")],
            "/sdapi/v1/loras": lambda: [{"name": name, "alias": name, "metadata": {}} for name in self.loras],
            "/sdapi/v1/schedulers": lambda: (
                None if self.schedulers is None else [{"name": name.lower(), "label": name} for name in self.schedulers]
            ),
            "/sdapi/v1/scripts": lambda: {
                "txt2img": ["prompt matrix", *(["controlnet"] if self.extension else [])],
                "img2img": ["loopback", *(["controlnet"] if self.extension else [])],
            },
            "/controlnet/model_list": lambda: {"model_list": self.models} if self.extension else None,
            "/controlnet/module_list": lambda: {"module_list": self.modules} if self.extension else None,
            # Vectors of SDXL don't fit while a checkpoint of another family is loaded: such ones are skipped, not gone.
            "/sdapi/v1/embeddings": lambda: (
                None
                if self.embeddings is None
                else {"loaded": {}, "skipped": {name: {"step": None, "vectors": 8} for name in self.embeddings}}
            ),
        }

        def answer(told: Any) -> Any:
            async def handler(request: Request) -> Response:
                del request
                found = told()
                return self.error(404, "Not Found") if found is None else JSONResponse(found)

            return handler

        return [
            *(self.route("GET", path, At.PROBE, answer(told)) for path, told in lists.items()),
            self.route("GET", "/sdapi/v1/progress", At.POLL, self._progress),
            self.route("POST", "/internal/progress", At.POLL, self._task),
            self.route("POST", "/sdapi/v1/interrupt", At.CANCEL, self._interrupt),
            self.route("POST", "/sdapi/v1/txt2img", At.CREATE, self._draw),
            self.route("POST", "/sdapi/v1/img2img", At.CREATE, self._draw),
        ]

    def authorized(self, request: Request) -> bool:
        expected = f"Basic {base64.b64encode(self.key.encode()).decode()}"
        return not self.key or request.headers.get("authorization") == expected

    def error(self, status: int, message: str = "something went wrong") -> Response:
        return JSONResponse({"error": "HTTPException", "detail": message, "body": "", "errors": message}, status)

    async def _progress(self, request: Request) -> Response:
        assert request.query_params["skip_current_image"] == "true"
        state = {"skipped": False, "interrupted": False, "job": self.current, "job_count": int(bool(self.current))}
        return JSONResponse({"progress": 0.5 if self.current else 0.0, "eta_relative": 0.0, "state": state})

    async def _task(self, request: Request) -> Response:
        if not self.tasks:
            return self.error(404, "Not Found")
        name = json.loads(await request.body())["id_task"]
        told: dict[str, Any] = {"active": name == self.current, "queued": name in self._waiting, "completed": False}
        told |= {"progress": 0.5, "eta": 3.0} if told["active"] else {"progress": None, "eta": None}
        return JSONResponse(told)

    async def _interrupt(self, request: Request) -> Response:
        del request
        if self.current:
            self.interrupted.append(self.current)
            self._stop.set()
        return JSONResponse({})

    async def _draw(self, request: Request) -> Response:
        asked = json.loads(await request.body())
        try:
            order = self._order(asked, img2img=request.url.path.endswith("img2img"))
        except Unprocessable as error:
            return self.error(error.status, str(error))
        task = asked["force_task_id"]
        self._waiting.append(task)
        async with self._lock:
            self._waiting.remove(task)
            self.current = task
            self._stop.clear()
            try:
                data = await self._drawn(order)
            finally:
                self.current = ""
        info = {"prompt": order.prompt, "seed": asked["seed"], "all_seeds": [asked["seed"]]}
        images = [base64.b64encode(data).decode(), *(unit["image"] for unit in self.units[-1][:1])]
        return JSONResponse({"images": images, "parameters": {}, "info": json.dumps(info)})

    async def _drawn(self, order: Order) -> bytes:
        drawing = asyncio.ensure_future(self.carry_out(order, 0))
        stop = asyncio.ensure_future(self._stop.wait())
        await asyncio.wait({drawing, stop}, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if not drawing.done():
            drawing.cancel()
            return self.picture(order)
        return drawing.result()

    def _order(self, asked: dict[str, Any], *, img2img: bool) -> Order:
        unknown = set(asked) - _FIELDS
        if unknown or asked["batch_size"] != 1 or asked["save_images"] or ("init_images" in asked) is not img2img:
            raise Unprocessable(422, f"a wrong request: {unknown}")
        checkpoint = asked["override_settings"]["sd_model_checkpoint"]
        model = next((name for name, title in CHECKPOINTS.items() if title == checkpoint), None)
        if model is None or checkpoint not in self.checkpoints:
            raise Unprocessable(404, "Model not found")
        if asked["sampler_name"] not in {"DPM++ 2M", "Euler a", "DDIM"}:
            raise Unprocessable(404, "Sampler not found")
        if "scheduler" in asked and asked["scheduler"] not in (self.schedulers or ()):
            raise Unprocessable(422, "Scheduler not found")
        start = self._checked_start(asked)
        tags = _TAG.findall(asked["prompt"])
        units = self._checked_units(asked)
        shown = [base64.b64decode(unit["image"]) for unit in units if "ip-adapter" in unit["model"]]
        return Order(
            model=model,
            prompt=_TAG.sub("", asked["prompt"]),
            size=(asked["width"], asked["height"]),
            negative_prompt=asked["negative_prompt"],
            seed=None if asked["seed"] < 0 else asked["seed"],
            references=tuple(shown),
            loras=tuple(name for name, _ in tags),
            steps=asked["steps"],
            cfg_scale=asked["cfg_scale"],
            start=start,
            remade=asked.get("denoising_strength"),
            extras=asked,
        )

    def _checked_start(self, asked: dict[str, Any]) -> bytes | None:
        """The picture of img2img."""
        if "init_images" not in asked:
            if {"denoising_strength", "resize_mode"} & asked.keys():
                raise Unprocessable(422, "denoising_strength: of img2img")
            return None
        (text,) = asked["init_images"]
        start = base64.b64decode(text)
        if not is_image(start):
            raise Unprocessable(500, "Invalid encoded image")
        if not 0 < asked["denoising_strength"] <= 1 or asked["resize_mode"] not in range(4):
            raise Unprocessable(422, "Bad denoising strength")
        return start

    def _checked_units(self, asked: dict[str, Any]) -> list[dict[str, Any]]:
        scripts = asked.get("alwayson_scripts", {})
        if set(scripts) - ({"ControlNet"} if self.extension else set()):
            raise Unprocessable(422, f"always on script {next(iter(scripts))} not found")
        units: list[dict[str, Any]] = scripts.get("ControlNet", {}).get("args", [])
        for unit in units:
            pictures = [unit["image"], *([unit["effective_region_mask"]] if "effective_region_mask" in unit else [])]
            if set(unit) - _UNIT or unit["model"] not in self.models or unit["module"] not in self.modules:
                raise Unprocessable(422, f"a wrong unit: {unit['model']} {unit['module']}")
            if not all(is_image(base64.b64decode(picture)) for picture in pictures):
                raise Unprocessable(422, "Invalid encoded image")
        self.units.append(units)
        return units


CASE = VendorCase(
    vendor=A1111,
    fake=FakeA1111,
    driver=make_pool,
    address_variable="A1111_URL",
    refuses=False,
    tells_cost=False,
)
