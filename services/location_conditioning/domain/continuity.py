"""What is known of a shot's keyframes, and what that means for the shots that continue it.

A `ShotTrack` is all that this stage remembers of a shot: which revision and regeneration of it came by last, which shot
it continues, and how its runs ended. It is built up from events in any order; a repeat changes nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from schemas.asset import AssetRef
from schemas.base import Identifier, Model
from schemas.keyframe import KeyframeFailed, KeyframeReady
from schemas.run import RunContext
from schemas.shot import ShotRejected
from schemas.text import Text
from schemas.vocabulary import FrameRole

#: A refusal of this kind leaves the first content of the revision in force.
REVISION_CONFLICT: Final = "revision-conflict"
#: Ends of runs and refusals that a track remembers, the newest.
_REMEMBERED: Final = 256
_LAST_FRAME: Final = frozenset({FrameRole.SINGLE, FrameRole.END})

#: A revision with its regeneration (None = the first making).
Ask = tuple[int, str | None]


class End(Model):
    """How one run ended: with an image, or with a reason why there is none."""

    run_id: Identifier
    revision: int
    regeneration_id: Identifier | None = None
    role: FrameRole
    take: int = 0
    """Take that was accepted; 0 when it failed."""
    asset: AssetRef | None = None
    reason: Text = ""

    @property
    def ask(self) -> Ask:
        """What was asked for."""
        return (self.revision, self.regeneration_id)


class Refusal(Model):
    """A revision that can't be made."""

    revision: int
    regeneration_id: Identifier | None = None
    reason: Text

    @property
    def ask(self) -> Ask:
        """What was asked for."""
        return (self.revision, self.regeneration_id)


class ShotTrack(Model):
    """What is known of one shot."""

    shot_id: Identifier
    revision: int = 0
    """Newest revision seen; 0 = none came by yet."""
    regenerations: tuple[Identifier | None, ...] = ()
    """Makings of that revision, in order of arrival."""
    continuity_from: Identifier | None = None
    """Shot that this one continues, in that revision."""
    ends: tuple[End, ...] = ()
    """Ended runs, in order of arrival."""
    refusals: tuple[Refusal, ...] = ()
    """Refused revisions, in order of arrival."""

    @property
    def newest_ask(self) -> Ask | None:
        """The making that counts; None = nothing came by yet."""
        return (self.revision, self.regenerations[-1]) if self.regenerations else None

    @property
    def link(self) -> str | None:
        """Shot that this one waits for; none when its newest revision was refused."""
        refused = any(refusal.ask == self.newest_ask for refusal in self.refusals)
        return None if refused else self.continuity_from


@dataclass(frozen=True, slots=True)
class Frame:
    """An image to match."""

    role: FrameRole
    asset: AssetRef


@dataclass(frozen=True, slots=True)
class Gone:
    """There will be no image, and why."""

    reason: str


def seen(track: ShotTrack, run: RunContext) -> ShotTrack:
    """A run of the shot came by."""
    if run.revision < track.revision:
        return track
    if run.revision > track.revision:
        known: tuple[str | None, ...] = ()
    elif run.regeneration_id in track.regenerations:
        return track
    else:
        known = track.regenerations
    return track.model_copy(
        update={
            "revision": run.revision,
            "regenerations": (*known, run.regeneration_id)[-_REMEMBERED:],
            "continuity_from": run.shot.continuity_from,
        }
    )


def ready(track: ShotTrack, event: KeyframeReady) -> ShotTrack:
    """A run got its keyframe. A later take of the same run takes its place; an earlier one does not."""
    end = End(
        run_id=event.run_id,
        revision=event.revision,
        regeneration_id=event.regeneration_id,
        role=event.frame_role,
        take=event.take,
        asset=event.asset,
    )
    return _ended(track, end)


