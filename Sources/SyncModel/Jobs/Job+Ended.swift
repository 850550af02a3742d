extension Job {
    /// The job, which already has its `endedAt` and `sequence`, in the state it ends in.
    package func ending(as state: JobState) -> Job {
        var job = self
        job.state = state
        return job
    }

    /// The job as it will be once it has ended, for documents written in the same transaction.
    package func ended(as state: JobState, at end: Timestamp, error: String? = nil) -> Job {
        var job = self
        job.state = state
        job.endedAt = end
        job.error = error
        return job
    }
}
