"""The fake of Stability is held to litellm, an independent client of its API: Stability publishes none of its own."""

import base64
from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.generation.domain import images
from services.generation.domain.images import Limits
from tests.fakes.vendors.bench import Bench, bench
from tests.fakes.vendors.cases import CASES
from tests.fakes.vendors.faults import Fault, Kind


@pytest.fixture
async def at() -> AsyncIterator[Bench]:
    async with bench(CASES["stability"]) as made:
        yield made


@pytest.fixture
def generate(at: Bench, monkeypatch: pytest.MonkeyPatch) -> Any:
    # It would fetch its price list from the web when it is imported.
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    import litellm  # noqa: PLC0415 - see above

    async def ask(model: str, **fields: Any) -> Any:
        return await litellm.aimage_generation(
            model=f"stability/{model}",
            prompt="a ferry",
            api_key=at.fake.key,
            api_base=at.server.url,
            num_retries=0,
            **fields,
        )

    return ask


@pytest.mark.parametrize("model", ["stable-image-ultra", "stable-image-core"])
async def test_the_client_generates(at: Bench, generate: Any, model: str) -> None:
    made = await generate(model, size="1792x1024", seed=7)
    picture = images.prepare(base64.b64decode(made.data[0].b64_json), 1344, 768, Limits())
    assert not picture.fitted
    order = at.fake.orders[0]
    assert (order.model, order.prompt, order.seed) == (model, "a ferry", 7)


async def test_the_client_understands_the_fakes_refusal(at: Bench, generate: Any) -> None:
    at.fake.next(Fault(Kind.REFUSE))
    with pytest.raises(Exception, match="flagged by our content moderation"):
        await generate("stable-image-core")
