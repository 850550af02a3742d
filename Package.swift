// swift-tools-version: 6.2
import PackageDescription

/// The habits of every target of ours: Swift 6 mode, explicit existentials, explicit imports, no warnings.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "usersync",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "usersync", targets: ["usersync"])],
    dependencies: [
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    ],
    targets: [
        .executableTarget(
            name: "usersync",
            dependencies: [
                "UsersyncApp", "SyncClient", "Webhooks", "TerminalUI", "Settings", "JobQueue", "JobQueueSQLite",
                "UserDirectory", "UserDirectorySQLite", "SyncAPI", "SyncModel",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),
        .target(
            name: "SyncClient",
            dependencies: [
                "Webhooks", "TerminalUI", "Settings", "SyncAPI", "SyncModel", "CZlib",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),
        .target(
            name: "UsersyncApp",
            dependencies: [
                "SyncServer", "SyncEngine", "Webhooks", "Telemetry", "Settings", "JobQueue", "JobQueueSQLite", "UserDirectory",
                "UserDirectorySQLite", "SyncModel", "CSQLiteSettings",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),
        .target(
            name: "SyncServer",
            dependencies: [
                "SyncModel", "SyncAPI", "Settings", "JobQueue", "SyncEngine", "Telemetry", "CZlib",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
            ],
            swiftSettings: strict),
        .target(
            name: "SyncEngine",
            dependencies: [
                "SyncModel", "SyncAPI", "JobQueue", "UserDirectory", "ServiceSupport", "Telemetry",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),
        .target(
            name: "Webhooks",
            dependencies: [
                "SyncModel", "JobQueue", "ServiceSupport", "FileSupport", "Telemetry",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "HeapModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),
        .target(
            name: "SQLiteSupport",
            dependencies: [
                "FileSupport",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            swiftSettings: strict),
        .target(name: "PostgreSQLSupport", dependencies: ["ServiceSupport", "CLibPQ"], swiftSettings: strict),
        .target(
            name: "UserDirectoryPostgreSQL", dependencies: ["UserDirectory", "PostgreSQLSupport", "SyncModel"],
            swiftSettings: strict),
        .target(name: "JobQueue", dependencies: ["SyncModel"], swiftSettings: strict),
        .target(
            name: "JobQueueSQLite",
            dependencies: [
                "JobQueue", "SQLiteSupport", "SyncModel",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            swiftSettings: strict),
        .target(name: "UserDirectory", dependencies: ["SyncModel"], swiftSettings: strict),
        .target(
            name: "UserDirectorySQLite",
            dependencies: [
                "UserDirectory", "SQLiteSupport", "ServiceSupport", "SyncModel",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            swiftSettings: strict),
        .target(name: "TerminalUI", dependencies: ["SyncModel"], swiftSettings: strict),
        .target(
            name: "Telemetry",
            dependencies: [
                "SyncModel",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
            ],
            swiftSettings: strict),
        .target(name: "FileSupport", swiftSettings: strict),
        .target(
            name: "ServiceSupport",
            dependencies: [
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),
        .target(
            name: "Settings", dependencies: ["SyncModel", "FileSupport", .product(name: "Yams", package: "Yams")],
            swiftSettings: strict),
        .target(
            name: "SyncAPI",
            dependencies: [
                "SyncModel",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            swiftSettings: strict),
        .target(name: "SyncModel", swiftSettings: strict),
        .target(
            name: "InMemoryQueue", dependencies: ["JobQueue", "SyncModel"], path: "Tests/InMemoryQueue", swiftSettings: strict),
        .target(
            name: "TestSupport",
            dependencies: [
                "SyncModel",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            path: "Tests/TestSupport", swiftSettings: strict),
        .executableTarget(
            name: "InstructionCounts", dependencies: ["SyncModel", "UserDirectory", "UserDirectorySQLite", "CSQLiteSettings"],
            path: "Tests/InstructionCounts",
            exclude: ["Figures"], swiftSettings: strict),
        .testTarget(name: "SettingsTests", dependencies: ["Settings", "SyncModel", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "SyncModelTests", dependencies: ["SyncModel", "TestSupport"], swiftSettings: strict),
        .target(
            name: "JobQueueConformance", dependencies: ["JobQueue", "SyncModel", "TestSupport"],
            path: "Tests/JobQueueConformance", swiftSettings: strict),
        .testTarget(
            name: "SQLiteSupportTests",
            dependencies: [
                "SQLiteSupport", "TestSupport",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            swiftSettings: strict),
        .target(
            name: "PostgreSQLTestServer", dependencies: ["PostgreSQLSupport", "TestSupport"],
            path: "Tests/PostgreSQLTestServer", swiftSettings: strict),
        .testTarget(
            name: "PostgreSQLSupportTests", dependencies: ["PostgreSQLSupport", "PostgreSQLTestServer", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "UserDirectoryPostgreSQLTests",
            dependencies: [
                "UserDirectoryPostgreSQL", "UserDirectory", "UserDirectoryConformance", "PostgreSQLSupport",
                "PostgreSQLTestServer", "SyncModel", "TestSupport",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "SyncAPITests",
            dependencies: [
                "SyncAPI", "SyncModel", "TestSupport",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            exclude: ["Fixtures"], swiftSettings: strict),
        .testTarget(
            name: "InMemoryQueueTests", dependencies: ["InMemoryQueue", "JobQueueConformance", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "JobQueueSQLiteTests",
            dependencies: [
                "JobQueueSQLite", "JobQueue", "JobQueueConformance", "Settings", "SQLiteSupport", "SyncModel", "TestSupport",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            swiftSettings: strict),
        .target(
            name: "UserDirectoryConformance", dependencies: ["UserDirectory", "SyncModel", "TestSupport"],
            path: "Tests/UserDirectoryConformance", swiftSettings: strict),
        .testTarget(
            name: "UserDirectoryTests", dependencies: ["UserDirectory", "UserDirectoryConformance", "SyncModel"],
            swiftSettings: strict),
        .testTarget(
            name: "UserDirectorySQLiteTests",
            dependencies: [
                "UserDirectorySQLite", "UserDirectory", "UserDirectoryConformance", "SyncModel", "TestSupport",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "SyncEngineTests",
            dependencies: [
                "SyncEngine", "ServiceSupport", "JobQueue", "JobQueueSQLite", "UserDirectory", "SQLiteSupport", "SyncAPI",
                "SyncModel",
                "InMemoryQueue", "Telemetry", "TestSupport",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "TelemetryTests",
            dependencies: [
                "Telemetry", "SyncModel", "TestSupport",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
            ],
            swiftSettings: strict),
        .testTarget(name: "TerminalUITests", dependencies: ["TerminalUI"], swiftSettings: strict),
        .testTarget(
            name: "WebhooksTests",
            dependencies: [
                "Webhooks", "JobQueue", "JobQueueSQLite", "SyncModel", "TestSupport",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "SimulationTests",
            dependencies: [
                "SyncEngine", "Webhooks", "ServiceSupport", "JobQueue", "JobQueueSQLite", "UserDirectory", "SyncModel",
                "InMemoryQueue", "TestSupport",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycleTestKit", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),
        .target(
            name: "ServerTestSupport",
            dependencies: [
                "usersync", "UsersyncApp", "SyncServer", "SyncEngine", "Settings", "JobQueue", "JobQueueSQLite", "SyncModel",
                "TestSupport",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOFoundationEssentialsCompat", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            path: "Tests/ServerTestSupport", swiftSettings: strict),
        .testTarget(
            name: "SyncServerTests",
            dependencies: [
                "UsersyncApp", "SyncServer", "SyncEngine", "SyncAPI", "Telemetry", "Settings", "JobQueue", "SyncModel",
                "TestSupport",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "ServerTests",
            dependencies: [
                "UsersyncApp", "SyncServer", "SyncEngine", "Webhooks", "Settings", "JobQueue", "JobQueueSQLite", "SyncAPI",
                "SyncModel", "Telemetry", "TestSupport", "ServerTestSupport",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            exclude: ["Fixtures"],
            swiftSettings: strict),
        .testTarget(
            name: "SyncClientTests",
            dependencies: [
                "SyncClient", "SyncAPI", "Webhooks", "SyncModel", "TestSupport",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "CommandLineTests",
            dependencies: [
                "usersync", "UsersyncApp", "SyncClient", "SyncServer", "TerminalUI", "Settings", "SyncAPI",
                "SyncModel", "TestSupport", "ServerTestSupport",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "FaultTests",
            dependencies: [
                "usersync", "UsersyncApp", "SyncServer", "SyncEngine", "Webhooks", "JobQueue", "JobQueueSQLite",
                "UserDirectory", "UserDirectorySQLite", "SyncAPI", "SyncModel", "TestSupport", "ServerTestSupport",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOFoundationEssentialsCompat", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),
        .systemLibrary(name: "CSQLiteSettings", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    ]
)
