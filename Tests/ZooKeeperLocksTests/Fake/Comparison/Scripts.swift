@testable import ZooKeeperLocks

/// Scripts that a person has written.
extension Script {
    static let written: [(name: String, script: Script)] = [
        ("locks", locks), ("watches", watches), ("watches that stay", persistentWatches),
        ("transactions", transactions),
        ("numbers", numbers), ("containers", containers), ("ephemerals", ephemerals), ("reconnecting", reconnecting),
        ("access", access), ("errors", errors),
    ]

    private static func of(_ steps: [(Int, Operation)]) -> Script {
        Script(steps.map { .request(client: $0.0, $0.1) })
    }

    private static let locks = of([
        (0, .create(path: "/lock", mode: .container)),
        (0, .create(path: "/lock/_c_a-lock-", data: [1], mode: .ephemeralSequential)),
        (0, .getChildren(path: "/lock")), (0, .getData(path: "/lock/_c_a-lock-0000000000", watch: true)),
        (1, .create(path: "/lock/_c_b-lock-", mode: .ephemeralSequential)), (1, .getChildren(path: "/lock")),
        (1, .getData(path: "/lock/_c_a-lock-0000000000", watch: true)),
        (2, .create(path: "/lock/_c_c-lock-", mode: .ephemeralSequential)),
        (2, .getData(path: "/lock/_c_b-lock-0000000001", watch: true)),
        (0, .multi([.check(path: "/lock/_c_a-lock-0000000000")])),
        (2, .removeWatches(path: "/lock/_c_b-lock-0000000001", .data)),
        (2, .delete(path: "/lock/_c_c-lock-0000000002")), (0, .delete(path: "/lock/_c_a-lock-0000000000")),
        (1, .getChildren(path: "/lock")), (1, .multi([.check(path: "/lock/_c_b-lock-0000000001")])), (1, .closeSession),
        (0, .delete(path: "/lock")),
    ])

    private static let watches = of([
        (0, .exists(path: "/a", watch: true)), (1, .getData(path: "/a", watch: true)),
        (1, .create(path: "/a", mode: .persistent)), (1, .setData(path: "/a", data: [1])),
        (0, .exists(path: "/a", watch: true)), (1, .getData(path: "/a", watch: true)),
        (1, .setData(path: "/a", data: [2])), (1, .setData(path: "/a", data: [3])),
        (0, .getChildren(path: "/a", watch: true)), (0, .getData(path: "/a", watch: true)),
        (0, .getChildren(path: "/", watch: true)), (1, .delete(path: "/a")),
        (0, .getChildren(path: "/", watch: true)), (1, .create(path: "/a", mode: .persistent)),
        (0, .getChildren(path: "/a", watch: true)), (1, .delete(path: "/a")),
        (0, .exists(path: "/a", watch: true)), (0, .exists(path: "/a", watch: true)),
        (0, .removeWatches(path: "/a", .children)), (0, .removeWatches(path: "/a", .data)),
        (0, .removeWatches(path: "/a", .data)), (1, .create(path: "/a", mode: .ephemeral)),
    ])

    private static let persistentWatches = of([
        (0, .addWatch(path: "/a", isRecursive: false)), (1, .addWatch(path: "/", isRecursive: true)),
        (2, .create(path: "/a", mode: .persistent)), (2, .create(path: "/a/b", mode: .persistent)),
        (2, .setData(path: "/a/b", data: [1])), (2, .setData(path: "/a", data: [1])),
        (1, .getData(path: "/a", watch: true)), (2, .setData(path: "/a", data: [2])),
        (0, .getData(path: "/a", watch: true)), (2, .setData(path: "/a", data: [3])),
        (2, .setData(path: "/a", data: [4])), (2, .delete(path: "/a/b")), (2, .delete(path: "/a")),
        (0, .removeWatches(path: "/a", .any)), (1, .removeWatches(path: "/", .any)),
        (2, .create(path: "/a", mode: .persistent)), (0, .removeWatches(path: "/a", .persistent)),
    ])

    private static let transactions = of([
        (0, .create(path: "/a", mode: .persistent)), (0, .multi([])),
        (1, .getChildren(path: "/a", watch: true)), (1, .exists(path: "/a/x", watch: true)),
        (0, .multi([.create(path: "/a/x", mode: .persistent), .create(path: "/a/x", mode: .persistent)])),
        (0, .multi([.check(path: "/a", version: 7), .delete(path: "/a"), .delete(path: "/b")])),
        (
            0,
            .multi([
                .create(path: "/a/x", mode: .persistent), .setData(path: "/a/x", data: [1]),
                .check(path: "/a/x", version: 1), .create(path: "/a/x/y-", mode: .ephemeralSequential),
                .create(path: "/a/x/z", mode: .container), .delete(path: "/a/x/z"), .setData(path: "/a/x", data: []),
            ])
        ),
        (0, .multi([.delete(path: "/a/x/y-0000000000"), .delete(path: "/a/x"), .delete(path: "/a")])),
        (0, .multi([.check(path: "/none")])), (0, .multi([.check(path: "bad")])),
        (
            0,
            .multi([
                .create(path: "/l", mode: .persistent), .create(path: "/l/a-", mode: .ephemeralSequential),
                .create(path: "/l/b-", mode: .ephemeralSequential),
            ])
        ),
    ])

