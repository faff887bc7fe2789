"""SPARQL queries from outside: parsed, made safe, evaluated in processes that can be killed.

The parts, each on top of those below it:

    pool        the queries that run, the workers that run them, the cache of their answers
    small       queries that take but a look, answered in the serving process
    near        the small queries of one release, and the ids of queries
    federation  asks the endpoints that SERVICE may ask
    nursery     starts the zygote and asks it for workers (both in the serving process)
    ---- process boundary: one socket pair per worker, frames ----
    zygote      a process without threads or stores that forks workers
    worker      one store of one release, one query at a time
    evaluation  text → guards → rewriting → engine → bytes of the result format
    services    SERVICE: the answers of other endpoints in the place of its patterns
    rewriting   patterns that the engine evaluates wrongly, written so that it cannot
    grammar     SPARQL 1.1 → syntax tree with places; tokens below it
    formats, codings, request, frames, limits

`local` evaluates queries whose text is ours in the calling process.
"""
