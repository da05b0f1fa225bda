"""The official MCP server behind its own OAuth 2.1 sign-in, with one tool; who is let in, and with what, is noted."""

import secrets
import socket
import time
from threading import Thread

import uvicorn
from mcp.server import MCPServer
from mcp.server.auth.provider import (
    AccessToken,
    AuthorizationCode,
    OAuthAuthorizationServerProvider,
    RefreshToken,
    construct_redirect_uri,
)
from mcp.server.auth.settings import AuthSettings, ClientRegistrationOptions, RevocationOptions
from mcp.shared.auth import OAuthToken


class Doorkeeper(OAuthAuthorizationServerProvider):
    """Lets in whoever asks; tokens last `lasts_s`, and a refresh token is good for one use."""

    def __init__(self):
        self.lasts_s, self.refusal = 3600, ""
        self.clients, self.codes, self.tokens, self.refreshes = {}, {}, {}, {}
        self.asked, self.renewed, self.revoked = [], 0, []

    async def get_client(self, client_id):
        return self.clients.get(client_id)

    async def register_client(self, client_info):
        self.clients[client_info.client_id] = client_info

    async def authorize(self, client, params):
        self.asked.append(params)
        back, state = str(params.redirect_uri), params.state
        if self.refusal:
            return construct_redirect_uri(back, error="access_denied", error_description=self.refusal, state=state)
        code = AuthorizationCode(
            code=secrets.token_urlsafe(24),
            client_id=client.client_id,
            expires_at=time.time() + 60,
            scopes=params.scopes or [],
            **params.model_dump(
                include={"code_challenge", "redirect_uri", "redirect_uri_provided_explicitly", "resource"}
            ),
        )
        self.codes[code.code] = code
        return construct_redirect_uri(back, code=code.code, state=state)

    async def load_authorization_code(self, client, authorization_code):
        return self.codes.get(authorization_code)

    async def exchange_authorization_code(self, client, authorization_code):
        del self.codes[authorization_code.code]
        return self._given(client, authorization_code.scopes, authorization_code.resource)

    async def load_refresh_token(self, client, refresh_token):
        return self.refreshes.get(refresh_token)

    async def exchange_refresh_token(self, client, refresh_token, scopes):
        self.renewed += 1
        del self.refreshes[refresh_token.token]
        return self._given(client, refresh_token.scopes, refresh_token.resource)

    async def load_access_token(self, token):
        return self.tokens.get(token)

    async def revoke_token(self, token):
        self.revoked.append(token.token)

    def _given(self, client, scopes, resource):
        access, refresh = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        about = {"client_id": client.client_id, "scopes": scopes, "resource": resource}
        self.tokens[access] = AccessToken(token=access, **about)
        self.refreshes[refresh] = RefreshToken(token=refresh, **about)
        scope = " ".join(scopes) or None
        return OAuthToken(access_token=access, refresh_token=refresh, expires_in=self.lasts_s, scope=scope)


class SignInServer:
    """Runs while entered, at `url`. Its tool `add` adds; `door` is who lets people in."""

    def __init__(self, *, is_open=True):
        self._is_open, self.door = is_open, Doorkeeper()

    def __enter__(self):
        with socket.create_server(("127.0.0.1", 0)) as place:
            port = place.getsockname()[1]
        self.host, origin = f"127.0.0.1:{port}", f"http://127.0.0.1:{port}"
        self.url = f"{origin}/mcp"
        settings = AuthSettings(
            issuer_url=origin,
            resource_server_url=self.url,
            required_scopes=["sums"],
            validate_token_resource=True,
            client_registration_options=ClientRegistrationOptions(
                enabled=self._is_open, valid_scopes=["sums", "more"], default_scopes=["sums"]
            ),
            revocation_options=RevocationOptions(enabled=True),
        )
        server = MCPServer("Sums", auth_server_provider=self.door, auth=settings)

        @server.tool()
        def add(a: int, b: int) -> int:
            """Adds two numbers."""
            return a + b

        app = server.streamable_http_app(stateless_http=True, json_response=True)
        config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", ws="none")
        self._server = uvicorn.Server(config)
        self._thread = Thread(target=self._server.run, daemon=True)
        self._thread.start()
        deadline = time.monotonic() + 20
        while not self._server.started and time.monotonic() < deadline:
            time.sleep(0.05)
        assert self._server.started
        return self

    def __exit__(self, *exc):
        self._server.should_exit = True
        self._thread.join(10)
