"""`ansinh`: the platform from the command line. Every command has --json where it answers something."""

import typer

from cli import assess, platform, policy, recalculate, redetermine, replay, simulate

app = typer.Typer(
    name="ansinh",
    help="An Sinh: nền tảng trợ giúp xã hội · the platform for social assistance.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("up")(platform.up)
app.command("down")(platform.down)
app.command("status")(platform.status)
app.command("token")(platform.token)
app.command("client")(platform.client)
app.command("verify")(platform.verify)
app.command("demo")(platform.demo)
app.command("assess")(assess.assess)
app.command("recalculate")(recalculate.recalculate)
app.command("redetermine")(redetermine.redetermine)
app.command("replay")(replay.replay)
app.command("simulate")(simulate.simulate)
app.add_typer(policy.app, name="policy")


def main() -> None:
    """The entry point of the `ansinh` script."""
    app()


if __name__ == "__main__":
    main()
