"""What payments are told at their start, beside what every service is told."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import Field, SecretStr, field_validator

from libs.common.runtime.settings import ServiceSettings
from services.payments.clients.wallets.g2p_connect import PREFIX as G2P_CONNECT

#: Connections that work at once: of what there is one of, and of each hand (builder, writer, report taker).
_POOL_BESIDE_HANDS, _POOL_OF_A_HAND = 10, 3
PACKAGED_TERMS = Path(__file__).parents[2] / "policy" / "terms.yaml"


class PaymentsSettings(ServiceSettings):
    """`ANSINH_*`; seal_private, field_key and blind_index_key are required."""

    database_pool_max: int = 16
    payer_name: str = Field(
        default="Nguồn kinh phí trợ giúp xã hội", description="Whom payment files name as the payer."
    )
    payer_account: str = Field(
        default="TGXH{province}",
        description="The account paid from; {province} is replaced by the province's code.",
    )
    run_shard_people: int = Field(
        default=20_000, ge=1, description="About how many people a shard of a run has: one transaction."
    )
    hands: int = Field(
        default=2,
        ge=1,
        description="How many build shards, write files, take reports side by side in a service.",
    )
    report_bytes_max: int = Field(default=64 * 2**20, description="Largest report of a partner taken.")
    list_csv_bytes_max: int = Field(default=512 * 2**20, description="Largest campaign list taken as CSV.")
    list_xlsx_bytes_max: int = Field(default=32 * 2**20, description="Largest campaign list taken as XLSX.")
    policy_terms: Path = Field(
        default=PACKAGED_TERMS, description="By when a month's payment is due (payment_cycle)."
    )
    check_jump_percent: int = Field(
        default=50, ge=1, description="A month's amount that changed by more than this share holds the run."
    )
    check_account_people_max: int = Field(
        default=6, ge=1, description="More people paid into one account than this hold the run."
    )
    check_alone_dong_max: int | None = Field(
        default=None, description="A run of more money than this needs two checkers; by default none does."
    )
    silent_days_bank: int = Field(
        default=3, ge=1, description="Days after its payment date in which a bank answers a file."
    )
    silent_days_post: int = Field(
        default=30, ge=1, description="The same of a post office, which pays for weeks."
    )
    signing_keys: SecretStr | None = Field(
        default=None,
        description="JWK Set of private keys; the first signs what partners are handed, all are published.",
    )
    silent_days_wallet: int = Field(default=1, ge=1, description="The same of a wallet operator.")
    wallets: Mapping[str, str] = Field(
        default_factory=dict,
        description="Wallet operators' APIs: 971005=https://wallet.example/api,..., and before an address"
        " where G2P Connect is spoken: 971011=g2p-connect+https://...",
    )
    wallet_seconds: float = Field(
        default=60.0,
        description="Before a wallet operator that did not answer is called again; doubled each time.",
    )
    name_checks: Mapping[str, str] = Field(
        default_factory=dict,
        description="Banks' APIs that say whose an account is: 970405=https://bank.example/api,...",
    )
    name_check_seconds: float = Field(
        default=30.0, description="Before a bank that did not answer is asked again; three times in all."
    )
    #: Under the 60 in which the stream of a revoked token must be cut.
    token_check_seconds: float = Field(default=15.0, description="Between two checks of a reader's token.")
    partner_requests_per_second: float = Field(
        default=50.0, description="Of one client, in this process; above it 429."
    )
    partner_requests_burst: int = Field(default=200, description="That may come at once.")
    streams_of_one_max: int = Field(default=10, description="Streams that a client holds open at once.")
    webhook_loopback: bool = Field(
        default=False, description="Webhooks may be http and lead to this machine; refused but where local."
    )
    webhook_senders: int = Field(
        default=16, description="Subscribers called at once: so many slow ones delay all others by seconds."
    )
    webhook_seconds: float = Field(default=1.0, description="Between two looks for what is new to a webhook.")
    stream_seconds: float = Field(default=0.5, description="Between two looks for what is new to a stream.")

    @field_validator("wallets", "name_checks", mode="before")
    @classmethod
    def _addresses(cls, stated: object) -> object:
        if not isinstance(stated, str):
            return stated
        pairs = (pair.partition("=") for pair in stated.split(",") if pair.strip())
        return {code.strip(): url.strip().rstrip("/") for code, _, url in pairs}

    def model_post_init(self, context: object) -> None:
        super().model_post_init(context)
        if self.database_pool_max < _POOL_BESIDE_HANDS + _POOL_OF_A_HAND * self.hands:
            raise ValueError("ANSINH_DATABASE_POOL_MAX is below 10 and 3 for each of ANSINH_HANDS")
        if self.webhook_loopback and not self.local:
            raise ValueError("ANSINH_WEBHOOK_LOOPBACK is for a local platform only (ANSINH_LOCAL=true)")
        wallets = (url.removeprefix(G2P_CONNECT) for url in self.wallets.values())
        called = (*wallets, *self.name_checks.values())
        if not self.local and not all(url.startswith("https://") for url in called):
            raise ValueError("ANSINH_WALLETS, ANSINH_NAME_CHECKS: partners are called by https only")
        if not self.local and self.signing_keys is None:
            raise ValueError("ANSINH_SIGNING_KEYS is not set: what partners are handed is signed")
