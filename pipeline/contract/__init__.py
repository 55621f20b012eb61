"""The published format: keys, models, media types and the progress log.

The only part of `pipeline` that `serve` imports, so it stays free of numpy, pandas, pyarrow, boto3
and fastf1 (import-linter holds that).
"""

from typing import Final

SCHEMA_VERSION: Final = 1
MADE_SINCE: Final = "0.2.0"  # the version of this program whose files still are what it would make today
FIRST_TELEMETRY_YEAR: Final = 2018  # F1's timing archive holds no car or position samples before
DEMO_YEAR: Final = 1900  # the simulated demo season: no real season can ever collide with it
FPS: Final = 25.0  # frames a second, where nothing else is asked for
FRAME_SKIPS: Final = (1, 2, 5, 10)  # every how many frames the published JSON files have one
