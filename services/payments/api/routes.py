"""Every route of the service, in the order of its API page."""

from services.payments.api import (
    donations,
    events,
    files,
    funds,
    ledger,
    partners,
    people,
    reports,
    runs,
    sandbox,
    webhooks,
)

ROUTERS = (
    runs.router,
    files.router,
    reports.router,
    people.router,
    ledger.router,
    funds.router,
    donations.router,
    events.router,
    webhooks.router,
    partners.router,
    sandbox.router,
)
