"""ComfyUI: a job is a graph of nodes; asked for by an id of our own, found again by it in the queue and the history.

Routes and replies are those of the server's own code (server.py, execution.py at 0.3.64, and the node classes); nothing
here was tried against a running one. Checked 2026-11-23.
"""

import hashlib
import uuid
from collections.abc import Sequence
from typing import Any, ClassVar, Final
from urllib.parse import quote, urlencode

from services.generation.providers.errors import Configuration, InvalidRequest, ProviderError, UnusableImage
from services.generation.providers.exchange import (
    File,
    HttpCall,
    HttpReply,
    JsonBody,
    MultipartBody,
    UnreadableReplyError,
    at,
    get,
    is_picture,
)
from services.generation.providers.local.comfyui_gear import ComfyGear, comfy_gear
from services.generation.providers.local.comfyui_graph import OTHER_ROLES, Graph, build_graph
from services.generation.providers.local.models import local_model
from services.generation.providers.local.parts import LocalJob
from services.generation.providers.local.vendor import JobLostError, LocalVendor, PictureLostError
from services.generation.providers.vendor import Look, Made, Pending, Reference, Uploaded, VendorJob

_POLL_S: Final = 2.0
_FOLDER: Final = "ice"
_WORDS: Final = 500
_OUT_OF_MEMORY: Final = ("out of memory", "outofmemory", "alloc_failed")


class ComfyUI(LocalVendor):
    """A ComfyUI server."""

    name = "comfyui"
    key_variable = "COMFYUI_API_KEY"
    address_variable = "COMFYUI_URLS"
    base_url = "http://127.0.0.1:8188"
    reply_timeout_s: ClassVar[float] = 60.0
    #: A queue may be long, and a job in it is well.
    job_timeout_s: ClassVar[float] = 6 * 3600.0
    has_jobs = True
    wants_uploads = True
    #: Tells the server whom to tell of progress: this process.
    client_id: str

    def __init__(self, *args: Any, client_id: str = "image-creation-engine", **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        self.client_id = client_id

    def probe(self) -> HttpCall:
        """Ask for the nodes."""
        return get("/object_info")

    def survey(self) -> tuple[HttpCall, ...]:
        """Nodes with the files that they take, and textual inversions, which no node takes."""
        return (self.probe(), get("/embeddings"))

    def gear(self, replies: Sequence[HttpReply | None]) -> ComfyGear:
        """Nodes and files."""
        reply, embeddings = replies
        if reply is None:
            raise UnreadableReplyError("object_info: unknown to the server; allowed is a ComfyUI server")
        return comfy_gear(reply, embeddings)

    def queue(self) -> HttpCall:
        """What runs and what waits."""
        return get("/queue")

    def waiting(self, reply: HttpReply) -> int:
        """Of everybody who uses the server."""
        return len(queued(reply))

    def upload(self, reference: Reference) -> HttpCall:
        """Under a name made of its content, so that a second upload finds the same file and writes nothing."""
        name = f"{hashlib.sha256(reference.data).hexdigest()[:40]}.{reference.extension}"
        fields = (("type", "input"), ("subfolder", _FOLDER))
        return HttpCall(
            "POST", "/upload/image", MultipartBody(fields, (File("image", name, reference.data, reference.mime_type),))
        )

    def read_upload(self, reference: Reference, reply: HttpReply) -> Uploaded:
        """As nodes name it: with its subfolder."""
        del reference
        name, folder = reply.text("name"), reply.at("subfolder")
        return Uploaded(f"{folder}/{name}" if folder else name)

    def submit(self, job: VendorJob) -> HttpCall:
        """The graph, under the id of the generation."""
        if not isinstance(job, LocalJob) or not isinstance(job.gear, ComfyGear):
            raise TypeError("job: allowed is one that was prepared for a ComfyUI server")
        graph = build_graph(job, job.gear)
        body = {"prompt": graph, "client_id": self.client_id, "prompt_id": prompt_id(job.generation_id)}
        return HttpCall("POST", "/prompt", JsonBody(body), parameters=_record(job, graph))

    def read(self, job: VendorJob, reply: HttpReply) -> Pending:
        """Our own id; servers of before 2025 don't take it and give one of theirs."""
        del job
        return Pending(reply.text("prompt_id"), _POLL_S)

    def poll(self, vendor_job_id: str) -> HttpCall:
        """Queue first: a job goes from it into the history in one step, so it is never in neither."""
        del vendor_job_id
        return self.queue()

    def read_poll(self, job: VendorJob, vendor_job_id: str, reply: HttpReply) -> Made | Pending | Look:
        """The queue, the history, then the picture itself."""
        del job
        if is_picture(reply.body) or reply.headers.get("content-type", "").startswith("image/"):
            return Made(data=reply.body)
        if reply.at("queue_running") is not None:
            there = vendor_job_id in queued(reply)
            return Pending(vendor_job_id, _POLL_S) if there else Look(history(vendor_job_id))
        told = reply.at(vendor_job_id)
        if told is None:
            if reply.document == {}:
                raise JobLostError(f"job {vendor_job_id} is neither in the queue nor in the history")
            raise UnreadableReplyError(f"history: {reply.excerpt}, allowed is the job {vendor_job_id}")
        return Look(_picture(told))

    def failure(self, reply: HttpReply) -> ProviderError:
        """The server's words on the graph: which node, which input, and what it allows."""
        nodes = reply.at("node_errors") if reply.is_json else None
        kind = reply.at("error", "type") if reply.is_json else None
        if not nodes and not isinstance(kind, str):
            return super().failure(reply)
        words = "; ".join(_node_words(nodes)) or str(reply.at("error", "message"))
        if "Invalid image file" in words:
            return PictureLostError(f"an uploaded picture is gone: {words}"[:_WORDS])
        if "value_not_in_list" in words or kind == "missing_node_type":
            # Files and nodes that were there when we looked: the operator has taken them away.
            return Configuration(f"the server lacks what the graph needs: {words}"[:_WORDS])
        return InvalidRequest(f"the graph was refused ({kind}): {words}"[:_WORDS])


def prompt_id(generation_id: str) -> str:
    """The job's id on every server: the generation's own, which is a UUID; servers refuse another form."""
    try:
        return str(uuid.UUID(generation_id))
    except ValueError:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, generation_id))


