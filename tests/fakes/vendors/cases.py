"""Every vendor whose fake's module ends with a `CASE`."""

import pkgutil
from importlib import import_module
from typing import Final

import tests.fakes.vendors
from tests.fakes.vendors.case import VendorCase


def _found() -> dict[str, VendorCase]:
    modules = (
        import_module(item.name) for item in pkgutil.iter_modules(tests.fakes.vendors.__path__, "tests.fakes.vendors.")
    )
    cases = (getattr(module, "CASE", None) for module in modules)
    return {case.name: case for case in cases if isinstance(case, VendorCase)}


CASES: Final = _found()
