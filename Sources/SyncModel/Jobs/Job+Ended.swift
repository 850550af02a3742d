extension Job {
    /// The job that has its `endedAt` and `sequence` already, in the state that it ends in.
    package func ending(as state: JobState) -> Job {
        var job = self
        job.state = state
        return job
    }

    /// The job as it stands once it has ended, for documents that are written into the same transaction.
    package func ended(as state: JobState, at end: Timestamp, error: String? = nil) -> Job {
        var job = self
        job.state = state
        job.endedAt = end
        job.error = error
        return job
    }
}