def history(job_id: str) -> HttpCall:
    """Ask what became of a job."""
    return get(f"/history/{quote(job_id, safe='')}")


def queued(reply: HttpReply, *lists: str) -> list[str]:
    """Ids of the jobs in a reply to `GET /queue`, the running ones first.

    Raises:
        UnreadableReplyError: it has no such lists.
    """
    found: list[str] = []
    for name in lists or ("queue_running", "queue_pending"):
        items = reply.at(name)
        if not isinstance(items, list):
            raise UnreadableReplyError(f"{name}: {str(items)[:40]!r}, allowed is a list")
        # An item is [number, id, graph, extra data, outputs].
        found += [str(at(item, 1)) for item in items]
    return found


def _picture(told: Any) -> HttpCall:  # noqa: ANN401 - JSON
    """Where the picture of a job lies that has ended.

    Raises:
        UnusableImage: it has ended without one.
    """
    outputs = at(told, "outputs")
    for made in outputs.values() if isinstance(outputs, dict) else ():
        name = at(made, "images", 0, "filename")
        if isinstance(name, str):
            where = {key: str(at(made, "images", 0, key) or "") for key in ("filename", "subfolder", "type")}
            return get(f"/view?{urlencode(where)}")
    raise UnusableImage(_why(told), charged=False)


def _why(told: Any) -> str:  # noqa: ANN401 - JSON
    """The server's words on a job that failed."""
    messages = at(told, "status", "messages")
    for message in messages if isinstance(messages, list) else ():
        kind, about = at(message, 0), at(message, 1)
        if kind == "execution_interrupted":
            return f"the job was interrupted on the server, at node {at(about, 'node_type')}"
        if kind == "execution_error":
            words = f"{at(about, 'exception_type')}: {at(about, 'exception_message')}"
            hint = ""
            if any(word in words.lower() for word in _OUT_OF_MEMORY):
                hint = " (the GPU has too little memory for this size, these adapters and guides)"
            return f"node {at(about, 'node_type')} failed: {words.strip()}{hint}"[:_WORDS]
    return "the job has ended without a picture"


def _node_words(nodes: Any) -> list[str]:  # noqa: ANN401 - JSON
    """One phrase per error of a node: `LoraLoader: value_not_in_list: lora_name: 'x' not in [...]`."""
    if not isinstance(nodes, dict):
        return []
    found = []
    for node in nodes.values():
        errors = at(node, "errors")
        for error in errors if isinstance(errors, list) else ():
            words = (at(node, "class_type"), at(error, "type"), at(error, "message"), at(error, "details"))
            found.append(": ".join(str(word) for word in words if word))
    return found


def _record(job: LocalJob, graph: Graph) -> dict[str, Any]:
    """What goes into the record of the image: no prompts."""
    own = local_model(job.traits)
    return {
        "endpoint": "comfyui",
        "checkpoint": own.checkpoint,
        "width": job.size[0],
        "height": job.size[1],
        "seed": job.seed,
        "steps": job.steps or own.steps,
        "cfg_scale": own.cfg_scale if job.cfg_scale is None else job.cfg_scale,
        "sampler": own.sampler or "dpmpp_2m",
        "loras": ", ".join(f"{lora.lora_id}:{lora.scale:g}" for lora in job.loras),
        "references": sum(reference.role not in OTHER_ROLES for reference in job.references),
        "regions": ", ".join(part.character_id for part in job.parts),
        "guides": ", ".join(guide.kind for guide in job.guides),
        "nodes": len(graph),
        "denoise": next(node["inputs"]["denoise"] for node in graph.values() if node["class_type"] == "KSampler"),
    }
