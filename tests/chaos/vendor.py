"""A vendor that bills: every paid call is on its append-only bill before it is answered.

    python -m tests.chaos.vendor PORT BILL

`POST /v1/images` is paid, for each call anew: it knows no idempotency key, so that a repeated call shows on the bill.
`GET /v1/jobs/<id>` costs nothing.
"""

import asyncio
import base64
import io
import json
import os
import random
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import uvicorn
from fastapi import FastAPI, HTTPException
from PIL import Image

COST_USD_MICROS: Final = 40_000


@dataclass
class Bill:
    """Lines of JSON: who called, for what, when."""

    path: Path
    lines: int = 0
    _file: int = field(init=False)

    def __post_init__(self) -> None:
        self._file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def charge(self, call: dict[str, Any]) -> int:
        """Write one call; its number, from 1."""
        self.lines += 1
        line = {"call": self.lines, "at": time.time(), "cost_usd_micros": COST_USD_MICROS, **call}
        os.write(self._file, (json.dumps(line) + "\n").encode())
        return self.lines


def picture(name: str, width: int, height: int) -> bytes:
    """A PNG of coloured blocks, another one for each name."""
    rng = np.random.default_rng(list(name.encode()))
    blocks = rng.integers(20, 236, (9, 16, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(blocks).resize((width, height), Image.Resampling.NEAREST).save(out, "PNG", compress_level=1)
    return out.getvalue()


def api(bill: Bill) -> FastAPI:
    """The vendor's API over a bill."""
    app = FastAPI()
    jobs: dict[str, tuple[float, str]] = {}
    rng = random.Random(7)

    @app.get("/v1/health")
    async def health() -> dict[str, str]:
        return {"state": "ok"}

    @app.post("/v1/images")
    async def images(call: dict[str, Any]) -> dict[str, Any]:
        number = bill.charge({name: call[name] for name in ("generation_id", "model", "shot_id", "frame_role")})
        image = base64.b64encode(picture(call["generation_id"], call["width"], call["height"])).decode()
        if call["model"] != "chaos-async":
            await asyncio.sleep(rng.uniform(0.05, 0.4))
            return {"call": number, "image": image}
        job = f"job-{number}"
        jobs[job] = (time.monotonic() + rng.uniform(0.1, 1.5), image)
        return {"call": number, "job": job}

    @app.get("/v1/jobs/{job}")
    async def ask(job: str) -> dict[str, Any]:
        if job not in jobs:
            raise HTTPException(404)
        ready_at, image = jobs[job]
        return {"state": "running"} if time.monotonic() < ready_at else {"state": "done", "image": image}

    return app


def main() -> int:
    """Serve until killed."""
    uvicorn.run(api(Bill(Path(sys.argv[2]))), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
    return 0


if __name__ == "__main__":
    sys.exit(main())
