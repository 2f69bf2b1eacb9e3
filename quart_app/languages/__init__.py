"""The languages that pages are written in: English in the sources, the others in message catalogues.

A catalogue is a file that translators edit, `texts/LANGUAGE/messages.po` for what the server says and
`browser.po` for what scripts say. `tallystream texts` extracts and compiles them.
"""

from quart_app.languages.asked import gettext, language, languages, ngettext, said, spoken
from quart_app.languages.catalogues import Language, Languages, load

__all__ = ["Language", "Languages", "gettext", "language", "languages", "load", "ngettext", "said", "spoken"]
