#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a corpus of the inputs that together reach most: usage: choose.py CONTROL FOLDER LIMIT.

CONTROL is what libFuzzer's -merge_control_file leaves: names, and for each input a line `FT` with
what it reaches. Whatever adds most to what is chosen already is chosen next, the shorter of two.
"""

import hashlib
import pathlib
import sys


def reached(control):
    lines = control.read_text(errors="surrogateescape").splitlines()
    names = lines[2:2 + int(lines[0])]
    features = [line.split()[1:] for line in lines[2 + len(names):] if line.startswith("FT ")]
    inputs = {}
    for position, *found in features:
        content = pathlib.Path(names[int(position)]).read_bytes()
        inputs[content] = set(found)
    return inputs


def chosen(inputs, limit):
    left, known = sorted(inputs, key=lambda content: (len(content), content)), set()
    while left and limit > 0:
        best = max(left, key=lambda content: len(inputs[content] - known))
        if inputs[best] <= known:
            return
        yield best
        known |= inputs[best]
        left.remove(best)
        limit -= 1


def main():
    control, folder, limit = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3])
    inputs = reached(control)
    corpus = list(chosen(inputs, limit))
    for old in folder.iterdir():
        old.unlink()
    for content in corpus:
        (folder / hashlib.sha1(content).hexdigest()).write_bytes(content)
    everything = set().union(*inputs.values())
    held = set().union(*(inputs[content] for content in corpus))
    print(f"{folder.name:14} {len(corpus):4} inputs, {sum(map(len, corpus)):6} bytes, "
          f"{len(held)} of {len(everything)} edges")


if __name__ == "__main__":
    main()
