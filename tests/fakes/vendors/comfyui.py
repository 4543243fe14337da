"""A ComfyUI server: one queue, a history that a restart empties, pictures that it keeps, words over WebSocket.

Shapes and words are those of the server's own code (server.py, execution.py, nodes.py at 0.3.64).
"""

import asyncio
import json
import time
from collections.abc import Sequence
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from services.generation.providers.local.assembly import make_comfyui, make_pool
from tests.fakes.vendors import comfyui_nodes
from tests.fakes.vendors.case import VendorCase
from tests.fakes.vendors.fake import FakeVendor, Job, Order
from tests.fakes.vendors.faults import At
from tests.fakes.vendors.wire import fields, files, is_image

#: Checkpoints by the catalogue's names.
CHECKPOINTS = {"comfyui-sdxl": "sd_xl_base_1.0.safetensors"}
_TICKS = 4


class FakeComfyUI(FakeVendor):
    """Attributes beyond the base's, all of which a test may change.

    Attributes:
        checkpoints, loras, controls, adapters, embeddings: files in its folders; `embeddings` None = it doesn't tell.
        hooks: adapters can be tied to conditions (since 0.3.8); `newest`: under the newest names.
        pack: ComfyUI_IPAdapter_plus is installed.
        written: pictures that were really written, not found again.
    """

    name: ClassVar[str] = "comfyui"
    price_usd_micros: ClassVar[int] = 0

    def __init__(self, key: str = "key-0123456789-abcdef-SECRET") -> None:
        self.checkpoints = ["sd_xl_base_1.0.safetensors", "dreamshaper_8.safetensors"]
        self.loras = ["detail-tweaker-xl.safetensors"]
        self.controls = ["xinsir-openpose-sdxl.safetensors", "controlnet-depth-sdxl-1.0.safetensors"]
        self.adapters = ["ip-adapter-plus_sdxl_vit-h.safetensors"]
        self.embeddings: list[str] | None = ["people/token-mira", "with a space"]
        self.hooks = self.newest = self.pack = True
        self.missing: set[str] = set()
        self.written = 0
        self.history: dict[str, Any] = {}
        self.graphs: dict[str, dict[str, Any]] = {}
        self._queue: list[str] = []
        self._sockets: dict[str, asyncio.Queue[dict[str, Any] | None]] = {}
        super().__init__(key)

    @property
    def waiting(self) -> tuple[str, ...]:
        """Jobs in the queue, the running one first."""
        return tuple(self._queue)

    @property
    def listeners(self) -> int:
        """WebSockets that are open."""
        return len(self._sockets)

    def restart(self) -> None:
        """As after a crash of the server: queue and history are gone, files are not."""
        self._queue.clear()
        self.history.clear()
        for messages in self._sockets.values():
            messages.put_nowait(None)

    def routes(self) -> Sequence[BaseRoute]:
        return [
            self.route("GET", "/object_info", At.PROBE, self._object_info),
            self.route("GET", "/embeddings", At.PROBE, self._embeddings),
            self.route("POST", "/upload/image", At.UPLOAD, self._upload),
            self.route("POST", "/prompt", At.CREATE, self._prompt),
            self.route("GET", "/queue", At.POLL, self._queued),
            self.route("POST", "/queue", At.CANCEL, self._delete),
            self.route("POST", "/interrupt", At.CANCEL, self._interrupt),
            self.route("GET", "/history/{job_id}", At.POLL, self._told),
            self.route("GET", "/view", At.POLL, self._view),
            WebSocketRoute("/ws", self._listen),
        ]

    def nodes(self) -> dict[str, Any]:
        found = comfyui_nodes.core(self.checkpoints, self.loras, self.controls, sorted(self.uploads))
        if self.hooks:
            found |= comfyui_nodes.hooks(self.loras, newest=self.newest)
        if self.pack:
            found |= comfyui_nodes.ip_adapter(self.adapters)
        return {name: node for name, node in found.items() if name not in self.missing}

    async def _object_info(self, request: Request) -> Response:
        del request
        return JSONResponse(self.nodes())

    async def _embeddings(self, request: Request) -> Response:
        del request
        return Response(status_code=404) if self.embeddings is None else JSONResponse(self.embeddings)

    async def _upload(self, request: Request) -> Response:
        kind, body = request.headers["content-type"], await request.body()
        (part,), told = files(kind, body), fields(kind, body)
        if not is_image(part.data) or not part.filename:
            return Response(status_code=400)
        folder, name = told.get("subfolder", ""), part.filename
        path = f"{folder}/{name}" if folder else name
        if self.uploads.get(path, part.data) != part.data:
            stem, _, ending = name.rpartition(".")
            name = f"{stem} (1).{ending}"
            path = f"{folder}/{name}" if folder else name
        self.written += path not in self.uploads
        self.uploads[path] = part.data
        return JSONResponse({"name": name, "subfolder": folder, "type": told.get("type", "input")})

    async def _prompt(self, request: Request) -> Response:
        asked = json.loads(await request.body())
        graph = asked.get("prompt")
        error, by_node = comfyui_nodes.mistakes(graph, self.nodes())
        if error is not None:
            return JSONResponse({"error": error, "node_errors": by_node}, 400)
        order = self._order(graph)
        if order is None:
            return self.error(400, "a wrong request")
        job = self.take_job(order, 0, asked["prompt_id"])
        # One GPU: each job begins when the one before it has ended.
        running = max((self.jobs[name].ready_at for name in self._queue), default=time.monotonic())
        job.ready_at = max(running, time.monotonic()) + self.latency()
        self.graphs[job.job_id] = graph
        self._queue.append(job.job_id)
        self._announce(job, asked.get("client_id", ""))
        return JSONResponse({"prompt_id": job.job_id, "number": len(self.jobs), "node_errors": {}})

    def _announce(self, job: Job, client: str) -> None:
        """Tell the client of progress while the job runs, and of its end."""
        loop, wait_s = asyncio.get_running_loop(), max(0.0, job.ready_at - time.monotonic())
        for tick in range(1, _TICKS + 1):
            about = {"value": tick, "max": _TICKS, "prompt_id": job.job_id, "node": "9"}
            loop.call_later(wait_s * tick / _TICKS, self._say, client, "progress", about)
        loop.call_later(wait_s + 0.001, self._ended, client, job.job_id)

    def _ended(self, client: str, job_id: str) -> None:
        self._settle()
        if job_id in self.history:
            self._say(client, "execution_success", {"prompt_id": job_id})
            self._say(client, "executing", {"node": None, "prompt_id": job_id})

    def _say(self, client: str, kind: str, about: dict[str, Any]) -> None:
        messages = self._sockets.get(client)
        if messages is not None:
            messages.put_nowait({"type": kind, "data": about})

    def _settle(self) -> None:
        """Move what has ended from the queue into the history."""
        for job_id in tuple(self._queue):
            job = self.jobs[job_id]
            if job.outcome is not None:
                self._end(job_id, _failure(job.outcome))
            elif job.done():
                told = {"status_str": "success", "completed": True, "messages": []}
                self._end(
                    job_id, told, {"images": [{"filename": f"{job_id}.png", "subfolder": "ice", "type": "output"}]}
                )

    def _end(self, job_id: str, status: dict[str, Any], made: dict[str, Any] | None = None) -> None:
        self._queue.remove(job_id)
        outputs = {} if made is None else {"12": made}
        self.history[job_id] = {"prompt": [1, job_id, self.graphs[job_id]], "outputs": outputs, "status": status}

    async def _queued(self, request: Request) -> Response:
        del request
        for job_id in self._queue:
            self.polled(job_id)
        self._settle()
        items = [[number, job_id, self.graphs[job_id], {}, []] for number, job_id in enumerate(self._queue)]
        return JSONResponse({"queue_running": items[:1], "queue_pending": items[1:]})

    async def _told(self, request: Request) -> Response:
        job_id = request.path_params["job_id"]
        return JSONResponse({job_id: self.history[job_id]} if job_id in self.history else {})

    async def _view(self, request: Request) -> Response:
        job = self.jobs.get(request.query_params["filename"].removesuffix(".png"))
        if job is None or request.query_params["type"] != "output":
            return Response(status_code=404)
        return Response(self.picture(job.order), media_type="image/png")

    async def _delete(self, request: Request) -> Response:
        for job_id in json.loads(await request.body()).get("delete", []):
            if job_id in self._queue[1:]:
                self._queue.remove(job_id)
                self.jobs[job_id].cancelled = True
        return Response()

    async def _interrupt(self, request: Request) -> Response:
        wanted = json.loads(await request.body() or b"{}").get("prompt_id")
        if self._queue and wanted in (None, self._queue[0]):
            job = self.jobs[self._queue[0]]
            job.cancelled, job.outcome = True, "interrupted"
            self._settle()
        return Response()

    async def _listen(self, socket: WebSocket) -> None:
        if socket.headers.get("authorization") != f"Bearer {self.key}":
            await socket.close(1008)
            return
        await socket.accept()
        client = socket.query_params["clientId"]
        messages: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self._sockets[client] = messages
        gone = asyncio.create_task(socket.receive())
        try:
            await socket.send_json({"type": "status", "data": {"status": {"exec_info": {"queue_remaining": 0}}}})
            while True:
                said = asyncio.create_task(messages.get())
                await asyncio.wait({said, gone}, return_when=asyncio.FIRST_COMPLETED)
                message = said.result() if said.done() else None
                if message is None:
                    said.cancel()
                    break
                # A preview comes as a binary message in between.
                await socket.send_bytes(b"\x00\x00\x00\x01\x00\x00\x00\x01preview")
                await socket.send_json(message)
        except WebSocketDisconnect:
            pass
        finally:
            self._sockets.pop(client, None)
            if not gone.done():
                gone.cancel()
                await socket.close(1012)

    def _order(self, graph: dict[str, Any]) -> Order | None:
        """What the graph draws; None = nothing that we would ask for."""
        sampler = _only(graph, "KSampler")["inputs"]
        checkpoint = _only(graph, "CheckpointLoaderSimple")["inputs"]["ckpt_name"]
        model = next((name for name, file in CHECKPOINTS.items() if file == checkpoint), None)
        latent = graph[sampler["latent_image"][0]]
        start = None
        if latent["class_type"] == "VAEEncode":
            latent = graph[latent["inputs"]["pixels"][0]]
            start = self.uploads[graph[latent["inputs"]["image"][0]]["inputs"]["image"]]
        if model is None:
            return None
        return Order(
            model=model,
            prompt=_text(graph, sampler["positive"]),
            size=(latent["inputs"]["width"], latent["inputs"]["height"]),
            negative_prompt=_text(graph, sampler["negative"]),
            seed=sampler["seed"] or None,
            references=tuple(self.uploads[name] for name in shown(graph)),
            loras=tuple(node["inputs"]["lora_name"] for node in graph.values() if "lora_name" in node["inputs"]),
            steps=sampler["steps"],
            cfg_scale=sampler["cfg"],
            start=start,
            remade=None if start is None else sampler["denoise"],
            extras=graph,
        )


