"""Callbacks as the service signs them."""

import hashlib

import orjson

SECRETS = {"account_id": 1, "api_key": "key-of-the-account", "salt": "salt-of-the-account"}


def signed(number, *, account_id=1, api_key=SECRETS["api_key"], salt=SECRETS["salt"], **members):
    text = f"{salt}{account_id}{api_key}{number}"
    digest = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
    return {"callback_id": number, "account_id": account_id, "hash": digest, **members}


def body(*callbacks):
    return orjson.dumps({"callbacks": callbacks})
