"""Before the tests: where Chromium is missing, install it if that can be done (root and apt); say so if it cannot."""

import os
import shutil
import subprocess
import sys


def main() -> None:
    if shutil.which("chromium"):
        return
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        print("Installing Chromium for the browser tests", file=sys.stderr)
        steps = (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-noto-cjk"])
        for step in steps:
            if subprocess.run(step, stdout=subprocess.DEVNULL, check=False, timeout=600).returncode:
                break
    if not shutil.which("chromium"):
        print("Chromium is not here and cannot be installed: the browser tests will be left out.", file=sys.stderr)


main()
