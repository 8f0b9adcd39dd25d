"""The list of published systems, in the order of `sortal example --help`."""

from sortal.systems.clavis.system import CLAVIS
from sortal.systems.cms.system import CMS
from sortal.systems.system import System

SYSTEMS: tuple[System, ...] = (CMS, CLAVIS)
