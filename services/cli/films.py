"""Film plans from files, and the two films that come with the engine."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from schemas.film_plan import FilmPlan
from services.cli.exits import CliError, Exit
from services.cli.files import read_file
from services.cli.plan_judging import known_words, objections
from services.cli.plan_reading import Reading, load_plan, read_plan
from services.cli.plan_text import MAX_BYTES
from services.cli.settings import CliSettings, read_settings

FILMS: Final = ("vrindavan", "noir-city")
_EXAMPLES: Final = Path(__file__).resolve().parents[2] / "contracts" / "examples" / "film.plan" / "v1"
_MOST_SHOWN: Final = 20


def read_plan_file(path: Path) -> Reading:
    """Read a film plan, its words checked against the templates that the engine ships.

    Raises:
        CliError: the file can't be read at all, or a setting is wrong.
    """
    size = read_settings(CliSettings).frame_size
    return read_plan(read_file(path, MAX_BYTES), words=known_words(), judge=objections, size=size)


def load_plan_file(path: Path) -> FilmPlan:
    """A film plan that is expected to be right.

    Raises:
        CliError: it can't be read, or has mistakes; the message names each with its place.
    """
    reading = read_plan_file(path)
    if reading.plan is None:
        lines = [mistake.located(str(path)) for mistake in reading.mistakes[:_MOST_SHOWN]]
        more = len(reading.mistakes) - len(lines)
        told = "\n  ".join((*lines, f"and {more} more") if more > 0 else lines)
        raise CliError(
            f"{path} is no valid film plan:\n  {told}", code=Exit.INVALID, mend=f"`ice plan validate {path}` tells all"
        )
    return reading.plan


def load_films(names: Sequence[str]) -> list[FilmPlan]:
    """The plans of films given by name (`vrindavan`, `noir-city`) or file; both shipped ones when none is given.

    Raises:
        CliError: a name is neither, or a file is no valid plan, or two plans are of one project.
    """
    plans = [_shipped(name) if name in FILMS else load_plan_file(_named(name)) for name in names or FILMS]
    ids = [plan.project.project_id for plan in plans]
    twice = sorted({item for item in ids if ids.count(item) > 1})
    if twice:
        raise CliError(f"project {', '.join(twice)} is given twice; allowed is each film once", code=Exit.INVALID)
    return plans


def _shipped(name: str) -> FilmPlan:
    path = _EXAMPLES / f"{name}.yaml"
    if not path.is_file():
        raise CliError(
            f"film {name!r}: {path} is missing",
            mend="run from a checkout of the repository, or name a film plan's file",
        )
    # The tests hold these to every word; asking the engine again would only cost the newcomer a second.
    return load_plan(path.read_bytes(), path.name)


def _named(name: str) -> Path:
    path = Path(name)
    if path.is_file():
        return path
    raise CliError(f"film {name!r}: allowed is {', '.join(FILMS)} or the path of a film plan", code=Exit.INVALID)
