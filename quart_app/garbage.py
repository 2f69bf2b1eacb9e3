"""How often Python looks for objects that refer to each other and to which nothing else refers."""

import gc

# New containers, less those that have gone, before the youngest are looked through, and how many such looks
# before the middle ones are. A batch of tallies makes thousands, which go by themselves when it is answered:
# looked through again and again meanwhile, they took a third of the time that their receipts did.
YOUNG, MIDDLE, OLD = 20_000, 20, 20


def look_seldom() -> None:
    """For a process that serves. What is there now, which is the program itself, is never looked at again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
