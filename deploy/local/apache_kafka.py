"""Apache Kafka 4 on this machine: one node, KRaft, its jars fetched as Maven artifacts."""

import re
import shutil
import signal
import subprocess
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

from deploy.local.failures import CannotStart
from deploy.local.places import HOST, ROOT
from deploy.local.processes import Command

VERSION = "4.1.1"
_SCALA = "2.13"
_JAVA_MIN = 17
_FETCH_SECONDS_MAX = 600
_POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>vn.ansinh.local</groupId><artifactId>kafka</artifactId><version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka_{_SCALA}</artifactId><version>{VERSION}</version>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version>
    </dependency>
  </dependencies>
</project>
"""


def missing_tools() -> list[str]:
    """What this machine lacks to fetch and run Apache Kafka."""
    missing = [] if shutil.which("mvn") else ["Maven (mvn)"]
    if _java_version() < _JAVA_MIN:
        missing.append(f"Java {_JAVA_MIN}")
    return missing


def command(var: Path, port: int, controller_port: int, environment: Mapping[str, str]) -> Command:
    """Fetch what is missing, format the log folder, and tell how to run it. CannotStart without tools."""
    missing = missing_tools()
    if missing:
        names = ", ".join(missing)
        raise CannotStart(
            f"KAFKA=apache cần {names}. Hãy cài đặt, hoặc chạy không có KAFKA=apache để dùng bản nhúng.",
            f"KAFKA=apache needs {names}. Install it, or leave out KAFKA=apache to use the embedded broker.",
        )
    jars = _fetch(ROOT / "var" / "kafka" / VERSION)
    folder = var / "kafka" / "node"
    folder.mkdir(parents=True, exist_ok=True)
    properties = folder / "server.properties"
    properties.write_text(_properties(folder / "log", port, controller_port))
    java = [
        str(shutil.which("java")),
        "-Xms256m",
        "-Xmx768m",
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    ]
    classpath = ["-cp", f"{jars}/*"]
    if not (folder / "log" / "meta.properties").exists():
        _format([*java, *classpath, "kafka.tools.StorageTool"], properties, environment)
    return Command(
        name="broker",
        argv=[*java, *classpath, "kafka.Kafka", str(properties)],
        environment=environment,
        folder=folder,
        orphan_signal=signal.SIGKILL,
        stop_seconds_max=15.0,
    )


def _java_version() -> int:
    java = shutil.which("java")
    if java is None:
        return 0
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', told)
    return int(found.group(1)) if found else 0


def _fetch(folder: Path) -> Path:
    """The folder with Kafka's jars, fetched once."""
    jars = folder / "jars"
    if jars.exists():
        return jars
    making = folder / "jars.making"
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    pom = folder / "pom.xml"
    pom.write_text(_POM)
    goal = ["dependency:copy-dependencies", f"-DoutputDirectory={making}", "-DincludeScope=runtime"]
    try:
        fetched = subprocess.run(
            ["mvn", "-q", "-B", "-f", str(pom), *goal],
            capture_output=True,
            text=True,
            timeout=_FETCH_SECONDS_MAX,
            check=False,
        )
        problem = "" if fetched.returncode == 0 else (fetched.stdout + fetched.stderr)[-600:]
    except subprocess.TimeoutExpired:
        problem = f"mvn > {_FETCH_SECONDS_MAX} s"
    if problem:
        raise CannotStart(
            f"Không tải được Apache Kafka {VERSION} qua Maven:\n{problem}",
            f"Apache Kafka {VERSION} could not be fetched by Maven.",
        )
    making.rename(jars)
    return jars


def _format(tool: list[str], properties: Path, environment: Mapping[str, str]) -> None:
    cluster_id = urlsafe_b64encode(uuid4().bytes).rstrip(b"=").decode()
    done = subprocess.run(
        [*tool, "format", "--standalone", "-t", cluster_id, "-c", str(properties)],
        capture_output=True,
        text=True,
        env=dict(environment),
        check=False,
    )
    if done.returncode:
        raise CannotStart(
            f"Không chuẩn bị được thư mục của Apache Kafka:\n{(done.stdout + done.stderr)[-600:]}",
            "Apache Kafka's log folder could not be formatted.",
        )


def _properties(log: Path, port: int, controller_port: int) -> str:
    return "\n".join(
        (
            "process.roles=broker,controller",
            "node.id=1",
            f"listeners=PLAINTEXT://{HOST}:{port},CONTROLLER://{HOST}:{controller_port}",
            f"advertised.listeners=PLAINTEXT://{HOST}:{port},CONTROLLER://{HOST}:{controller_port}",
            f"controller.quorum.bootstrap.servers={HOST}:{controller_port}",
            "controller.listener.names=CONTROLLER",
            "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
            f"log.dirs={log}",
            "num.partitions=4",
            "auto.create.topics.enable=false",
            "offsets.topic.replication.factor=1",
            "offsets.topic.num.partitions=4",
            "share.coordinator.state.topic.replication.factor=1",
            "share.coordinator.state.topic.min.isr=1",
            "transaction.state.log.replication.factor=1",
            "transaction.state.log.min.isr=1",
            "group.initial.rebalance.delay.ms=0",
            "log.retention.hours=-1",
            "",
        )
    )
