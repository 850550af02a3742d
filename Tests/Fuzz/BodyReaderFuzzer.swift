/// libFuzzer's entry: asks what `FuzzInput` makes of the bytes, and stops at a property that does not hold.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    do {
        try FuzzInput(Array(UnsafeBufferPointer(start: start, count: count))).check()
    } catch {
        fatalError("does not hold: \(error)")
    }
    return 0
}
