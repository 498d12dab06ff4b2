# SPDX-License-Identifier: Apache-2.0
"""Bangfu seen by a client that shares no line with it: Python's grpcio, which knows the address and nothing else.

The messages come from server reflection. Each case prints one JSON line; the row tests/rows/interop.rs counts them.
"""

import argparse
import json
import socket
import sys
import threading
import time
import traceback
import uuid

import grpc
from google.protobuf import descriptor_pool, message_factory
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)
from grpc_status import rpc_status

PEOPLE = "bangfu.people.v1.PeopleService"
FOLLOWUP = "bangfu.followup.v1.FollowupService"
# Longer than a loaded machine takes for anything here.
PATIENCE = 60

CASES = []


def case(function):
    CASES.append(function)
    return function


class Suite:
    """The suite through a channel, every method by its name."""

    def __init__(self, channel, token, pool=None):
        self.channel = channel
        self.metadata = [("authorization", f"Bearer {token}")]
        self.pool = pool or descriptor_pool.DescriptorPool(ProtoReflectionDescriptorDatabase(channel))

    def message(self, name):
        return message_factory.GetMessageClass(self.pool.FindMessageTypeByName(name))

    def of_people(self, name, /, **fields):
        return self.message(f"bangfu.people.v1.{name}")(**fields)

    def method(self, name, service=PEOPLE):
        method = self.pool.FindServiceByName(service).FindMethodByName(name)
        kind = ("stream" if method.client_streaming else "unary") + "_" + ("stream" if method.server_streaming else "unary")
        answer = message_factory.GetMessageClass(method.output_type)
        call = getattr(self.channel, kind)(
            f"/{service}/{name}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=answer.FromString,
        )

        def with_token(request, timeout=PATIENCE, metadata=(), **options):
            return call(request, timeout=timeout, metadata=self.metadata + list(metadata), **options)

        def future(request, timeout=PATIENCE, **options):
            return call.future(request, timeout=timeout, metadata=self.metadata, **options)

        with_token.future = future
        with_token.bare = call
        return with_token

    def person(self, n):
        return self.of_people(
            "RegisterPersonRequest",
            request_id=str(uuid.uuid4()),
            name="赵样样",
            id_number=id_number(n),
            phone="19900000000",
            village="双溪村",
            coordinator="协理员甲",
            groups=[1],
        )

    def row(self, n, **fields):
        row = self.message("bangfu.people.v1.RosterRow")
        return row(
            row=n + 2, village="双溪村", name="钱样样", id_number=id_number(n), phone="19900000000",
            groups="登记失业人员", status="失业", status_since="2025-11-03", coordinator="协理员甲", **fields,
        )

    def people(self):
        """How many there are, by all pages."""
        count, token = 0, ""
        while True:
            page = self.method("ListPeople")(self.of_people("ListPeopleRequest", page_size=500, page_token=token))
            count, token = count + len(page.people), page.next_page_token
            if not token:
                return count


def id_number(n):
    """The n-th sample person: area code 320699, nobody real."""
    body = f"3206991980{n % 12 + 1:02}{n // 12 % 28 + 1:02}{n // 336 % 1000:03}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(body, weights)) % 11]


def refused(call):
    """The error that a call has to end with."""
    try:
        answer = call()
        if hasattr(answer, "__next__"):
            next(answer)
    except grpc.RpcError as error:
        return error
    raise AssertionError("it was answered")


def info(error):
    """google.rpc.ErrorInfo out of the trailer, or None."""
    status = rpc_status.from_call(error)
    for detail in status.details if status else ():
        found = error_details_pb2.ErrorInfo()
        if detail.Unpack(found):
            return found
    return None


class Relay:
    """Passes bytes on and counts them: what compression saves is seen on the wire only."""

    def __init__(self, address):
        self.address, self.sent, self.received = address, 0, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            near, _ = self.listener.accept()
            far = socket.create_connection(self.address)
            threading.Thread(target=self.copy, args=(near, far, "sent"), daemon=True).start()
            threading.Thread(target=self.copy, args=(far, near, "received"), daemon=True).start()

    def copy(self, source, target, count):
        try:
            while piece := source.recv(65536):
                setattr(self, count, getattr(self, count) + len(piece))
                target.sendall(piece)
        except OSError:
            pass
        finally:
            for end in (source, target):
                end.close()


@case
def reflection(suite, told):
    names = ProtoReflectionDescriptorDatabase(suite.channel).get_services()
    assert {PEOPLE, FOLLOWUP, "grpc.health.v1.Health"} <= set(names), names
    assert suite.pool.FindServiceByName(PEOPLE).FindMethodByName("ImportRoster").client_streaming