    private static let numbers = of([
        (0, .create(path: "/a", mode: .persistent)), (0, .create(path: "/a/n", mode: .persistentSequential)),
        (0, .create(path: "/a/", mode: .persistentSequential)), (0, .create(path: "/a/x", mode: .persistent)),
        (0, .create(path: "/a/n", mode: .ephemeralSequential)), (0, .delete(path: "/a/n0000000003")),
        (0, .create(path: "/a/n", mode: .ephemeralSequential)), (0, .create(path: "/a/x", mode: .persistent)),
        (0, .create(path: "/a/n", mode: .ephemeralSequential)), (0, .exists(path: "/a")),
    ])

    private static let containers = of([
        (0, .create(path: "/c", mode: .container)), (0, .create(path: "/c/a", mode: .container)),
        (0, .exists(path: "/c")), (0, .create(path: "/c", mode: .container)), (0, .delete(path: "/c")),
        (0, .create(path: "/c/e", mode: .ephemeral)), (0, .closeSession), (0, .getChildren(path: "/c")),
    ])

    private static let ephemerals = of([
        (0, .create(path: "/e", data: [1], mode: .ephemeral)), (0, .create(path: "/e/a", mode: .persistent)),
        (0, .create(path: "/e/a", mode: .ephemeral)), (1, .exists(path: "/e", watch: true)),
        (0, .getData(path: "/e", watch: true)), (2, .getChildren(path: "/", watch: true)),
        (0, .create(path: "/f", mode: .ephemeral)), (2, .getChildren(path: "/", watch: true)),
        (1, .delete(path: "/f")), (0, .closeSession), (0, .exists(path: "/e")),
    ])

    private static let reconnecting = Script([
        .request(client: 0, .create(path: "/a", mode: .persistent)),
        .request(client: 0, .create(path: "/e", mode: .ephemeral)),
        .request(client: 1, .setData(path: "/a", data: [1])),
        .reconnect(
            client: 0,
            ago: 1,
            WatchPaths(data: ["/a", "/e", "/none"], exists: ["/a", "/x"], children: ["/a", "/"])
        ),
        .reconnect(client: 0, ago: 0, WatchPaths(data: ["/a", "/e"], exists: ["/x"], children: ["/a", "/none"])),
        .request(client: 1, .create(path: "/x", mode: .persistent)),
        .request(client: 1, .create(path: "/a/b", mode: .persistent)),
        .request(client: 1, .setData(path: "/a", data: [2])),
        .reconnect(client: 0, ago: 0, WatchPaths(persistent: ["/a"], persistentRecursive: ["/x"])),
        .request(client: 1, .create(path: "/x/y", mode: .persistent)), .request(client: 1, .delete(path: "/a/b")),
        .request(client: 0, .delete(path: "/e")), .restart(client: 0), .request(client: 0, .sync(path: "/a")),
    ])

    private static let access = Script([
        .control(client: 0, .auth(scheme: "digest", secret: Array("user0:x".utf8))),
        .request(client: 0, .create(path: "/a", access: [.creator], mode: .persistent)),
        .request(client: 0, .create(path: "/a/b", mode: .persistent)),
        .request(client: 1, .exists(path: "/a", watch: true)), .request(client: 1, .getData(path: "/a")),
        .request(client: 1, .getChildren(path: "/a")), .request(client: 1, .delete(path: "/a/b")),
        .request(client: 1, .create(path: "/a/c", mode: .persistent)),
        .request(client: 1, .setData(path: "/a", data: [])),
        .request(client: 1, .multi([.check(path: "/a")])), .request(client: 1, .setData(path: "/a/b", data: [])),
        .request(client: 1, .create(path: "/x", access: [.creator], mode: .persistent)),
        .control(client: 1, .auth(scheme: "digest", secret: Array("user0:x".utf8))),
        .request(client: 1, .setData(path: "/a", data: [])), .request(client: 0, .setData(path: "/a", data: [1])),
        .control(client: 2, .auth(scheme: "nonsense", secret: [])),
    ])

    private static let errors = of([
        (0, .create(path: "/a/b", mode: .persistent)), (0, .create(path: "/a/", mode: .persistent)),
        (0, .create(path: "a", mode: .persistent)), (0, .delete(path: "/a")), (0, .setData(path: "/a", data: [])),
        (0, .getData(path: "/a", watch: true)), (0, .getChildren(path: "/a", watch: true)), (0, .exists(path: "/a")),
        (0, .create(path: "/a", mode: .persistent)), (0, .create(path: "/a", mode: .ephemeralSequential)),
        (0, .setData(path: "/a", data: [], version: 1)), (0, .delete(path: "/a", version: 1)),
        (0, .create(path: "/a/b", mode: .persistent)), (0, .delete(path: "/a")), (0, .removeWatches(path: "/a", .any)),
        (0, .exists(path: "/a\u{0}", watch: true)), (0, .create(path: "/a\u{0}", mode: .persistent)),
        (0, .create(path: "/x", access: [], mode: .persistent)), (0, .setData(path: "/a/../a", data: [])),
    ])
}
