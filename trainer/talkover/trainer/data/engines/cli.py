"""``talkover data voices``."""

from rich.console import Console
from rich.table import Table


def show_voices() -> None:
    """Who can speak: engine, person and accents of every voice, and whether it is here."""
    from talkover.trainer.data.accents import accents
    from talkover.trainer.data.engines.available import available
    from talkover.trainer.data.engines.voices import voices

    here = {one.name for one in available()}
    table = Table(box=None, pad_edge=False)
    for head in ("voice", "engine", "person", "gender", "locale", "rate", "here", "accents"):
        table.add_column(head)
    for one in voices().values():
        fit = "all" if len(one.accents) == len(accents()) else ", ".join(one.accents)
        own = (one.name, one.engine, one.person, one.gender, one.locale, str(one.rate))
        table.add_row(*own, "yes" if one.name in here else "no", fit)
    Console().print(table)
