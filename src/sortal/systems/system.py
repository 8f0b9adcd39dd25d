"""What a published system brings to the commands that are not its own."""

from dataclasses import dataclass

from sortal.options import Command
from sortal.web.command import Describe


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A system by its folder: `sortal.systems.NAME.commands` holds the commands, as `app`."""

    name: str
    """Name of its folder, and what is typed to call its commands."""

    summary: str
    """What its commands are for, in a line of `sortal --help`."""

    example: Command
    """Command that writes a complete example; `sortal example NAME` calls it."""

    example_summary: str
    """What the example is, in a line of `sortal example --help`."""

    describe: "Describe | None" = None
    """Tells `sortal serve` what jobs of the system can name; None: nothing."""
