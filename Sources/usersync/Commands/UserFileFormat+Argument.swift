import ArgumentParser
import SyncClient

extension UserFileFormat: ExpressibleByArgument {}
