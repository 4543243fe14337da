"""Numbers of things as people say them. Light: nothing is imported."""


def counted(number: int, thing: str, things: str = "") -> str:
    """A number with its word: `1 frame`, `2 frames`, `1,200 frames`.

    Args:
        number: how many.
        thing: the word for one.
        things: the word for several; empty = with an s.
    """
    return f"{number:,} {thing if number == 1 else things or f'{thing}s'}"
