/// An answer that is given only if what was asked for was done: another one says so, whatever its status.
package protocol SuccessDocument: JSONDocument {
    var success: Bool { get }
}

extension AcknowledgementDocument: SuccessDocument {}
extension AliasAnswerDocument: SuccessDocument {}
extension DeliveryAnswerDocument: SuccessDocument {}
extension MergeAnswerDocument: SuccessDocument {}
extension MergePreviewDocument: SuccessDocument {}
extension PageDocument: SuccessDocument {}
extension RedeliveryAnswerDocument: SuccessDocument {}
