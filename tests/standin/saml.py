"""A SAML 2.0 identity provider for tests: reads real requests, shows a form, and sends signed assertions (SAML core, bindings).

`hurt` names what is wrong with the next assertion: unsigned, changed after signing, for another audience, out of date.
"""

import base64
import html
import threading
import uuid
import zlib
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from lxml import etree
from onelogin.saml2.utils import OneLogin_Saml2_Utils

NS = {"samlp": "urn:oasis:names:tc:SAML:2.0:protocol", "saml": "urn:oasis:names:tc:SAML:2.0:assertion"}
EMAIL = "urn:oid:0.9.2342.19200300.100.1.3"
ENTITY = "https://idp.example/metadata"


def keypair():
    """A private key and a certificate for a day, as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    return pem.decode(), certificate.public_bytes(serialization.Encoding.PEM).decode()


def read_request(url):
    """Return the id, the address for the answer and the issuer of a request in a redirect's address."""
    packed = parse_qs(urlsplit(url).query)["SAMLRequest"][0]
    root = etree.fromstring(zlib.decompress(base64.b64decode(packed), -15))
    return root.get("ID"), root.get("AssertionConsumerServiceURL"), root.findtext("saml:Issuer", namespaces=NS)


def response(idp, request_id, acs, audience, email, groups=(), hurt=""):
    """Build the signed response to a request, in base64."""
    now = datetime.now(UTC) - (timedelta(hours=3) if hurt == "late" else timedelta())
    moment, end = (t.strftime("%Y-%m-%dT%H:%M:%SZ") for t in (now, now + timedelta(minutes=5)))
    if hurt == "audience":
        audience = "https://other.example/metadata"
    values = "".join(f"<saml:AttributeValue>{html.escape(group)}</saml:AttributeValue>" for group in groups)
    assertion = f"""<saml:Assertion xmlns:saml="{NS["saml"]}" ID="_{uuid.uuid4().hex}" Version="2.0" IssueInstant="{moment}">
<saml:Issuer>{ENTITY}</saml:Issuer><saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">{email}</saml:NameID>
<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="{end}" Recipient="{acs}" InResponseTo="{request_id}"/></saml:SubjectConfirmation></saml:Subject>
<saml:Conditions NotBefore="{moment}" NotOnOrAfter="{end}"><saml:AudienceRestriction><saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions>
<saml:AuthnStatement AuthnInstant="{moment}" SessionIndex="_s"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>
<saml:AttributeStatement><saml:Attribute Name="{EMAIL}"><saml:AttributeValue>{email}</saml:AttributeValue></saml:Attribute><saml:Attribute Name="groups">{values}</saml:Attribute></saml:AttributeStatement></saml:Assertion>"""
    if hurt != "unsigned":
        signed = OneLogin_Saml2_Utils.add_sign(assertion, idp.key, idp.certificate)
        assertion = signed.decode() if isinstance(signed, bytes) else signed
    if hurt == "changed":
        assertion = assertion.replace(email, "owner@acme.example")
    whole = f"""<samlp:Response xmlns:samlp="{NS["samlp"]}" xmlns:saml="{NS["saml"]}" ID="_{uuid.uuid4().hex}" Version="2.0" IssueInstant="{moment}" Destination="{acs}" InResponseTo="{request_id}"><saml:Issuer>{ENTITY}</saml:Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>{assertion}</samlp:Response>"""
    return base64.b64encode(whole.encode()).decode()


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_GET(self):
        self._page(
            f'<form method="post" action="{html.escape(self.path)}"><input name="email"><button>Sign in</button></form>'
        )

    def do_POST(self):
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        request_id, acs, audience = read_request(self.path)
        packed = response(self.server.idp, request_id, acs, audience, form["email"][0], self.server.idp.groups)
        self._page(
            f'<form method="post" action="{acs}"><input type="hidden" name="SAMLResponse" value="{packed}"></form>'
            "<script>document.forms[0].submit()</script>"
        )

    def _page(self, body):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(f"<!doctype html><title>IdP</title>{body}".encode())


class SamlProvider:
    """The provider with its key, its certificate and the groups that it says."""

    def __init__(self, groups=()):
        self.key, self.certificate = keypair()
        self.groups = groups
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.idp = self

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}/sso"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exc):
        self.server.shutdown()
        self.server.server_close()
