import SyncModel
#if canImport(TestSupport)
    import TestSupport
#endif

/// What must hold for any bytes read as rows of the queue: damaged ones must not end the process, nor be read two ways.
enum StoredRowProperties {
    static func check(_ bytes: [UInt8]) throws {
        let payload = BatchPayload(bytes: bytes, count: 0)
        var readable = 0
        var indices: Set<UInt32> = []
        try payload.forEachRaw { raw, record in
            readable += raw.count
            indices.insert(record.index)
            var texts: [UserField: [UInt8]] = [:]
            record.forEachText { texts[$0] = Array($1) }
            for field in UserField.allCases {
                try hold(record.bytes(field).map(Array.init) == texts[field], "a text is the same however it is read")
            }
        }
        try hold(readable <= bytes.count, "records lie within their bytes")
        for count in [Int.min, -1, 0, 1, bytes.count, .max] {
            let said = BatchPayload(bytes: bytes, count: count).count
            try hold((0...(bytes.count / 12)).contains(said), "a row cannot say that it holds more users than its bytes")
        }
        try hold(payload.keeping(indices).bytes == Array(bytes[..<readable]), "all records that are kept are all records")
        let blob = ResultsBlob(bytes: bytes)
        var results: [UserResult] = []
        blob.forEachEntry { results.append(blob.result(of: $0)) }
        try hold(results.count * 26 <= bytes.count, "results lie within their bytes")
    }
}
