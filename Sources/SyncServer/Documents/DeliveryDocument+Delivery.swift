package import JobQueue
package import SyncAPI
import SyncModel

extension DeliveryDocument {
    package init(_ delivery: Delivery) {
        self.init()
        id = delivery.what.id
        jobID = delivery.what.jobID?.text
        tenantID = delivery.what.shownTenantID?.text
        type = delivery.what.type
        url = DeliveryDocument.redacted(url: delivery.what.url)
        state = delivery.state.rawValue
        attempts = delivery.attempts
        createdAt = delivery.createdAt
        nextAttemptAt = delivery.nextAttemptAt
        lastAttemptAt = delivery.lastAttemptAt
        deliveredAt = delivery.deliveredAt
        lastStatus = delivery.lastStatus
        lastError = delivery.lastError
    }
}

extension JobDocument.Webhook {
    package init(_ delivery: Delivery) {
        self.init()
        id = delivery.what.id
        type = delivery.what.type
        state = delivery.state.rawValue
        attempts = delivery.attempts
        nextAttemptAt = delivery.nextAttemptAt
        deliveredAt = delivery.deliveredAt
        lastStatus = delivery.lastStatus
        lastError = delivery.lastError
    }
}
