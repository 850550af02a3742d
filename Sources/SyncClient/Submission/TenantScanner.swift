import FoundationEssentials

/// Finds `tenant.id` in the integration guide's JSON as bytes arrive, keeping only the keys on the way to it.
struct TenantScanner {
    enum Finding: Equatable {
        case searching
        case found(String)
        /// The document ended, or is malformed, without a `tenant.id` that is a string.
        case absent
    }

    private(set) var finding = Finding.searching
    private var depth = 0
    private var isInString = false
    private var isEscaped = false
    private var isCaptured = false
    private var captured: [UInt8] = []
    /// At depth 1 and 2: whether the next text is a key, and the last key.
    private var isAtKey = [true, true]
    private var keys = ["", ""]
    private var isInTenant = false

    mutating func feed(_ bytes: some Sequence<UInt8>) {
        for c in bytes {
            guard finding == .searching else { return }
            if isInString { text(c) } else { structure(c) }
        }
    }

    private mutating func text(_ c: UInt8) {
        if isEscaped {
            isEscaped = false
        } else if c == 0x5C {
            isEscaped = true
        } else if c == 0x22 {
            isInString = false
            if isCaptured { take() }
            return
        }
        if isCaptured { captured.append(c) }
    }

    private mutating func structure(_ c: UInt8) {
        switch c {
        case 0x22:  // "
            isInString = true
            captured.removeAll(keepingCapacity: true)
            isCaptured =
                depth == 1 ? isAtKey[0] : depth == 2 && isInTenant && (isAtKey[1] || keys[1] == "id")
        case 0x7B, 0x5B:  // { [
            depth += 1
            if depth == 1, c == 0x5B { finding = .absent }
            if depth == 2 {
                isInTenant = c == 0x7B && keys[0] == "tenant"
                isAtKey[1] = true
            }
        case 0x7D, 0x5D:  // } ]
            depth -= 1
            if depth == 1 { isInTenant = false }
            if depth <= 0 { finding = .absent }
        case 0x3A:  // :
            if depth == 1 || depth == 2 { isAtKey[depth - 1] = false }
        case 0x2C:  // ,
            if depth == 1 || depth == 2 { isAtKey[depth - 1] = true }
        default:
            break
        }
    }

    /// A captured string is complete.
    private mutating func take() {
        let json = [0x22] + captured + [0x22]
        guard let text = try? JSONDecoder().decode(String.self, from: Data(json)) else {
            finding = .absent
            return
        }
        if isAtKey[depth - 1] {
            keys[depth - 1] = text
        } else {
            finding = .found(text)
        }
    }
}