@case
def health(suite, told):
    stub = health_pb2_grpc.HealthStub(suite.channel)
    for service in ("", "readiness"):
        answer = stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=PATIENCE)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING, (service, answer)
    error = refused(lambda: stub.Check(health_pb2.HealthCheckRequest(service="nobody"), timeout=PATIENCE))
    assert error.code() == grpc.StatusCode.NOT_FOUND, error
    watch = stub.Watch(health_pb2.HealthCheckRequest(service="readiness"), timeout=PATIENCE)
    assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
    watch.cancel()


@case
def unary(suite, told):
    before = suite.people()
    request = suite.person(1000)
    first = suite.method("RegisterPerson")(request)
    assert suite.method("RegisterPerson")(request).person_id == first.person_id, "a repeat has another effect"
    assert suite.people() == before + 1


@case
def empty_and_concurrent_unary(suite, told):
    list_people = suite.method("ListPeople")
    calls = [list_people.future(suite.of_people("ListPeopleRequest")) for _ in range(50)]
    assert all(call.result() is not None for call in calls)


@case
def error_details_in_trailers(suite, told):
    get = suite.method("GetPerson")
    error = refused(lambda: get(suite.of_people("GetPersonRequest", person_id=str(uuid.uuid4()))))
    assert error.code() == grpc.StatusCode.NOT_FOUND, error
    assert (info(error).reason, info(error).domain) == ("NOT_FOUND", "bangfu"), info(error)
    kinds = [detail.TypeName() for detail in rpc_status.from_call(error).details]
    assert "google.rpc.LocalizedMessage" in kinds, kinds
    error = refused(lambda: get(suite.of_people("GetPersonRequest", person_id="no id")))
    assert error.code() == grpc.StatusCode.INVALID_ARGUMENT, error
    kinds = [detail.TypeName() for detail in rpc_status.from_call(error).details]
    assert "google.rpc.BadRequest" in kinds, kinds
    error = refused(lambda: get.bare(suite.of_people("GetPersonRequest"), timeout=PATIENCE))
    assert (error.code(), info(error).reason) == (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_REFUSED"), error


@case
def metadata(suite, told):
    list_people = suite.method("ListPeople")
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    own = [("traceparent", trace), ("x-office", "a"), ("x-office", "b"), ("x-office-bin", bytes(range(256)))]
    list_people(suite.of_people("ListPeopleRequest"), metadata=own)
    # 128 KB of it: refused, and the connection lives on.
    error = refused(lambda: list_people(suite.of_people("ListPeopleRequest"), metadata=[("x-big", "a" * 131072)]))
    assert error.code() not in (grpc.StatusCode.OK, grpc.StatusCode.DEADLINE_EXCEEDED), error
    list_people(suite.of_people("ListPeopleRequest"))


@case
def unimplemented_method(suite, told):
    call = suite.channel.unary_unary(f"/{PEOPLE}/NoSuchMethod")
    error = refused(lambda: call(b"", timeout=PATIENCE, metadata=suite.metadata))
    assert error.code() == grpc.StatusCode.UNIMPLEMENTED, error


@case
def unimplemented_service(suite, told):
    call = suite.channel.unary_unary("/bangfu.nobody.v1.NoService/NoMethod")
    error = refused(lambda: call(b"", timeout=PATIENCE, metadata=suite.metadata))
    assert error.code() == grpc.StatusCode.UNIMPLEMENTED, error


@case
def timeout_of_the_caller(suite, told):
    # Households are locked by the row that runs this: such a call takes forever.
    begun = time.monotonic()
    households = suite.method("ListHouseholds")
    error = refused(lambda: households(suite.of_people("ListHouseholdsRequest"), timeout=0.3))
    assert error.code() == grpc.StatusCode.DEADLINE_EXCEEDED, error
    assert time.monotonic() - begun < 10


@case
def timeout_of_the_server(suite, told):
    # The server grants this method two seconds here, and says so itself.
    begun = time.monotonic()
    households = suite.method("ListHouseholds")
    error = refused(lambda: households(suite.of_people("ListHouseholdsRequest")))
    assert error.code() == grpc.StatusCode.DEADLINE_EXCEEDED, error
    assert info(error).reason == "DEADLINE", info(error)
    assert time.monotonic() - begun < 20


@case
def cancellation_of_a_call_at_work(suite, told):
    households = suite.method("ListHouseholds")
    for _ in range(20):
        call = households.future(suite.of_people("ListHouseholdsRequest"))
        time.sleep(0.01)
        call.cancel()
        try:
            call.result()
            raise AssertionError("it was answered")
        except grpc.FutureCancelledError:
            pass
    suite.people()


@case
def cancellation_never_halves_a_write(suite, told):
    before, register = suite.people(), suite.method("RegisterPerson")
    requests = [suite.person(2000 + n) for n in range(40)]
    for n, request in enumerate(requests):
        call = register.future(request)
        time.sleep(n / 2000)
        call.cancel()
    ids = {register(request).person_id for request in requests}
    assert len(ids) == len(requests)
    assert suite.people() == before + len(requests), "a cancelled write came twice or by halves"


@case
def server_streaming_and_its_cancellation(suite, told):
    watch = suite.method("WatchPeople")
    # More than one caller may hold open at once: each cancelled one has to give its place back.
    for _ in range(40):
        for attempt in range(200):
            stream = watch(suite.of_people("WatchPeopleRequest"))
            try:
                last = 0
                for message in stream:
                    if message.WhichOneof("item") == "bookmark":
                        assert message.bookmark.cursor.seq == last
                        break
                    assert message.event.cursor.seq == last + 1, "a gap"
                    last = message.event.cursor.seq
                break
            except grpc.RpcError as error:
                assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED and attempt < 199, error
                time.sleep(0.05)
        stream.cancel()
        assert stream.code() == grpc.StatusCode.CANCELLED, stream.code()


@case
def client_streaming(suite, told):
    before = suite.people()
    start = {"request_id": str(uuid.uuid4()), "file_name": "foreign.csv"}
    part = suite.message("bangfu.people.v1.ImportRosterRequest")

    def parts():
        yield part(start=start)
        for first in range(3000, 3100, 20):
            yield part(rows={"rows": [suite.row(n) for n in range(first, first + 20)]})

    answer = suite.method("ImportRoster")(parts())
    assert (answer.accepted, answer.rejected) == (100, 0), answer
    assert suite.people() == before + 100
    again = suite.method("ImportRoster")(parts())
    assert again.import_id == answer.import_id and suite.people() == before + 100
    # A stream without its first message, and one that nobody finishes.
    error = refused(lambda: suite.method("ImportRoster")(iter(())))
    assert error.code() == grpc.StatusCode.INVALID_ARGUMENT, error


@case
def large_messages(suite, told):
    part = suite.message("bangfu.people.v1.ImportRosterRequest")

    def parts(remark, **more):
        yield part(start={"validate_only": True})
        yield part(rows={"rows": [suite.row(5000 + n, remark=remark, **more) for n in range(1000)]})

    # Every cell as long as it may be, in characters of four bytes.
    longest = {"remark": "𠮷" * 512, "employer": "样" * 128, "job_wish": "样" * 128, "training_wish": "样" * 128}
    size = max(one.ByteSize() for one in parts(**longest))
    assert 3_000_000 < size < 4 << 20, size
    answer = suite.method("ImportRoster")(parts(**longest))
    assert len(answer.results) == 1000, len(answer.results)
    error = refused(lambda: suite.method("ImportRoster")(parts("a" * 5000)))
    assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED, error
    assert info(error).reason == "TOO_LARGE", info(error)


@case
def compression(suite, told):
    relay = Relay(told.address)
    address = "127.0.0.1:%d" % relay.listener.getsockname()[1]
    part = suite.message("bangfu.people.v1.ImportRosterRequest")

    def parts():
        yield part(start={"validate_only": True})
        yield part(rows={"rows": [suite.row(5000 + n, remark="样例" * 250) for n in range(200)]})

    seen = {}
    for how in (grpc.Compression.NoCompression, grpc.Compression.Gzip):
        with grpc.insecure_channel(address, compression=how) as channel:
            through = Suite(channel, told.token, suite.pool)
            # The connection itself first: its bytes are no part of the measure.
            through.people()
            sent, received = relay.sent, relay.received
            answer = through.method("ImportRoster")(parts())
            assert len(answer.results) == 200
            seen[how] = (relay.sent - sent, relay.received - received, answer.ByteSize())
    plain, gzip = seen[grpc.Compression.NoCompression], seen[grpc.Compression.Gzip]
    assert plain[0] > 200_000 and gzip[0] < plain[0] / 4, seen
    # The client says that it understands gzip either way.
    assert gzip[1] < gzip[2] / 2, seen


def main():
    told = argparse.ArgumentParser()
    told.add_argument("--address", required=True)
    told.add_argument("--token", required=True)
    told = told.parse_args()
    host, port = told.address.rsplit(":", 1)
    channel = grpc.insecure_channel(told.address)
    told.address = (host, int(port))
    suite, failed = Suite(channel, told.token), False
    for one in CASES:
        begun, wrong = time.monotonic(), None
        try:
            one(suite, told)
        except Exception:
            wrong, failed = traceback.format_exc(), True
        line = {"case": one.__name__, "ok": wrong is None, "seconds": round(time.monotonic() - begun, 2), "wrong": wrong}
        print(json.dumps(line, ensure_ascii=False), flush=True)
    channel.close()
    sys.exit(failed)


if __name__ == "__main__":
    main()
