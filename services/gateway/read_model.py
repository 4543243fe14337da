"""Questions to the read model, answered as JSON-ready dicts."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any, Final

from schemas.vocabulary import SubjectKind
from services.chassis.documents import DocumentStore
from services.gateway import domain
from services.gateway.domain import FINAL, Status, references, staleness, status_of
from services.gateway.domain.costs import calls_in_doubt, calls_of, costs_of

Answer = dict[str, Any]

_KEYFRAME: Final = SubjectKind.KEYFRAME.value


class NotFoundError(LookupError):
    """There is no such project, shot or run; the message names it."""


class ReadModel:
    """Reads what `Handlers` wrote."""

    def __init__(self, documents: DocumentStore) -> None:
        self._documents = documents

    async def projects(self) -> list[Answer]:
        """All projects with their counts, by id."""
        found = await self._documents.collection(domain.PROJECTS).find({}, sort=[("_id", 1)])
        return [await self.project(item["_id"]) for item in found]

    async def project(self, project_id: str) -> Answer:
        """One project: settings, counts per status, cost so far."""
        project = await self._known(project_id)
        runs = await self._runs(project_id)
        made = await self._runs(project_id, of_references=True)
        return {
            "project_id": project_id,
            "title": project["title"],
            "settings": project["settings"],
            "counts": _counts(runs),
            "cost_usd_micros": sum(_cost(run) for run in (*runs, *made)),
        }

    async def progress(self, project_id: str) -> Answer:
        """Counts per status and every current run in story order; sheets, plates and prop views by themselves."""
        await self._known(project_id)
        runs = await self._runs(project_id)
        made = await self._runs(project_id, of_references=True)
        return {
            "project_id": project_id,
            "counts": _counts(runs),
            "total": len(runs),
            "finished": sum(run["status"] in FINAL for run in runs),
            "runs": [_summary(run) for run in runs],
            "references": {"counts": _counts(made), "runs": [_summary(run) for run in made]},
        }

    async def shots(self, project_id: str) -> list[Answer]:
        """Every shot in story order with its newest revision, runs and refusals."""
        await self._known(project_id)
        documents = await self._documents.collection(domain.SHOTS).find({"project_id": project_id})
        runs: defaultdict[str, list[Answer]] = defaultdict(list)
        for run in await self._runs(project_id):
            runs[run["shot_id"]].append(run)
        shots = [_shot(document, runs[document["shot_id"]]) for document in documents]
        return sorted(shots, key=lambda item: (item["story_order"], item["shot_id"]))

    async def shot(self, project_id: str, shot_id: str) -> Answer:
        """One shot with every revision and every run ever made."""
        document = await self._documents.collection(domain.SHOTS).get(f"{project_id}/{shot_id}")
        if document is None:
            raise NotFoundError(f"shot {shot_id!r} of project {project_id!r} is unknown")
        runs = await self._all_runs({"project_id": project_id, "shot_id": shot_id})
        return {**_shot(document, runs), "revisions": _plans(document)}

    async def keyframes(self, project_id: str) -> list[Answer]:
        """The newest keyframe of each shot and role, in story order."""
        await self._known(project_id)
        runs = [run for run in await self._all_runs({"project_id": project_id}, whole=True) if run.get("keyframe")]
        newest: dict[tuple[str, str], Answer] = {}
        for run in sorted(runs, key=_age):
            keyframe = run[domain.DETAILS]["keyframe"]
            newest[keyframe["shot"]["shot_id"], keyframe["frame_role"]] = keyframe
        roles = {"single": 0, "start": 0, "end": 1}
        told = await self._with_changes(project_id, newest.values())
        return sorted(
            told,
            key=lambda item: (item["shot"]["story_order"], item["shot"]["shot_id"], roles[item["frame_role"]]),
        )

    async def _with_changes(self, project_id: str, keyframes: Iterable[Answer]) -> list[Answer]:
        """The keyframes, each with what has changed since it was made as `stale`."""
        entities = await self._documents.collection(domain.ENTITIES).find({"project_id": project_id})
        digests = {f"{it['kind']}:{it['entity_id']}": references.versions_of(it)[-1]["digest"] for it in entities}
        made = await self._documents.collection(domain.REFERENCES).find({"project_id": project_id})
        remade = staleness.replaced(map(references.told, made))
        documents = await self._documents.collection(domain.SHOTS).find({"project_id": project_id})
        plans = {document["shot_id"]: _shot(document, [])["shot"] for document in documents}
        return [
            {**item, "stale": staleness.changes(item, plans.get(item["shot"]["shot_id"], {}), digests, remade)}
            for item in keyframes
        ]

    async def run(self, run_id: str) -> Answer:
        """One run with every generation, check and review."""
        found = await self._documents.collection(domain.RUNS).get(run_id)
        if found is None:
            raise NotFoundError(f"run {run_id!r} is unknown")
        return _whole(await self._with_status(found))

    async def lineage(self, run_id: str) -> list[Answer]:
        """Every event of a run in order of arrival, with topic, partition, offset and body."""
        run = await self.run(run_id)
        events = self._documents.collection(domain.EVENTS)
        of_run = await events.find({"run_id": run_id})
        shot: Answer = {name: run[name] for name in ("project_id", "shot_id") if name in run}
        # A run of which only a stray decision is known has no shot, and no events but its own.
        of_shot = await events.find({"run_id": None, **shot}) if shot else []
        planned = [item for item in of_shot if item["body"].get("revision") == run.get("revision")]
        return sorted((_renamed(item) for item in [*planned, *of_run]), key=lambda item: item["at_ms"])

    async def providers(self) -> list[Answer]:
        """Providers as their workers announced themselves."""
        found = await self._documents.collection(domain.PROVIDERS).find({}, sort=[("_id", 1)])
        return [{key: value for key, value in item.items() if key != "_id"} for item in found]

    async def costs(self, project_id: str) -> Answer:
        """What a project has cost so far, over all its takes and revisions, and where the money went."""
        await self._known(project_id)
        return {"project_id": project_id, **costs_of(await self._all_runs({"project_id": project_id}))}

    async def in_doubt(self, project_id: str | None = None) -> list[Answer]:
        """Every call that was sent and of which nothing is known, the oldest first."""
        of: dict[str, Any] = {domain.IN_DOUBT: True}
        if project_id is not None:
            await self._known(project_id)
            of["project_id"] = project_id
        found = await self._documents.collection(domain.RUNS).find(of)
        calls = [call for run in found for call in calls_in_doubt(_whole(await self._with_status(run)))]
        return sorted(calls, key=lambda call: (call["at_ms"], call["generation_id"]))

    async def has_event(self, event_id: str) -> bool:
        """Whether an event has come in."""
        return await self._documents.collection(domain.EVENTS).get(event_id) is not None

    async def bible(self, project_id: str) -> list[Answer]:
        """The newest entry of every character, location and prop; they may come before the first shot."""
        found = await self._documents.collection(domain.ENTITIES).find({"project_id": project_id}, sort=[("_id", 1)])
        if not found:
            await self._known(project_id)
        newest = ((item, references.versions_of(item)[-1]) for item in found)
        return [
            {"kind": item["kind"], "id": item["entity_id"], "digest": last["digest"], "entity": last["entity"]}
            for item, last in newest
        ]

    async def history(self, project_id: str, kind: str, entity_id: str) -> list[Answer]:
        """Every version of an entry of the bible, the oldest first.

        Raises:
            NotFoundError: there is no such entry.
        """
        found = await self._documents.collection(domain.ENTITIES).get(f"{project_id}/{kind}/{entity_id}")
        if found is None:
            raise NotFoundError(f"{kind} {entity_id!r} of project {project_id!r} is unknown")
        return references.versions_of(found)

    async def references(self, project_id: str) -> list[Answer]:
        """Every sheet, plate and prop view that was asked for, with the image that counts."""
        found = await self._documents.collection(domain.REFERENCES).find({"project_id": project_id})
        if not found:
            await self._known(project_id)
        order = ("kind", "entity_id", "variant")
        return sorted(map(references.told, found), key=lambda item: tuple(item[name] or "" for name in order))

    async def reference_runs(self, project_id: str, kind: str, entity_id: str, variant: str | None) -> list[Answer]:
        """The runs that were asked for an entity's references, as they were asked for first."""
        of = {"project_id": project_id, "kind": kind, "entity_id": entity_id}
        if variant is not None:
            of["variant"] = variant
        found = await self._documents.collection(domain.REFERENCES).find(of)
        return [run for run in map(references.first_run, found) if run is not None]

    async def _known(self, project_id: str) -> Answer:
        """The project's document.

        Raises:
            NotFoundError: no shot of it was ever planned.
        """
        project = await self._documents.collection(domain.PROJECTS).get(project_id)
        if project is None:
            raise NotFoundError(f"project {project_id!r} is unknown")
        return project

    async def _runs(self, project_id: str, *, of_references: bool = False) -> list[Answer]:
        """The runs that count now: of each shot's newest revision and regeneration, or of each reference's."""
        every = await self._all_runs({"project_id": project_id})
        runs = [run for run in every if (run.get("subject", _KEYFRAME) != _KEYFRAME) is of_references]
        newest: dict[tuple[str, str | None], Answer] = {}
        for run in sorted(runs, key=_age):
            newest[run["shot_id"], run.get("frame_role")] = run
        last: dict[str, Answer] = {}
        for run in sorted(newest.values(), key=_age):
            last[run["shot_id"]] = run
        # A role that the newest revision no longer plans belongs to an older one: it doesn't count any more.
        current = {
            run["run_id"] for run in newest.values() if run.get("revision") == last[run["shot_id"]].get("revision")
        }
        return [run for run in runs if run["run_id"] in current]

    async def _all_runs(self, of: dict[str, Any], *, whole: bool = False) -> list[Answer]:
        shots = await self._documents.collection(domain.SHOTS).find(of, without=["revisions"])
        refused = {shot["shot_id"]: list(shot.get("rejections", {}).values()) for shot in shots}
        found = await self._documents.collection(domain.RUNS).find(of, without=[] if whole else [domain.DETAILS])
        runs = [_told(run, refused.get(run["shot_id"], ())) for run in found]
        roles = {"single": 0, "start": 0, "end": 1}
        return sorted(
            runs,
            key=lambda run: (
                run.get("story_order", 0),
                run["shot_id"],
                _age(run),
                roles.get(str(run.get("frame_role")), 0),
            ),
        )

    async def _with_status(self, run: Answer) -> Answer:
        shot = await self._documents.collection(domain.SHOTS).get(f"{run.get('project_id')}/{run.get('shot_id')}")
        return _told(run, (shot or {}).get("rejections", {}).values())


