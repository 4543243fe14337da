"""A server of one's own that speaks OpenAI's Images API as many do: plain generations, base64 or a URL."""

import base64
import json
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.generation.providers.custom import Custom
from services.generation.providers.custom_settings import CustomApi, CustomModel
from tests.fakes.vendors.case import VendorCase
from tests.fakes.vendors.fake import FakeVendor, Order
from tests.fakes.vendors.faults import At

MODELS = {
    "studio-sdxl": CustomModel(price_usd_micros=2_000, name="sdxl-base", seeds=(0, 2_147_483_647)),
    "studio-turbo": CustomModel(price_usd_micros=1_000, sizes=((1024, 1024), (1344, 768), (768, 1344), (1536, 672))),
}
API = CustomApi(body={"model": "{model}", "prompt": "{prompt}", "n": 1, "size": "{size}", "seed": "{seed}"})


class FakeCustom(FakeVendor):
    """Attributes beyond the base's: `links` (answers with a URL)."""

    name: ClassVar[str] = "custom"

    def __init__(self, key: str = "key-0123456789-abcdef-SECRET") -> None:
        super().__init__(key)
        self.links = False

    def routes(self) -> list[Route]:
        return [
            self.route("GET", "/v1/models", At.PROBE, self._models),
            self.route("POST", "/v1/images/generations", At.CREATE, self._generate),
        ]

    def authorized(self, request: Request) -> bool:
        return self.key == "" or super().authorized(request)

    def refusal(self) -> Response:
        error = {"message": "Your request was rejected", "type": "invalid_request", "code": "content_policy_violation"}
        return JSONResponse({"error": error}, 400)

    async def _models(self, request: Request) -> Response:
        del request
        return JSONResponse({"object": "list", "data": [{"id": "sdxl-base"}, {"id": "studio-turbo"}]})

    async def _generate(self, request: Request) -> Response:
        asked: dict[str, Any] = json.loads(await request.body())
        names = {model.name or name: name for name, model in MODELS.items()}
        width, _, height = asked.get("size", "").partition("x")
        if set(asked) - {"model", "prompt", "n", "size", "seed"} or asked["model"] not in names or asked["n"] != 1:
            return self.error(400, "a wrong request")
        name = names[asked["model"]]
        order = Order(name, asked["prompt"], (int(width), int(height)), seed=asked.get("seed"), extras=asked)
        data = await self.carry_out(order, MODELS[name].price_usd_micros)
        image = {"url": self.file_url(request, data)} if self.links else {"b64_json": base64.b64encode(data).decode()}
        return JSONResponse({"created": 1, "data": [image]})


CASE = VendorCase(vendor=lambda: Custom(API, MODELS), fake=FakeCustom, base_path="/v1", tells_cost=False, shown=False)
