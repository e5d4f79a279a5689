"""A wallet operator at work: a batch is one, however often it comes and whoever is killed meanwhile."""

import json
from pathlib import Path
from typing import Any

import pytest

from simulators.books import Books
from simulators.outcomes import Odds
from simulators.switches import OFF, Switches
from simulators.wallet.operator import Operator

CODE = "971005"
ODDS = Odds(seed=3, failing_per_10_000=3_000)
KEY = "fil_00000000000000000000000001"


def batch(payments_made: int = 20, **changed: Any) -> bytes:
    payments = [
        {"payment_id": f"pay_{number:026d}", "amount_dong": 540_000, "wallet": f"09{number:08d}"}
        for number in range(payments_made)
    ]
    head = {
        "batch_id": KEY,
        "execution_date": "2019-12-10",
        "count": payments_made,
        "amount_dong": 540_000 * payments_made,
    }
    return json.dumps({**head, "payments": payments, **changed}).encode()


def opened(folder: Path, switches: Switches = OFF) -> Operator:
    return Operator(CODE, folder, ODDS, switches)


def taken(operator: Operator, content: bytes) -> tuple[int, dict[str, object]]:
    answered = operator.post("/v1/batches", KEY, content)
    assert answered
    return answered[0], json.loads(answered[1])


def inquired(operator: Operator, key: str = KEY) -> tuple[int, set[str]]:
    wanted = json.dumps({"payment_ids": [f"pay_{number:026d}" for number in range(20)]}).encode()
    answered = operator.post(f"/v1/batches/{key}/inquiry", "", wanted)
    assert answered
    return answered[0], {state["state"] for state in json.loads(answered[1]).get("states", [])}


def test_the_same_batch_twice_is_one_and_another_under_its_key_is_refused(tmp_path: Path) -> None:
    operator = opened(tmp_path)
    assert taken(operator, batch())[0] == 202
    first = Books(tmp_path, CODE).totals()
    assert taken(operator, batch())[0] == 200
    assert taken(operator, batch(19))[0] == 409
    assert Books(tmp_path, CODE).totals() == first
    assert first["settled"] + first["returned"] == first["payments"] == 20


def test_who_is_killed_after_taking_a_batch_tells_of_it_all_the_same(tmp_path: Path) -> None:
    assert taken(opened(tmp_path), batch())[0] == 202
    told: list[bytes] = []
    for _ in range(2):
        operator = opened(tmp_path)
        assert inquired(operator) == (200, {"accepted", "rejected"})
        operator.tell(lambda _, content: told.append(content))
        assert inquired(operator) == (200, {"settled", "rejected"})
    # What was taken down as told is not told again.
    assert len(told) == 1
    other = KEY.replace("1", "2")
    never = opened(tmp_path).post(f"/v1/batches/{other}/inquiry", "", b"{}")
    assert never and (never[0], json.loads(never[1])) == (404, {"batch_id": other, "taken": False})


@pytest.mark.parametrize(("changed", "reason"), [({"count": 21}, "AM18"), ({"amount_dong": 1}, "AM10")])
def test_a_batch_that_does_not_add_up_is_taken_by_nobody(
    changed: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    operator = opened(tmp_path)
    assert taken(operator, batch(**changed))[1]["rejected"] == reason
    assert operator.books.totals()["settled"] == 0
    assert operator.post("/v1/batches", KEY, b"{}") == (400, b"{}")


def test_an_answer_that_is_lost_leaves_the_batch_with_the_operator(tmp_path: Path) -> None:
    operator = opened(tmp_path, Switches(lost_answer=True))
    assert operator.post("/v1/batches", KEY, batch()) is None
    assert inquired(operator) == (200, {"accepted", "rejected"})
    assert taken(operator, batch())[0] == 200
