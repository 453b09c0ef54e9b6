"""A directory of executables that is a host's whole PATH: the real tools that it links to, and what a test puts."""

import shutil
from pathlib import Path

REAL = ("env", "timeout", "cat", "sh", "sleep", "head", "date", "hostname", "nproc")


class Tools:
    """The PATH of a host. What is not in here is not installed on it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir()
        for name in REAL:
            found = shutil.which(name)
            assert found, f"{name} is not installed on this machine"
            (directory / name).symlink_to(found)

    def put(self, name: str, script: str, mode: int = 0o755) -> None:
        """Install an executable that runs a script of sh(1)."""
        path = self.directory / name
        path.unlink(missing_ok=True)
        path.write_text(f"#!{self.directory}/sh\n{script}\n")
        path.chmod(mode)

    def reset(self) -> None:
        """As it was made."""
        shutil.rmtree(self.directory)
        Tools(self.directory)
