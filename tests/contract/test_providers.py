"""What every vendor promises, each against its own fake over real HTTP.

What a fault means for money is the table in `providers/vendor_calls.py`. Vendors with jobs promise more, in
test_provider_jobs.py; providers of this machine are in test_provider_interface.py.
"""

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.chassis.failures import Transient
from services.generation.domain import images
from services.generation.domain.images import Limits
from services.generation.providers.base import ImageProvider
from services.generation.providers.errors import (
    Configuration,
    InvalidRequest,
    Outage,
    OutcomeUnknown,
    PromptTooLong,
    Refused,
    Throttled,
    UnusableImage,
)
from services.generation.providers.optional import Cancels, Hinted, Limited, Prepares
from services.generation.providers.vendor_provider import Timing
from tests.fakes.clock import FakeClock
from tests.fakes.vendors.bench import Bench, bench
from tests.fakes.vendors.cases import CASES
from tests.fakes.vendors.faults import At, Fault, Kind

SLUG = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")
SIZES = [(1280, 720), (1920, 1080), (1024, 1024), (720, 1280), (2048, 858), (320, 180)]


@pytest.fixture(params=sorted(CASES))
async def at(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    async with bench(CASES[request.param]) as made:
        yield made


def only(condition: object, why: str) -> None:
    if not condition:
        pytest.skip(why)


# --- who it is --------------------------------------------------------------------------------------------------------


async def test_it_says_who_it_is(at: Bench) -> None:
    provider: ImageProvider = at.provider
    assert SLUG.match(provider.name)
    assert provider.models
    assert provider.slots >= 1
    assert provider.free is at.case.free
    assert isinstance(provider, Limited)
    assert isinstance(provider, Cancels)
    assert isinstance(provider, Hinted)
    assert isinstance(provider, Prepares)


async def test_a_ping_costs_nothing_and_knows_the_key(at: Bench) -> None:
    await at.provider.ping()
    wrong = at.provided(key="wrong-key-987654321-SECRET")
    await wrong.start()
    with pytest.raises(Configuration, match=at.case.vendor().key_variable) as raised:
        await wrong.ping()
    await wrong.stop()
    assert "wrong-key-987654321-SECRET" not in str(raised.value)
    assert at.fake.bill == []


async def test_a_ping_of_a_vendor_that_is_away_is_an_outage(at: Bench) -> None:
    await at.server.stop()
    with pytest.raises(Outage):
        await at.provider.ping()


async def test_a_ping_that_is_answered_with_a_web_page_has_not_found_the_vendor(at: Bench) -> None:
    only(not at.case.vendor().probe_finds_nothing, "a probe of it is a poll")
    at.fake.next(Fault(Kind.PROXY, At.PROBE, status=200))
    with pytest.raises(Outage if at.case.driver else Configuration, match=r"page|no JSON"):
        await at.provider.ping()


async def test_nothing_is_sent_before_start_or_after_stop(at: Bench) -> None:
    await at.provider.stop()
    await at.provider.stop()
    assert isinstance(await at.failed(), Outage)
    assert at.fake.seen == []


# --- what it sends ----------------------------------------------------------------------------------------------------


async def test_an_image_is_ordered_once_and_costs_what_the_bill_says(at: Bench) -> None:
    made = await at.generate(await at.job(prompt="A ferry at night, wet deck"))
    (order,) = at.fake.orders
    assert "A ferry at night, wet deck" in order.prompt
    assert order.model == at.case.models()[0]
    assert images.prepare(made.data, 1280, 720, Limits()).width == 1280
    if at.case.free:
        assert made.cost_usd_micros == at.fake.charged_usd_micros == 0
    elif at.case.tells_cost:
        assert made.cost_usd_micros == at.fake.charged_usd_micros
        assert made.parameters["cost_basis"] == "vendor"
    else:
        assert made.cost_usd_micros > 0
        assert made.parameters["cost_basis"] == "estimate"


async def test_every_model_makes_an_image(at: Bench) -> None:
    for model in at.case.models():
        made = await at.generate(await at.job(model))
        images.prepare(made.data, 1280, 720, Limits())
    assert [order.model for order in at.fake.orders] == at.case.models()


@pytest.mark.parametrize(("width", "height"), SIZES)
async def test_any_size_is_delivered_exactly_by_cropping_little(at: Bench, width: int, height: int) -> None:
    made = await at.generate(await at.job(width=width, height=height))
    picture = images.prepare(made.data, width, height, Limits())
    assert (picture.width, picture.height) == (width, height)
    asked = at.fake.orders[-1].size
    ratio, wanted = asked[0] / asked[1], width / height
    assert min(ratio, wanted) / max(ratio, wanted) > 0.8


async def test_the_record_of_a_call_is_json_without_prompt_or_key(at: Bench) -> None:
    made = await at.generate(await at.job(prompt="a phrase that stands for itself"))
    told = json.dumps(made.parameters)
    assert at.fake.key not in told
    assert "a phrase that stands for itself" not in told
    assert made.parameters["model"] == at.case.models()[0]


async def test_a_seed_is_sent_where_the_model_takes_one_and_never_claimed_otherwise(at: Bench) -> None:
    for model in at.case.models():
        made = await at.generate(await at.job(model, seed_to_send=4711))
        order, takes = at.fake.orders[-1], at.traits(model).seeds is not None
        assert order.seed == (4711 if takes else None)
        assert made.seed_used == (4711 if takes else None)
        assert ("seed-not-supported" in {loss.code for loss in made.degradations}) is not takes


async def test_no_seed_is_made_up(at: Bench) -> None:
    made = await at.generate(await at.job(seed_to_send=None))
    assert made.seed_used is None


async def test_a_seed_beyond_the_models_range_is_mapped_and_told(at: Bench) -> None:
    models = at.case.models(lambda traits: traits.seeds and traits.seeds[1] < 4_294_967_295)
    only(models, "every seed is in range")
    made = await at.generate(await at.job(models[0], seed_to_send=4_294_967_295))
    assert made.seed_used == at.fake.orders[-1].seed
    assert "seed-mapped" in {loss.code for loss in made.degradations}


async def test_a_negative_prompt_is_sent_or_told_as_lost(at: Bench) -> None:
    for model in at.case.models():
        made = await at.generate(await at.job(model, negative_prompt="umbrellas"))
        takes = at.traits(model).negative_prompt
        assert at.fake.orders[-1].negative_prompt == ("umbrellas" if takes else "")
        assert ("negative-prompt-unsupported" in {loss.code for loss in made.degradations}) is not takes


async def test_references_are_sent_in_order_up_to_the_limit_and_the_rest_is_told(at: Bench) -> None:
    models = at.case.models(lambda traits: traits.references)
    only(models, "takes no references")
    for model in {at.traits(model).references: model for model in models}.values():
        limits = at.traits(model).references
        assert limits is not None
        uses = tuple([await at.reference(number) for number in range(limits.most + 1)])
        made = await at.generate(await at.job(model, references=uses))
        sent = at.fake.orders[-1].references
        assert len(sent) == limits.most
        if "PNG" in limits.formats:
            assert list(sent) == [at.store.objects[use.uri.removeprefix("s3://ice/")] for use in uses[:-1]]
        assert [loss.code for loss in made.degradations].count("reference-dropped") == 1


async def test_a_reference_too_large_is_scaled_and_never_stretched(at: Bench) -> None:
    models = at.case.models(lambda traits: traits.references)
    only(models, "takes no references")
    limits = at.traits(models[0]).references
    assert limits is not None
    use = await at.reference(1, (limits.max_side + 400, (limits.max_side + 400) // 2))
    prepared = (await at.provider.prepare(await at.job(models[0], references=(use,)))).prepared
    assert prepared is not None
    (reference,) = prepared.references
    assert max(reference.width, reference.height) <= limits.max_side
    assert reference.width * reference.height <= limits.max_pixels
    assert len(reference.data) <= limits.max_bytes
    assert reference.width / reference.height == pytest.approx(2, rel=0.01)


async def test_a_model_without_references_gets_none_and_tells_it(at: Bench) -> None:
    models = at.case.models(lambda traits: not traits.references)
    only(models, "every model takes references")
    made = await at.generate(await at.job(models[0], references=(await at.reference(1),)))
    assert at.fake.orders[-1].references == ()
    assert "reference-dropped" in {loss.code for loss in made.degradations}


async def test_preparing_costs_nothing_and_a_store_that_is_away_is_no_outage_of_the_vendor(at: Bench) -> None:
    models = at.case.models(lambda traits: traits.references)
    only(models, "takes no references")
    job = await at.job(models[0], references=(await at.reference(1),))
    at.store.away = "for a walk"
    with pytest.raises(Transient):
        await at.provider.prepare(job)
    at.store.away = None
    prepared = await at.provider.prepare(job)
    assert at.fake.bill == []
    at.store.away = "for a walk again"
    await at.generate(prepared)
    assert len(at.fake.orders[-1].references) == 1


async def test_a_reference_that_does_not_exist_or_is_no_image_is_named(at: Bench) -> None:
    models = at.case.models(lambda traits: traits.references)
    only(models, "takes no references")
    use = await at.reference(1)
    missing = use.model_copy(update={"uri": "s3://ice/refs/none.png"})
    await at.store.put("refs/text.png", b"no image", "image/png")
    no_image = use.model_copy(update={"uri": "s3://ice/refs/text.png"})
    for wrong in (missing, no_image):
        error = await at.failed(await at.job(models[0], references=(wrong,)))
        assert isinstance(error, InvalidRequest)
        assert wrong.uri in str(error)
    assert at.fake.bill == []


async def test_a_prompt_too_long_is_not_sent(at: Bench) -> None:
    limit = at.traits(at.case.models()[0]).prompt_max_chars
    job = replace(await at.job(), prompt="w" * (limit + 1))
    assert isinstance(await at.failed(job), PromptTooLong)
    assert at.fake.seen == []


async def test_a_retired_or_unknown_model_is_answered_here(at: Bench) -> None:
    error = await at.failed(await at.job("no-such-model"))
    assert isinstance(error, InvalidRequest)
    assert at.case.models()[0] in str(error)
    if at.case.retired:
        error = await at.failed(await at.job(at.case.retired))
        assert isinstance(error, InvalidRequest)
        assert "retired" in str(error)
        assert at.case.successor in str(error)
        assert at.case.retired not in at.provider.models
    assert at.fake.seen == []


async def test_many_calls_at_once_get_each_their_own_image(at: Bench) -> None:
    jobs = [await at.job(prompt=f"frame {number}") for number in range(12)]
    made = await asyncio.gather(*(at.generate(job) for job in jobs))
    assert len({image.data for image in made}) == 12
    assert len(at.fake.bill) == 12


# --- what it makes of trouble -----------------------------------------------------------------------------------------


async def test_a_refusal_is_a_refusal(at: Bench) -> None:
    only(at.case.refuses, "has no content policy")
    at.fake.next(Fault(Kind.REFUSE))
    error = await at.failed()
    assert isinstance(error, Refused)
    assert str(error)


async def test_a_throttled_call_says_when_to_come_back(at: Bench) -> None:
    at.fake.next(Fault(Kind.THROTTLE, seconds=7))
    error = await at.failed()
    assert isinstance(error, Throttled)
    assert error.retry_after_s == (7 if at.case.throttle_tells else at.case.locked_out_s)
    assert at.fake.bill == []


async def test_a_vendors_own_rate_limit_is_met_as_throttling(at: Bench) -> None:
    at.fake.calls_per_window, at.fake.window_s = 1, 30.0
    await at.generate(await at.job())
    assert isinstance(await at.failed(), Throttled)


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (Fault(Kind.STATUS, status=400), InvalidRequest),
        (Fault(Kind.STATUS, status=401), Configuration),
        (Fault(Kind.STATUS, status=403), Configuration),
        (Fault(Kind.STATUS, status=404), InvalidRequest),
        (Fault(Kind.STATUS, status=500), Outage),
        (Fault(Kind.STATUS, status=503), Outage),
        (Fault(Kind.PROXY, status=503), Outage),
        (Fault(Kind.REDIRECT), Configuration),
    ],
    ids=lambda value: f"{value.kind}-{value.status}" if isinstance(value, Fault) else "",
)
async def test_an_error_of_the_vendor_is_typed_and_not_charged(at: Bench, fault: Fault, outcome: type) -> None:
    at.fake.next(fault)
    error = await at.failed()
    assert type(error) is outcome
    assert error.charged is False
    assert at.fake.bill == []


@pytest.mark.parametrize(
    "fault",
    [
        Fault(Kind.HANG),
        Fault(Kind.HANG, carried_out=True),
        Fault(Kind.DROP),
        Fault(Kind.DROP, carried_out=True),
        Fault(Kind.TRUNCATE),
        Fault(Kind.PROXY, status=502),
        Fault(Kind.PROXY, status=504, carried_out=True),
        Fault(Kind.PROXY, status=500),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}-{fault.carried_out}",
)
async def test_a_call_without_an_answer_is_in_doubt_and_never_sent_again(at: Bench, fault: Fault) -> None:
    at.fake.next(fault)
    job = await at.job()
    if fault.kind is Kind.HANG:
        at.provider = at.provided(timing=Timing(reply_s=1.0, job_s=5, pace=0.01))
        await at.provider.start()
    error = await at.failed(job)
    assert isinstance(error, Outage if at.case.free else OutcomeUnknown)
    assert error.charged is (False if at.case.free else None)
    assert len([seen for seen in at.fake.seen if seen.at is At.CREATE]) == 1


@pytest.mark.parametrize("kind", [Kind.MALFORMED, Kind.STRANGE])
async def test_an_answer_that_cannot_be_read_was_paid_for(at: Bench, kind: Kind) -> None:
    at.fake.next(Fault(kind))
    error = await at.failed()
    expected = OutcomeUnknown if at.case.vendor().has_jobs else UnusableImage
    assert isinstance(error, Outage if at.case.free else expected)
    assert (error.charged is False) is at.case.free
    assert len(at.fake.bill) == 1


async def test_a_vendor_that_is_away_is_an_outage_and_not_in_doubt(at: Bench) -> None:
    job = await at.provider.prepare(await at.job())
    await at.server.stop()
    error = await at.failed(job)
    assert isinstance(error, Outage)
    assert error.charged is False


async def test_a_slow_answer_is_an_answer(at: Bench) -> None:
    at.fake.next(Fault(Kind.SLOW, seconds=0.3))
    await at.generate(await at.job())


async def test_a_cancelled_task_leaves_the_provider_usable(at: Bench) -> None:
    at.fake.next(Fault(Kind.HANG))
    task = asyncio.create_task(at.generate(await at.job()))
    for _ in range(3000):
        if At.CREATE in {seen.at for seen in at.fake.seen}:
            break
        await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await at.generate(await at.job())


async def test_nothing_secret_is_logged(at: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "services")
    caplog.set_level(logging.INFO, "httpx")
    await at.generate(await at.job())
    for fault in (Fault(Kind.STATUS, status=401), Fault(Kind.DROP), Fault(Kind.MALFORMED)):
        at.fake.next(fault)
        await at.failed()
    assert at.fake.key not in caplog.text


async def test_a_retired_model_is_retired_on_its_day(at: Bench) -> None:
    ending = {name: traits for name, traits in at.case.vendor().models.items() if traits.retires is not None}
    only(ending, "no model's end is known")
    name, traits = next(iter(ending.items()))
    assert traits.retires is not None
    day = datetime.combine(traits.retires, datetime.min.time(), UTC)
    before, after = (at.provided(clock=FakeClock(day + timedelta(days=days))) for days in (-1, 0))
    assert name in before.models
    assert name not in after.models
