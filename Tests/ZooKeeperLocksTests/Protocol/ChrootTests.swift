import Testing

@testable import ZooKeeperLocks

@Suite struct ChrootTests {
    @Test func `Without a chroot, paths are what they are`() {
        for chroot in [Chroot(), Chroot(""), Chroot("/")] {
            for path in ["/", "/a", "/a/b", ""] {
                #expect(chroot.full(path) == path)
                #expect(chroot.stripped(path) == path)
            }
        }
    }

    @Test(arguments: [("/", "/app/x"), ("/a", "/app/x/a"), ("/app/x", "/app/x/app/x"), ("/ä/é", "/app/x/ä/é")])
    func `Paths come back as they went`(_ path: String, _ full: String) {
        let chroot = Chroot("/app/x")
        #expect(chroot.full(path) == full)
        #expect(chroot.stripped(full) == path)
    }

    @Test(arguments: ["/application", "/app2/a", "/ap", "/", "/other/app", "", "/app-lock/x"])
    func `A path that only begins with the same letters is not below the chroot`(_ path: String) {
        #expect(Chroot("/app").stripped(path) == path)
    }

    @Test func `Letters that look the same are not the same`() {
        // Composed and decomposed: equal as texts, different as names of nodes.
        #expect(Chroot("/caf\u{E9}").stripped("/cafe\u{301}/a") == "/cafe\u{301}/a")
        #expect(Chroot("/cafe").stripped("/cafe\u{301}/a") == "/cafe\u{301}/a")
        #expect(Chroot("/cafe\u{301}").stripped("/cafe\u{301}/a") == "/a")
    }
}
