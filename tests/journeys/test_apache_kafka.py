"""Apache Kafka and the embedded broker lead to the same totals."""

from pathlib import Path

import pytest

from deploy.local import apache_kafka
from deploy.local.demo.options import Options
from deploy.local.environment import APACHE
from tests.support.scenario import run_scenario

_VARYING = {"seconds"}


@pytest.mark.real
@pytest.mark.timeout(900)
def test_totals_on_apache_kafka_are_those_of_the_embedded_broker(tmp_path: Path) -> None:
    assert not apache_kafka.missing_tools()
    embedded = run_scenario(tmp_path / "embedded", Options("ninh-thuan-2019", people=2_000))
    apache = run_scenario(tmp_path / "apache", Options("ninh-thuan-2019", kafka=APACHE, people=2_000))
    assert {key: value for key, value in apache.items() if key not in _VARYING} == {
        key: value for key, value in embedded.items() if key not in _VARYING
    }
