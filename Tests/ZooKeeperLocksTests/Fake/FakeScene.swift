import DistributedLocks

@testable import ZooKeeperLocks

/// An ensemble, some clients of it, and the time.
final class FakeScene {
    let zooKeeper: FakeZooKeeper
    private var clients: [FakeClient] = []
    private var now = Duration.zero

    init(_ options: FakeOptions = FakeOptions()) {
        zooKeeper = FakeZooKeeper(options)
    }

    /// A client with a session on a server.
    func client(on server: Int = 0, timeout: Int32 = 4_000) -> FakeClient {
        let client = FakeClient(zooKeeper)
        client.now = now
        clients.append(client)
        client.connect(to: server, timeout: timeout)
        FakeClient.deliver(zooKeeper, to: clients)
        _ = client.takeLines()
        return client
    }

    /// Lets time pass.
    func wait(_ duration: Duration) {
        now += duration
        for client in clients { client.now = now }
        zooKeeper.advance(to: .init(offset: now))
    }

    /// What a client has been told since the last call.
    func lines(_ client: FakeClient) -> [FakeClient.Line] {
        FakeClient.deliver(zooKeeper, to: clients)
        return client.takeLines()
    }

    /// Does something as a client, and looks at what is answered, with the events before it.
    func lines(_ client: FakeClient, _ operation: Operation) -> [FakeClient.Line] {
        client.request(operation)
        return lines(client)
    }

    /// Which instant it is.
    var instant: LeaseClock.Instant { .init(offset: now) }
}
