import socket
from collections.abc import Iterator

import pytest

from services.local_stack.errors import PortTakenError
from services.local_stack.servers import ports


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind((ports.LOOPBACK, 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_every_name_gets_a_port_of_its_own() -> None:
    chosen = ports.choose([f"p{n}" for n in range(50)], {}, {})
    assert len(set(chosen.values())) == 50
    assert all(ports.is_free(port) for port in chosen.values())


def test_a_remembered_port_is_used_again() -> None:
    first = ports.choose(["a", "b"], {}, {})
    assert ports.choose(["b", "a"], first, {}) == first


def test_a_remembered_port_that_another_process_took_is_replaced(taken: int) -> None:
    assert ports.choose(["a"], {"a": taken}, {})["a"] != taken


def test_a_remembered_port_given_to_two_names_goes_to_one_of_them() -> None:
    free = ports.choose(["x"], {}, {})["x"]
    chosen = ports.choose(["a", "b"], {"a": free, "b": free}, {})
    assert chosen["a"] == free
    assert chosen["b"] != free


def test_a_fixed_port_wins_over_the_remembered_one() -> None:
    free = ports.choose(["x", "y"], {}, {})
    assert ports.choose(["a"], {"a": free["x"]}, {"a": free["y"]}) == {"a": free["y"]}


def test_a_fixed_port_in_use_is_an_error_that_names_it(taken: int) -> None:
    with pytest.raises(PortTakenError, match=rf"port {taken} .*asked for kafka") as caught:
        ports.choose(["kafka"], {}, {"kafka": taken})
    assert str(taken) in caught.value.mend
