"""What a frame is compared with."""

from schemas.bible import ReferenceImage, ReferenceView, Region
from schemas.vocabulary import Facing
from services.validation.domain.intent import worn
from tests import builders


def test_a_sheet_is_looked_at_once_whatever_views_are_parts_of_it() -> None:
    front = ReferenceImage(uri="s3://ice/sheet.png", view=Facing.FRONT, region=Region(left=0, right=0.25))
    sheet = ReferenceImage(uri="s3://ice/sheet.png", view=ReferenceView.SHEET)
    other = ReferenceImage(uri="s3://ice/other.png")
    elsewhere = ReferenceImage(uri="s3://ice/winter.png", costume_id="winter")
    found = worn(builders.radha(references=(front, sheet, elsewhere, other)))
    assert [image.uri for image in found] == ["s3://ice/sheet.png", "s3://ice/other.png"]
