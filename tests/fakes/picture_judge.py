"""An OpenAI-compatible endpoint whose judge looks at the mean colour of pictures. Keeps what it was asked."""

import base64
import io
import json
from dataclasses import dataclass, field
from typing import Any

import httpx
from PIL import Image

KEY = "judge-key"


@dataclass
class PictureJudge:
    """Marks red pictures 4 and all others 1; sees the shot size that it is told to see.

    Attributes:
        sees: shot size and framing of its answers.
        status: what it answers with; 200 = marks.
        text: an answer of its own instead of marks.
        asked: bodies of all calls.
    """

    sees: tuple[str, str] = ("medium", "single")
    status: int = 200
    text: str | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return httpx.Response(401)
        if request.url.path != "/v1/chat/completions":
            return httpx.Response(404)
        if self.status != 200:
            return httpx.Response(self.status, headers={"location": "https://elsewhere.test/"})
        body = json.loads(request.content)
        self.asked.append(body)
        question, picture = body["messages"][0]["content"]
        data = base64.b64decode(picture["image_url"]["url"].partition(",")[2])
        red, green, blue = Image.open(io.BytesIO(data)).convert("RGB").resize((1, 1)).getpixel((0, 0))  # type: ignore[misc]
        mark = 4 if red > green + blue else 1
        wanted = question["text"].partition("exactly these: ")[2].partition(".\n")[0]
        people = {} if wanted == "nobody" else {item.partition(":")[0]: mark for item in wanted.split("; ")}
        marks = {"scene": mark, "camera": mark, "action": mark, "characters": people}
        told = {**marks, "shot_size": self.sees[0], "framing": self.sees[1]}
        text = self.text if self.text is not None else f"```json\n{json.dumps(told)}\n```"
        return httpx.Response(200, json={"choices": [{"message": {"content": text}}]})
