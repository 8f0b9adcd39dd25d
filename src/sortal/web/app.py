"""The application: routes, errors as sentences, and the guard before all of them."""

from importlib.metadata import version
from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from sortal.store.store import Store
from sortal.web.error_response import RESPONSES, add_error_handlers
from sortal.web.guard import API, Guard
from sortal.web.routes import (
    catalogue,
    classifiers,
    deletion,
    histories,
    jobs,
    maps,
    pages,
    predictions,
    progress,
    session,
    submission,
)
from sortal.web.runs import JobProcesses
from sortal.web.served_store import ServedStore
from sortal.web.settings import ServerSettings

STATIC = Path(__file__).parent / "static"

_FAMILIES = (
    jobs,
    classifiers,
    histories,
    predictions,
    maps,
    catalogue,
    deletion,
    submission,
    progress,
    session,
)


def make_app(settings: ServerSettings) -> FastAPI:
    """Make the application that serves a store.

    Args:
        settings: What the server is started with; the store is made where there is none.

    Raises:
        UserError: The folder is no store, and cannot become one.
    """
    Store.open(settings.store)
    app = FastAPI(
        title="Sortal",
        version=version("sortal"),
        summary="Populations of classifiers: what a store holds, and new jobs for it.",
        openapi_url=f"{API}/openapi.json",
        docs_url=None,
        redoc_url=None,
        separate_input_output_schemas=False,
    )
    app.state.shelf = ServedStore(settings, JobProcesses(settings.store, settings.plugins))
    for family in _FAMILIES:
        app.include_router(family.router, prefix=API, responses=RESPONSES)
    app.include_router(pages.router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    add_error_handlers(app)
    app.add_middleware(Guard, settings=settings)
    return app
