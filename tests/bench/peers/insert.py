"""The least that keeps a question: a bare Starlette route and one INSERT, on the same PostgreSQL and the same engine.

Usage: python -m tests.bench.peers.insert PORT DATABASE_URL
"""

from __future__ import annotations

import sys
from uuid import uuid4

import uvicorn
from sqlalchemy import Column, MetaData, Table, Text, Uuid, insert
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from server.store.work import open_engine

asked = Table("bench_asked", MetaData(), Column("id", Uuid, primary_key=True), Column("text", Text, nullable=False))


def main(port: int, database_url: str) -> None:
    engine = open_engine(database_url)

    async def ready(_: Request) -> Response:
        async with engine.begin() as connection:
            await connection.run_sync(asked.metadata.create_all)
        return JSONResponse(None)

    async def ask(request: Request) -> Response:
        row = {"id": uuid4(), "text": (await request.json())["text"]}
        async with engine.begin() as connection:
            await connection.execute(insert(asked).values(row))
        return JSONResponse({"id": str(row["id"])}, 201)

    app = Starlette(routes=[Route("/", ready), Route("/", ask, methods=["POST"])])
    uvicorn.run(app, port=port, log_level="error", access_log=False, loop="uvloop")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
