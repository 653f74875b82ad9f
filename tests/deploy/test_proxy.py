"""The nginx configuration of both READMEs: alike, and one that nginx takes, where there is one."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.deployment import ROOT, free_port

READMES = ("README.md", "README.zh-CN.md")
NGINX = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
# Where nginx keeps bodies that are large, by whom they go to.
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
OPENSSL = "openssl req -x509 -nodes -newkey rsa:2048 -subj /CN=a"


def shown(readme: str) -> str:
    text = (ROOT / readme).read_text(encoding="utf-8")
    [block] = re.findall(r"```nginx\n(.*?)```", text, re.DOTALL)
    return str(block)


def test_both_languages_show_the_same() -> None:
    first, second = (re.sub(r"#.*", "", shown(readme)) for readme in READMES)
    assert first == second


def test_query_strings_are_in_no_log() -> None:
    [form] = re.findall(r"log_format banke '(.*)';", shown(READMES[0]))
    assert "$uri" in form
    assert not re.search(r"\$(request|request_uri|args|query_string)\b", form)


if NGINX:

    @pytest.mark.parametrize("readme", READMES)
    def test_nginx_takes_it(readme: str, tmp_path: Path) -> None:
        key, cert = tmp_path / "key", tmp_path / "cert"
        command = [*OPENSSL.split(), "-keyout", str(key), "-out", str(cert)]
        subprocess.run(command, check=True, capture_output=True)
        text = re.sub(r"/etc/ssl/\S+\.key", str(key), shown(readme))
        text = re.sub(r"/etc/ssl/\S+\.pem", str(cert), text)
        text = text.replace("listen 443", f"listen 127.0.0.1:{free_port()}")
        text = text.replace("/var/log/nginx", str(tmp_path))
        whole = tmp_path / "nginx.conf"
        paths = "".join(f"{one}_temp_path {tmp_path}/{one};" for one in TEMPORARY)
        head = f"pid {tmp_path}/pid; error_log {tmp_path}/log; events {{}}"
        whole.write_text(f"{head} http {{ {paths}\n{text} }}", encoding="utf-8")
        done = subprocess.run(
            [str(NGINX), "-t", "-p", str(tmp_path), "-c", str(whole)],
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
