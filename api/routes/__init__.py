"""One router per resource: a module here with a `router` is part of the application."""