def _whole(run: Answer) -> Answer:
    """A run with its details in their places."""
    details = run.pop(domain.DETAILS, {})
    for word in ("keyframe", "reference", "failure"):
        if word in details:
            run[word] = details[word]
    for generation_id, words in details.get("generations", {}).items():
        generation = run.setdefault("generations", {}).setdefault(generation_id, {})
        for word, heavy in words.items():
            generation[word] = {**heavy, **generation.get(word, {})}
    return run


def _told(run: Answer, rejections: Iterable[Answer]) -> Answer:
    told = {key: value for key, value in run.items() if key not in {"_id", "contents"}}
    refusals = list(rejections)
    status = status_of(run, refusals)
    refusal = domain.refusal_of(run, refusals) if status is Status.REJECTED else None
    return {"run_id": run["_id"], **told, "status": status.value, "refusal": refusal}


def _age(run: Answer) -> tuple[int, int]:
    """Order of runs of one shot: by revision, then by when they were first heard of."""
    seen = run.get("seen", {})
    return (run.get("revision", 0), min((item["at_ms"] for item in seen.values()), default=0))


def _counts(runs: Iterable[Answer]) -> dict[str, int]:
    counted = Counter(run["status"] for run in runs)
    return {status.value: counted.get(status.value, 0) for status in Status}


