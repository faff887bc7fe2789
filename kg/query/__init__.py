"""SPARQL queries from outside: parsed, made safe, evaluated in processes that can be killed.

The parts, each on top of those below it:

    pool        the queries that run, the workers that run them, the cache of their answers
    nursery     starts the zygote and asks it for workers (both in the serving process)
    ---- process boundary: one socket pair per worker, frames ----
    zygote      a process without threads or stores that forks workers
    worker      one store of one release, one query at a time
    evaluation  text → guards → rewriting → engine → bytes of the result format
    rewriting   patterns that the engine evaluates wrongly, written so that it cannot
    grammar     SPARQL 1.1 → syntax tree with places; tokens below it
    formats, request, frames, limits

`local` evaluates queries whose text is ours in the calling process.
"""
