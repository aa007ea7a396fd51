import Testing

@testable import DLockCommands

@Suite struct FileURLTests {
    @Test(arguments: [
        ("file:///a/b", "/a/b"), ("file:/a", "/a"), ("file://localhost/a", "/a"), ("FILE:///a//b/./c/", "/a/b/c"),
        ("file:///with%20space%c3%bc", "/with spaceü"), ("file:///a/../b", "/a/../b"), ("file:///plus+%2B", "/plus++"),
    ])
    func `Folders`(_ text: String, _ path: String) {
        let url = FileURL(text)
        #expect(url?.path == path)
        #expect(url?.isLocal == true)
    }

    @Test(arguments: [
        "file:", "file:a", "file://", "file:///", "file:///.", "file:///a?b", "file:///a#b", "file:///a%2",
        "file:///a%zz",
        "file:///a%+1", "file:///a%00", "file:///a%ff", "http:///a", "a",
    ])
    func `What names no folder`(_ text: String) {
        #expect(FileURL(text) == nil)
    }

    @Test func `Another machine's folder`() {
        #expect(FileURL("file://host/a")?.isLocal == false)
    }

    @Test(arguments: ["/a b", "/ü", "/a%20b", "/a#b?c", "/new\nline", "/a:b@c"])
    func `The URL of a folder is ASCII and names it again`(_ path: String) {
        let text = FileURL.text(of: path)
        #expect(text.utf8.allSatisfy { (0x21..<0x7F).contains($0) })
        #expect(FileURL(text)?.path == path)
    }
}
