"""What vendors with jobs promise besides: acceptance, polling through trouble, resuming, cancelling, safe downloads."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from services.generation.domain import images
from services.generation.domain.images import Limits
from services.generation.providers.base import GeneratedImage, ImageJob
from services.generation.providers.errors import Outage, OutcomeUnknown, ProviderError, Refused, UnusableImage
from services.generation.providers.vendor_provider import Timing
from tests.fakes.vendors.bench import Bench, bench
from tests.fakes.vendors.cases import CASES
from tests.fakes.vendors.faults import At, Fault, Kind

WITH_JOBS = sorted(name for name, case in CASES.items() if case.vendor().has_jobs)


@pytest.fixture(params=WITH_JOBS)
async def at(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    async with bench(CASES[request.param]) as made:
        yield made


def creates(at: Bench) -> int:
    return len([seen for seen in at.fake.seen if seen.at is At.CREATE])


async def crashed(at: Bench) -> tuple[ImageJob, str]:
    """A job that was accepted, and whose worker is gone."""
    at.fake.polls = 1_000_000
    job = await at.job(seed_to_send=77)
    task = asyncio.create_task(at.generate(job))
    await asyncio.wait_for(at.any_accepted.wait(), 60)
    at.any_accepted.clear()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    for running in at.fake.jobs.values():
        running.polls_left = 1
    return job, at.accepted[0]


async def test_a_job_is_accepted_before_the_first_poll(at: Bench) -> None:
    polled: list[int] = []

    async def accepted(vendor_job_id: str) -> None:
        assert vendor_job_id in at.fake.jobs
        # A free server may be looked at before it is asked, for a job that a worker before us has sent.
        sent = next(number for number, seen in enumerate(at.fake.seen) if seen.at is At.CREATE)
        polled.append(len([seen for seen in at.fake.seen[sent:] if seen.at is At.POLL]))

    made = await at.provider.generate(await at.job(), accepted)
    assert polled == [0]
    assert made.vendor_job_id in at.fake.jobs


async def test_a_job_is_resumed_after_a_crash_and_not_ordered_again(at: Bench) -> None:
    job, vendor_job_id = await crashed(at)
    again = at.provided()
    await again.start()
    made = await again.resume(job, vendor_job_id)
    await again.stop()
    assert images.prepare(made.data, job.width, job.height, Limits()).width == job.width
    assert made.vendor_job_id == vendor_job_id
    assert (made.cost_usd_micros > 0) is not at.case.free
    assert creates(at) == 1
    assert len(at.fake.bill) == 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault(Kind.STATUS, At.POLL, 500),
        Fault(Kind.STATUS, At.POLL, 404),
        Fault(Kind.STATUS, At.POLL, 401),
        Fault(Kind.PROXY, At.POLL, 502),
        Fault(Kind.THROTTLE, At.POLL, seconds=1),
        Fault(Kind.DROP, At.POLL),
        Fault(Kind.TRUNCATE, At.POLL),
        Fault(Kind.MALFORMED, At.POLL),
        Fault(Kind.STRANGE, At.POLL),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}",
)
async def test_a_poll_that_fails_is_repeated_and_the_call_is_not(at: Bench, fault: Fault) -> None:
    at.fake.next(fault, fault)
    made = await at.generate(await at.job())
    assert made.data
    assert creates(at) == 1


async def test_a_job_that_cannot_be_asked_for_is_never_said_to_have_failed(at: Bench) -> None:
    at.fake.next(*[Fault(Kind.STATUS, At.POLL, 500)] * 30)
    error = await at.failed()
    assert isinstance(error, Outage | OutcomeUnknown)
    assert at.accepted
    assert creates(at) == 1


async def test_a_job_that_takes_too_long_is_left_to_be_resumed(at: Bench) -> None:
    at.fake.polls = 1_000_000
    at.provider = at.provided(timing=Timing(reply_s=20, job_s=0.5, pace=0.01))
    await at.provider.start()
    assert isinstance(await at.failed(), Outage if at.case.free else OutcomeUnknown)
    await at.provider.stop()


async def test_a_callback_ends_the_wait_for_the_next_poll(at: Bench) -> None:
    class Rung:
        waits: list[str]

        async def wait(self, vendor_job_id: str, timeout_s: float) -> bool:
            del timeout_s
            self.waits.append(vendor_job_id)
            await asyncio.sleep(0.01)
            return True

    hints = Rung()
    hints.waits = []
    at.provider = at.provided(timing=Timing(reply_s=20, job_s=20, pace=1000))
    at.provider.use_hints(hints)
    await at.provider.start()
    made = await at.generate(await at.job())
    await at.provider.stop()
    assert set(hints.waits) == {made.vendor_job_id}


async def test_a_job_is_called_off_and_the_vendors_word_is_believed(at: Bench) -> None:
    _, vendor_job_id = await crashed(at)
    for running in at.fake.jobs.values():
        running.polls_left = 1_000
    stopped = await at.provider.cancel(vendor_job_id)
    assert stopped is at.case.stops
    if stopped:
        assert at.fake.jobs[vendor_job_id].cancelled


async def test_an_image_that_cannot_be_fetched_at_once_is_fetched_later(at: Bench) -> None:
    if at.case.inline_results:
        pytest.skip("answers with bytes")
    at.fake.next(Fault(Kind.PROXY, At.FILE, 503), Fault(Kind.DROP, At.FILE))
    assert (await at.generate(await at.job())).data


async def test_an_image_behind_a_redirect_is_not_fetched(at: Bench) -> None:
    if at.case.inline_results:
        pytest.skip("answers with bytes")
    at.fake.next(Fault(Kind.REDIRECT, At.FILE))
    error = await at.failed()
    assert isinstance(error, UnusableImage)
    assert error.charged is True


async def test_the_key_goes_to_the_api_and_nowhere_else(at: Bench) -> None:
    job = await at.job()
    models = at.case.models(lambda traits: traits.references)
    if models:
        job = await at.job(models[0], references=(await at.reference(1),))
    await at.generate(job)
    for seen in at.fake.seen:
        told = at.fake.key in "".join(seen.headers.values())
        assert told is not (seen.at is At.FILE or seen.path.startswith("/signed/")), seen.path


async def outcome(at: Bench, said: str) -> ProviderError | GeneratedImage:
    job, vendor_job_id = await crashed(at)
    at.fake.jobs[vendor_job_id].outcome = said
    try:
        return await at.provider.resume(job, vendor_job_id)
    except ProviderError as error:
        return error


async def test_a_job_that_the_vendor_calls_failed_or_refused_has_ended(at: Bench) -> None:
    for said, kind in ((at.case.refused_job, Refused), (at.case.failed_job, UnusableImage)):
        if said:
            at.accepted.clear()
            assert isinstance(await outcome(at, said), kind)
