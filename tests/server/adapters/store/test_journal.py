"""The journal: what was appended outlives the process, and a torn end costs nothing but itself."""

import os
import signal
import subprocess
import sys
import zlib
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.disk import files_up_to
from trunkline.server.adapters.store.journal import Journal

WRITER = """
import sys
from pathlib import Path
from trunkline.server.adapters.store.journal import Journal
journal, number = Journal(Path(sys.argv[1])), 0
while True:
    number += 1
    assert journal.append(b'{"id":%d}' % number)
    print(number, flush=True)
    if number % 7 == 0:
        journal.rotate()
"""


def taken(folder: Path) -> list[bytes]:
    """Return what the files of dead processes hold, and remove them."""
    found = []
    for orphan in Journal(folder).orphans():
        for documents in orphan.parts(3):
            found += documents
        orphan.remove()
    return found


def files(folder: Path) -> list[str]:
    return sorted(path.suffix for path in folder.iterdir())


def test_a_killed_process_loses_no_record_that_it_was_told_is_written(tmp_path):
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    for _ in range(500):
        last = int(writer.stdout.readline())
    writer.send_signal(signal.SIGKILL)
    told = writer.stdout.read().split()
    writer.stdout.close()
    writer.wait()
    last = int(told[-1]) if told else last
    found = taken(tmp_path)
    assert sorted(found) == sorted(b'{"id":%d}' % number for number in range(1, len(found) + 1))
    assert len(found) >= last
    assert files(tmp_path) == []


def test_files_of_a_process_that_lives_are_left_alone(tmp_path):
    living = Journal(tmp_path)
    living.append(b"1")
    living.rotate()
    living.append(b"2")
    assert taken(tmp_path) == []
    assert files(tmp_path) == [".journal", ".journal"]
    living.close()
    assert taken(tmp_path) == [b"1", b"2"]


def test_records_that_come_together_are_lines_of_their_own(tmp_path):
    journal = Journal(tmp_path)
    assert journal.append(b"1", b"2", b"3")
    assert journal.append()
    assert journal.append(b"4")
    journal.close()
    assert taken(tmp_path) == [b"1", b"2", b"3", b"4"]


def test_of_records_that_come_together_none_is_left_where_the_disk_is_full(tmp_path):
    journal = Journal(tmp_path)
    assert journal.append(b"x" * 100)
    with files_up_to(300):
        assert not journal.append(b"y" * 100, b"z" * 100)
        assert journal.is_failing
    assert journal.append(b"a")
    journal.close()
    assert taken(tmp_path) == [b"x" * 100, b"a"]


def test_what_is_in_the_store_leaves_no_file(tmp_path):
    journal = Journal(tmp_path)
    journal.append(b"1")
    journal.rotate()
    journal.append(b"2")
    journal.discard()
    assert files(tmp_path) == [".journal"]
    journal.rotate()
    journal.discard()
    journal.close()
    assert files(tmp_path) == []


@pytest.mark.parametrize("lost", range(1, 27))
def test_a_torn_end_is_dropped_and_everything_before_it_kept(tmp_path, lost):
    journal = Journal(tmp_path)
    for document in (b"first", b"second", b"third"):
        journal.append(document)
    journal.close()
    (path,) = tmp_path.iterdir()
    os.truncate(path, path.stat().st_size - lost)
    (orphan,) = Journal(tmp_path).orphans()
    kept = [b"first", b"second"] if lost <= len(b"00000000 00000000 third\n") else [b"first"]
    assert ([*chain(*orphan.parts(2))], orphan.damaged) == (kept, 0)


def test_a_damaged_line_costs_only_itself_and_the_file_is_kept(tmp_path):
    journal = Journal(tmp_path)
    for document in (b"first", b"second", b"third"):
        journal.append(document)
    journal.close()
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes().replace(b"second", b"sEcond"))
    for orphan in Journal(tmp_path).orphans():
        assert ([*chain(*orphan.parts(9))], orphan.damaged) == ([b"first", b"third"], 1)
        orphan.remove()
    assert files(tmp_path) == [".damaged"]
    assert taken(tmp_path) == []


def test_a_record_that_cannot_be_written_is_said_to_be_and_leaves_no_half_line(tmp_path):
    journal = Journal(tmp_path)
    assert journal.append(b"x" * 100)
    with files_up_to(200):
        assert not journal.append(b"y" * 100)
        assert journal.is_failing
    assert journal.append(b"z")
    assert not journal.is_failing
    journal.close()
    assert taken(tmp_path) == [b"x" * 100, b"z"]


def test_a_disk_that_has_room_again_is_found_out_without_a_trace(tmp_path):
    journal = Journal(tmp_path)
    assert journal.append(b"x")
    with files_up_to(0):
        assert not journal.append(b"y")
        assert not journal.probe()
    with files_up_to(1000):
        assert not journal.probe()
    assert journal.probe()
    assert not journal.is_failing
    assert journal.append(b"z")
    journal.close()
    assert taken(tmp_path) == [b"x", b"z"]


def test_a_process_that_is_marked_leaves_a_file_that_names_it_and_holds_nothing(tmp_path):
    journal = Journal(tmp_path)
    journal.mark()
    journal.mark()
    assert journal._segment is not None
    os.close(journal._segment.descriptor)  # as the end of the process would
    (orphan,) = Journal(tmp_path).orphans()
    assert (orphan.name, [*chain(*orphan.parts(9))]) == (journal.name, [])


def test_the_journal_is_for_its_owner_only(tmp_path):
    journal = Journal(tmp_path / "journal")
    journal.append(b"1")
    (path,) = journal.folder.iterdir()
    assert (journal.folder.stat().st_mode & 0o777, path.stat().st_mode & 0o777) == (0o700, 0o600)
    journal.close()


@given(st.lists(st.binary(max_size=40).filter(lambda line: b"\n" not in line), max_size=8), st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_wherever_a_file_ends_its_whole_lines_are_read(tmp_path, documents, data):
    lines = [b"%08x %08x %b\n" % (len(each), zlib.crc32(each), each) for each in documents]
    cut = data.draw(st.integers(0, len(b"".join(lines))))
    path = tmp_path / "1-x-1.journal"
    path.write_bytes(b"".join(lines)[:cut])
    whole = 0
    while whole < len(lines) and sum(map(len, lines[: whole + 1])) <= cut:
        whole += 1
    assert taken(tmp_path) == documents[:whole]
