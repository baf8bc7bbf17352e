"""The CDK application: every chosen environment of `config/` as one stage. The CDK command line runs it."""

import os
import sys
from pathlib import Path

# For an interpreter without the editable install: our constructs are imported as `drawing_platform`.
sys.path.insert(0, str(Path(__file__).parent / "constructs"))
# The CDK's own validation of templates takes longer than all the rest; cfn-lint has the same rules. cdk-nag stays on.
os.environ.setdefault("CDK_VALIDATION", "false")

from drawing_platform.labelling_page import PageNotBuiltError
from drawing_platform.settings import SettingsError
from stacks.application import build

try:
    build().synth()
except (SettingsError, PageNotBuiltError) as error:
    sys.exit(f"{error}")