def _cost(run: Answer) -> int:
    return sum(call.spent_usd_micros for call in calls_of(run))


def _summary(run: Answer) -> Answer:
    names = (
        "run_id",
        "shot_id",
        "code",
        "sequence_id",
        "scene_id",
        "scene_title",
        "story_order",
        "subject",
        "revision",
        "regeneration_id",
        "frame_role",
        "frame_roles",
        "status",
    )
    seen = run.get("seen", {})
    return {
        **{name: run.get(name) for name in names},
        "generations": len(run.get("generations", {})),
        "cost_usd_micros": _cost(run),
        "first_at_ms": min((item["at_ms"] for item in seen.values()), default=None),
        "last_at_ms": max((item["at_ms"] for item in seen.values()), default=None),
        "reason": (run.get("failure") or {}).get("reason") or run.get("refusal"),
    }


def _plans(document: Answer) -> list[Answer]:
    """Every revision and regeneration of a shot, the newest last, less the contents that were refused for another."""
    refused = {
        (item["revision"], item.get("regeneration_id"), item.get("content_digest"))
        for item in document.get("rejections", {}).values()
        if domain.conflicts(item)
    }
    found = document.get("revisions", {}).values()
    plans = [item for item in found if (item["revision"], item["regeneration_id"], item["digest"]) not in refused]
    return sorted(plans, key=lambda item: (item["revision"], item["planned_at_ms"]))


def _shot(document: Answer, runs: list[Answer]) -> Answer:
    plans = _plans(document)
    newest: Answer = plans[-1] if plans else {}
    shot = newest.get("shot", {})
    return {
        "project_id": document["project_id"],
        "shot_id": document["shot_id"],
        "code": shot.get("code", document["shot_id"]),
        "story_order": shot.get("story_order", 0),
        "revision": newest.get("revision"),
        "regeneration_id": newest.get("regeneration_id"),
        "shot": shot,
        "runs": [_summary(run) for run in runs],
        "rejections": sorted(document.get("rejections", {}).values(), key=lambda item: item["at_ms"]),
    }


def _renamed(item: Answer) -> Answer:
    return {"event_id": item["_id"], **{key: value for key, value in item.items() if key != "_id"}}
