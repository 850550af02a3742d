/// libFuzzer's entry: asks what `FuzzInput` makes of the bytes, or `TextReaders` where the first has its high bit, and stops at a
/// property that does not hold.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    do {
        let bytes = Array(UnsafeBufferPointer(start: start, count: count))
        if bytes.first ?? 0 < 0x80 { try FuzzInput(bytes).check() } else { try TextReaders.check(bytes) }
    } catch {
        fatalError("does not hold: \(error)")
    }
    return 0
}
