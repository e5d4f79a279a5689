#!/bin/sh
# Payment events over HTTP. ISSUER, PAYMENTS: addresses; CLIENT_ID, CLIENT_SECRET: your OAuth client; HOOK: your URL
set -eu
token=$(curl -sf "$ISSUER/token" -u "$CLIENT_ID:$CLIENT_SECRET" -d grant_type=client_credentials \
  -d scope="payments.events.read payments.webhooks.write" | sed 's/.*"access_token": *"\([^"]*\)".*/\1/')
signed_in="Authorization: Bearer $token"

# A page; ask again with after=<next_cursor> of the page before.
curl -sf -H "$signed_in" "$PAYMENTS/v1/events?types=PaymentSettled&limit=2"; echo

# The same as they come, for two seconds here; after a break go on with -H "Last-Event-ID: <id>".
curl -sN --max-time 2 -H "$signed_in" "$PAYMENTS/v1/events/stream?after=0" || true

# A webhook, and its test. The key makes a request that is sent again happen once.
curl -sf -H "$signed_in" -H "Idempotency-Key: first-hook" -H "Content-Type: application/json" \
  -d "{\"url\": \"$HOOK\", \"types\": [\"PaymentSettled\", \"PaymentReturned\"]}" "$PAYMENTS/v1/webhooks"; echo
