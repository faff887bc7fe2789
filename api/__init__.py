"""The REST facade over a release; routers live in `api/routes`, one per resource."""
