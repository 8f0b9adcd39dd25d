"""The pages for people: jobs and classifiers, and the description of the interface."""

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse

router = APIRouter(include_in_schema=False)

_STATIC = Path(__file__).parents[1] / "static"


@router.get("/")
def show_index() -> FileResponse:
    """Jobs, their classifiers, and a form to run one."""
    return FileResponse(_STATIC / "index.html")


@router.get("/reference")
def show_reference() -> FileResponse:
    """The routes of the interface, as its description tells them."""
    return FileResponse(_STATIC / "reference.html")
