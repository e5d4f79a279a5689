"""Every route of the service, in the order of its API page."""

from services.payments.api import (
    campaign_lists,
    campaigns,
    donations,
    events,
    files,
    funds,
    ledger,
    partners,
    people,
    reconciliation,
    reports,
    run_checks,
    runs,
    sandbox,
    suspense,
    webhooks,
)

ROUTERS = (
    runs.router,
    run_checks.router,
    files.router,
    reports.router,
    reconciliation.router,
    suspense.router,
    people.router,
    ledger.router,
    funds.router,
    donations.router,
    campaigns.router,
    campaign_lists.router,
    events.router,
    webhooks.router,
    partners.router,
    sandbox.router,
)
