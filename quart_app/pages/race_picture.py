"""How the race looks as a picture of its own, which no style sheet of ours reaches."""

import base64
import hashlib

from markupsafe import Markup

# The colours of `static/tokens.css`, and the shapes that `static/board.css` gives the same drawing in a page.
_RULES = (
    "text{font:14px system-ui,sans-serif;fill:#14201f}.tick{fill:#4a5856}.label{font-size:15px}"
    ".ground{fill:#fff}.grid{stroke:#d5dcda;fill:none}.frame,.lead{stroke:#6c7b78;fill:none}"
    ".line,.casing{fill:none;stroke-linejoin:round;stroke-width:2.5}.casing{stroke:#5c6a67;stroke-width:4.5;"
    "stroke-opacity:.35}.line:not([stroke]){stroke:#5f6f6c}.sign{stroke:#14201f}.sign:not([fill]){fill:#5f6f6c}"
    ".reported-step{fill:#3d5452;fill-opacity:.35;stroke:#3d5452}"
    "@media(prefers-color-scheme:dark){text{fill:#e8efed}.tick{fill:#a7b6b3}.ground{fill:#172120}"
    ".grid{stroke:#2e3b39}.frame,.lead{stroke:#80918e}.casing{stroke:#e8efed;stroke-opacity:.5}"
    ".line:not([stroke]){stroke:#92a4a0}.sign{stroke:#e8efed}.sign:not([fill]){fill:#92a4a0}"
    ".reported-step{fill:#b3c5c2;stroke:#b3c5c2}}"
)
_DIGEST = base64.b64encode(hashlib.sha256(_RULES.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{_DIGEST}'; frame-ancestors 'none'"
STYLE = Markup("<style>%s</style>") % Markup(_RULES)
"""The element itself; markup of ours, and nothing in it comes from data."""
