"""Languages of a few texts for tests, so that none depends on what translators write."""

from collections.abc import Mapping
from gettext import NullTranslations

from quart import Quart

from quart_app.languages import Language, Languages, load


class FewTexts(NullTranslations):
    """A catalogue out of a dict; a text with a number is known by its first form, and has one for all."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        super().__init__()
        self._texts = texts

    def gettext(self, message: str) -> str:
        return self._texts.get(message, message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self._texts.get(msgid1, msgid1 if n == 1 else msgid2)


def speak(app: Quart, **languages: Mapping[str, str]) -> None:
    """From now on `app` speaks English and these, each by its code with its texts."""
    others = {code: Language(code, FewTexts(texts), {}) for code, texts in languages.items()}
    app.extensions["tallystream.languages"] = Languages({"en": load().source} | others)
