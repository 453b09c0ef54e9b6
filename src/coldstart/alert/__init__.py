"""The alert test (SOP 8): one real alert, sent once, and how far it was seen to get. The only place that can POST.

Everything else in coldstart reads. This sends, and so it is asked for by name (`--send-alert-test`), happens only when
the rest of its gate is good, and never twice: a time-out after the request left is "may have been delivered".

An alert gets as far as a level, each proving more than the one before:

accepted   the webhook answered with a 2xx: enough for a PASS (SOP 13.2)
sent       the API handed it on; seen where the baseline names a way (`sent:`)
received   somebody saw it in Telegram; seen where the baseline names a way (`received:`), or the operator says so

A level that is named and not seen is a warning: a chain that ends behind the webhook is what this test is for.
"""

from coldstart.alert.chain import AlertChain
from coldstart.alert.proof import Answer, Look, Proof, Told
from coldstart.alert.webhook import RUN_LABEL, accepted, payload

__all__ = ["RUN_LABEL", "AlertChain", "Answer", "Look", "Proof", "Told", "accepted", "payload"]
