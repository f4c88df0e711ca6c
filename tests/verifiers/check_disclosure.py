#!/usr/bin/env python3
"""check_disclosure.py FILE VKEY

FILE is a wuping-disclosure/1: an entry, values of it, and the entry that records that they were disclosed. Prints the values.
"""
from __future__ import annotations

import json
import sys

import wlog
from check_proof import inclusion
from wlog import need


def proven(part, vkey: str) -> wlog.Entry:
    need(isinstance(part, dict) and set(part) == {"jwk", "leaf", "proof"}, "disclosure-file")
    leaf = part["leaf"].encode()
    _, checkpoint = inclusion(part["proof"].encode(), leaf, vkey)
    entry = wlog.parse_entry(leaf, checkpoint["origin"])
    wlog.verify_entry_sig(entry, wlog.jwk_pub(part["jwk"]))
    return entry


def disclosure(raw: bytes, vkey: str) -> dict:
    file = wlog.strict_json(raw)
    need(isinstance(file, dict) and set(file) == {"disclosures", "entry", "format", "record"}, "disclosure-file")
    need(file["format"] == "wuping-disclosure/1" and file["disclosures"], "disclosure-file")
    entry, record = proven(file["entry"], vkey), proven(file["record"], vkey)
    wlog.apply_disclosures(entry.data, file["disclosures"])
    shown = [wlog.parse_disclosure(text) for text in file["disclosures"]]
    need(record.type == "DisclosureMade" and record.data["sequence"] == entry.sequence, "disclosure-record")
    need(record.data["digests"] == [digest for digest, _, _ in shown], "disclosure-record", "digests")
    need(record.data["fields"] == [name for _, name, _ in shown], "disclosure-record", "fields")
    return {name: value for _, name, value in shown}


def main() -> int:
    with open(sys.argv[1], "rb") as f:
        raw = f.read()
    try:
        print("OK", json.dumps(disclosure(raw, sys.argv[2]), ensure_ascii=False))
    except wlog.Bad as e:
        print(f"FAIL {e}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
