"""`python -m scenarios ninh-thuan-2019 --out FOLDER`: write a scenario's files and show its manifest."""

import argparse
import json
import sys
from pathlib import Path

from scenarios import NAMES, generate


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m scenarios", description=__doc__)
    parser.add_argument("name", choices=NAMES, nargs="?", default=NAMES[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for the files")
    parser.add_argument("--people", type=int, help="a scaled-down population of so many")
    parser.add_argument("--seed", type=int, help="other people in the same mix")
    parser.add_argument("--gifts", type=int, help="so many gifts, where the scenario has some; 0 for none")
    parser.add_argument("--xlsx", action="store_true", help="people.xlsx besides")
    asked = parser.parse_args()
    try:
        manifest = generate(asked.name, asked.out, asked.people, asked.seed, asked.xlsx, asked.gifts)
    except ValueError as error:
        parser.exit(2, f"{error}\n")
    json.dump(manifest.as_dict(), sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
