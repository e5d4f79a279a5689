"""The stages of a scenario that pay: a run built, approved, instructed, and reconciled with the partners."""

from typing import Any

from deploy.local.demo.client import Refused
from deploy.local.demo.screen import Stage
from deploy.local.demo.stages import Journey, Wrong

_MAKER, _CHECKER = "maker", "checker"
_ORDER = ("building", "built", "approved", "instructing", "instructed", "reconciled")


async def build_run(journey: Journey, stage: Stage) -> None:
    """The run of the scenario's months: the one that is there, or a new one once the facts are settled."""

    async def attempt() -> str:
        journey.run_id = await _existing(journey)
        if journey.run_id:
            return ""
        body = {"province_code": journey.manifest.province_code, "benefit_months": list(journey.months)}
        try:
            made = await journey.client.post(_MAKER, "payments", "/v1/runs", body)
        except Refused as refused:
            if refused.code != "facts_not_settled":
                raise
            return refused.detail
        journey.run_id = made["run_id"]
        return ""

    await stage.follow("facts at payments", attempt, lambda waiting: not waiting, lambda _: (0, None))
    await built(journey, stage)


async def built(journey: Journey, stage: Stage) -> None:
    """Wait for the run to be built."""
    run = await _follow(journey, stage, "built")
    stage.tell(f"{run['instructions']:,} lệnh chi · instructions, {run['instructed_dong']:,} đ")


async def approve(journey: Journey, stage: Stage) -> None:
    """A second identity approves exactly what was built."""

    async def read() -> dict[str, Any]:
        return await _read(journey)

    run = await stage.follow("checks", read, lambda shown: bool(shown["checked"]), lambda _: (0, None))
    if not _reached(run, "approved"):
        path = f"/v1/runs/{journey.run_id}/approval"
        await journey.client.post(_CHECKER, "payments", path, {"content_hash": run["content_hash"]})
    stage.tell(f"{_MAKER} ≠ {_CHECKER}")


async def instruct(journey: Journey, stage: Stage) -> None:
    """Files written for every bank and post office."""
    await _follow(journey, stage, "instructed")
    stage.tell("pain.001 · XLSX")


async def reconcile(journey: Journey, stage: Stage) -> None:
    """What the partners report back is booked line by line until nothing is pending."""
    run = await _follow(journey, stage, "reconciled")
    stage.tell(f"{run['settled_dong']:,} đ đã chi · settled, {run['returned_dong']:,} đ trả lại · returned")


async def _existing(journey: Journey) -> str:
    page = await journey.client.get(_MAKER, "payments", "/v1/runs", limit=100)
    for item in page["items"]:
        same_place = item["province_code"] == journey.manifest.province_code and not item["campaign_id"]
        if same_place and list(item["benefit_months"]) == list(journey.months):
            return str(item["run_id"])
    return ""


async def _read(journey: Journey) -> dict[str, Any]:
    found: dict[str, Any] = await journey.client.get(_MAKER, "payments", f"/v1/runs/{journey.run_id}")
    return found


async def _follow(journey: Journey, stage: Stage, status: str) -> dict[str, Any]:
    def far(run: dict[str, Any]) -> tuple[int, int | None]:
        if run["status"] in ("instructed", "reconciled") and run["instructed_dong"]:
            return run["settled_dong"] + run["returned_dong"], run["instructed_dong"]
        return round((run.get("progress") or 0) * 100), 100

    return await stage.follow(f"run {status}", lambda: _read(journey), lambda run: _reached(run, status), far)


def _reached(run: dict[str, Any], status: str) -> bool:
    if run["status"] not in _ORDER:
        raise Wrong(f"run: status {run['status']}")
    return _ORDER.index(run["status"]) >= _ORDER.index(status)