def failed(track: ShotTrack, event: KeyframeFailed) -> ShotTrack:
    """A run ended without a keyframe. A keyframe that it published before stays."""
    end = End(
        run_id=event.run_id,
        revision=event.revision,
        regeneration_id=event.regeneration_id,
        role=event.frame_role,
        reason=f"keyframe failed ({event.code}): {event.reason}"[:4000],
    )
    return _ended(track, end)


def _ended(track: ShotTrack, end: End) -> ShotTrack:
    earlier = next((item for item in track.ends if item.run_id == end.run_id), None)
    if earlier is not None and (earlier == end or earlier.take > end.take):
        return track
    others = tuple(item for item in track.ends if item.run_id != end.run_id)
    return track.model_copy(update={"ends": (*others, end)[-_REMEMBERED:]})


def refused(track: ShotTrack, event: ShotRejected) -> ShotTrack:
    """A revision was refused; not so when only a second content of it was."""
    if all(problem.code == REVISION_CONFLICT for problem in event.problems):
        return track
    reasons = "; ".join(f"{problem.field}: {problem.value} ({problem.code})" for problem in event.problems)
    refusal = Refusal(
        revision=event.revision,
        regeneration_id=event.regeneration_id,
        reason=f"shot rejected by {event.stage}: {reasons}"[:4000],
    )
    if any(item.ask == refusal.ask for item in track.refusals):
        return track
    return track.model_copy(update={"refusals": (*track.refusals, refusal)[-_REMEMBERED:]})


def last_frame_of(track: ShotTrack | None, *, late: bool = False) -> Frame | Gone | None:
    """The frame that a continuing shot must match; None = it is still to come.

    The newest making that came by counts: its keyframe is waited for even if an older one is there. When that making
    came to nothing, or is `late`, the newest older keyframe serves, if there is one.
    """
    if track is None:
        return None
    frames = [end for end in track.ends if end.role in _LAST_FRAME and end.asset is not None]
    newest = max(frames, key=lambda end: end.revision) if frames else None
    if newest is not None:
        newest = [end for end in frames if end.revision == newest.revision][-1]
    stops: list[End | Refusal] = [end for end in track.ends if end.role in _LAST_FRAME and end.asset is None]
    stops += track.refusals
    ask = track.newest_ask
    answered = [end for end in frames if ask is None or end.ask == ask or end.revision > ask[0]]
    stopped = [stop for stop in stops if ask is None or stop.ask == ask or stop.revision > ask[0]]
    if newest is not None and newest.asset is not None and (answered or stopped or late):
        return Frame(newest.role, newest.asset)
    return Gone(stopped[-1].reason) if stopped else None


def frame_of_run(track: ShotTrack | None, run_id: str) -> Frame | Gone | None:
    """How one run ended; None = it hasn't yet."""
    for end in track.ends if track is not None else ():
        if end.run_id == run_id:
            return Frame(end.role, end.asset) if end.asset is not None else Gone(end.reason)
    return None


def refusal_of(track: ShotTrack | None, ask: Ask) -> Gone | None:
    """Whether this making was refused."""
    for refusal in track.refusals if track is not None else ():
        if refusal.ask == ask:
            return Gone(refusal.reason)
    return None


def turns_before(line: Sequence[ShotTrack]) -> int:
    """How many waits one after the other a shot may have to sit out: its own, and those of shots in line before it.

    A shot that still waits for another can't have its keyframe before that wait is over.

    Args:
        line: the shots continued, nearest first, as far as they were heard of.
    """
    waiting = takewhile(lambda track: track.link is not None and last_frame_of(track) is None, line)
    return 1 + sum(1 for _ in waiting)


def cycle_through(shot_id: str, line: Sequence[ShotTrack]) -> tuple[str, ...]:
    """The cycle, first shot repeated at its end, when the shots continued lead back to where they began."""
    return (shot_id, *(track.shot_id for track in line), shot_id) if line and line[-1].link == shot_id else ()


Evolve = Callable[[ShotTrack], ShotTrack]
