"""Saved queries and searches that keep watch: what is new, changed or gone with each release.

1. `searches` keeps who asks what (`files`: whole or not at all).
2. `asking` asks a release a saved query, in a process that can be ended.
3. `comparing` tells what an answer brings, `history` remembers it, `following` keeps up.
4. `atom` writes it as a feed.
5. `outbox` sends it to webhooks: `signing` says who sent it, `outgoing` decides where it may go.
"""
