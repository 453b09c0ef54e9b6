"""The embedded stack: four simulated hosts on loopback, and scenarios of how a cold start goes.

Nothing outside this package knows that there is a drill: `check` and `watch` ask it by SSH and HTTP as they ask real
hosts. Layers, from the causes to the wire: `scenario` and `inventory` (what happens, what there is), `stack` (what
follows from it, kept in `state`), `replies` and `sites` (what each tool and service says then), `ssh_host`, `web` and
`tools` (who says it), `stand` (all of them together). `course` and `telling` are for whoever watches; `cli/drilling.py`
plays a drill.
"""
