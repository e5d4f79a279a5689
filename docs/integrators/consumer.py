"""Payment events from Kafka. KAFKA=host:port AGENCY=970405 python consumer.py"""

import asyncio
import json
import os

from aiokafka import AIOKafkaConsumer


async def main() -> None:
    topic = f"ansinh.public.payments.{os.environ['AGENCY']}.v1"
    group = {"group_id": "my-books", "auto_offset_reset": "earliest"}
    async with AIOKafkaConsumer(topic, bootstrap_servers=os.environ["KAFKA"], **group) as consumer:
        async for record in consumer:
            event_id = dict(record.headers)["ce_id"].decode()  # the same when it is told twice
            payment = json.loads(record.value)
            print(event_id, payment["payment_id"], payment["sequence"], payment["status"], flush=True)


asyncio.run(main())
