import SQLiteSupport
import UserDirectory

extension SQLStatement {
    func bind(_ at: Int32, _ value: FieldValue) {
        switch value {
        case .text(let bytes): bind(at, bytes)
        case .flag(let flag): bind(at, flag ? 1 : 0)
        case .null: bindNull(at)
        }
    }
}
