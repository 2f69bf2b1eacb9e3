"""`tallystream texts`, for whoever translates."""

from pathlib import Path

from click.testing import CliRunner

from quart_app.cli import commands
from quart_app.languages import load


def run(*words: object) -> str:
    answer = CliRunner().invoke(commands, list(map(str, words)))
    assert answer.exit_code == 0, answer.output
    return answer.output


def test_a_new_language_begins_with_every_text_untranslated(tmp_path: Path) -> None:
    (tmp_path / "it").mkdir()
    first, second = run("texts", "extract", tmp_path).splitlines()
    assert first.startswith("it/messages: ") and first.endswith(" without a translation")
    assert second.startswith("it/browser: ")
    assert "What Tallystream says in Italian." in (tmp_path / "it" / "messages.po").read_text()
    assert run("texts", "compile", tmp_path) == f"{tmp_path}/it/messages.mo\n"
    assert load(tmp_path).codes == ["en", "it"]


def test_a_translation_outlives_the_next_extraction(tmp_path: Path) -> None:
    (tmp_path / "it").mkdir()
    run("texts", "extract", tmp_path)
    path = tmp_path / "it" / "messages.po"
    before, after = path.read_text().split('msgid "Results"\nmsgstr ""')
    path.write_text(f'{before}msgid "Results"\nmsgstr "Risultati"{after}')
    run("texts", "extract", tmp_path)
    assert 'msgid "Results"\nmsgstr "Risultati"' in path.read_text()


def test_a_folder_without_a_language_is_told_what_to_do(tmp_path: Path) -> None:
    assert "make a folder there" in run("texts", "extract", tmp_path)
