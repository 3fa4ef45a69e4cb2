"""What Bedrock says of a model that cannot be asked, under the code of a malformed request.

`ValidationException` is its answer to bad input and to a model that is not there alike: only the words tell.
"""

from __future__ import annotations

import re

NO_SUCH_MODEL = re.compile(r"model identifier is invalid|on-demand throughput|operation not allowed", re.IGNORECASE)
"""An id that is none (any more), a model that answers only to a profile or throughput, or one without access."""
