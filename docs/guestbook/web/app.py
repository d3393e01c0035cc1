import os

import redis
from flask import Flask, redirect, request
from markupsafe import escape

app = Flask(__name__)
store = redis.Redis(host=os.environ["STORE"], decode_responses=True)


@app.get("/")
def entries():
    lines = "".join(f"<li>{escape(entry)}</li>" for entry in store.lrange("entries", 0, 99))
    return f"<h1>Guest book</h1><form method=post><input name=entry maxlength=200><button>Sign</button></form><ul>{lines}</ul>"


@app.post("/")
def sign():
    entry = request.form.get("entry", "").strip()[:200]
    if entry:
        store.lpush("entries", entry)
    return redirect("/")


@app.get("/health")
def health():
    store.ping()
    return "well\n"


app.run(host="0.0.0.0", port=8000)
