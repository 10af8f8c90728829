"""The link that creates the Slack app of manifest.yaml, for the README: `python -m tests.slack_link` prints it."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

MANIFEST = Path(__file__).parents[1] / "manifest.yaml"
CREATE = "https://api.slack.com/apps?new_app=1&manifest_yaml="


def creation_link() -> str:
    """Slack's page for a new app with the manifest filled in, without its comments."""
    text = MANIFEST.read_text(encoding="utf-8")
    lines = [re.sub(r"\s+# .*$|^\s*# .*$", "", line) for line in text.splitlines()]
    return CREATE + quote("\n".join(line for line in lines if line.strip()), safe="")


if __name__ == "__main__":
    print(creation_link())  # noqa: T201
