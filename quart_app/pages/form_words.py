"""What WTForms itself says of a field, in our words; each is translated where it is shown."""

from models.wording import say

# By WTForms' own English.
WORDS = {
    "'%(value)s' is not a valid choice for this field.": say(
        "Choose only what is offered; '%(value)s' is not."
    ),
    "Invalid Choice: could not coerce.": say("Choose one of those that are offered."),
    "Invalid choice(s): one or more data inputs could not be coerced.": say("Choose only what is offered."),
    "Not a valid choice.": say("Choose one of those that are offered."),
    "Not a valid date value.": say("Write a day as 2026-11-03."),
    "Not a valid integer value.": say("Write a whole number in digits."),
    "This field is required.": say("Fill this in."),
}


class FormWords:
    """Stands where WTForms looks for a catalogue of its own."""

    def gettext(self, text: str) -> str:
        return WORDS.get(text, text)

    def ngettext(self, one: str, many: str, number: int) -> str:
        return self.gettext(one)
