"""Telling the token once, so that a browser is let in by a cookie."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from sortal.web.error_response import error_response
from sortal.web.guard import Guard, cookie_name

router = APIRouter(tags=["session"])


class TokenIn(BaseModel):
    """What is told to be let in."""

    model_config = ConfigDict(extra="forbid")

    token: str = Field(max_length=1000)


@router.post("/session", status_code=204, response_class=Response)
def enter(request: Request, entry: TokenIn) -> Response:
    """Exchange the server's token for a cookie that scripts cannot read."""
    guard: Guard = request.state.guard
    if not guard.knows(entry.token):
        return error_response(401, "that is not this server's token.")
    answer = Response(status_code=204)
    name = cookie_name(request.headers["host"])
    answer.set_cookie(name, guard.session, httponly=True, samesite="strict", path="/")
    return answer
