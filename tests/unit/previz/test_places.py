"""Words to kits, and the things by which a kit is known in the picture."""

import pytest

from services.generation.providers.previz.chance import Dice
from services.generation.providers.previz.drawing import blocked, compose
from services.generation.providers.previz.places.catalogue import KITS, kit_named, layout_of
from services.generation.providers.previz.scene import PrevizCharacter, PrevizLocation, PrevizScene
from services.generation.providers.previz.scenery import given_way


@pytest.mark.parametrize(
    ("name", "description", "kit"),
    [
        ("Boxing ring", "A sweaty arena under hard lights; ropes, turnbuckles, a crowd.", "ring"),
        ("Football stadium", "floodlights over the pitch", "stadium"),
        ("Main Street, Redemption", "A dusty frontier town: false-front saloon, hitching posts.", "western"),
        ("Classroom", "Rows of desks facing a blackboard", "classroom"),
        ("School corridor", "Lockers along both walls", "school corridor"),
        ("Hospital ward", "A row of iron beds", "ward"),
        ("Hospital corridor", "", "corridor"),
        ("The old bazaar", "spice stalls", "bazaar"),
        ("Theatre stage", "Red velvet curtains", "stage"),
        ("Theater", "", "stage"),
        ("Roadside diner", "a window onto the parking lot", "diner"),
        ("Café Central", "", "cafe"),
        ("Abandoned factory", "A vast warehouse of steel columns", "factory"),
        ("Prison cell", "bars and a bunk", "cell"),
        ("Cemetery", "Leaning gravestones", "cemetery"),
        ("Desert", "Endless dunes under a white sun", "dunes"),
        ("Desert", "", "desert"),
        ("Snowfield", "", "snowfield"),
        ("The caves", "", "cave"),
        ("Fishing harbor", "A wooden pier with moored boats", "pier"),
        ("Airport terminal", "a jet on the apron", "terminal"),
        ("Train station", "", "platform"),
        ("Throne room", "The great hall of a castle", "throne room"),
        ("Cathedral", "", "nave"),
        ("Starship bridge", "", "bridge"),
        ("Bathroom", "", "bathroom"),
        ("Bedrooms", "", "bedroom"),
        ("Farmhouse kitchen", "", "kitchen"),
        ("Courtroom", "", "court"),
        ("Apartment", "A double bed with rumpled sheets", "bedroom"),
    ],
)
def test_a_place_is_built_from_the_kit_its_words_name(name: str, description: str, kit: str) -> None:
    assert kit_named(PrevizLocation(id="l", name=name, description=description)) == kit


@pytest.mark.parametrize(
    ("name", "description", "kind", "kit"),
    [
        ("Harbour Street", "", "", "street"),
        ("The bar at the end of the street", "", "", "bar"),
        ("Red Lion", "A pub overlooking the sea, the beach and the harbour", "", "bar"),
        ("Blue Door", "No church, no forest, no beach: a kitchen", "", "kitchen"),
        ("Street", "without market stalls, without a cemetery", "", "street"),
        ("Former church", "now a nightclub", "", "bar"),
        ("Mara's place", "She wears a wedding ring and holds a cell phone in the kitchen", "", "kitchen"),
        ("EXT. DINER - NIGHT", "", "", "street"),
        ("INT. KITCHEN - DAY", "a garden beyond the window", "", "kitchen"),
        ("Palace", "", "interior", "throne room"),
        ("Zzyzx", "", "", "plain"),
        ("Zzyzx", "", "interior", "room"),
        ("\u5bfa", "", "", "plain"),
    ],
)
def test_denied_distant_and_describing_words_do_not_choose_the_kit(
    name: str, description: str, kind: str, kit: str
) -> None:
    assert kit_named(PrevizLocation(id="l", name=name, description=description, location_type=kind)) == kit


@pytest.mark.parametrize("kit", sorted(KITS))
def test_a_kit_is_the_same_for_the_same_seed(kit: str) -> None:
    layout = KITS[kit](Dice("place", "l", 3), ())
    assert layout.digest() == KITS[kit](Dice("place", "l", 3), ()).digest()
    x0, z0, x1, z1 = layout.free
    assert x0 <= layout.mark[0] <= x1
    assert z0 <= layout.mark[2] <= z1


@pytest.mark.parametrize(
    "name", ["Hospital ward", "Prison cell", "Cemetery", "Railway platform", "Stadium", "Bathroom"]
)
def test_what_makes_a_place_known_is_in_the_picture(name: str) -> None:
    place = PrevizLocation(id="l", seed=4, name=name)
    scene = PrevizScene(width=320, height=180, seed=3, shot_size="wide", location=place)
    furnished = len(compose(scene).ops)
    bare = len(compose(scene.model_copy(update={"location": PrevizLocation(id="l", seed=4, name="Zzyzx")})).ops)
    assert furnished > bare + 40


@pytest.mark.parametrize(("action", "left_out"), [("lies in bed", True), ("walks", False)])
def test_who_lies_in_bed_takes_the_place_of_the_bed_of_the_set(action: str, left_out: bool) -> None:
    person = PrevizCharacter(id="a", seed=1, name="Ann", action=action)
    place = PrevizLocation(id="b", seed=2, name="Bedroom")
    people = blocked(PrevizScene(characters=(person,), location=place, shot_size="full")).people
    beds = [thing for thing in layout_of(place).things if thing.kind == "bed"]
    assert [given_way(bed, people) for bed in beds] == [left_out]
