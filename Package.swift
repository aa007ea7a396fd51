// swift-tools-version: 6.2
import PackageDescription

/// One set of settings for every Swift target of the package.
let swiftSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0335-existential-any.md
    .enableUpcomingFeature("ExistentialAny"),
    // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0409-access-level-on-imports.md
    .enableUpcomingFeature("InternalImportsByDefault"),
    // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0444-member-import-visibility.md
    .enableUpcomingFeature("MemberImportVisibility"),
    // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0461-async-function-isolation.md
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0470-isolated-conformances.md
    .enableUpcomingFeature("InferIsolatedConformances"),
    // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0481-weak-let.md
    .enableUpcomingFeature("ImmutableWeakCaptures"),
    // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0443-warning-control-flags.md
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "swift-distributed-locks",
    platforms: [.macOS(.v15), .iOS(.v18), .tvOS(.v18), .watchOS(.v11), .visionOS(.v2)],
    products: [
        .library(name: "DistributedLocks", targets: ["DistributedLocks"]),
        .library(name: "DistributedLocksTesting", targets: ["DistributedLocksTesting"]),
        .library(name: "RedisLocks", targets: ["RedisLocks"]),
        .library(name: "ZooKeeperLocks", targets: ["ZooKeeperLocks"]),
        .library(name: "DLockCommands", targets: ["DLockCommands"]),
        .executable(name: "dlock", targets: ["dlock"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/apple/swift-service-context", from: "1.5.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"),
    ],
    targets: [
        .target(
            name: "DistributedLocks",
            dependencies: [
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "HeapModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "ServiceContextModule", package: "swift-service-context"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "DistributedLocksTesting",
            dependencies: ["DistributedLocks"],
            swiftSettings: swiftSettings
        ),
        // What both wire drivers need beside SwiftNIO; not a product.
        .target(
            name: "NetworkSupport",
            dependencies: [
                "DistributedLocks",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "RedisLocks",
            dependencies: [
                "DistributedLocks",
                "NetworkSupport",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            resources: [.embedInCode("Scripts/Lua")],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "ZooKeeperLocks",
            dependencies: [
                "DistributedLocks",
                "NetworkSupport",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: swiftSettings
        ),
        .target(name: "CDLockChild"),
        .target(
            name: "DLockCommands",
            dependencies: [
                "CDLockChild",
                "DistributedLocks",
                "RedisLocks",
                "ZooKeeperLocks",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Histogram", package: "hdrhistogram-swift"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swiftSettings
        ),
        .executableTarget(name: "dlock", dependencies: ["DLockCommands"], swiftSettings: swiftSettings),
        .executableTarget(
            name: "FileStoreProbe",
            dependencies: ["DistributedLocks"],
            path: "Tests/FileStoreProbe",
            swiftSettings: swiftSettings
        ),
        .executableTarget(
            name: "RedisStoreProbe",
            dependencies: ["DistributedLocks", "RedisLocks"],
            path: "Tests/RedisStoreProbe",
            swiftSettings: swiftSettings
        ),
        .executableTarget(
            name: "ZooKeeperStoreProbe",
            dependencies: ["DistributedLocks", "ZooKeeperLocks"],
            path: "Tests/ZooKeeperStoreProbe",
            swiftSettings: swiftSettings
        ),
        // What the tests of several targets share: processes, folders, proxies.
        .target(
            name: "TestSupport",
            dependencies: [
                "DistributedLocks",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            path: "Tests/TestSupport",
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "DistributedLocksTests",
            dependencies: [
                "DistributedLocks",
                "DistributedLocksTesting",
                "FileStoreProbe",
                .product(name: "InMemoryLogging", package: "swift-log"),
                .product(name: "InMemoryTracing", package: "swift-distributed-tracing"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "MetricsTestKit", package: "swift-metrics"),
                .product(name: "ServiceContextModule", package: "swift-service-context"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "ServiceLifecycleTestKit", package: "swift-service-lifecycle"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "DistributedLocksTestingTests",
            dependencies: [
                "DistributedLocks",
                "DistributedLocksTesting",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "NetworkSupportTests",
            dependencies: [
                "DistributedLocks",
                "NetworkSupport",
                "TestSupport",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "RedisLocksTests",
            dependencies: [
                "DistributedLocks",
                "DistributedLocksTesting",
                "RedisLocks",
                "RedisStoreProbe",
                "TestSupport",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            exclude: ["Peers"],
            resources: [.copy("RESP/Corpus")],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "ZooKeeperLocksTests",
            dependencies: [
                "DistributedLocks",
                "DistributedLocksTesting",
                "TestSupport",
                "ZooKeeperLocks",
                "ZooKeeperStoreProbe",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            exclude: ["Peers"],
            resources: [.copy("Jute/Corpus")],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "DLockCommandsTests",
            dependencies: [
                "DLockCommands",
                "DistributedLocks",
                "DistributedLocksTesting",
                "dlock",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: swiftSettings
        ),
    ]
)
