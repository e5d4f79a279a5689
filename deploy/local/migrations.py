"""`python -m deploy.local.migrations registry payments ...`: every service's migrations in one process.

Elsewhere each service has a one-shot of its own (docker-compose.yml). Here an interpreter for each would
cost more than all that they do.
"""

import asyncio
import sys

from libs.common.runtime.migrate import migrate
from libs.common.runtime.settings import ServiceSettings


def main() -> None:
    for service in sys.argv[1:]:
        print(service, flush=True)
        settings = ServiceSettings.from_environment(service)
        asyncio.run(migrate(service, settings.database_url_migrator.get_secret_value()))


if __name__ == "__main__":
    main()
