package import JobQueue
import SyncAPI
package import SyncEngine
package import SyncModel

/// The queue and the engine at a glance (Contract.md, "Status and lists").
package struct StatusDocument: JSONDocument {
    package let queue: QueueStatistics
    package let engine: EngineStatus
    package let now: Timestamp

    package init(queue: QueueStatistics, engine: EngineStatus, now: Timestamp) {
        self.queue = queue
        self.engine = engine
        self.now = now
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("success", true)
        json.member("timestamp", now)
        json.member("jobs") { json in
            json.object { json in
                for state in JobState.allCases {
                    json.member(named: state.rawValue) { $0.integer(Int64(queue.jobs[state, default: 0])) }
                }
            }
        }
        json.member("pendingUsers", queue.pendingUsers)
        json.age("oldestPendingAgeSeconds", of: queue.oldestPendingAcceptedAt, at: now)
        json.member("tenants") { json in
            json.array { json in for tenant in queue.tenants { tenant.write(to: &json) } }
        }
        json.member("workers") { json in
            json.object { json in
                json.member("active", engine.workersActive)
                json.member("idle", engine.workersIdle)
            }
        }
        json.member("usersPerSecond") { json in
            json.object { json in
                json.member("1m", engine.usersPerSecond1m)
                json.member("5m", engine.usersPerSecond5m)
            }
        }
        json.member("retrying") { json in
            json.array { json in for batch in queue.retrying { batch.write(to: &json) } }
        }
        json.member("directory") { engine.directory.write(to: &$0) }
        json.member("webhooks") { json in
            json.object { json in
                json.member("pending", queue.deliveriesPending)
                json.member("dead", queue.deliveriesDead)
                json.age("oldestAgeSeconds", of: queue.oldestPendingDeliveryAt, at: now)
                json.member("lastError", queue.lastDeliveryError)
            }
        }
        json.member("queue") { json in
            json.object { json in
                json.member("bytes", queue.bytes)
                json.member("walBytes", queue.walBytes)
                json.member("freeDiskBytes", queue.freeDiskBytes)
            }
        }
        json.member("draining", engine.draining)
    }
}

extension DirectoryHealth {
    /// `{state,since,error}`.
    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("state", state.rawValue)
            json.member("since", since)
            json.member("error", error)
        }
    }
}

extension TenantBacklog {
    fileprivate func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("tenantId", tenantID)
            json.member("openJobs", openJobs)
            json.member("pendingUsers", pendingUsers)
            json.member("currentJobId", currentJob?.text)
        }
    }
}

extension RetryingBatch {
    fileprivate func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("jobId", jobID.text)
            json.member("tenantId", tenantID)
            json.member("batch", batch)
            json.member("attempts", attempts)
            json.member("nextAttemptAt", nextAttemptAt)
            json.member("lastError", lastError)
        }
    }
}

extension JSONWriter {
    /// Seconds since `moment`, never negative; `null` if there is none.
    fileprivate mutating func age(_ name: StaticString, of moment: Timestamp?, at now: Timestamp) {
        member(name) { json in
            if let moment { json.number(max(0, now.seconds(since: moment))) } else { json.null() }
        }
    }
}
