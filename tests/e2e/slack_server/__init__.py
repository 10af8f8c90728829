"""A loopback Slack that the real slack_sdk and slack_bolt talk to, with people and with faults. Strict, on 127.0.0.1.

    async with SlackServer(now=clock) as slack:              # the clock stamps ts, edits and events
        team = slack.team("Acme")                             # with the app installed
        general = slack.channel(team, "general")              # everybody is a member, the app's bot too
        ana = slack.user(team, "Ana", admin=True)
        ...  # an app starts with slack.api_url, slack.bot_token and slack.app_token
        await slack.connected()
        asked = slack.say(general, ana, "Hello, a < b")       # escaped as a client does; `raw=True` sends it as it is
        slack.say(general, ana, "An answer", thread=asked)    # `broadcast=True` also to the channel
        told = slack.slash(ana, general, "leaderboard")       # or "/mlops leaderboard"; never inside threads
        said = await told.answer()                            # Ephemeral or Message: .shown (words), .buttons, .pings
        pressed = slack.press(ana, said, "Share")             # by label or action_id; of a Message, Ephemeral or View
        form = await pressed.form()
        slack.submit(ana, form, {"answer": "…"})              # by block id; what a client wouldn't send raises
        await slack.settled()                                 # every event is acknowledged, or given up

What people do is done at once and synchronously; the app learns of it through its socket or its request URL. A message
knows its `deliveries` (attempts, acked, ack_ms, reasons, given_up); an Interaction has `acked()`, `answer()`, `form()`,
`.ephemerals`, `.messages`, `.opened`, `.error` (what the person reads, such as operation_timeout).

For an app in a process of its own: COACH_SLACK_API_URL=slack.api_url, COACH_SLACK_BOT_TOKEN=slack.bot_token,
COACH_SLACK_APP_TOKEN=slack.app_token, COACH_SLACK_SIGNING_SECRET=slack.signing_secret, and no HTTP(S)_PROXY.
For signed HTTP set `slack.request_url = "http://127.0.0.1:PORT/slack/events"`; "" goes back to sockets.

For OAuth: `slack.installs.client_id`, `.client_secret`, `.redirect_url`; `slack.install(user, authorize_url)` is the
person's consent, or a browser's GET of /oauth/v2/authorize with `slack.installs.browsing = user`.

What the app did that Slack has no place for (an unknown method or argument, one of the wrong kind, a bad response_url
body or acknowledgement) is in `slack.faults`, and leaving the server raises AssertionError for it; clear the list where
it is meant. What Slack merely refuses is answered with Slack's error, and is in `slack.calls(method)` like every call.

Knobs: `slack.pace.seconds` (1 message/s/channel after a burst of `slack.pace.burst`; 0 switches it off),
`slack.outgoing.ack_s` (3), `slack.outgoing.factor` (compresses the retries at 0, 60 and 300 s), `slack.views.trigger_s`
(3), `slack.hooks.uses`/`.seconds` (5 in 1800), `slack.limit(method, count, seconds)`.
Faults: `fail`, `slow`, `drop_sockets`, `silence`, `disconnect(reason)`, `partition`, `slack.outgoing.drop`,
`revoke`, `uninstall`, `slack.outgoing.again(delivery)` (the same event once more, in a new envelope or request); over
HTTP `await slack.http.replay(delivery)` (the same bytes) and `await slack.http.forge(delivery, ...)` (a wrong secret,
an old or odd timestamp, no headers), both returning the status that the app answers; `await slack.http.verify()`.
"""

from tests.e2e.slack_server.delivery import Delivery
from tests.e2e.slack_server.entities import Channel, Ephemeral, Installation, Message, Team, User
from tests.e2e.slack_server.interactions import Interaction
from tests.e2e.slack_server.server import SlackServer
from tests.e2e.slack_server.view import View

__all__ = [
    "Channel", "Delivery", "Ephemeral", "Installation", "Interaction", "Message", "SlackServer", "Team", "User", "View"
]  # fmt: skip
