"""The CDK application over the settings in the folder `E2E_CONFIG`: short training, everything else as it is."""

import os
from pathlib import Path

from stacks.application import build

folder = Path(os.environ["E2E_CONFIG"])
build(sorted(file.stem for file in folder.glob("*.toml")), directory=folder).synth()
