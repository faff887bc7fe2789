"""The errors of Cluster Atlas: one tree, one shape.

AtlasError
├── SourceError            the files given to a loader cannot be read at all
├── UnknownSourceError     there is no loader of that name
├── IdentifierError        a key or IRI that cannot be one
├── ShapeError             a shapes graph that is not well-formed
├── OntologyError          an ontology that cannot be read or reasoned with
├── WorkspaceError         the workspace is missing, locked, damaged or full
├── UnknownReleaseError    no release with that number
├── QueryError             what a client asked cannot be answered as asked
│   ├── QuerySyntaxError       not SPARQL: line, column and token say where
│   ├── QueryRefusedError      legal, but not evaluated here: why, and what to write instead
│   ├── ParameterError         a saved query's parameter is missing, unknown or ill-typed
│   ├── NotAcceptableError     no representation that the client accepts
│   ├── UnsupportedMediaError  a request body in a form that is not read
│   ├── MethodNotAllowedError  a method that the resource does not have
│   ├── TooLargeError          a request body larger than is read
│   ├── RequestTimeoutError    a request that does not come to its end
│   ├── QueryTimeoutError      the time limit was reached
│   ├── QueryMemoryError       the memory limit was reached
│   ├── QueryFailedError       the engine gave up, or its process ended
│   ├── ServiceFailedError     an endpoint that the query asks did not answer well
│   ├── QueryCancelledError    an operator ended it, or its client went away
│   └── BusyError              too many heavy queries at once
└── NotFoundError          nothing has that IRI or name

Every error says in `detail` what happened, where, and what was expected; further members travel
with it into the `application/problem+json` answer (RFC 9457) and the command line's JSON output.
"""

from __future__ import annotations

from typing import Any, ClassVar


class AtlasError(Exception):
    """Base of all errors that a user of Cluster Atlas meets.

    `detail` is the sentence for the person; `members` are the extension members of RFC 9457,
    section 3.2; `status` is the HTTP status and `title` the short name of the kind.
    """

    status: ClassVar[int] = 400
    title: ClassVar[str] = "Request failed"

    def __init__(self, detail: str, **members: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.members = members

    def problem(self) -> dict[str, Any]:
        """Return the problem details object (RFC 9457, section 3)."""
        kind = type(self).__name__.removesuffix("Error")
        return {
            **self.members,
            "type": f"urn:cluster-atlas:problem:{kind}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }


class SourceError(AtlasError):
    """The files given to a loader cannot be read at all: missing, truncated, unknown layout."""

    status = 422
    title = "Source cannot be read"


class UnknownSourceError(AtlasError):
    """There is no loader of that name."""

    status = 404
    title = "Unknown source"


class IdentifierError(AtlasError):
    """A key or an IRI that cannot be one."""

    status = 422
    title = "Not an identifier"


class ShapeError(AtlasError):
    """A shapes graph that is not well-formed; names the shape and what was expected."""

    status = 422
    title = "Shapes graph is not well-formed"


class OntologyError(AtlasError):
    """An ontology that cannot be read or reasoned with."""

    status = 422
    title = "Ontology cannot be used"


class WorkspaceError(AtlasError):
    """The workspace is missing, locked, damaged or its disk is full."""

    status = 503
    title = "Workspace cannot be used"


class UnknownReleaseError(AtlasError):
    """No release with that number is kept."""

    status = 404
    title = "Unknown release"


class NotFoundError(AtlasError):
    """Nothing has that IRI or name."""

    status = 404
    title = "Not found"


class QueryError(AtlasError):
    """What a client asked cannot be answered as asked."""

    status = 400
    title = "Query cannot be answered"


class QuerySyntaxError(QueryError):
    """Not SPARQL: the members `line`, `column` and `token` say where."""

    title = "Query is not well-formed"


class QueryRefusedError(QueryError):
    """Legal SPARQL that is not evaluated here: the detail says why and what to write instead."""

    title = "Query refused"


class ParameterError(QueryError):
    """A parameter is missing, unknown or ill-typed; `allowed` names what can be given."""

    title = "Parameter not accepted"


class NotAcceptableError(QueryError):
    """No representation that the client accepts; `available` names those that there are."""

    status = 406
    title = "Not acceptable"


class UnsupportedMediaError(QueryError):
    """A request body in a form that is not read; `accepted` names those that are."""

    status = 415
    title = "Unsupported media type"


class MethodNotAllowedError(QueryError):
    """A method that the resource does not have; `allowed` names those that it has."""

    status = 405
    title = "Method not allowed"


class TooLargeError(QueryError):
    """A request body larger than is read; `limit` says how much is."""

    status = 413
    title = "Request too large"


class RequestTimeoutError(QueryError):
    """A request that does not come to its end."""

    status = 408
    title = "Request timed out"


class QueryTimeoutError(QueryError):
    """The time limit was reached before the answer was complete."""

    status = 504
    title = "Time limit reached"


class QueryMemoryError(QueryError):
    """The memory limit was reached before the answer was complete."""

    status = 507
    title = "Memory limit reached"


class QueryFailedError(QueryError):
    """The engine gave up, or the process in which the query ran has ended."""

    status = 500
    title = "Evaluation failed"


class ServiceFailedError(QueryError):
    """An endpoint that a query asks with SERVICE could not be asked, or did not answer well."""

    status = 502
    title = "Endpoint of SERVICE failed"


class QueryCancelledError(QueryError):
    """An operator ended the query, or the client that asked it went away."""

    status = 503
    title = "Query cancelled"


class BusyError(QueryError):
    """Too many heavy queries at once; `retry_after` says in how many seconds to try again."""

    status = 503
    title = "Too busy"
