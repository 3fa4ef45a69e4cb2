"""How a sign-in looks here: plain, in the colours of the page in front of the gateway, light and dark as the system is.

The forms are the emulator's; what is around them is written here, and that they ask for an e-mail address where the
users of a pool have no other name.
"""

from __future__ import annotations

from html import escape

from ministack.services import cognito

from twin.emulator.hooks.services import Json, RawResponse

_ASKED, _ASKED_EMAIL = '<label for="username">Username</label>', '<label for="username">Email</label>'
_STYLE = """
:root { color-scheme: light dark; }
* { box-sizing: border-box; margin: 0; }
body { display: grid; place-items: center; min-height: 100vh; padding: 24px; font: 100%/1.6 system-ui, -apple-system,
  "Segoe UI", Roboto, "Open Sans", sans-serif; color: light-dark(#1a2230, #e6eaf0);
  background: light-dark(#fff, #10141a); }
main { width: min(340px, 100%); }
h1 { margin-bottom: 20px; font-size: 1.625rem; line-height: 1.25; font-weight: 680; letter-spacing: -0.015em; }
label { display: block; margin-bottom: 4px; font-size: 0.8125rem; font-weight: 600; }
input:not([type=hidden]) { width: 100%; margin-bottom: 14px; padding: 8px 11px; font: inherit; color: inherit;
  border: 1px solid light-dark(#848fa0, #6d7a8c); border-radius: 8px; background: light-dark(#fff, #1b212b); }
button { width: 100%; min-height: 44px; margin-top: 4px; font: inherit; font-weight: 550; cursor: pointer; border: 0;
  border-radius: 8px; color: light-dark(#fff, #0c1322); background: light-dark(#2d5cc0, #8aaefa); }
:focus-visible { outline: 2px solid light-dark(#2d5cc0, #8aaefa); outline-offset: 1px; }
.error { margin-bottom: 14px; padding: 8px 12px; border-radius: 8px; font-size: 0.9375rem;
  color: light-dark(#b3361f, #f28d70); background: light-dark(#fcebe7, #3a1c14); }
.here { margin-top: 20px; font-size: 0.8125rem; color: light-dark(#566172, #9ba7b8); }
"""


def show_plain_sign_in() -> None:
    """Put these pages around the emulator's forms."""
    cognito._page_shell = _page


def asking_for_email(answer: RawResponse, pool: Json) -> RawResponse:
    """Give a sign-in's answer that asks for what the users of its pool sign in with."""
    status, headers, body = answer
    if pool.get("UsernameAttributes") != ["email"] or not str(headers.get("Content-Type", "")).startswith("text/html"):
        return answer
    text = body.decode() if isinstance(body, bytes) else str(body)
    return status, headers, text.replace(_ASKED, _ASKED_EMAIL).encode()


def _page(title: str, heading: str, body_html: str) -> str:
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
<h1>{escape(heading)}</h1>
{body_html}
<p class="here">This machine’s own sign-in, in the place of Amazon Cognito’s.</p>
</main>
</body>
</html>"""
