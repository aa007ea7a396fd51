import DistributedLocks

extension StoreConformance {
    static let names = [
        ConformanceCheck(
            "names.independent",
            "names are compared byte by byte, and do not get in each other's way",
            if: .mode(.exclusive)
        ) { scene in
            let names = try similarNames(scene)
            for (number, name) in names.enumerated() {
                let promise = "\(quoted(name)) can be held beside similar names"
                try await scene.takeAtOnce(scene.claim(of: name), on: number, promise)
            }
            for name in names {
                let status = try await scene.status(of: name)
                try scene.expect(
                    status.name == name && status.holders.count == 1,
                    "\(quoted(name)) has the one holder that took it",
                    seen: "\(status.holders.count) holders of \(quoted(status.name))"
                )
            }
        },
        ConformanceCheck(
            "names.longest",
            "names of the greatest length can be held, and told apart at the last byte",
            if: .mode(.exclusive)
        ) { scene in
            let room = LockName.maximumLength - scene.prefix.utf8.count - 1
            let body = String(repeating: "x", count: room)
            for ending in ["a", "b"] {
                let name = try scene.name(body + ending)
                try await scene.takeAtOnce(scene.claim(of: name), on: 1, "names are told apart at the last byte")
            }
            let wide = String(repeating: "\u{1F512}", count: (room + 1) / 4)
            let name = try scene.name(wide)
            try await scene.takeAtOnce(scene.claim(of: name), on: 2, "the length of names is counted in bytes")
        },
        ConformanceCheck(
            "names.bytes",
            "names that are not UTF-8 are told apart by their bytes, and come back as they were",
            if: .mode(.exclusive),
            body: tellsBytesApart
        ),
        ConformanceCheck(
            "names.reuse",
            "many names, one after the other, leave nothing behind",
            if: .mode(.exclusive)
        ) { scene in
            for number in 0..<scene.fixture.rounds {
                let claim = scene.claim(of: try scene.name("/\(number)"))
                try await scene.take(claim, on: number)
                try await scene.release(claim, on: number)
                try await scene.expectIdle("a released name is idle", on: number, of: claim.name)
            }
        },
    ]

    private static func tellsBytesApart(_ scene: Scene) async throws {
        let endings: [[UInt8]] = [
            [0xFF], [0xFE], [0xEF, 0xBF, 0xBD], [0xC3], [0xC3, 0x28], [0xED, 0xA0, 0x80], [0xC0, 0xAF], [0x80, 0x00],
            [0x80],
        ]
        let names = try endings.map { try LockName(bytes: Array(scene.prefix.utf8) + $0) }
        for (number, name) in names.enumerated() {
            try await scene.takeAtOnce(
                scene.claim(of: name),
                on: number,
                "names that differ only in bytes that are not UTF-8 are different"
            )
        }
        for name in names {
            let status = try await scene.status(1, of: name)
            try scene.expect(
                status.name == name && status.holders.count == 1,
                "a name that is not UTF-8 has the one holder that took it",
                seen: "\(status.holders.count) holders of \(status.name.bytes) for \(name.bytes)"
            )
        }
        guard scene.capabilities.listsNames else { return }
        let listed = try await scene.client(0).list().map(\.name).filter { $0.bytes.starts(with: scene.prefix.utf8) }
        try scene.expect(
            listed == names.sorted(),
            "the list shows names that are not UTF-8 as they are",
            seen: "\(listed.count) names for \(names.count)"
        )
    }

    /// Names that a store is likely to mix up, or to stumble over.
    static func similarNames(_ scene: Scene) throws -> [LockName] {
        let endings = [
            "", "a", "A", "a ", " a", "a/b", "a/", "a//b", "a/.", "a/..", "a/../a", "/a", "a%2Fb", "a\\b", "a:b", "a.b",
            "caf\u{E9}", "cafe\u{301}", "\u{212B}", "\u{C5}", "A\u{30A}", "\u{FB01}", "fi", "stra\u{DF}e", "strasse",
            "\u{0}", "\u{0}a", "a\u{0}", "a\nb", "a\tb", "a\rb", "a\u{1B}[1m", "\u{7F}", "\"a\"", "'a'", "`a`", "$a",
            "{a}", "[a]", "*", "?", "a*", "~", "#a", "a;b", "a|b", "a&b", "a=b", "\u{200B}a", "\u{202E}a", "\u{FEFF}a",
            "\u{1F512}", "\u{1F469}\u{200D}\u{1F680}", "a.lock", "lock-a", "a-0000000001",
        ]
        return try endings.map { try scene.name($0) }
            + ["./", "../", "/", "%2F"].map { try LockName($0 + scene.prefix) }
    }

    /// The name as it can be printed.
    static func quoted(_ name: LockName) -> String { name.text.debugDescription }
}
