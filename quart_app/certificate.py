"""A self-signed certificate for localhost, made once, so that HTTP/2 can be tried without further ado."""

import datetime
import ipaddress
import os
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

VALID_FOR = datetime.timedelta(days=365)
# Made anew when less than this is left.
RENEW_WITHIN = datetime.timedelta(days=7)


class Certificate(msgspec.Struct, frozen=True):
    certfile: Path
    keyfile: Path


def localhost_certificate(data: Path) -> Certificate:
    """The certificate in the data folder, made if there is none or it is about to expire.

    Good for localhost, 127.0.0.1 and ::1 only. The key's file has mode 0600.
    """
    found = Certificate(data / "localhost.crt", data / "localhost.key")
    if not _is_good(found):
        data.mkdir(parents=True, exist_ok=True)
        _make(found)
    return found


def _is_good(certificate: Certificate) -> bool:
    try:
        parsed = x509.load_pem_x509_certificate(certificate.certfile.read_bytes())
    except (OSError, ValueError):
        return False
    left = parsed.not_valid_after_utc - datetime.datetime.now(datetime.UTC)
    return certificate.keyfile.exists() and left > RENEW_WITHIN


def _make(certificate: Certificate) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName(
        [
            x509.DNSName("localhost"),
            x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
            x509.IPAddress(ipaddress.ip_address("::1")),
        ]
    )
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + VALID_FOR)
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    _write(certificate.keyfile, private, 0o600)
    _write(certificate.certfile, signed.public_bytes(serialization.Encoding.PEM), 0o644)


def _write(path: Path, content: bytes, mode: int) -> None:
    """Whole or not at all, and never readable by others for a moment."""
    half = path.with_suffix(path.suffix + ".new")
    half.unlink(missing_ok=True)
    descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    half.replace(path)
