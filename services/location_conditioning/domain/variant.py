"""Which face of a place is shown."""

from dataclasses import dataclass

from schemas.bible import Location
from schemas.shot import Shot
from schemas.vocabulary import Season, TimeOfDay, Weather


@dataclass(frozen=True, slots=True)
class Variant:
    """Time of day, weather and season of a frame."""

    time: TimeOfDay
    weather: Weather
    season: Season

    @property
    def name(self) -> str:
        """`time/weather/season`."""
        return f"{self.time.value}/{self.weather.value}/{self.season.value}"


def variant_of(shot: Shot, location: Location) -> Variant:
    """What the shot says wins over the location."""
    return Variant(
        time=shot.time_of_day or location.time_of_day,
        weather=shot.weather or location.weather,
        season=shot.season or location.season,
    )