def shown(graph: dict[str, Any]) -> list[str]:
    """Files that the graph shows to the IP-Adapter, in the order of the chain."""
    found: list[str] = []
    node = graph[_only(graph, "KSampler")["inputs"]["model"][0]]
    while node["class_type"] == "IPAdapterAdvanced":
        found.insert(0, graph[node["inputs"]["image"][0]]["inputs"]["image"])
        node = graph[node["inputs"]["model"][0]]
    return found


def _only(graph: dict[str, Any], kind: str) -> dict[str, Any]:
    (node,) = (node for node in graph.values() if node["class_type"] == kind)
    found: dict[str, Any] = node
    return found


def _text(graph: dict[str, Any], link: list[Any]) -> str:
    """The words of the whole frame behind a condition."""
    node = graph[link[0]]
    inputs = node["inputs"]
    if node["class_type"] == "ControlNetApplyAdvanced":
        return _text(graph, inputs["negative" if link[1] else "positive"])
    if node["class_type"] == "ConditioningCombine":
        return _text(graph, inputs["conditioning_1"])
    return str(inputs["text"])


def _failure(outcome: str) -> dict[str, Any]:
    about: dict[str, Any] = {"prompt_id": "", "node_id": "9", "node_type": "KSampler", "executed": []}
    if outcome == "interrupted":
        messages = [["execution_start", {}], ["execution_interrupted", about]]
    else:
        words = {"exception_type": "torch.OutOfMemoryError", "exception_message": "Allocation on device"}
        if outcome != "out-of-memory":
            words = {"exception_type": "RuntimeError", "exception_message": "mat1 and mat2 shapes cannot be multiplied"}
        messages = [["execution_start", {}], ["execution_error", {**about, **words}]]
    return {"status_str": "error", "completed": False, "messages": messages}


CASE = VendorCase(
    vendor=make_comfyui,
    fake=FakeComfyUI,
    driver=make_pool,
    address_variable="COMFYUI_URLS",
    stops=True,
    refuses=False,
    tells_cost=False,
    inline_results=True,
    failed_job="error",
)
